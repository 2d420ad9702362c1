"""A Service with a wrong targetPort, the cause that a diagnosis finds, and diagnoses after a change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Json, Target
from bot.diagnosis.report import Access, Cause, Diagnosis, NotChecked, Proof, RuledOut, SymptomReport, Timing
from bot.engine.rules import load as load_rules
from bot.facts.scope import Subject
from bot.remediation.make import make
from bot.remediation.plan import Plan
from bot.remediation.playbook import Playbook
from bot.remediation.playbooks import load

REPOSITORY = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
WEB = Target(api_version="v1", kind="Service", namespace="shop", name="web")
FAULT = "service-target-port-closed"


@cache
def playbooks() -> dict[str, Playbook]:
    """Return the shipped playbooks."""
    return load([REPOSITORY / "playbooks"], load_rules(REPOSITORY / "rules"))


def service(**changes: Any) -> dict[str, Json]:
    """Return a Service as an API server would, with some fields of its spec changed."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "4b3c",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": '{"token":"hunter2"}',
                "example.com/token": "hunter2",
            },
            "labels": {"app": "web"},
            "managedFields": [{"manager": "kubectl", "operation": "Update"}],
        },
        "spec": {
            "clusterIP": "10.96.1.1",
            "ports": [
                {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": 9090},
                {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 9999},
            ],
            "selector": {"app": "web", "version": "v2"},
            "type": "ClusterIP",
            **changes,
        },
        "status": {"loadBalancer": {}},
    }


def deployment(*, replicas: int = 0) -> dict[str, Json]:
    """Return a Deployment with a secret where people put them."""
    container: dict[str, Json] = {
        "name": "web",
        "image": "web:1",
        "args": ["--password=hunter2"],
        "env": [{"name": "TOKEN", "value": "hunter2"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}},
        "status": {"replicas": replicas},
    }


def pod(name: str, *, namespace: str = "shop", owner: str = "", node: str = "node1", **labels: str) -> dict[str, Json]:
    """Return a Pod that is ready."""
    owners: list[Json] = [{"kind": "DaemonSet", "name": owner, "controller": True}] if owner else []
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app": "web", **labels},
            "ownerReferences": owners,
        },
        "spec": {"nodeName": node, "containers": [{"name": "web", "image": "web:1"}]},
        "status": {"phase": "Running", "podIP": "10.0.0.9", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def cause(**changes: Any) -> Cause:
    """Return the cause, with some fields changed."""
    summary = "Service shop/web sends port 80 to targetPort 9999, where its Pods refuse connections."
    found = Cause(
        rule=FAULT,
        category="service-ports",
        title="A Service sends to a port where its Pods do not listen",
        summary=summary,
        severity="error",
        hop="service",
        subject=Subject("Service", "shop", "web"),
        details={
            "port": 80,
            "port_name": "http",
            "target_port": "9999",
            "listening_port": 8080,
            "declared_ports": "8080 (http)",
        },
        evidence=(),
        explains=(),
        confidence="proven",
        playbook="fix-service-target-port",
        remedy="Set the targetPort of the Service to the port on which its Pods listen.",
        refuted_by="A TCP connect that is accepted.",
        docs="https://kubernetes.io/docs/concepts/services-networking/service/",
        proof=Proof(rule=FAULT, summary=summary, evidence=()),
    )
    return dataclasses.replace(found, **changes)


def selector_cause(pods_have: str, **details: Any) -> Cause:
    """Return the cause that a Service's selector fits no Pod."""
    return cause(
        rule="service-selects-no-pods",
        playbook="fix-service-selector",
        details={
            "selector": "app=web,version=v2",
            "unmatched": "version=v2",
            "pods_have": pods_have,
            "near_pods": 2,
            "near_workload": "web",
            **details,
        },
    )


def scaled_cause(kind: str = "Deployment") -> Cause:
    """Return the cause that a workload is scaled to zero."""
    return cause(
        rule="service-scaled-to-zero",
        playbook="scale-up-from-zero",
        subject=Subject(kind, "shop", "web"),
        details={"replicas": 0, "service": "web"},
    )


def diagnosis(
    *causes: Cause, ruled_out: Iterable[str] = (), not_checked: Iterable[str] = (), also_seen: Iterable[Cause] = ()
) -> Diagnosis:
    """Return a diagnosis with these answers."""
    return Diagnosis(
        symptom=SymptomReport(text="web is down", kind="unreachable", namespace="shop", source="", target=""),
        causes=causes,
        also_seen=tuple(also_seen),
        ruled_out=tuple(RuledOut(rule=rule, summary=rule, evidence=()) for rule in ruled_out),
        not_checked=tuple(
            NotChecked(rule=rule, summary=rule, reason="no_helper", how_to_enable="") for rule in not_checked
        ),
        path=(),
        timing=Timing(started="", seconds=0.0, probes=()),
        access=Access(tier=1, context="memory", server_version="v1.30.0", next_tier=""),
    )


BROKEN = diagnosis(cause())
HEALTHY = diagnosis(ruled_out=[FAULT])
BLIND = diagnosis(not_checked=[FAULT])


async def plan_for(writer: MemoryWriter, found: Cause | None = None, *, incident: str = "") -> Plan:
    """Return the plan of a cause's playbook, tried."""
    found = found or cause()
    return await make(
        found,
        playbooks()[found.playbook],
        cluster=writer.cluster(now=NOON),
        writer=writer,
        expires_seconds=1800,
        incident=incident,
    )


def target_port(obj: dict[str, Json]) -> Json:
    """Return the targetPort of port 80."""
    spec: Any = obj["spec"]
    [port] = [port for port in spec["ports"] if port["port"] == 80]
    found: Json = port["targetPort"]
    return found


class Clock:
    """A clock that only waiting moves on."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


class Looks:
    """Diagnoses one after the other, the last of them again and again; an error is raised."""

    def __init__(self, *answers: Diagnosis | Exception) -> None:
        self.answers = list(answers)
        self.count = 0

    async def __call__(self, *_: object) -> Diagnosis:
        self.count += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer
