"""Fuzz each target with atheris for some seconds: ``make fuzz``. What breaks one is written beside its corpus."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

LONGEST_BYTES = 8192


def one(name: str, seconds: int, corpus: str) -> None:
    """Fuzz one target; ends the process."""
    import atheris  # noqa: PLC0415 - not among what tests need

    with atheris.instrument_imports(include=["bot.node"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented as it is imported

    words = [sys.argv[0], f"-max_total_time={seconds}", f"-max_len={LONGEST_BYTES}", "-verbosity=0"]
    atheris.Setup([*words, f"-artifact_prefix={corpus}/broken-", corpus], TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    """Fuzz all targets, each in a process of its own; return 1 if one broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="for each target")
    parser.add_argument("--target", help="only this one")
    parser.add_argument("--corpus", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.corpus:
        one(options.target, options.seconds, options.corpus)
    from tests.fuzz.targets import TARGETS, seeds  # noqa: PLC0415 - see above

    broken = []
    for name in [options.target] if options.target else sorted(TARGETS):
        corpus = tempfile.mkdtemp(prefix=f"netmedic-fuzz-{name}-")
        for number, seed in enumerate(seeds(name)):
            Path(corpus, f"seed-{number}").write_bytes(seed)
        command = [sys.executable, "-m", "tests.fuzz", "--target", name, "--seconds", str(options.seconds)]
        done = subprocess.run([*command, "--corpus", corpus], capture_output=True, text=True, check=False)
        print(f"{name}: {'ok' if done.returncode == 0 else f'broken, see {corpus}'}", flush=True)
        if done.returncode:
            broken.append(name)
            print(done.stderr[-2000:], file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
