from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.errors import Absent, ClusterError, Forbidden, Malformed, NotFound, TimedOut, Unreachable
from bot.cluster.memory_writer import Fault, MemoryWriter
from bot.cluster.writer import Conflict, Json, Refused, Target
from bot.remediation.apply import Applier, Progress
from bot.remediation.plan import Plan
from bot.store.records import PlanState, StepState, StoreError
from bot.store.store import Store
from tests.remediation.fixtures import BROKEN, HEALTHY, NOON, WEB, Clock, Looks, cause, plan_for, service, target_port

CONFIRMED = [PlanState.APPLYING, PlanState.CONFIRMING, PlanState.CONFIRMED]
RESTORED = [PlanState.APPLYING, PlanState.CONFIRMING, PlanState.RESTORING, PlanState.RESTORED]

FIELD = "spec.ports[port=80,protocol=TCP].targetPort"
BY_HAND = f"netmedic set {FIELD} to 8080; before it was 9999. To put it back: kubectl -n shop edit services web"


class Killed(BaseException):
    """The process ends here."""


class FragileStore(Store):
    """A store that tells what is about to be written, and what was."""

    at: Callable[[str], None] = staticmethod(lambda _: None)

    async def move(self, plan_hash: str, **move: Any) -> bool:
        self.at(f"before {move['to']}")
        moved = await super().move(plan_hash, **move)
        self.at(f"after {move['to']}")
        return moved

    async def record_step(self, plan_hash: str, step: int, **record: Any) -> None:
        self.at(f"before step {record['state']}")
        await super().record_step(plan_hash, step, **record)
        self.at(f"after step {record['state']}")

    def raises_at(self, moment: str, problem: BaseException) -> None:
        """Raise something once, at a moment such as ``after step sent``."""

        def at(now: str) -> None:
            if now == moment:
                self.at = lambda _: None
                raise problem

        self.at = at


class Bench:
    """A Service with a wrong port, its approved plan, and everything that carries it out."""

    def __init__(self, store: FragileStore, writer: MemoryWriter, plan: Plan) -> None:
        self.store, self.writer, self.plan, self.clock = store, writer, plan, Clock()
        self.now = NOON
        self.faults: list[tuple[str, ClusterError]] = []
        """What goes wrong next, by what is being done."""
        self.also: Callable[[str], None] = lambda _: None
        """Told what is being done, before it goes wrong."""

    async def run(self, *looks: Any) -> list[Progress]:
        return await self.run_with(Looks(*looks))

    async def run_with(self, recheck: Looks) -> list[Progress]:
        applier = Applier(
            store=self.store, writer=self.writer, now=lambda: self.now, sleep=self.clock.sleep, clock=self.clock
        )
        return [progress async for progress in applier.run(self.plan, recheck)]

    def fault(self, doing: str, target: Target) -> ClusterError | None:
        self.also(doing)
        if self.faults and self.faults[0][0] == doing:
            return self.faults.pop(0)[1]
        return None

    async def live(self) -> dict[str, Json]:
        return await MemoryWriter.read(self.writer, WEB)

    @property
    def patches(self) -> int:
        return self.writer.log.count("patch Service shop/web")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FragileStore]:
    store = await FragileStore.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    yield store
    await store.close()


@pytest.fixture
async def bench(store: FragileStore) -> Bench:
    holder: list[Bench] = []
    fault: Fault = lambda doing, target: holder[0].fault(doing, target) if holder else None  # noqa: E731
    writer = MemoryWriter(service(), fault=fault)
    plan = await plan_for(writer)
    incident = await store.add_incident(requester="T/U1", symptom="web is down")
    await store.add_plan(
        plan_hash=plan.hash,
        incident_id=incident.id,
        playbook=plan.playbook,
        content=plan.to_json(),
        made=NOON,
        expires=NOON + timedelta(minutes=30),
    )
    await store.decide(plan.hash, by="T/U2", approved=True)
    holder.append(Bench(store, writer, plan))
    return holder[0]


def states(moves: list[Progress]) -> list[PlanState]:
    return [move.state for move in moves]


async def test_a_plan_is_applied_and_confirmed(bench: Bench) -> None:
    moves = await bench.run(BROKEN, HEALTHY)

    assert states(moves) == CONFIRMED
    assert [move.text for move in moves] == [
        "Changing Service shop/web.",
        "Applied. Looking again, with the probes that found the fault.",
        "Confirmed: the fault is gone, seen 4 s after the change.",
    ]
    assert target_port(await bench.live()) == 8080
    [step] = await bench.store.steps(bench.plan.hash)
    assert (step.state, json.loads(step.before), json.loads(step.after)) == (
        StepState.DONE,
        {FIELD: 9999},
        {FIELD: 8080},
    )


