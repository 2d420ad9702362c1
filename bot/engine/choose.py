"""Which engine runs the rules here."""

from __future__ import annotations

import importlib.util
import logging

from bot.engine.durable import DurableEngine
from bot.engine.matching import Engine
from bot.engine.plain import PlainEngine

log = logging.getLogger(__name__)


def choose_engine() -> Engine:
    """Return durable_rules in its worker, which starts when it is first needed; plain Python where it is not installed.

    Both give the same verdicts. durable_rules loads on Python 3.11 and 3.12.
    """
    if importlib.util.find_spec("durable_rules_engine"):
        return DurableEngine()
    log.info("durable_rules is not installed for this Python; rules run in plain Python")
    return PlainEngine()
