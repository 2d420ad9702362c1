"""What the laboratory asks in place of netmedic when incidents are recorded.

Run: python -m tests.scenarios.record FOLDER SYMPTOM. It answers with the diagnosis from the recording, so that the
laboratory judges what the recording holds.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.scenarios.replay import place


def main() -> None:
    """Record the cluster, and diagnose the recording."""
    folder, symptom = sys.argv[1:]
    file = str(place(Path(folder), symptom))
    netmedic = (sys.executable, "-m", "bot")
    subprocess.run(
        [*netmedic, "snapshot", "--symptom", symptom, "-o", file, "--force"], stdout=subprocess.DEVNULL, check=True
    )
    sys.exit(subprocess.run([*netmedic, "diagnose", symptom, "--from", file, "-o", "json"], check=False).returncode)


if __name__ == "__main__":
    main()
