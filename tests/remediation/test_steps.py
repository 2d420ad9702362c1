"""Each kind of step: planned, made once, and put back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.errors import TimedOut
from bot.cluster.memory import MemoryCluster
from bot.cluster.memory_writer import Fault, MemoryWriter
from bot.cluster.writer import JOB, POD, POLICY, Json, Target
from bot.diagnosis.report import Cause, Evidence
from bot.engine.documents import read_documents
from bot.facts.scope import Subject
from bot.remediation import playbooks as reading
from bot.remediation.apply import Applier, Progress
from bot.remediation.desk import NoPlan
from bot.remediation.make import make
from bot.remediation.plan import Action, Plan
from bot.remediation.playbook import Playbook
from bot.store.records import PlanState
from bot.store.store import Store
from tests.remediation.fixtures import HEALTHY, NOON, Clock, Looks, cause, diagnosis, pod, service

HEAD = """\
id: fix-it-well
title: Fix it
remedies: [service-target-port-closed]
risk: high
blast_radius: All of it.
"""
TAIL = """
confirm: {rules: [service-target-port-closed], answers: ruled_out, within_seconds: 30}
undo: restore
docs: https://example.com/docs
"""
SETTINGS = "# of the site\nmode: iptables\nconntrack:\n  maxPerCore: 0 # none\n"
NAMESPACE: dict[str, Json] = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}},
}


def playbook(folder: Path, steps: str) -> Playbook:
    own = folder / "playbooks"
    own.mkdir(exist_ok=True)
    (own / "fix-it-well.yaml").write_text(f"{HEAD}{steps}{TAIL}")
    [document], problems = read_documents([own])
    found = reading.read(document)
    assert (problems, document.problems) == ([], [])
    assert found is not None
    return found


def configmap() -> dict[str, Json]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "data": {"config.conf": SETTINGS, "other": "secret"},
    }


def daemonset(*, updated: int = 2) -> dict[str, Json]:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system", "generation": 1},
        "spec": {
            "template": {"metadata": {"labels": {"app": "kube-proxy"}}},
            "updateStrategy": {"type": "RollingUpdate"},
        },
        "status": {
            "observedGeneration": 1,
            "desiredNumberScheduled": 2,
            "updatedNumberScheduled": updated,
            "numberAvailable": 2,
        },
    }


def wall() -> dict[str, Json]:
    """Return a policy that lets nobody reach the Pods with app=web, and these reach nobody."""
    return {
        "apiVersion": POLICY[0],
        "kind": POLICY[1],
        "metadata": {"name": "wall", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }


class Desk:
    """A cluster in memory, a store, and what the probes say after a change."""

    def __init__(self, store: Store, *objects: dict[str, Json], fault: Fault = lambda *_: None) -> None:
        self.store, self.clock, self.found = store, Clock(), cause()
        self.writer = Jobs(*objects, fault=fault)

    def cluster(self) -> MemoryCluster:
        return self.writer.cluster(now=NOON)

    async def plan(self, of: Playbook, found: Cause) -> Plan:
        self.found = found
        plan = await make(found, of, cluster=self.cluster(), writer=self.writer, expires_seconds=1800)
        incident = await self.store.add_incident(requester="alice", symptom="web is down")
        await self.store.add_plan(
            plan_hash=plan.hash,
            incident_id=incident.id,
            playbook=of.id,
            content=plan.to_json(),
            made=NOON,
            expires=NOON,
        )
        await self.store.decide(plan.hash, by="bob", approved=True)
        return Plan.from_json(plan.to_json())

    async def run(self, plan: Plan, *, helps: bool = True) -> list[Progress]:
        applier = Applier(
            store=self.store, writer=self.writer, now=lambda: NOON, sleep=self.clock.sleep, clock=self.clock
        )
        broken = diagnosis(self.found)
        return [move async for move in applier.run(plan, Looks(*[HEALTHY if helps else broken] * 40))]


class Jobs(MemoryWriter):
    """A cluster in which every Job that is made has ended."""

    succeeded = True

    async def create(self, target: Target, obj: Any, *, dry_run: bool) -> dict[str, Json]:
        status: dict[str, Json] = {"succeeded" if self.succeeded else "failed": 1}
        ended = {**obj, "status": status} if target.kind == "Job" else obj
        return await super().create(target, ended, dry_run=dry_run)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    yield opened
    await opened.close()


def states(moves: list[Progress]) -> list[PlanState]:
    return [move.state for move in moves]


GOOD = [PlanState.APPLYING, PlanState.CONFIRMING, PlanState.CONFIRMED]
BACK = [PlanState.APPLYING, PlanState.CONFIRMING, PlanState.RESTORING, PlanState.RESTORED]

MODE = """\
steps:
  - patch: {apiVersion: v1, kind: ConfigMap, namespace: kube-system, name: kube-proxy}
    inside: config.conf
    set:
      mode: {word: ipvs}
      conntrack.maxPerCore: {number: 65536}
  - restart: {apiVersion: apps/v1, kind: DaemonSet, namespace: kube-system, name: kube-proxy}
    within_seconds: 60
