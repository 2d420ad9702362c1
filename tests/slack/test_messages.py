"""The wording: whatever is put into it, it pings nobody but the people it is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.slack import messages
from bot.slack.kit import mrkdwn
from bot.slack.limits import MESSAGE_TEXT, length
from bot.slack.ports import Person
from bot.store.records import PlanState
from tests.slack.block_rules import pings
from tests.slack.edge import ALICE, BOB
from tests.slack.fixtures import NASTY, plan, poisoned, wrong_port

BY_BOB = Person(team="T1", user=BOB)

WORDINGS: dict[str, Callable[[str], str]] = {
    "asked": lambda text: messages.asking.asked(text, ALICE),
    "answered": lambda text: messages.asking.answered(text, ALICE, poisoned(wrong_port(), (text,))),
    "progress": lambda text: messages.progress.progress(doing=text, done=1, total=2),
    "not answered": messages.refusals.not_answered,
    "no plan": messages.answer.no_plan,
    "note": messages.answer.note,
    "which one": messages.asking.which_one,
    "chosen": lambda text: messages.asking.chosen(text, text, BOB),
    "cannot write": messages.refusals.cannot_write,
    "approved": lambda text: messages.plan.approved(BY_BOB, text),
    "closed": messages.plan.closed,
    "refused": messages.plan.refused,
    "interrupted": messages.plan.interrupted,
    "offered": lambda text: messages.plan.fallback(plan(title=text)),
    **{
        f"moved to {state}": lambda text, state=state: messages.plan.move(  # type: ignore[misc]
            state, f"{text}\n{text}\n" * 9, before=text, after=text
        )
        for state in PlanState
    },
}


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_that_is_put_in_pings_or_is_too_long(wording: str, nasty: str) -> None:
    told = WORDINGS[wording](nasty)

    assert pings(mrkdwn(told), known=frozenset({ALICE, BOB})) == []
    assert told.count(f"<@{ALICE}>") <= (wording in ("asked", "answered"))
    assert 0 < length(told) <= MESSAGE_TEXT


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (
            f"Nothing done: this plan was already approved by {BOB} at 09:16 UTC.",
            f"Nothing done: this plan was already approved by <@{BOB}> at 09:16 UTC.",
        ),
        (
            f"It was already rejected by T012345/{BOB} at 09:16 UTC.",
            f"It was already rejected by <@{BOB}> at 09:16 UTC.",
        ),
        (f"This plan is for the cluster {BOB}.", f"This plan is for the cluster {BOB}."),
    ],
)
def test_who_decided_is_named_and_nobody_else(why: str, told: str) -> None:
    assert messages.plan.refused(why) == told


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-03-02T09:15:04.512+00:00", "09:15:04 UTC"),
        ("2026-03-02T09:15:04Z", "09:15:04 UTC"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_the_time_of_a_reading_is_short(at: str, shown: str) -> None:
    assert messages.pieces.when(at) == shown
