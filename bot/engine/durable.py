"""The durable_rules engine: rules compiled for it, its worker, and plain Python where the worker fails.

What it must never be given, and how that is kept from it: :mod:`bot.engine.compiler`, :mod:`bot.engine.native`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from bot.engine.compiler import Program
from bot.engine.matching import Engine, Matcher, Matches, Record
from bot.engine.plain import PlainEngine
from bot.engine.process import Lost, Refused, Worker
from bot.engine.rule import Rule

log = logging.getLogger(__name__)

MAX_FACTS = 20_000
"""Kept in the worker at once: 0.9 s and 190 MB. Beyond, its time grows faster than the number."""
LOSSES = 3
"""Workers lost in a row; after these the stand-in stays."""


class DurableEngine:
    """Matches rules in a worker; where that fails, in plain Python, with a note."""

    def __init__(self, worker: Worker | None = None, stand_in: Engine | None = None) -> None:
        self._worker = worker or Worker()
        self._stand_in = stand_in or PlainEngine()
        self._lock = threading.Lock()
        self._notes: list[str] = []
        self._strata = 0
        self._losses = 0

    def compile(self, rules: Sequence[Rule]) -> Matcher:
        """Compile a stratum; the worker learns it when it is first run."""
        program, plain = Program(rules), self._stand_in.compile(rules)
        self._strata += 1
        stratum = self._strata

        def match(records: Sequence[Record]) -> Matches:
            found = self._run(stratum, program, records)
            return plain(records) if found is None else found

        return match

    def take_notes(self) -> tuple[str, ...]:
        """Return what went wrong since the last call."""
        with self._lock:
            notes, self._notes = tuple(dict.fromkeys(self._notes)), []
        return notes

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._worker.close()

    def _run(self, stratum: int, program: Program, records: Sequence[Record]) -> Matches | None:
        """Return the worker's matches; None where the stand-in has to find them."""
        try:
            facts = program.encode(records)
        except OverflowError:
            return None
        if not facts:
            return Matches(found=())
        if len(facts) > MAX_FACTS:
            log.info("%d facts are too many for durable_rules; rules run in plain Python", len(facts))
            return None
        with self._lock:
            if self._losses >= LOSSES:
                return None
            try:
                answer = self._worker.run(stratum, program.definition, facts)
                found = program.decode(answer["matches"], facts) if "matches" in answer else None
            except (Lost, ValueError) as lost:
                self._lost(lost)
                return None
            self._losses = 0
        return found

    def _lost(self, lost: Exception) -> None:
        if isinstance(lost, Refused):
            self._losses = LOSSES
            log.warning("durable_rules cannot be loaded (%s); rules run in plain Python", lost)
            return
        self._losses += 1
        until = "this time" if self._losses < LOSSES else "from now on"
        log.warning("the rule engine's worker was lost (%s); rules run in plain Python %s", lost, until)
        self._notes.append(f"The rule engine's worker was lost ({lost}); plain Python applied the rules instead.")