async def test_everything_is_in_the_audit_trail(bench: Bench) -> None:
    await bench.run(HEALTHY)

    trail = await bench.store.audit_trail()
    assert [entry.action for entry in trail] == [
        "reported",
        "proposed",
        "approved",
        "applying",
        "step sent",
        "step done",
        "confirming",
        "confirmed",
    ]
    assert {entry.plan for entry in trail[1:]} == {bench.plan.hash}
    assert json.loads(trail[1].detail["content"])["diff"] == bench.plan.diff


async def test_a_fix_that_does_not_help_is_put_back(bench: Bench) -> None:
    before = await bench.live()

    moves = await bench.run(BROKEN)

    assert states(moves) == RESTORED
    assert moves[-1].text == (
        f"Not confirmed within 60 s: {cause().summary} Put back: everything netmedic changed is as it was. "
        "Ask for a new diagnosis."
    )
    after: Any = await bench.live()
    assert after["spec"] == before["spec"]
    assert bench.patches == 2


async def test_an_object_that_changed_since_the_plan_was_made_is_left_alone(bench: Bench) -> None:
    bench.writer.put(service(type="NodePort"))

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.STALE]
    assert moves[0].text.splitlines() == [
        f"Not applied: {WEB} is no longer what this plan was made from. Nothing was changed; ask for a new diagnosis.",
        "--- Service shop/web (planned from)",
        "+++ Service shop/web (live)",
        "@@ -21,4 +21,4 @@",
        "   selector:",
        "     app: web",
        "     version: v2",
        "-  type: ClusterIP",
        "+  type: NodePort",
    ]
    assert bench.patches == 0


async def test_a_field_that_somebody_set_already_is_a_change_too(bench: Bench) -> None:
    fixed = bench.plan.changes[0].edits[0].path.put(service(), 8080)
    bench.writer.put(fixed)

    assert states(await bench.run(HEALTHY)) == [PlanState.STALE]


async def test_a_new_object_of_the_same_name_is_another_one(bench: Bench) -> None:
    bench.writer.remove(WEB)
    anew: Any = service()
    anew["metadata"]["uid"] = "other"
    bench.writer.put(anew)

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.STALE]
    assert moves[0].text.endswith("Service shop/web was deleted and made again.")


async def test_a_yes_that_was_left_lying_until_the_plan_expired_changes_nothing(bench: Bench) -> None:
    bench.now = bench.plan.expires

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.STALE]
    assert moves[0].text == (
        "Not applied: it was approved and not begun before it expired at 12:30 UTC. "
        "Nothing was changed; ask for a new diagnosis."
    )
    assert bench.patches == 0


async def test_a_change_that_was_begun_is_finished_after_the_plan_expired(bench: Bench) -> None:
    bench.store.raises_at("after step sent", Killed())
    with pytest.raises(Killed):
        await bench.run(HEALTHY)
    bench.now = bench.plan.expires

    assert states(await bench.run(HEALTHY))[-1] is PlanState.CONFIRMED


async def test_a_change_of_status_alone_is_no_change(bench: Bench) -> None:
    live: Any = service()
    live["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    bench.writer.put(live)

    assert states(await bench.run(HEALTHY)) == CONFIRMED


async def test_an_object_that_is_gone_is_said_to_be_gone(bench: Bench) -> None:
    bench.writer.remove(WEB)

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.FAILED]
    assert moves[0].text == "Not applied: there is no Service shop/web. Nothing was changed; ask for a new diagnosis."


@pytest.mark.parametrize(
    "problem",
    [Refused("quota"), Forbidden("rbac"), NotFound("gone"), Absent("not served")],
    ids=lambda p: type(p).__name__,
)
async def test_a_change_that_is_refused_leaves_everything_as_it_was(bench: Bench, problem: ClusterError) -> None:
    bench.faults = [("patch", problem)]

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.APPLYING, PlanState.FAILED]
    assert moves[-1].text == f"Not applied: {problem}. Nothing was changed; ask for a new diagnosis."
    assert target_port(await bench.live()) == 9999
    assert bench.patches == 1


MAYBE = [TimedOut("late"), Unreachable("500"), Malformed("html")]


@pytest.mark.parametrize("problem", [*MAYBE, Conflict("409")], ids=lambda p: type(p).__name__)
async def test_a_change_that_did_not_arrive_is_sent_again(bench: Bench, problem: ClusterError) -> None:
    bench.faults = [("patch", problem)]

    assert states(await bench.run(HEALTHY)) == CONFIRMED
    assert bench.patches == 2


