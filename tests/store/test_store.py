from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.facts.scope import Subject
from bot.store.records import IncidentState, PlanState, StepState, StoreError
from bot.store.store import Store

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HASH = "a" * 64


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    yield store
    await store.close()


async def with_plan(store: Store, plan_hash: str = HASH) -> str:
    incident = await store.add_incident(requester="T/U1", symptom="web is down", channel="C1", thread="1.1")
    await store.add_plan(
        plan_hash=plan_hash,
        incident_id=incident.id,
        playbook="fix-it",
        content="{}",
        made=NOON,
        expires=NOON + timedelta(minutes=30),
    )
    return incident.id


async def test_an_incident_is_found_by_its_id_and_by_its_thread(store: Store) -> None:
    incident = await store.add_incident(
        requester="T/U1",
        symptom="web \U0001f4a5 is down",
        channel="C1",
        thread="1.1",
        namespace="shop",
        context="prod",
        chosen={"web": Subject("Service", "shop", "web"), "node": Subject("Node", "", "n1")},
    )

    assert await store.incident(incident.id) == incident
    assert await store.incident_of_thread("C1", "1.1") == incident
    assert await store.incident_of_thread("C1", "2.2") is None
    assert incident.created == NOON
    assert incident.state is IncidentState.OPEN


async def test_diagnoses_come_back_oldest_first(store: Store) -> None:
    incident = await store.add_incident(requester="T/U1", symptom="web is down")

    await store.add_diagnosis(incident.id, '{"n": 1}')
    await store.add_diagnosis(incident.id, '{"n": 2}')

    assert await store.diagnoses(incident.id) == ['{"n": 1}', '{"n": 2}']


async def test_a_diagnosis_of_no_incident_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"state\.db failed: IntegrityError\. The log has the details\."):
        await store.add_diagnosis("nowhere", "{}")


async def test_a_plan_comes_back_as_it_was_stored(store: Store) -> None:
    incident_id = await with_plan(store)

    plan = await store.plan(HASH)

    assert plan is not None
    assert (plan.incident, plan.playbook, plan.content, plan.state) == (incident_id, "fix-it", "{}", PlanState.PROPOSED)
    assert (plan.made, plan.expires, plan.version) == (NOON, NOON + timedelta(minutes=30), 1)


async def test_a_plan_that_is_there_already_stays_as_it_is(store: Store) -> None:
    incident_id = await with_plan(store)
    await store.decide(HASH, by="T/U2", approved=False)

    await store.add_plan(
        plan_hash=HASH, incident_id=incident_id, playbook="fix-it", content="other", made=NOON, expires=NOON
    )

    plan = await store.plan(HASH)
    assert plan is not None
    assert (plan.content, plan.state) == ("{}", PlanState.REJECTED)


async def test_a_plan_gets_one_decision(store: Store) -> None:
    await with_plan(store)

    first = await store.decide(HASH, by="T/U2", approved=True, reason="go")
    second = await store.decide(HASH, by="T/U3", approved=False)

    assert (first, second) == (True, False)
    decision = await store.decision(HASH)
    assert decision is not None
    assert (decision.by, decision.approved, decision.reason, decision.at) == ("T/U2", True, "go", NOON)


async def test_a_plan_that_is_not_there_gets_none(store: Store) -> None:
    assert not await store.decide(HASH, by="T/U2", approved=True)
    assert await store.decision(HASH) is None
    assert await store.plan(HASH) is None


async def test_of_fifty_decisions_by_two_processes_at_once_one_counts(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    one, other = await asyncio.gather(Store.open(url), Store.open(url))
    await with_plan(one)

    answers = await asyncio.gather(
        *((one, other)[number % 2].decide(HASH, by=f"T/U{number}", approved=number % 3 > 0) for number in range(50))
    )

    decision, trail = await other.decision(HASH), await other.audit_trail()
    await one.close()
    await other.close()
    assert sum(answers) == 1
    assert decision is not None
    assert decision.by == f"T/U{answers.index(True)}"
    assert [entry.actor for entry in trail if entry.action in ("approved", "rejected")] == [decision.by]


async def test_a_move_counts_only_from_the_expected_state(store: Store) -> None:
    await with_plan(store)
    await store.decide(HASH, by="T/U2", approved=True)

    moves = await asyncio.gather(
        *(store.move(HASH, expected=PlanState.APPROVED, to=PlanState.APPLYING, detail=f"{n}") for n in range(5))
    )

    plan = await store.plan(HASH)
    assert sum(moves) == 1
    assert plan is not None
    assert (plan.state, plan.detail, plan.version) == (PlanState.APPLYING, str(moves.index(True)), 3)


async def test_a_confirmed_plan_fixes_its_incident(store: Store) -> None:
    incident_id = await with_plan(store)
    other = await store.add_incident(requester="T/U1", symptom="db is down")
    await store.decide(HASH, by="T/U2", approved=True)
    await store.move(HASH, expected=PlanState.APPROVED, to=PlanState.CONFIRMED)

    fixed, still_open = await store.incident(incident_id), await store.incident(other.id)

    assert fixed is not None
    assert fixed.state is IncidentState.FIXED
    assert still_open is not None
    assert still_open.state is IncidentState.OPEN


async def test_plans_are_found_by_their_states(store: Store) -> None:
    await with_plan(store, "a" * 64)
    await with_plan(store, "b" * 64)
    await store.decide("b" * 64, by="T/U2", approved=True)

    found = await store.plans_in([PlanState.APPROVED, PlanState.APPLYING])

    assert [plan.hash for plan in found] == ["b" * 64]


async def test_a_step_is_recorded_once_and_moves_on(store: Store) -> None:
    await with_plan(store)

    for state in (StepState.SENT, StepState.DONE):
        await store.record_step(HASH, 0, state=state, target="Service shop/web", before='{"a":1}', after='{"a":2}')

    [step] = await store.steps(HASH)
    assert (step.state, step.target, step.before, step.after) == (
        StepState.DONE,
        "Service shop/web",
        '{"a":1}',
        '{"a":2}',
    )


async def test_state_outlives_the_process(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    store = await Store.open(url)
    await with_plan(store)
    await store.decide(HASH, by="T/U2", approved=True)
    await store.close()

    again = await Store.open(url)
    plan = await again.plan(HASH)
    await again.close()

    assert plan is not None
    assert plan.state is PlanState.APPROVED


def test_every_state_but_the_waiting_and_the_working_ones_is_final() -> None:
    assert {state for state in PlanState if not state.final} == {
        PlanState.PROPOSED,
        PlanState.APPROVED,
        PlanState.APPLYING,
        PlanState.CONFIRMING,
        PlanState.RESTORING,
    }


async def test_an_incident_with_an_id_is_kept_once(store: Store) -> None:
    first = await store.add_incident(requester="T/U1", symptom="web is down", incident_id="a" * 32)
    again = await store.add_incident(requester="T/U1", symptom="web is down", incident_id="a" * 32)

    assert again == first
    assert first.id == "a" * 32
    assert [entry.action for entry in await store.audit_trail()] == ["reported"]
