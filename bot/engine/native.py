"""durable_rules itself. The only module that imports it; it runs in a worker process.

The C module is called directly. The Python layer above it starts threads that write into every session, swallows what
goes wrong in actions and uses a clock that newer Pythons warn about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import durable_rules_engine

SENTINEL = "sentinel"
SENTINEL_KIND = "sentinel"
"""Not a symbol, so no fact has it."""


class Fault(Exception):
    """The engine lost a fact or refused one; nothing it says about this run can be trusted."""


class TooManyMatches(Exception):
    """A rule matched more often than is allowed; the rest was not looked at."""

    def __init__(self, rule: int) -> None:
        super().__init__(f"rule {rule}")
        self.rule = rule


class Ruleset:
    """One stratum of rules. Only one session of it lives at a time."""

    def __init__(self, name: str, definition: Mapping[str, Any]) -> None:
        # A session in which no action ever ran cannot be deleted: it would free memory that was never written.
        # The sentinel's fact comes first and its rule always fires.
        rules = {SENTINEL: {"all": [{"p0": {"$and": [{"k": SENTINEL_KIND}]}}]}, **definition}
        self._sessions = 0
        try:
            self._handle = durable_rules_engine.create_ruleset(name, json.dumps(rules))
        except durable_rules_engine.error as error:
            raise Fault(str(error)) from error

    def run(self, facts: Iterable[tuple[int, Mapping[str, str | int]]], *, max_matches: int) -> list[list[int]]:
        """Return every match: the index of its rule, then the numbers of its facts in the order of its keys.

        After an exception the session is still there, and the process should not be used again.

        Raises:
            Fault: A fact was lost or refused.
            TooManyMatches: A rule matches more than ``max_matches`` times.
        """
        self._sessions += 1
        session = f"{self._sessions:06d}"
        numbers: dict[str, int] = {}
        try:
            state = self._assert(session, 0, {"k": SENTINEL_KIND})
            # One by one: a batch drops what follows a fact it cannot read.
            for place, (number, properties) in enumerate(facts, start=1):
                numbers[f"{place:06d}"] = number
                self._assert(session, place, properties)
            found = self._fire(state, numbers, max_matches)
            durable_rules_engine.delete_state(self._handle, session)
        except durable_rules_engine.error as error:
            raise Fault(str(error)) from error
        return found

    def _assert(self, session: str, place: int, properties: Mapping[str, str | int]) -> int:
        """Add a fact, fire nothing, return the handle of the session.

        Facts have ids of our own, which never have the same hash: those of two facts would be one fact.
        """
        fact = json.dumps({**properties, "id": f"{place:06d}", "sid": session})
        status, state = durable_rules_engine.assert_fact(self._handle, fact)
        # 1: no rule looks at it, so it is not kept. Anything else: it was taken for another one.
        if status not in (0, 1):
            raise Fault(f"fact {place} was not taken (status {status})")
        return int(state)

    def _fire(self, state: int, numbers: Mapping[str, int], max_matches: int) -> list[list[int]]:
        """Run all activations. They only record, so their order makes no difference."""
        found: list[list[int]] = []
        counts: dict[int, int] = {}
        started = durable_rules_engine.start_action_for_state(self._handle, state)
        context, activation = started or (None, None)
        while activation:
            [(name, bound)] = json.loads(activation).items()
            if name != SENTINEL:
                rule = int(name[1:])
                counts[rule] = counts.get(rule, 0) + 1
                if counts[rule] > max_matches:
                    raise TooManyMatches(rule)
                found.append([rule, *(numbers[bound[f"p{key}"]["id"]] for key in range(len(bound)))])
            durable_rules_engine.update_state(self._handle, context)
            activation = durable_rules_engine.complete_and_start_action(self._handle, state)
        return found
