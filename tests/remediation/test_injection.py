"""Hostile names, labels, annotations and values through every hole of every playbook add nothing to a plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from bot.cluster.memory import MemoryCluster
from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Json, Target
from bot.diagnosis.report import Cause, Evidence
from bot.facts.scope import Subject
from bot.remediation import isolate
from bot.remediation import make as making
from bot.remediation.approval import Policy
from bot.remediation.desk import NoPlan, target_of
from bot.remediation.edit import text_of
from bot.remediation.fieldpath import FieldPath, Item
from bot.remediation.holes import Hole, fill
from bot.remediation.make import make
from bot.remediation.plan import Plan
from bot.remediation.playbook import Playbook
from bot.remediation.steps import Isolate, Patch, Precondition, ReplacePod, Restart
from bot.remediation.traffic import Call, Traffic
from bot.slack.plan_blocks import plan_card
from tests.remediation.fixtures import NOON, cause, playbooks, pod
from tests.remediation.test_steps import NAMESPACE, WithHelper, wall
from tests.slack.block_rules import pings

HOSTILE: tuple[str, ...] = (
    "x\n---\napiVersion: v1\nkind: Secret",
    "x: {y: z}",
    '"}, {"op": "add", "path": "/metadata/annotations", "value": "',
    "{cause.details.port}",
    "<!channel> <@U0000ALICE> <!subteam^S1> @here",
    "$(reboot)`reboot`; reboot #",
    "'; reboot; '",
    "x && reboot || y\treboot",
    "web,port=443][name=http",
    'a"]["b',
    "../../../api/v1/namespaces/kube-system/secrets/x",
    "*",
    "&a [*a, *a]",
    "!!python/object/apply:os.system [reboot]",
    "\u202egnp.exe\u2066 \x1b[31m\x00",
    "app=web,evil=true,version=v9",
    "evil (not set)",
    "9" * 40,
    "x" * 5000,
)

BENIGN: Mapping[str, Any] = {
    "port": 80,
    "port_name": "http",
    "listening_port": 8080,
    "declared_port": 8080,
    "declared_ports": "8080 (http)",
    "pods_have": "version=v1",
    "pod_labels": "app=web,version=v1",
    "maximum": 65536,
    "max_backlog": 1000,
    "value": "0",
    "webhook": "check.example.com",
    "override": "hosts { 192.0.2.1 x }",
    "readiness_probe": "HTTP GET :9999/healthz",
    "allowed_mtu": 1400,
    "node": "node1",
    "wanted_dns_policy": "ClusterFirst",
}
FACTS: Mapping[str, Any] = {
    "client_namespace": "shop",
    "client": "till-1",
    "target_namespace": "shop",
    "target": "web-1",
    "protocol": "TCP",
    "port": 8080,
}
BEFORE: Mapping[str, Json] = {
    "label_values": {"app": "web", "version": "v2"},
    "labels_of": {"app": "web", "version": "v2"},
    "without_block": ".:53 {\n    hosts {\n        192.0.2.1 x\n    }\n    forward . /etc/resolv.conf\n}\n",
    "readiness_port": [
        {
            "name": "web",
            "ports": [{"containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": 9999}},
        }
    ],
    "flag": True,
    "number": 0,
    "doubled": 0,
    "digits": "9000",
    "word": "Before",
}
"""What a field holds that a type makes something of."""


def with_value(of: Playbook, changed: Hole | None = None, value: Any = "") -> Cause:
    """Return a cause that fills every hole of a playbook, one of them with another value."""
    kinds = [kind for step in (*of.steps, *of.preconditions) for kind in _kinds(step)] or ["Service"]
    subject: dict[str, Any] = {"kind": kinds[0], "namespace": "shop", "name": "web"}
    details: dict[str, Any] = {hole.field: BENIGN.get(hole.field, "thing") for hole in of.holes if hole.of == "details"}
    details |= {detail: "thing" for detail in of.confirm.same if detail not in details}
    facts = dict(FACTS)
    if changed is not None:
        place = {"subject": subject, "details": details, "facts": facts}[changed.of]
        place[changed.field.rpartition(".")[2]] = value
    return cause(
        rule=of.remedies[0],
        playbook=of.instead_of or of.id,
        subject=Subject(**subject),
        details=details,
        evidence=(Evidence(fact="policy_flow", source="", value=facts, at=""),),
    )


def _kinds(step: Any) -> Iterator[str]:
    of = getattr(step, "of", None)
    if of is not None and "{cause.subject.name}" in of.name:
        yield of.kinds[0]


def world(of: Playbook) -> MemoryWriter:
    """Return a cluster with everything in it that a playbook changes or looks at."""
    found = with_value(of)
    objects: dict[Target, dict[str, Json]] = {}
    texts: dict[tuple[Target, str], dict[str, Json]] = {}
    for step in (*of.preconditions, *of.steps):
        if not isinstance(step, Patch | Restart | Precondition):
            continue
        target = target_of(step.of, found)
        obj = objects.setdefault(target, _bare(target))
        inside = getattr(step, "inside", "")
        place = texts.setdefault((target, inside), {}) if inside else obj
        for path, value in _fields(step, found):
            _grow(place, path, value)
    for (target, key), document in texts.items():
        _grow(objects[target], FieldPath(("data",), key), yaml.safe_dump(document))
    pods = [
        pod("till-1", app="till"),
        pod("web-1", version="v1"),
        pod("web", owner="web"),
        pod("helper-1", namespace="netmedic"),
    ]
    for step in of.steps:
        if isinstance(step, Isolate):
            pods.append({**NAMESPACE, "metadata": {"name": "web"}})
            pods.append(pod("web-1", namespace="web"))
        if isinstance(step, ReplacePod) and step.workloads:
            name = step.workloads[0]
            pods.append(pod(f"{name}-1", namespace=step.namespaces[0], owner=name))
    nodes = (
        []
        if any(target.kind == "Node" for target in objects)
        else [_bare(Target(api_version="v1", kind="Node", name="node1"))]
    )
    return MemoryWriter(NAMESPACE, wall(), *pods, *nodes, *objects.values())


def _bare(target: Target) -> dict[str, Json]:
    if target.kind == "Node":
        status: dict[str, Json] = {"capacity": {"memory": "16000000Ki"}}
        return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": target.name}, "spec": {}, "status": status}
    metadata: dict[str, Json] = {"name": target.name}
    if target.namespace:
        metadata["namespace"] = target.namespace
    spec: dict[str, Json] = {}
    if target.kind in ("Deployment", "DaemonSet", "StatefulSet"):
        spec = {"template": {"metadata": {}, "spec": {"containers": []}}}
    body: dict[str, Json] = (
        {} if target.kind == "ConfigMap" or target.kind.endswith("Configuration") else {"spec": spec}
    )
    return {"apiVersion": target.api_version, "kind": target.kind, "metadata": metadata, **body}


def _fields(step: Any, found: Cause) -> Iterator[tuple[FieldPath, Json]]:
    for setting in getattr(step, "settings", ()):
        yield setting.path.fill(lambda text: fill(text, found)), BEFORE.get(setting.type)
    yield from getattr(step, "fields", ())


def _grow(obj: dict[str, Json], path: FieldPath, value: Json) -> None:
    """Give an object a field, and the way to it."""
    place: Any = obj
    for part, after in zip(path.way, (*path.way, path.key)[1:], strict=True):
        if isinstance(part, str):
            place = place.setdefault(part, [] if isinstance(after, Item) else {})
            continue
        item = next((each for each in place if part.matches(each)), None)
        if item is None:
            item = {field: int(text) if text.isdigit() else text for field, text in part.fields}
            place.append(item)
        place = item
    if value is not None:
        place[path.key] = value


async def planned(of: Playbook, found: Cause, writer: MemoryWriter, cluster: MemoryCluster) -> Plan | None:
    """Return the plan; a dry run leaves the cluster as it is."""
    try:
        return await make(found, of, cluster=cluster, writer=writer, expires_seconds=1800)
    except NoPlan:
        return None


def shape(value: Json) -> Json:
    """Return the keys of an object, and nothing of its values; a label's or annotation's key is a value."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else None


