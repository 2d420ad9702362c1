"""Policies of Calico's and Cilium's own: counted, decided for the symptom's connections, or said to be unknown."""

from __future__ import annotations

import pytest

from bot.cluster import errors
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason, Unknown
from bot.facts.enginepolicy import EnginePolicyCount, EnginePolicyFlow
from bot.facts.scope import Scope, Subject
from bot.probes.enginepolicy import engine_policy_count, engine_policy_flow
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service, unknown_of

TILL = Scope(
    namespaces=("shop",),
    clients=(Subject("Pod", "shop", "till-1"),),
    services=(Subject("Service", "shop", "web"),),
    dns=False,
)
WORLD = (
    manifest("Namespace", "shop", namespace=""),
    service(ports=[{"port": 80, "targetPort": 8080}]),
    pod(),
    pod("till-1", labels={"app": "till"}, ip="10.244.1.9"),
)


def calico(spec: Manifest, *, name: str = "wall") -> Manifest:
    return {**manifest("NetworkPolicy", name), "apiVersion": "crd.projectcalico.org/v1", "spec": spec}


def cilium(spec: Manifest) -> Manifest:
    return {**manifest("CiliumNetworkPolicy", "wall"), "spec": {"endpointSelector": {}, **spec}}


async def test_a_connection_is_decided_after_the_services_translation() -> None:
    allow = {"action": "Allow", "protocol": "TCP", "destination": {"ports": [80]}}
    [found] = await facts_of(engine_policy_flow, from_manifests(*WORLD, calico({"ingress": [allow]})), TILL)

    assert found == EnginePolicyFlow(
        engine="calico",
        flow="service",
        client_namespace="shop",
        client="till-1",
        client_workload="till-1",
        target_namespace="shop",
        target="web-1",
        service="web",
        protocol="TCP",
        port=8080,
        allowed=False,
        direction="ingress",
        policy_kind="CalicoNetworkPolicy",
        namespace="shop",
        policy="wall",
        explicit=False,
    )


async def test_both_engines_are_asked_where_both_have_policies() -> None:
    cluster = from_manifests(
        *WORLD, calico({"ingress": [{"action": "Allow"}]}), cilium({"ingress": [{"fromEndpoints": [{}]}]})
    )
    found = [fact for fact in await facts_of(engine_policy_flow, cluster, TILL) if isinstance(fact, EnginePolicyFlow)]

    assert [(fact.engine, fact.allowed) for fact in found] == [("calico", True), ("cilium", True)]


async def test_what_is_not_simulated_is_not_called_allowed() -> None:
    http = {"ports": [{"port": "8080"}], "rules": {"http": [{"method": "GET"}]}}
    [found] = await facts_of(
        engine_policy_flow, from_manifests(*WORLD, cilium({"ingress": [{"toPorts": [http]}]})), TILL
    )

    assert isinstance(found, Unknown)
    assert (found.reason, found.subject) == (Reason.UNRECOGNISED, "till-1")
    assert found.detail == (
        "netmedic does not simulate this: CiliumNetworkPolicy shop/wall: "
        "a rule about requests, names of TLS or authentication"
    )


async def test_a_host_outside_whose_address_is_not_known_is_not_decided_by_blocks() -> None:
    scope = Scope(namespaces=("shop",), clients=TILL.clients, outside_host="example.org", dns=False)
    policy = calico({"types": ["Egress"], "egress": [{"action": "Allow", "destination": {"nets": ["192.0.2.0/24"]}}]})
    found = await unknown_of(engine_policy_flow, from_manifests(*WORLD, policy), scope)

    assert found.detail == (
        "netmedic does not simulate this: policies decide by addresses, and that of example.org is not known"
    )


async def test_without_such_policies_there_is_nothing_to_decide() -> None:
    absent = {"networkpolicies.crd.projectcalico.org": errors.Absent("not served")}

    assert await facts_of(engine_policy_flow, from_manifests(*WORLD, unreadable=absent), TILL) == []


@pytest.mark.parametrize("kind", ["networkpolicies.crd.projectcalico.org", "ciliumnetworkpolicies.cilium.io"])
async def test_policies_that_may_not_be_read_are_not_called_absent(kind: str) -> None:
    cluster = from_manifests(*WORLD, unreadable={kind: errors.Forbidden("no")})

    assert (await unknown_of(engine_policy_flow, cluster, TILL)).reason is Reason.FORBIDDEN
    assert (await unknown_of(engine_policy_count, cluster, TILL)).reason is Reason.FORBIDDEN


async def test_policies_are_counted_by_their_reach() -> None:
    wide = {**manifest("GlobalNetworkPolicy", "all", namespace=""), "spec": {}}
    cluster = from_manifests(*WORLD, calico({}), calico({}, name="other"), wide, cilium({}))

    assert await facts_of(engine_policy_count, cluster, TILL) == [
        EnginePolicyCount(calico=2, calico_global=1, cilium=1, cilium_clusterwide=0)
    ]
