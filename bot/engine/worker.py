"""The worker process: ``python -m bot.engine.worker``. Lines of JSON in, lines of JSON out, until the input ends.

It sees symbols and numbers, never a text of the cluster, and imports nothing it does not need.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import IO

MEMORY_BYTES = 1 << 30
"""Address space. 20,000 facts take 190 MB."""
CPU_SECONDS = 30
"""For one request: an endless loop ends even when nobody is left to end it."""


def main() -> int:
    """Answer requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes our input
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever C code prints is no answer
    try:
        from bot.engine.native import Fault, Ruleset, TooManyMatches  # noqa: PLC0415 - a refusal is an answer
    except ImportError as error:
        answer(answers, {"refused": str(error)})
        return 1
    answer(answers, {"ready": True})
    rulesets: dict[int, Ruleset] = {}
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        request = json.loads(line)
        number = request["stratum"]
        try:
            if number not in rulesets:
                rulesets[number] = Ruleset(f"s{number}", request["rules"])
            found = rulesets[number].run(request["facts"], max_matches=request["max_matches"])
        except TooManyMatches as cut:
            answer(answers, {"cut": cut.rule})
        except Fault as fault:
            answer(answers, {"fault": str(fault)})
        else:
            answer(answers, {"matches": found})
    return 0


def answer(stream: IO[bytes], content: object) -> None:
    """Write one line."""
    rest = memoryview(json.dumps(content).encode() + b"\n")
    while rest:
        rest = rest[stream.write(rest) :]


if __name__ == "__main__":
    sys.exit(main())
