"""Undoing later, with an approval of its own; and what is remembered of faults that come back."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.bundle import load as load_bundle
from bot.cluster.memory_writer import MemoryWriter
from bot.diagnosis.diagnose import Diagnose
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.serialise import to_json
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load as load_rules
from bot.probes import PROBES
from bot.remediation.approval import Approved, Denied, Policy
from bot.remediation.history import in_words, replay
from bot.remediation.plan import Plan
from bot.remediation.remedy import Remedy
from bot.store.records import PlanState
from bot.store.store import Store
from tests.remediation.fixtures import (
    BROKEN,
    HEALTHY,
    NOON,
    REPOSITORY,
    WEB,
    Clock,
    cause,
    diagnosis,
    playbooks,
    service,
    target_port,
)
from tests.remediation.test_steps import ALLOW, MODE, SETTINGS, SETTINGS_OF_PROXY, configmap, crowd, daemonset, denied
from tests.remediation.test_steps import playbook as playbook_of

ALICE, BOB = "alice", "bob"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    yield opened
    await opened.close()


def desk(store: Store, writer: MemoryWriter, **changes: Any) -> Remedy:
    async def recheck(_: object) -> Any:
        return HEALTHY

    clock = Clock()
    return Remedy(
        store=store,
        playbooks=changes.pop("playbooks", playbooks()),
        writer=writer,
        policy=Policy(approvers=(ALICE, BOB)),
        expires_seconds=1800,
        recheck=recheck,
        now=lambda: NOON,
        sleep=clock.sleep,
        clock=clock,
    )


async def fixed(remedy: Remedy, writer: MemoryWriter, found: Any = BROKEN) -> str:
    """Have a plan that was confirmed."""
    incident = await remedy.store.add_incident(requester=ALICE, symptom="web is down", channel="C1", thread="1.0")
    await remedy.store.add_diagnosis(incident.id, to_json(found))
    proposal = await remedy.propose(found, writer.cluster(now=NOON), incident_id=incident.id)
    [plan] = proposal.plans
    assert isinstance(await remedy.approve(plan.hash, by=BOB), Approved)
    moves = [move async for move in remedy.apply(plan.hash)]
    assert moves[-1].state is PlanState.CONFIRMED
    return plan.hash


async def state_of(store: Store, plan_hash: str) -> PlanState:
    stored = await store.plan(plan_hash)
    assert stored is not None
    return stored.state


async def test_an_undo_is_a_plan_that_another_person_approves(store: Store) -> None:
    writer = MemoryWriter(service())
    remedy = desk(store, writer)
    first = await fixed(remedy, writer)

    back = await remedy.undo(first, by=BOB)
    assert isinstance(back, Plan)
    own = await remedy.approve(back.hash, by=BOB)
    others = await remedy.approve(back.hash, by=ALICE)
    moves = [move async for move in remedy.apply(back.hash)]

    assert own == Denied("You asked for this diagnosis, so another approver has to say yes.")
    assert others == Approved()
    assert moves[-1].text == f"Undone: what plan {first[:12]} changed is back."
    assert target_port(await writer.read(WEB)) == 9999
    assert (await state_of(store, first), await state_of(store, back.hash)) == (PlanState.UNDONE, PlanState.CONFIRMED)
    assert "-    targetPort: 8080\n+    targetPort: 9999" in back.diff


async def test_what_somebody_changed_since_is_not_undone(store: Store) -> None:
    writer = MemoryWriter(service())
    remedy = desk(store, writer)
    first = await fixed(remedy, writer)
    live: Any = await writer.read(WEB)
    live["spec"]["ports"][1]["targetPort"] = 7777
    writer.put(live)

    answer = await remedy.undo(first, by=ALICE)

    assert answer == Denied("It cannot be undone from here: somebody else changed Service shop/web in the meantime.")


async def test_only_what_was_confirmed_can_be_undone(store: Store) -> None:
    writer = MemoryWriter(service())
    remedy = desk(store, writer)
    incident = await store.add_incident(requester=ALICE, symptom="web is down")
    [plan] = (await remedy.propose(BROKEN, writer.cluster(now=NOON), incident_id=incident.id)).plans

    assert await remedy.undo(plan.hash, by=ALICE) == Denied(
        "Only a plan that was confirmed can be undone; this one is proposed."
    )
    assert await remedy.undo("nothing", by=ALICE) == Denied("There is no such plan.", is_closed=True)


async def test_policies_that_were_made_are_deleted_by_the_undo(store: Store, tmp_path: Path) -> None:
    writer = MemoryWriter(*crowd())
    found = dataclasses.replace(denied(), playbook="fix-it-well")
    remedy = desk(store, writer, playbooks={"fix-it-well": playbook_of(tmp_path, ALLOW)})
    first = await fixed(remedy, writer, diagnosis(found))

    back = await remedy.undo(first, by=ALICE)
    assert isinstance(back, Plan)
    await remedy.approve(back.hash, by=BOB)
    moves = [move async for move in remedy.apply(back.hash)]
    assert moves[-1].state is PlanState.CONFIRMED, moves

    assert [target.name for target in writer._objects if target.kind == "NetworkPolicy"] == ["wall"]


async def test_settings_are_back_before_their_readers_restart_again(store: Store, tmp_path: Path) -> None:
    writer = MemoryWriter(configmap(), daemonset())
    found = cause(playbook="fix-it-well")
    remedy = desk(store, writer, playbooks={"fix-it-well": playbook_of(tmp_path, MODE)})
    first = await fixed(remedy, writer, diagnosis(found))

    later = dataclasses.replace(remedy, now=lambda: NOON + timedelta(minutes=5))
    back = await later.undo(first, by=ALICE)
    assert isinstance(back, Plan)
    await remedy.approve(back.hash, by=BOB)
    moves = [move async for move in remedy.apply(back.hash)]
    assert moves[-1].state is PlanState.CONFIRMED, moves

    after: Any = await writer.read(SETTINGS_OF_PROXY)
    assert after["data"]["config.conf"] == SETTINGS
    assert [change.target.kind for change in back.changes] == ["ConfigMap", "DaemonSet"]


async def test_a_fault_that_comes_back_says_how_often_and_what_helped(store: Store) -> None:
    writer = MemoryWriter(service())
    remedy = desk(store, writer)
    first = await fixed(remedy, writer)
    writer.put(service())
    later = dataclasses.replace(remedy, now=lambda: NOON + timedelta(days=9))
    incident = await store.add_incident(requester=ALICE, symptom="web is down again")

    proposal = await later.propose(BROKEN, writer.cluster(now=NOON), incident_id=incident.id)

    assert proposal.notes == (f"Second time in 30 days; last fixed by plan {first[:12]}, held 9 days.",)


async def test_the_first_time_nothing_is_said(store: Store) -> None:
    writer = MemoryWriter(service())
    incident = await store.add_incident(requester=ALICE, symptom="web is down")

    proposal = await desk(store, writer).propose(BROKEN, writer.cluster(now=NOON), incident_id=incident.id)

    assert proposal.notes == ()


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5), "5 hours"),
        (timedelta(days=9, hours=3), "9 days"),
    ],
)
def test_lengths_of_time_are_told_in_their_largest_unit(time: timedelta, told: str) -> None:
    assert in_words(time) == told


async def test_kept_facts_are_judged_with_todays_rules(store: Store) -> None:
    rules = load_rules(REPOSITORY / "rules")
    symptom = "storefront cannot reach cart in namespace shop: connection refused"
    bundle = load_bundle(REPOSITORY / "tests" / "bundles" / "wrong-target-port.json.gz")
    found = await Diagnose(book=RuleBook(rules, PlainEngine()), probes=PROBES)(bundle, symptom)
    assert isinstance(found, Diagnosis)
    incident = await store.add_incident(requester=ALICE, symptom=symptom)
    await store.add_diagnosis(incident.id, to_json(found))
    other = [rule for rule in rules if rule.id != "service-target-port-closed"]

    [today] = await replay(store, RuleBook(rules, PlainEngine()), since=NOON - timedelta(days=1))
    [without] = await replay(store, RuleBook(other, PlainEngine()), since=NOON - timedelta(days=1))

    assert "service-target-port-closed at Service shop/cart" in today.same
    assert today.gone == ()
    assert "service-target-port-closed at Service shop/cart" in without.gone
