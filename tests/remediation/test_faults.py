"""Every kind of step, every fault of an API server, at every word with it: nothing is lost, and there is a way on."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from bot.cluster.errors import ClusterError, Forbidden, Malformed, TimedOut, Unreachable
from bot.cluster.memory import MemoryCluster
from bot.cluster.writer import Conflict, Json, Refused, Target
from bot.diagnosis.report import Cause
from bot.remediation.diff import without_noise
from bot.remediation.make import make
from bot.remediation.plan import Plan
from bot.store.audit import first_broken
from bot.store.records import PlanState
from bot.store.store import Store
from bot.store.tables import metadata
from tests.remediation.fixtures import NOON, cause, pod, service
from tests.remediation.test_steps import (
    ALLOW,
    MODE,
    NODE,
    REPLACE,
    SYSCTL,
    Desk,
    Jobs,
    WithHelper,
    configmap,
    crowd,
    daemonset,
    denied,
    playbook,
)
from tests.slack.fakes import FailingDatabase

PORT = """\
steps:
  - patch: {apiVersion: v1, kind: Service, namespace: shop, name: web}
    set: {"spec.ports[port=80].targetPort": {port: 8080}}
"""


@dataclass(frozen=True)
class Step:
    """One kind of step, and a cluster it is for."""

    text: str
    objects: Callable[[], list[dict[str, Json]]]
    found: Callable[[], Cause]


STEPS = {
    "patch": Step(PORT, lambda: [service()], cause),
    "text in a ConfigMap, and restart": Step(MODE, lambda: [configmap(), daemonset()], cause),
    "allow": Step(ALLOW, crowd, denied),
    "replace_pod": Step(REPLACE, lambda: [pod("proxy-1", namespace="kube-system", owner="kube-proxy")], cause),
    "sysctl": Step(SYSCTL, lambda: [pod("helper-1", namespace="netmedic")], lambda: NODE),
}

FAULTS: dict[str, ClusterError] = {
    "403": Forbidden("not allowed to do this"),
    "409": Conflict("it was changed by somebody else in the meantime"),
    "422, webhook, quota": Refused('admission webhook "policy.example.com" denied the request'),
    "429, time-out": TimedOut("the API server is too busy (429)"),
    "500": Unreachable("the API server failed (500)"),
    "no JSON": Malformed("answered no JSON"),
}
"""What the writer makes of an API server's answers; tests/cluster holds it to that."""

ENDS = (PlanState.CONFIRMED, PlanState.FAILED, PlanState.STALE, PlanState.RESTORED, PlanState.NEEDS_HAND)
WAY_FORWARD = ("ask for a new diagnosis", "To put it back:", "To delete it:", "no automatic way back", "sysctl -w")


class Faulty:
    """What goes wrong: at one word with the API server, or from it on."""

    def __init__(self) -> None:
        self.count = 0
        self.at, self.lasts = -1, False
        self.problem: ClusterError | None = None
        self.remove: Callable[[Target], None] | None = None

    def begin(self, at: int, problem: ClusterError | None, *, lasts: bool) -> None:
        self.count, self.at, self.problem, self.lasts = 0, at, problem, lasts

    def __call__(self, doing: str, target: Target) -> ClusterError | None:
        if doing in ("patched", "created", "deleted"):
            return None
        self.count += 1
        is_now = self.count == self.at or (self.lasts and 0 < self.at < self.count)
        if is_now and self.remove is not None:
            self.remove(target)
        return self.problem if is_now else None