@pytest.mark.parametrize("problem", MAYBE, ids=lambda p: type(p).__name__)
async def test_a_change_whose_answer_was_lost_is_not_made_twice(bench: Bench, problem: ClusterError) -> None:
    bench.faults = [("patched", problem)]

    assert states(await bench.run(HEALTHY)) == CONFIRMED
    assert bench.patches == 1


async def test_a_change_whose_last_answer_was_lost_counts_too(bench: Bench) -> None:
    bench.faults = [("patch", TimedOut("late")), ("patch", TimedOut("late")), ("patched", TimedOut("late"))]

    assert states(await bench.run(HEALTHY)) == CONFIRMED
    assert bench.patches == 3


@pytest.mark.parametrize("problem", [*MAYBE, Conflict("409")], ids=lambda p: type(p).__name__)
async def test_a_change_that_never_arrives_is_given_up(bench: Bench, problem: ClusterError) -> None:
    bench.faults = [("patch", problem)] * 3

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.APPLYING, PlanState.RESTORING, PlanState.RESTORED]
    assert (
        moves[-1].text
        == f"Stopped: {problem}. Put back: everything netmedic changed is as it was. Ask for a new diagnosis."
    )
    assert target_port(await bench.live()) == 9999


@pytest.mark.parametrize("problem", MAYBE, ids=lambda p: type(p).__name__)
async def test_an_api_server_that_comes_back_is_waited_for(bench: Bench, problem: ClusterError) -> None:
    bench.faults = [("read", problem)] * 5

    assert states(await bench.run(HEALTHY)) == CONFIRMED
    assert bench.clock.waits[:5] == [1.0, 2.0, 4.0, 8.0, 15.0]


async def test_an_api_server_that_does_not_come_back_is_not_waited_for_for_ever(bench: Bench) -> None:
    bench.faults = [("read", Unreachable("connection refused"))] * 6

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.FAILED]
    assert moves[0].text == "Not applied: connection refused. Nothing was changed; ask for a new diagnosis."


async def test_somebody_who_changes_the_object_at_the_same_moment_wins(bench: Bench) -> None:
    def somebody(doing: str) -> None:
        if doing == "patch":
            bench.also = lambda _: None
            bench.writer.put(service(type="NodePort"))

    bench.also = somebody

    moves = await bench.run(HEALTHY)

    assert states(moves) == [PlanState.APPLYING, PlanState.RESTORING, PlanState.RESTORED]
    assert moves[-1].text == (
        "Stopped: somebody else changed Service shop/web in the meantime. "
        "Put back: everything netmedic changed is as it was. Ask for a new diagnosis."
    )
    live: Any = await bench.live()
    assert live["spec"] == service(type="NodePort")["spec"]


async def test_what_somebody_else_changed_since_is_not_put_back(bench: Bench) -> None:
    path = bench.plan.changes[0].edits[0].path

    class Meddling(Looks):
        async def __call__(self, *_: object) -> Any:
            bench.writer.put(path.put(service(), 7070))
            return BROKEN

    moves = await bench.run_with(Meddling(BROKEN))

    assert states(moves)[-1] is PlanState.NEEDS_HAND
    assert moves[-1].text.splitlines() == [
        f"Not confirmed within 60 s: {cause().summary}",
        "Service shop/web could not be put back: somebody else changed Service shop/web in the meantime.",
        f"{FIELD} is 7070. {BY_HAND}",
    ]
    assert target_port(await bench.live()) == 7070


async def test_what_somebody_changed_elsewhere_in_the_object_stays(bench: Bench) -> None:
    path = bench.plan.changes[0].edits[0].path

    class Meddling(Looks):
        async def __call__(self, *_: object) -> Any:
            bench.writer.put(path.put(service(type="NodePort"), 8080))
            return BROKEN

    moves = await bench.run_with(Meddling(BROKEN))

    live: Any = await bench.live()
    assert states(moves) == RESTORED
    assert live["spec"] == service(type="NodePort")["spec"]


async def test_a_port_that_somebody_removed_since_is_said_to_be_gone(bench: Bench) -> None:
    class Meddling(Looks):
        async def __call__(self, *_: object) -> Any:
            bench.writer.put(service(ports=[]))
            return BROKEN

    moves = await bench.run_with(Meddling(BROKEN))

    assert states(moves)[-1] is PlanState.NEEDS_HAND
    assert "targetPort is gone. netmedic set" in moves[-1].text


