"""Quotas, readiness gates, IP families, and Leases."""

from __future__ import annotations

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.limits import NamespaceQuota, NodeLease, ReadinessGate, ServiceFamily
from bot.facts.scope import Scope
from bot.probes.limits import amount, namespace_quota, node_lease, readiness_gate, service_family
from tests.probes.manifests import Manifest, endpoints, event, facts_of, manifest, pod, service, unknown_of


def quota(hard: Manifest, used: Manifest) -> Manifest:
    return {**manifest("ResourceQuota", "compute"), "status": {"hard": hard, "used": used}}


async def test_a_quota_that_refuses_names_whom_it_refused() -> None:
    said = 'pods "web-5d8f-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2'
    refusal = event("FailedCreate", f"Error creating: {said}", about=("ReplicaSet", "web-5d8f"))
    made = quota({"pods": "2", "requests.memory": "2Gi"}, {"pods": "2", "requests.memory": "512Mi"})
    found = await facts_of(namespace_quota, from_manifests(made, refusal, service()))

    assert found == [
        NamespaceQuota(
            namespace="shop",
            name="compute",
            resource=resource,
            used=used,
            hard=hard,
            full=full,
            refused="ReplicaSet web-5d8f",
            says=f"Error creating: {said}",
        )
        for resource, used, hard, full in (("pods", "2", "2", True), ("requests.memory", "512Mi", "2Gi", False))
    ]


async def test_a_refusal_by_another_quota_is_not_this_ones() -> None:
    refusal = event("FailedCreate", "exceeded quota: other, requested: pods=1", about=("ReplicaSet", "web-5d8f"))
    [found] = await facts_of(namespace_quota, from_manifests(quota({"pods": 2}, {"pods": 2}), refusal))

    assert isinstance(found, NamespaceQuota)
    assert (found.full, found.refused) == (True, "")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2),
        ("500m", 0.5),
        ("1Ki", 1024),
        ("1k", 1000),
        ("2Gi", 2 * 2**30),
        ("1.5", 1.5),
        ("1E", 1e18),
        ("", 0),
        ("x", 0),
    ],
)
def test_quantities_are_numbers(text: str, number: float) -> None:
    assert amount(text) == pytest.approx(number)


def gated(status: str | None) -> Manifest:
    made = pod(ready=False, owner=("StatefulSet", "web"))
    made["spec"]["readinessGates"] = [{"conditionType": "lb.example.org/web"}]
    made["status"]["conditions"].append({"type": "ContainersReady", "status": "True"})
    if status:
        made["status"]["conditions"].append({"type": "lb.example.org/web", "status": status})
    return made


@pytest.mark.parametrize(("status", "told"), [("True", "True"), ("False", "False"), (None, "unset")])
async def test_a_readiness_gate_stands_as_its_condition_does(status: str | None, told: str) -> None:
    assert await facts_of(readiness_gate, from_manifests(service(), gated(status))) == [
        ReadinessGate(
            namespace="shop",
            pod="web-1",
            workload="web",
            workload_type="StatefulSet",
            gate="lb.example.org/web",
            status=told,
            containers_ready=True,
        )
    ]


async def test_endpoints_are_counted_for_each_family_of_a_service() -> None:
    dual = service(ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="PreferDualStack")
    cluster = from_manifests(dual, endpoints("web", ("web-1", True), ("web-2", False)), endpoints("web", family="IPv6"))

    assert await facts_of(service_family, cluster) == [
        ServiceFamily(
            namespace="shop",
            name="web",
            family=family,
            policy="PreferDualStack",
            ready_endpoints=own,
            other_endpoints=other,
        )
        for family, own, other in (("IPv4", 1, 0), ("IPv6", 0, 1))
    ]


async def test_a_nodes_last_report_has_an_age() -> None:
    lease = {
        **manifest("Lease", "node1", namespace="kube-node-lease"),
        "spec": {"renewTime": "2026-01-01T11:59:35.000000Z", "leaseDurationSeconds": 40},
    }
    cluster = from_manifests(manifest("Node", "node1", namespace=""), lease)

    assert await facts_of(node_lease, cluster, Scope(client_nodes=("node1",))) == [
        NodeLease(node="node1", age_seconds=25, duration_seconds=40)
    ]
    assert (await unknown_of(node_lease, cluster, Scope())).reason is Reason.OUT_OF_SCOPE