class Lab:
    """One cluster that can be had again as it was, with a plan for it."""

    def __init__(self, store: Store, step: Step, folder: Path) -> None:
        self.step, self.fault = step, Faulty()
        self.playbook = playbook(folder, step.text)
        self.desk = Desk(store, *step.objects(), fault=self.fault)
        self.number = 0

    async def anew(self) -> Plan:
        """Return a new approved plan for the cluster as it was at first."""
        self.fault.begin(-1, None, lasts=False)
        self.fault.remove = None
        desk = self.desk
        desk.writer = Jobs(*copy.deepcopy(self.step.objects()), fault=self.fault)
        desk.found = self.step.found()
        self.number += 1
        incident = await desk.store.add_incident(requester="alice", symptom="web is down")
        cluster = desk.writer.cluster(now=NOON - timedelta(seconds=self.number))
        plan = await make(
            desk.found, self.playbook, cluster=cluster, writer=desk.writer, expires_seconds=1800, incident=incident.id
        )
        await desk.store.add_plan(
            plan_hash=plan.hash,
            incident_id=incident.id,
            playbook=plan.playbook,
            content=plan.to_json(),
            made=plan.made,
            expires=plan.expires,
        )
        await desk.store.decide(plan.hash, by="bob", approved=True)
        return Plan.from_json(plan.to_json())

    def objects(self) -> dict[str, Any]:
        """Return what is there; Jobs end by themselves, owners make Pods again, and a restart is no setting."""
        return {
            str(target): _settings(without_noise(obj))
            for target, obj in self.desk.writer._objects.items()
            if target.kind not in ("Job", "Pod")
        }


def _settings(obj: dict[str, Json]) -> dict[str, Json]:
    found: Any = copy.deepcopy(obj)
    template = found.get("spec", {}).get("template", {}).get("metadata", {})
    template.pop("annotations", None)
    return {key: value for key, value in found.items() if key != "status"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    path = tmp_path / "state.db"
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    opened = Store(FailingDatabase(f"sqlite+aiosqlite:///{path}"), now=lambda: NOON)
    yield opened
    await opened.close()


@pytest.fixture(params=STEPS)
def lab(request: pytest.FixtureRequest, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(MemoryCluster, "helper_nodes", WithHelper.helper_nodes)
    return Lab(store, STEPS[request.param], tmp_path)


async def words(lab: Lab, *, helps: bool) -> int:
    """Return how many words with the API server a plan's life has, where all is well."""
    plan = await lab.anew()
    lab.fault.begin(-1, None, lasts=False)
    await lab.desk.run(plan, helps=helps)
    return lab.fault.count


async def check(lab: Lab, plan: Plan, before: dict[str, Any], *, helps: bool, what: str) -> None:
    """Carry the plan out, and look at its end."""
    moves = await lab.desk.run(plan, helps=helps)
    stored = await lab.desk.store.plan(plan.hash)

    assert stored is not None, what
    assert moves, what
    assert stored.state in ENDS, what
    assert moves[-1].state is stored.state, what
    if stored.state is PlanState.CONFIRMED:
        assert helps, what
    else:
        assert any(way.lower() in moves[-1].text.lower() for way in WAY_FORWARD), (what, moves[-1].text)
    if stored.state in (PlanState.FAILED, PlanState.STALE, PlanState.RESTORED):
        assert lab.objects() == before, (what, moves[-1].text)


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_at_any_word_with_the_api_server(lab: Lab, fault: str, lasts: bool) -> None:
    for helps in (False,) if lasts else (True, False):
        for at in range(1, await words(lab, helps=helps) + 1):
            plan = await lab.anew()
            before = lab.objects()
            lab.fault.begin(at, FAULTS[fault], lasts=lasts)

            await check(lab, plan, before, helps=helps, what=f"{fault} at word {at}, helps: {helps}")
    assert first_broken(await lab.desk.store.audit_trail()) == 0


async def test_an_object_that_goes_at_any_word(lab: Lab) -> None:
    for at in range(1, await words(lab, helps=False) + 1):
        plan = await lab.anew()
        gone: list[Target] = []

        def remove(target: Target, gone: list[Target] = gone) -> None:
            if target in lab.desk.writer._objects:
                lab.desk.writer.remove(target)
                gone.append(target)

        lab.fault.begin(at, None, lasts=False)
        lab.fault.remove = remove
        moves = await lab.desk.run(plan, helps=False)

        stored = await lab.desk.store.plan(plan.hash)
        assert stored is not None
        assert stored.state in ENDS, (at, gone)
        assert moves[-1].text, at