"""
PROXY = Target(api_version="apps/v1", kind="DaemonSet", namespace="kube-system", name="kube-proxy")
SETTINGS_OF_PROXY = Target(api_version="v1", kind="ConfigMap", namespace="kube-system", name="kube-proxy")


async def test_a_text_inside_a_configmap_changes_and_its_readers_restart(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, configmap(), daemonset())
    plan = await desk.plan(playbook(tmp_path, MODE), cause())

    moves = await desk.run(plan)

    assert states(moves) == GOOD
    after: Any = await desk.writer.read(SETTINGS_OF_PROXY)
    assert after["data"] == {
        "config.conf": '# of the site\nmode: "ipvs"\nconntrack:\n  maxPerCore: 65536 # none\n',
        "other": "secret",
    }
    restarted: Any = await desk.writer.read(PROXY)
    assert restarted["spec"]["template"]["metadata"]["annotations"] == {
        "netmedic/restarted-at": "2026-01-01T12:00:00+00:00"
    }
    assert '-mode: iptables\n+mode: "ipvs"' in plan.diff
    assert "secret" not in plan.diff


async def test_settings_go_back_before_their_readers_restart(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, configmap(), daemonset())
    plan = await desk.plan(playbook(tmp_path, MODE), cause())

    moves = await desk.run(plan, helps=False)

    assert states(moves) == BACK
    after: Any = await desk.writer.read(SETTINGS_OF_PROXY)
    assert after["data"]["config.conf"] == SETTINGS
    patches = [line for line in desk.writer.log if line.startswith("patch")]
    assert [line.split()[1] for line in patches] == ["ConfigMap", "DaemonSet", "ConfigMap", "DaemonSet"]


async def test_a_rollout_that_does_not_end_is_put_back(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, configmap(), daemonset(updated=1))
    plan = await desk.plan(playbook(tmp_path, MODE), cause())

    moves = await desk.run(plan)

    assert states(moves)[:2] == [PlanState.APPLYING, PlanState.RESTORING]
    assert (
        "the rollout of DaemonSet kube-system/kube-proxy did not end within 60 s: 1 of 2 Pods are new, 2 are available"
        in moves[1].text
    )
    after: Any = await desk.writer.read(SETTINGS_OF_PROXY)
    assert after["data"]["config.conf"] == SETTINGS


ALLOW = """\
steps:
  - allow:
      client_namespace: "{cause.facts.policy_flow.client_namespace}"
      client: "{cause.facts.policy_flow.client}"
      target_namespace: "{cause.facts.policy_flow.target_namespace}"
      target: "{cause.facts.policy_flow.target}"
      protocol: "{cause.facts.policy_flow.protocol}"
      port: "{cause.facts.policy_flow.port}"