def is_within(part: Json, whole: Json) -> bool:
    """Tell whether every key of one shape is in the other."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and is_within(inner, whole[key]) for key, inner in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(is_within, part, whole))
    return part == whole


@pytest.fixture(autouse=True)
def _helper(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        """Stand for Nodes that have all it takes."""

    async def traffic(*_: object, **__: object) -> Traffic:
        """Stand for helpers that see one call."""
        call = Call(pod="web-1", source="192.0.2.1", seen="192.0.2.1", protocol="TCP", port=80)
        return Traffic(calls=(call,), addresses={}, seconds=4, blind={})

    monkeypatch.setattr(MemoryCluster, "helper_nodes", WithHelper.helper_nodes)
    monkeypatch.setattr(isolate, "watch", traffic)
    monkeypatch.setattr(making, "hold_nodes", nothing)


@pytest.mark.parametrize("name", sorted(playbooks()))
async def test_no_hole_of_a_playbook_takes_more_than_a_value(name: str) -> None:
    of = playbooks()[name]
    writer = world(of)
    cluster = writer.cluster(now=NOON)
    good = await planned(of, with_value(of), writer, cluster)
    assert good is not None
    assert good.changes or good.commands

    for hole in sorted(of.holes, key=str):
        for value in HOSTILE:
            plan = await planned(of, with_value(of, hole, value), writer, cluster)
            if plan is not None:
                same_as(good, plan, what=f"{hole} = {value[:30]!r}")


def same_as(good: Plan, plan: Plan, *, what: str) -> None:
    """Look that a plan does nothing that the plan for harmless values does not do."""
    assert [(change.action, change.target.kind) for change in plan.changes] == [
        (change.action, change.target.kind) for change in good.changes
    ], what
    for mine, theirs in zip(plan.changes, good.changes, strict=True):
        assert mine.target.namespace == theirs.target.namespace, what
        assert is_within(shape(dict(mine.fragment)), shape(dict(theirs.fragment))), what
        assert [edit.path.key for edit in mine.edits] == [edit.path.key for edit in theirs.edits], what
    documents = list(yaml.safe_load_all(text_of(plan))) if plan.changes else []
    assert documents == [dict(change.fragment) for change in plan.changes], what
    assert [shlex.split(command)[:1] for command in plan.commands] == [
        shlex.split(command)[:1] for command in good.commands
    ], what
    assert [len(shlex.split(command)) for command in plan.commands] == [
        len(shlex.split(command)) for command in good.commands
    ], what
    told = (*plan.commands, plan.blast_radius, plan.unchecked, plan.finding)
    assert all(text.isprintable() for text in told), what
    assert all(line.isprintable() for line in plan.diff.replace("\t", " ").splitlines()), what
    assert pings(plan_card(plan, policy=Policy(approvers=("U00000BOB",)), requester="U00000BOB"), known=KNOWN) == [], (
        what
    )


KNOWN = frozenset({"U00000BOB"})


@pytest.mark.parametrize("value", HOSTILE)
async def test_who_keeps_an_object_is_told_without_harm(value: str) -> None:
    of = playbooks()["fix-service-target-port"]
    writer = world(of)
    [web] = [obj for obj in writer._objects.values() if obj["kind"] == "Service"]
    metadata: Any = web["metadata"]
    metadata["annotations"] = {"argocd.argoproj.io/tracking-id": f"{value}:/Service:shop/web"}
    metadata["labels"] = {"app.kubernetes.io/managed-by": value}

    plan = await planned(of, with_value(of), writer, writer.cluster(now=NOON))

    assert plan is not None
    assert plan.unchecked.isprintable()
    assert pings(plan_card(plan, policy=Policy(approvers=()), requester="U00000BOB"), known=KNOWN) == []