async def test_an_object_that_was_deleted_since_needs_nothing(bench: Bench) -> None:
    class Deleting(Looks):
        async def __call__(self, *_: object) -> Any:
            if WEB in bench.writer._objects:
                bench.writer.remove(WEB)
            return BROKEN

    assert states(await bench.run_with(Deleting(BROKEN))) == RESTORED


@pytest.mark.parametrize("problem", [*MAYBE, Conflict("409")], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("doing", ["patch", "patched"])
async def test_putting_back_is_tried_again_too(bench: Bench, problem: ClusterError, doing: str) -> None:
    def later(now: str) -> None:
        if now == "patched" and bench.patches == 1:
            bench.faults = [(doing, problem)]

    bench.also = later
    bench.faults = []

    moves = await bench.run(BROKEN)

    assert states(moves)[-1] is PlanState.RESTORED
    assert target_port(await bench.live()) == 9999


@pytest.mark.parametrize("problem", [Forbidden("not allowed to patch services"), Refused("a webhook says no")])
async def test_what_cannot_be_put_back_is_said_exactly(bench: Bench, problem: ClusterError) -> None:
    def later(now: str) -> None:
        if now == "patch" and bench.patches == 2:
            bench.faults = [("patch", problem)]

    bench.also = later

    moves = await bench.run(BROKEN)

    assert states(moves)[-1] is PlanState.NEEDS_HAND
    assert moves[-1].text.splitlines()[1:] == [
        f"Service shop/web could not be put back: {problem}.",
        BY_HAND,
    ]


async def test_a_change_without_a_way_back_is_left_and_said(bench: Bench) -> None:
    bench.plan = dataclasses.replace(bench.plan, reversible=False)

    moves = await bench.run(BROKEN)

    assert states(moves)[-1] is PlanState.NEEDS_HAND
    assert moves[-1].text.endswith("This change has no automatic way back.")
    assert target_port(await bench.live()) == 8080


# Interrupted and taken up again ---------------------------------------------------------------------------------------


ENDS = ("applying", "step sent", "step done", "confirming", "restoring", "step undone", "restored", "confirmed")


@pytest.mark.parametrize("helps", [True, False])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("where", ENDS)
async def test_a_process_that_ends_anywhere_loses_nothing_and_does_nothing_twice(
    bench: Bench, where: str, when: str, helps: bool
) -> None:
    look = HEALTHY if helps else BROKEN
    bench.store.raises_at(f"{when} {where}", Killed())
    with contextlib.suppress(Killed):
        await bench.run(look)

    await bench.run(look)

    stored = await bench.store.plan(bench.plan.hash)
    assert stored is not None
    assert stored.state is (PlanState.CONFIRMED if helps else PlanState.RESTORED)
    assert target_port(await bench.live()) == (8080 if helps else 9999)
    assert bench.patches == (1 if helps else 2)


async def test_a_process_that_ends_right_after_the_change_was_sent_does_not_send_it_again(bench: Bench) -> None:
    def kill(doing: str) -> None:
        if doing == "patched":
            bench.also = lambda _: None
            raise Killed

    bench.also = kill
    with pytest.raises(Killed):
        await bench.run(HEALTHY)

    assert states(await bench.run(HEALTHY)) == [PlanState.CONFIRMING, PlanState.CONFIRMED]
    assert bench.patches == 1


async def test_a_plan_that_ended_is_not_touched_again(bench: Bench) -> None:
    await bench.run(HEALTHY)
    asked = len(bench.writer.log)

    assert await bench.run(BROKEN) == []
    assert len(bench.writer.log) == asked


async def test_a_plan_that_is_only_proposed_is_not_applied(store: FragileStore) -> None:
    writer = MemoryWriter(service())
    plan = await plan_for(writer)
    incident = await store.add_incident(requester="T/U1", symptom="web is down")
    await store.add_plan(plan_hash=plan.hash, incident_id=incident.id, playbook="", content="", made=NOON, expires=NOON)
    bench = Bench(store, writer, plan)

    assert await bench.run(HEALTHY) == []
    assert bench.patches == 0


async def test_of_two_processes_that_carry_on_one_counts(bench: Bench) -> None:
    one, other = await asyncio.gather(bench.run(HEALTHY), bench.run(HEALTHY))

    assert sorted(states(one) + states(other)) == sorted(CONFIRMED)
    assert target_port(await bench.live()) == 8080


async def test_a_database_that_fails_before_the_change_keeps_it_from_being_made(bench: Bench) -> None:
    bench.store.raises_at("before step sent", StoreError("the disk is full"))

    with pytest.raises(StoreError):
        await bench.run(HEALTHY)
    assert bench.patches == 0

    assert states(await bench.run(HEALTHY)) == [PlanState.CONFIRMING, PlanState.CONFIRMED]