"""


def denied(**fields: str | int) -> Cause:
    flow: dict[str, Any] = {
        "client_namespace": "shop",
        "client": "till-1",
        "target_namespace": "shop",
        "target": "web-1",
        "protocol": "TCP",
        "port": 8080,
        **fields,
    }
    return cause(evidence=(Evidence(fact="policy_flow", source="", value=flow, at=""),))


def crowd() -> list[dict[str, Json]]:
    return [
        NAMESPACE,
        wall(),
        pod("till-1", app="till", **{"pod-template-hash": "abc"}),
        pod("web-1", **{"pod-template-hash": "def"}),
        pod("desk-1", app="desk"),
    ]


async def test_the_least_policies_that_let_a_connection_through_are_made(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, *crowd())
    plan = await desk.plan(playbook(tmp_path, ALLOW), denied())

    moves = await desk.run(plan)

    assert states(moves) == GOOD
    assert [change.action for change in plan.changes] == [Action.CREATE, Action.CREATE]
    [egress, ingress] = [await desk.writer.read(change.target) for change in plan.changes]
    assert egress["spec"] == {
        "podSelector": {"matchLabels": {"app": "till"}},
        "policyTypes": ["Egress"],
        "egress": [
            {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"protocol": "TCP", "port": 8080}]}
        ],
    }
    assert ingress["spec"] == {
        "podSelector": {"matchLabels": {"app": "web"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "till"}}}], "ports": [{"protocol": "TCP", "port": 8080}]}
        ],
    }
    assert "nothing changes for any other two Pods" in plan.foreseen[0]


async def test_policies_that_do_not_help_are_deleted_again(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, *crowd())
    plan = await desk.plan(playbook(tmp_path, ALLOW), denied())

    moves = await desk.run(plan, helps=False)

    assert states(moves) == BACK
    assert sorted(line for line in desk.writer.log if line.startswith("delete")) == [
        "delete NetworkPolicy shop/netmedic-egress-till-tcp-8080",
        "delete NetworkPolicy shop/netmedic-ingress-web-tcp-8080",
    ]


async def test_a_policy_that_somebody_changed_stays_and_a_person_is_told(store: Store, tmp_path: Path) -> None:
    def somebody(doing: str, target: Target) -> None:
        if doing == "created" and target.name.startswith("netmedic-ingress"):
            made = desk.writer._objects[target]
            desk.writer.put({**made, "spec": {**made["spec"], "policyTypes": ["Ingress", "Egress"]}})  # type: ignore[dict-item]

    desk = Desk(store, *crowd(), fault=somebody)
    plan = await desk.plan(playbook(tmp_path, ALLOW), denied())

    moves = await desk.run(plan, helps=False)

    assert states(moves)[-1] is PlanState.NEEDS_HAND
    assert "kubectl -n shop delete networkpolicies.networking.k8s.io netmedic-ingress-web-tcp-8080" in moves[-1].text


async def test_a_creation_whose_answer_was_lost_is_not_made_twice(store: Store, tmp_path: Path) -> None:
    lost = iter([TimedOut("no answer")])
    desk = Desk(store, *crowd(), fault=lambda doing, _: next(lost, None) if doing == "created" else None)
    plan = await desk.plan(playbook(tmp_path, ALLOW), denied())

    moves = await desk.run(plan)

    assert states(moves) == GOOD
    assert len([line for line in desk.writer.log if line.startswith("create")]) == 2


async def test_a_connection_that_is_allowed_already_gives_no_plan(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, *[obj for obj in crowd() if obj["kind"] != "NetworkPolicy"])

    with pytest.raises(NoPlan, match="the NetworkPolicies allow the connection already"):
        await desk.plan(playbook(tmp_path, ALLOW), denied())


async def test_a_target_that_is_gone_gives_no_plan(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, *crowd())

    with pytest.raises(NoPlan, match="Pod 'shop/web-9' is gone"):
        await desk.plan(playbook(tmp_path, ALLOW), denied(target="web-9"))


REPLACE = """\
steps:
  - replace_pod: {namespaces: [kube-system], workloads: [kube-proxy], node: node1}
"""


async def test_the_pod_of_a_workload_on_a_node_is_replaced(store: Store, tmp_path: Path) -> None:
    pods = [
        pod("proxy-1", namespace="kube-system", owner="kube-proxy"),
        pod("proxy-2", namespace="kube-system", owner="kube-proxy", node="node2"),
        pod("other", namespace="kube-system", owner="flannel"),
    ]
    desk = Desk(store, *pods)
    plan = await desk.plan(playbook(tmp_path, REPLACE), cause())

    moves = await desk.run(plan)

    assert states(moves) == GOOD
    assert [line for line in desk.writer.log if line.startswith("delete")] == ["delete Pod kube-system/proxy-1"]
    assert plan.changes[0].target == Target(api_version=POD[0], kind=POD[1], namespace="kube-system", name="proxy-1")


SYSCTL = """\
steps:
  - sysctl: {node: "{cause.subject.name}", key: net.ipv4.ip_forward}
    was: "{cause.details.value}"
    to: {number: 1}
