"""The wording: whatever is put into it, it pings nobody but the people it is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.slack import messages
from bot.slack.alert_payload import Alert
from bot.slack.clusters import KnownCluster
from bot.slack.kit import mrkdwn
from bot.slack.limits import MESSAGE_TEXT, length
from bot.slack.ports import Person
from bot.store.chat_records import AlertNews, AlertSeen, Opinion
from bot.store.records import PlanState
from tests.slack.block_rules import pings
from tests.slack.edge import ALICE, BOB
from tests.slack.fakes import FakeRule, incident_of
from tests.slack.fixtures import NASTY, plan, poisoned, wrong_port


def alert(text: str) -> Alert:
    """Return an alert that says this wherever it can."""
    return Alert(status=text, labels={"alertname": text, "namespace": text}, annotations={"summary": text})


BY_BOB = Person(team="T1", user=BOB)

WORDINGS: dict[str, Callable[[str], str]] = {
    "asked": lambda text: messages.asking.asked(text, ALICE),
    "verdict": lambda text: messages.answer.verdict(poisoned(wrong_port(), (text,))),
    "veiled": lambda text: messages.answer.veiled(poisoned(wrong_port(), (text,)), channel="C000000001"),
    "other channel": lambda text: messages.refusals.other_channel((text,) * 9),
    "groups unknown": messages.refusals.groups_unknown,
    "form problem": messages.form.problem,
    "rule": lambda text: messages.information.rule(FakeRule(text, text, text, text)),
    "rules": lambda text: messages.information.rules([FakeRule(text, text, text, text)]),
    "no rules": messages.information.no_rules,
    "clusters": lambda text: messages.information.clusters(
        [KnownCluster(name=text, context=text, channels=(text,))] * 3, here=text
    ),
    "status": lambda text: messages.information.status(
        wrong={text: text}, running=1, open_incidents=2, waiting_plans=3, single_operator=True
    ),
    "incident": lambda text: messages.information.incident(
        incident_of(symptom=text), poisoned(wrong_port(), (text,)), [Opinion.WRONG]
    ),
    "incident at home": lambda text: messages.home.incident(
        incident_of(symptom=text, channel=text), poisoned(wrong_port(), (text,)), veiled=False
    ),
    "waiting": lambda text: messages.home.waiting(text, incident_of(channel=text)),
    "alert": lambda text: messages.alert.opened([alert(text)]),
    "alerts": lambda text: messages.alert.opened([alert(text)] * 6),
    "alerts that join": lambda text: messages.alert.joined([alert(text)] * 2),
    "alerts that move on": lambda text: messages.alert.moved_on(
        [(alert(text), AlertSeen(fingerprint="f", news=news)) for news in AlertNews] * 100
    ),
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
    "rejected": lambda text: messages.plan.rejected(BY_BOB, text),
    "replaced": lambda text: messages.plan.replaced(BY_BOB, plan(title=text)),
    "groups of approvers unknown": messages.plan.groups_unknown,
    "foreseen": lambda text: messages.plan.foreseen(plan(foreseen=(text,) * 9)),
    "by hand": lambda text: messages.plan.by_hand(plan(unchecked=text)),
    "compared": lambda text: "\n".join(messages.plan.compared(text, text)),
    **{
        f"moved to {state}": lambda text, state=state: messages.plan.move(  # type: ignore[misc]
            state, f"{text}\n{text}\n" * 9
        )
        for state in PlanState
    },
}


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_that_is_put_in_pings_or_is_too_long(wording: str, nasty: str) -> None:
    told = WORDINGS[wording](nasty)

    assert pings(mrkdwn(told), known=frozenset({ALICE, BOB})) == []
    assert told.count(f"<@{ALICE}>") <= (wording in ("asked", "incident", "incident at home"))
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
