from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.memory_writer import MemoryWriter
from bot.diagnosis.report import Diagnosis
from bot.remediation.apply import Progress
from bot.remediation.approval import Approved, Denied, Policy
from bot.remediation.clerk import Clerk
from bot.remediation.remedy import Remedy
from bot.store.audit import first_broken
from bot.store.records import Incident, PlanState
from bot.store.store import Store
from tests.remediation.fixtures import (
    BROKEN,
    FAULT,
    HEALTHY,
    NOON,
    Clock,
    Looks,
    cause,
    diagnosis,
    playbooks,
    service,
    target_port,
)

ALICE, BOB, CAROL, EVE = "T1/UALICE", "T1/UBOB", "T1/UCAROL", "T1/UEVE"


class Desk:
    """A remedy over a cluster in memory, and Alice's incident."""

    def __init__(self, store: Store, incident: Incident, url: str) -> None:
        self.store, self.incident, self.url = store, incident, url
        self.writer = MemoryWriter(service())
        self.clock = Clock()
        self.looks = Looks(HEALTHY)
        self.now = NOON
        self.remedy = self.of(self.writer)

    def of(self, writer: MemoryWriter | None, *, store: Store | None = None) -> Remedy:
        return Remedy(
            store=store or self.store,
            playbooks=playbooks(),
            writer=writer,
            policy=Policy(approvers=(ALICE, BOB, CAROL)),
            expires_seconds=1800,
            recheck=self.looks,
            now=lambda: self.now,
            sleep=self.clock.sleep,
        )

    async def propose(self) -> str:
        """Return the hash of a new plan."""
        cluster = self.writer.cluster(now=self.now)
        proposal = await self.remedy.propose(BROKEN, cluster, incident_id=self.incident.id)
        [plan] = proposal.plans
        return plan.hash

    async def state(self, plan_hash: str) -> PlanState:
        stored = await self.store.plan(plan_hash)
        assert stored is not None
        return stored.state


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    store = await Store.open(url, now=lambda: NOON)
    yield Desk(store, await store.add_incident(requester=ALICE, symptom="web is down"), url)
    await store.close()


async def moves(remedy: Remedy, plan_hash: str) -> list[Progress]:
    return [progress async for progress in remedy.apply(plan_hash)]


async def test_from_a_diagnosis_to_a_confirmed_fix(desk: Desk) -> None:
    plan_hash = await desk.propose()

    answer = await desk.remedy.approve(plan_hash, by=BOB)
    done = await moves(desk.remedy, plan_hash)

    assert answer == Approved()
    assert done[-1].state is PlanState.CONFIRMED
    assert target_port(next(iter(desk.writer._objects.values()))) == 8080
    trail = await desk.store.audit_trail()
    assert [(entry.actor, entry.action) for entry in trail[:3]] == [
        (ALICE, "reported"),
        ("netmedic", "proposed"),
        (BOB, "approved"),
    ]
    assert first_broken(trail) == 0


async def test_nothing_is_applied_before_a_yes_or_after_a_no(desk: Desk) -> None:
    plan_hash = await desk.propose()

    before = await moves(desk.remedy, plan_hash)
    answer = await desk.remedy.reject(plan_hash, by=ALICE, reason="not now")
    after = await moves(desk.remedy, plan_hash)

    assert (before, answer, after) == ([], Approved(), [])
    assert "patch Service shop/web" not in desk.writer.log
    decision = await desk.store.decision(plan_hash)
    assert decision is not None
    assert (decision.approved, decision.by, decision.reason) == (False, ALICE, "not now")


async def test_the_requester_is_denied_and_it_is_in_the_audit_trail(desk: Desk) -> None:
    plan_hash = await desk.propose()

    answer = await desk.remedy.approve(plan_hash, by=ALICE)

    assert answer == Denied("You asked for this diagnosis, so another approver has to say yes.")
    assert await desk.state(plan_hash) is PlanState.PROPOSED
    last = (await desk.store.audit_trail())[-1]
    assert (last.actor, last.action, last.plan, last.detail["reason"]) == (
        ALICE,
        "denied",
        plan_hash,
        "You asked for this diagnosis, so another approver has to say yes.",
    )