"""
NODE = cause(subject=Subject("Node", "", "node1"), details={"value": "0"})


async def sysctl_desk(store: Store, *, succeeded: bool = True) -> Desk:
    helper = pod("helper-1", namespace="netmedic")
    desk = Desk(store, helper)
    desk.writer.succeeded = succeeded
    return desk


class WithHelper(MemoryCluster):
    async def helper_nodes(self) -> dict[str, str]:
        return {"node1": "helper-1"}


@pytest.fixture
def helper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryCluster, "helper_nodes", WithHelper.helper_nodes)


@pytest.mark.usefixtures("helper")
async def test_a_sysctl_is_set_by_a_job_that_is_gone_afterwards(store: Store, tmp_path: Path) -> None:
    desk = await sysctl_desk(store)
    plan = await desk.plan(playbook(tmp_path, SYSCTL), NODE)

    moves = await desk.run(plan)

    assert states(moves) == GOOD
    [change] = plan.changes
    assert change.target.kind == JOB[1]
    spec: Any = change.fragment["spec"]
    [container] = spec["template"]["spec"]["containers"]
    assert container["image"] == "web:1"
    assert {item["name"]: item["value"] for item in container["env"]} == {
        "SYSCTL": "/proc/sys/net/ipv4/ip_forward",
        "EXPECTED": "0",
        "WANTED": "1",
        "LINE": "net.ipv4.ip_forward = 1",
        "KEEP": "/etc/sysctl.d/99-netmedic-net-ipv4-ip_forward.conf",
    }
    assert change.target not in desk.writer._objects
    assert "-net.ipv4.ip_forward = 0\n+net.ipv4.ip_forward = 1" in plan.diff


@pytest.mark.usefixtures("helper")
async def test_a_sysctl_that_does_not_help_is_set_back_by_another_job(store: Store, tmp_path: Path) -> None:
    desk = await sysctl_desk(store)
    plan = await desk.plan(playbook(tmp_path, SYSCTL), NODE)

    moves = await desk.run(plan, helps=False)

    assert states(moves) == BACK
    assert len([line for line in desk.writer.log if line.startswith("create")]) == 2


@pytest.mark.usefixtures("helper")
async def test_a_job_that_fails_has_changed_nothing(store: Store, tmp_path: Path) -> None:
    desk = await sysctl_desk(store, succeeded=False)
    plan = await desk.plan(playbook(tmp_path, SYSCTL), NODE)

    moves = await desk.run(plan)

    assert states(moves)[-1] is PlanState.FAILED
    assert moves[-1].text.endswith(
        "failed: the value is no longer what the plan was made from, or it cannot be set. Nothing was changed; "
        "ask for a new diagnosis."
    )


async def test_without_a_node_helper_no_sysctl_is_planned(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NoPlan, match="no node helper runs on Node node1"):
        await Desk(store).plan(playbook(tmp_path, SYSCTL), NODE)


ADVICE = """\
steps: []
advice:
  because: netmedic evicts no Pods.
  commands: ["kubectl drain {cause.details.value} --ignore-daemonsets"]
"""


async def test_advice_quotes_what_comes_from_the_cluster(store: Store, tmp_path: Path) -> None:
    hostile = cause(details={"value": "node1; rm -rf /"})

    plan = await Desk(store, service()).plan(playbook(tmp_path, ADVICE), hostile)

    assert plan.commands == ("kubectl drain 'node1; rm -rf /' --ignore-daemonsets",)
    assert plan.unchecked == "netmedic evicts no Pods."
    assert plan.changes == ()


NEEDS = """\
preconditions:
  - object: {apiVersion: v1, kind: Service, namespace: shop, name: web}
    is: {spec.type: NodePort}
steps:
  - patch: {apiVersion: v1, kind: Service, namespace: shop, name: web}
    set: {"spec.ports[port=80].targetPort": {port: 8080}}
"""


async def test_a_precondition_that_does_not_hold_gives_no_plan(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NoPlan, match=r"it needs spec\.type of Service shop/web to be 'NodePort', which is 'ClusterIP'"):
        await Desk(store, service()).plan(playbook(tmp_path, NEEDS), cause())


KEEPERS: list[tuple[dict[str, Any], str]] = [
    ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:v1/Service:shop/web"}}, "Argo CD application 'shop'"),
    ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux Kustomization 'apps'"),
    ({"labels": {"helm.toolkit.fluxcd.io/name": "apps"}}, "Flux HelmRelease 'apps'"),
    ({"annotations": {"meta.helm.sh/release-name": "shop"}}, "Helm release 'shop'"),
    (
        {
            "managedFields": [
                {
                    "manager": "operator",
                    "operation": "Apply",
                    "fieldsV1": {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:targetPort": {}}}}},
                }
            ]
        },
        "field manager 'operator'",
    ),
]


@pytest.mark.parametrize(("metadata", "keeper"), KEEPERS, ids=[keeper for _, keeper in KEEPERS])
async def test_what_a_repository_keeps_is_a_change_for_the_repository(
    store: Store, tmp_path: Path, metadata: dict[str, Any], keeper: str
) -> None:
    kept = {**service(), "metadata": {"name": "web", "namespace": "shop", **metadata}}
    needs = NEEDS.replace("NodePort", "ClusterIP")

    plan = await Desk(store, kept).plan(playbook(tmp_path, needs), cause())

    assert plan.unchecked == (
        f"{keeper} keeps the object as its repository has it and would undo the change; make this change there"
    )
    assert plan.diff
    assert replace(plan, unchecked="").report().objects == plan.report().objects
