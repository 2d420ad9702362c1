"""A playbook that changes two objects, and two fields of one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Refused, Target
from bot.engine.documents import read_documents
from bot.remediation import playbooks as reading
from bot.remediation.apply import Applier, Progress
from bot.remediation.desk import NoPlan
from bot.remediation.make import make
from bot.remediation.plan import Plan
from bot.remediation.playbook import Playbook
from bot.store.records import PlanState, StepState
from bot.store.store import Store
from tests.remediation.fixtures import BROKEN, HEALTHY, NOON, WEB, Clock, Looks, cause, deployment, service

DEPLOYMENT = Target(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")

BY_HAND = "netmedic set spec.replicas to 3; before it was 1. To put it back: kubectl -n shop edit deployments.apps web"

STEPS = """\
id: fix-web-port
title: Fix both
remedies: [service-target-port-closed]
risk: high
blast_radius: Both.
steps:
  - patch: {{apiVersion: v1, kind: Service, namespace: shop, name: web}}
    set:
      "spec.ports[port=80].targetPort": {{port: 8080}}
      "spec.ports[port=9090].targetPort": {{port: 9191}}
  - patch: {{apiVersion: {second}, namespace: shop, name: web}}
    set: {{{field}}}
confirm: {{rules: [service-target-port-closed], answers: ruled_out, within_seconds: 60}}
undo: restore
docs: https://example.com/docs
"""


def playbook(folder: Path, *, second: str, field: str) -> Playbook:
    (folder / "fix-web-port.yaml").write_text(STEPS.format(second=second, field=field))
    [document], problems = read_documents([folder])
    found = reading.read(document)
    assert (problems, document.problems) == ([], [])
    assert found is not None
    return found


@pytest.fixture
def both(tmp_path: Path) -> Playbook:
    return playbook(tmp_path, second="apps/v1, kind: Deployment", field="spec.replicas: {replicas: 3}")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    yield store
    await store.close()


async def plan_of(both: Playbook, writer: MemoryWriter) -> Plan:
    return await make(cause(), both, cluster=writer.cluster(now=NOON), writer=writer, expires_seconds=1800)


async def carry_out(store: Store, writer: MemoryWriter, plan: Plan, *looks: Any) -> list[Progress]:
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
    clock = Clock()
    applier = Applier(store=store, writer=writer, now=lambda: NOON, sleep=clock.sleep, clock=clock)
    return [progress async for progress in applier.run(plan, Looks(*looks))]


async def fields(writer: MemoryWriter) -> tuple[Any, ...]:
    web: Any = await writer.read(WEB)
    workload: Any = await writer.read(DEPLOYMENT)
    return (*(port["targetPort"] for port in web["spec"]["ports"]), workload["spec"]["replicas"])


async def test_both_objects_are_in_the_plan_and_its_diff(both: Playbook) -> None:
    plan = await plan_of(both, MemoryWriter(service(), deployment(replicas=1)))

    web, workload = plan.changes
    assert web.fragment["spec"] == {"ports": [{"port": 80, "targetPort": 8080}, {"port": 9090, "targetPort": 9191}]}
    assert workload.fragment["spec"] == {"replicas": 3}
    assert [line for line in plan.diff.splitlines() if line[0] in "+-"] == [
        "--- Service shop/web (live)",
        "+++ Service shop/web (after the fix)",
        "-    targetPort: 9090",
        "+    targetPort: 9191",
        "-    targetPort: 9999",
        "+    targetPort: 8080",
        "--- Deployment shop/web (live)",
        "+++ Deployment shop/web (after the fix)",
        "-  replicas: 1",
        "+  replicas: 3",
    ]


async def test_both_are_changed_in_order(both: Playbook, store: Store) -> None:
    writer = MemoryWriter(service(), deployment(replicas=1))
    plan = await plan_of(both, writer)

    moves = await carry_out(store, writer, plan, HEALTHY)

    assert moves[-1].state is PlanState.CONFIRMED
    assert await fields(writer) == (9191, 8080, 3)
    assert [entry for entry in writer.log if entry.startswith("patch")] == [
        "patch Service shop/web",
        "patch Deployment shop/web",
    ]


@pytest.mark.parametrize("problem", [Refused("quota"), NotFound("gone")], ids=lambda p: type(p).__name__)
async def test_a_second_step_that_fails_takes_the_first_one_back(
    both: Playbook, store: Store, problem: ClusterError
) -> None:
    def fault(doing: str, target: Target) -> ClusterError | None:
        return problem if (doing, target) == ("patch", DEPLOYMENT) else None

    writer = MemoryWriter(service(), deployment(replicas=1), fault=fault)
    plan = await plan_of(both, writer)

    moves = await carry_out(store, writer, plan, HEALTHY)

    assert [move.state for move in moves] == [PlanState.APPLYING, PlanState.RESTORING, PlanState.RESTORED]
    assert (
        moves[-1].text
        == f"Stopped: {problem}. Put back: everything netmedic changed is as it was. Ask for a new diagnosis."
    )
    assert await fields(writer) == (9090, 9999, 1)
    assert [step.state for step in await store.steps(plan.hash)] == [StepState.UNDONE, StepState.UNDONE]


async def test_a_second_object_that_changed_keeps_the_first_from_being_touched(both: Playbook, store: Store) -> None:
    writer = MemoryWriter(service(), deployment(replicas=1))
    plan = await plan_of(both, writer)
    writer.put(deployment(replicas=2))

    moves = await carry_out(store, writer, plan, HEALTHY)

    assert [move.state for move in moves] == [PlanState.STALE]
    assert await fields(writer) == (9090, 9999, 2)


async def test_what_does_not_help_is_put_back_in_reverse(both: Playbook, store: Store) -> None:
    writer = MemoryWriter(service(), deployment(replicas=1))
    plan = await plan_of(both, writer)

    moves = await carry_out(store, writer, plan, BROKEN)

    assert moves[-1].state is PlanState.RESTORED
    assert await fields(writer) == (9090, 9999, 1)
    assert [entry for entry in writer.log if entry.startswith("patch")][2:] == [
        "patch Deployment shop/web",
        "patch Service shop/web",
    ]


async def test_only_what_nobody_else_changed_is_put_back(both: Playbook, store: Store) -> None:
    writer = MemoryWriter(service(), deployment(replicas=1))
    plan = await plan_of(both, writer)

    class Scaling(Looks):
        async def __call__(self, *_: object) -> Any:
            writer.put(deployment(replicas=7))
            return BROKEN

    incident = await store.add_incident(requester="T/U1", symptom="web is down")
    await store.add_plan(
        plan_hash=plan.hash, incident_id=incident.id, playbook="", content="", made=NOON, expires=plan.expires
    )
    await store.decide(plan.hash, by="T/U2", approved=True)
    clock = Clock()
    applier = Applier(store=store, writer=writer, now=lambda: NOON, sleep=clock.sleep, clock=clock)
    moves = [move async for move in applier.run(plan, Scaling(BROKEN))]

    assert moves[-1].state is PlanState.NEEDS_HAND
    assert moves[-1].text.splitlines()[1:] == [
        "Deployment shop/web could not be put back: somebody else changed Deployment shop/web in the meantime.",
        f"spec.replicas is 7. {BY_HAND}",
    ]
    assert await fields(writer) == (9090, 9999, 7)


async def test_a_field_that_already_is_right_is_left_out(both: Playbook) -> None:
    ports = [
        {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": 9191},
        {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 9999},
    ]

    plan = await plan_of(both, MemoryWriter(service(ports=ports), deployment(replicas=1)))

    assert [str(edit.path) for edit in plan.changes[0].edits] == ["spec.ports[port=80].targetPort"]


async def test_two_steps_for_one_object_make_no_plan(tmp_path: Path) -> None:
    twice = playbook(tmp_path, second="v1, kind: Service", field='"spec.ports[port=80].nodePort": {port: 30080}')

    with pytest.raises(NoPlan, match="two of its steps change the same object"):
        await plan_of(twice, MemoryWriter(service()))