@pytest.mark.parametrize(
    "forged", ["", "0" * 64, "' OR 1=1 --", "../../etc/passwd", "x" * 10_000, "\x00", "A" * 64, "<!channel>"]
)
async def test_a_forged_button_does_nothing(desk: Desk, forged: str) -> None:
    plan_hash = await desk.propose()

    for answer in (await desk.remedy.approve(forged, by=BOB), await desk.remedy.reject(forged, by=BOB)):
        assert answer == Denied("There is no such plan. Ask for a new diagnosis.", is_closed=True)
    assert await moves(desk.remedy, forged) == []
    assert await desk.state(plan_hash) is PlanState.PROPOSED
    assert first_broken(await desk.store.audit_trail()) == 0


async def test_the_beginning_of_a_hash_is_not_the_hash(desk: Desk) -> None:
    plan_hash = await desk.propose()

    assert isinstance(await desk.remedy.approve(plan_hash[:63], by=BOB), Denied)
    assert isinstance(await desk.remedy.approve(plan_hash.upper(), by=BOB), Denied)


async def test_of_fifty_clicks_through_two_processes_one_counts_and_it_is_applied_once(desk: Desk) -> None:
    plan_hash = await desk.propose()
    second = await Store.open(desk.url, now=lambda: NOON)
    remedies = [desk.remedy, desk.of(desk.writer, store=second)]

    async def click(number: int) -> bool:
        remedy, by = remedies[number % 2], (BOB, CAROL)[number % 2]
        approved = isinstance(await remedy.approve(plan_hash, by=by), Approved)
        await moves(remedy, plan_hash)
        return approved

    counted = await asyncio.gather(*(click(number) for number in range(50)))

    await second.close()
    assert sum(counted) == 1
    assert desk.writer.log.count("patch Service shop/web") == 1
    assert await desk.state(plan_hash) is PlanState.CONFIRMED


async def test_a_second_click_is_told_who_was_first(desk: Desk) -> None:
    plan_hash = await desk.propose()
    await desk.remedy.approve(plan_hash, by=BOB)

    answer = await desk.remedy.approve(plan_hash, by=CAROL)

    assert answer == Denied("Nothing done: this plan was already approved by T1/UBOB at 12:00 UTC.", is_closed=True)


async def test_an_expired_plan_is_denied_and_a_new_one_can_be_made(desk: Desk) -> None:
    plan_hash = await desk.propose()
    desk.now = NOON + timedelta(seconds=1800)

    answer = await desk.remedy.approve(plan_hash, by=BOB)
    renewed = await desk.propose()

    assert answer == Denied("This plan expired at 12:30 UTC. Ask for a new diagnosis.", is_closed=True)
    assert renewed != plan_hash
    assert await desk.remedy.approve(renewed, by=BOB) == Approved()


async def test_the_list_of_approvers_is_that_of_the_moment_of_the_click(desk: Desk) -> None:
    plan_hash = await desk.propose()
    remedy = replace(desk.remedy, policy=Policy(approvers=(CAROL,)))

    assert await remedy.approve(plan_hash, by=BOB) == Denied("You are not on the list of approvers.")


async def test_a_plan_of_another_cluster_is_neither_approved_nor_applied(desk: Desk) -> None:
    plan_hash = await desk.propose()
    elsewhere = desk.of(MemoryWriter(service(), context="staging"))

    answer = await elsewhere.approve(plan_hash, by=BOB)
    await desk.remedy.approve(plan_hash, by=BOB)

    assert answer == Denied("This plan is for the cluster memory; this bot changes staging.", is_closed=True)
    assert await moves(elsewhere, plan_hash) == []


