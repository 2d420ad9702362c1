"""Run the collector."""

from __future__ import annotations

import sys

from .answer import main

sys.exit(main(sys.argv[1:]))