async def test_without_a_writer_plans_are_shown_and_cannot_be_approved(desk: Desk) -> None:
    remedy = desk.of(None)
    proposal = await remedy.propose(BROKEN, desk.writer.cluster(now=NOON), incident_id=desk.incident.id)

    answer = await remedy.approve(proposal.plans[0].hash, by=BOB)

    assert proposal.plans[0].unchecked != ""
    assert answer == Denied("This plan is for the cluster memory; this bot changes none.", is_closed=True)


async def test_a_plan_that_was_not_tried_cannot_be_approved(desk: Desk) -> None:
    desk.writer = MemoryWriter(service(), fault=lambda doing, _: Forbidden("rbac") if doing == "dry run" else None)
    desk.remedy = desk.of(desk.writer)

    answer = await desk.remedy.approve(await desk.propose(), by=BOB)

    assert answer == Denied("This plan cannot be applied from here: rbac.", is_closed=True)


async def test_two_incidents_with_the_same_fault_have_plans_of_their_own(desk: Desk) -> None:
    first = await desk.propose()
    desk.incident = await desk.store.add_incident(requester=CAROL, symptom="web is down")

    second = await desk.propose()

    assert first != second
    assert isinstance(await desk.remedy.approve(second, by=CAROL), Denied)
    assert await desk.remedy.approve(second, by=ALICE) == Approved()


async def test_a_plan_that_a_process_left_half_way_is_found_and_finished(desk: Desk) -> None:
    plan_hash = await desk.propose()
    await desk.remedy.approve(plan_hash, by=BOB)
    remedy = desk.of(desk.writer)
    at_once = await remedy.unfinished()
    await desk.store.give_back(plan_hash, holder=desk.remedy.holder)

    [(incident, stored)] = await remedy.unfinished()
    done = await moves(remedy, stored.hash)

    assert at_once == []
    assert (incident.id, stored.hash) == (desk.incident.id, plan_hash)
    assert done[-1].state is PlanState.CONFIRMED
    assert await remedy.unfinished() == []


async def test_a_plan_that_is_being_carried_out_is_not_carried_out_twice(desk: Desk) -> None:
    plan_hash = await desk.propose()
    await desk.remedy.approve(plan_hash, by=BOB)
    running = desk.remedy.apply(plan_hash)
    await anext(running)

    assert await moves(desk.remedy, plan_hash) == []
    assert await desk.remedy.unfinished() == []
    assert [progress.state async for progress in running][-1] is PlanState.CONFIRMED


async def test_a_stored_plan_can_be_shown_again(desk: Desk) -> None:
    plan_hash = await desk.propose()

    plan = await desk.remedy.plan(plan_hash)

    assert plan is not None
    assert plan.hash == plan_hash
    assert await desk.remedy.plan("0" * 64) is None


async def test_a_plan_that_this_version_cannot_read_is_denied(desk: Desk) -> None:
    await desk.store.add_plan(
        plan_hash="c" * 64, incident_id=desk.incident.id, playbook="", content='{"new": 1}', made=NOON, expires=NOON
    )

    answer = await desk.remedy.approve("c" * 64, by=BOB)

    assert isinstance(answer, Denied)
    assert answer.reason.startswith("Another version of netmedic made this plan")


@pytest.mark.parametrize(
    ("rule", "plans", "notes"),
    [
        ("", 0, ()),
        (FAULT, 1, ()),
        ("conntrack-full", 0, ("This diagnosis does not find conntrack-full.",)),
    ],
    ids=["what is blamed", "a risk by name", "not found"],
)
async def test_a_risk_that_nothing_is_blamed_on_gets_a_plan_where_its_rule_is_named(
    desk: Desk, rule: str, plans: int, notes: tuple[str, ...]
) -> None:
    async def diagnose(*_: str) -> Diagnosis:
        return diagnosis(also_seen=[cause()])

    clerk = Clerk(remedy=desk.remedy, cluster=desk.writer.cluster(now=NOON), diagnose=diagnose, user=ALICE)

    found, proposal = await clerk.propose("web is down", namespace="shop", rule=rule)

    assert not found.causes
    assert (len(proposal.plans), proposal.notes) == (plans, notes)
