"""Services that claim Nodes' addresses, and the ports they take with them."""

from __future__ import annotations

import dataclasses

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.entry import ExternalIpClaim
from bot.facts.scope import Scope, Subject
from bot.probes.externalip import external_ip_claim
from tests.probes.manifests import WEB, Manifest, facts_of, manifest, pod, service

TILL = Subject("Pod", "shop", "till-1")
ASKED = Scope(namespaces=("shop",), services=WEB.services, backends=(Subject("Pod", "shop", "web-1"),), port=20080)
NODE = {
    **manifest("Node", "node1", namespace=""),
    "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
}


def web(protocol: str = "TCP", node: str = "node1") -> Manifest:
    port = {"containerPort": 8080, "hostPort": 20080, "protocol": protocol}
    return pod("web-1", node=node, containers=[{"name": "main", "ports": [port]}])


def claiming(address: str = "10.0.0.1", port: int = 20080, *, app: str = "admin", namespace: str = "team") -> Manifest:
    selector = {"app": app}
    return service("admin", namespace=namespace, selector=selector, ports=[{"port": port}], externalIPs=[address])


async def found_with(*manifests: Manifest, scope: Scope = ASKED) -> list[ExternalIpClaim]:
    namespaces = [manifest("Namespace", name, namespace="") for name in ("shop", "team")]
    facts = await facts_of(external_ip_claim, from_manifests(*namespaces, NODE, *manifests), scope)
    return [fact for fact in facts if isinstance(fact, ExternalIpClaim)]


async def test_a_host_port_is_taken_by_who_claims_the_nodes_address() -> None:
    [found] = await found_with(web(), claiming())

    assert (found.namespace, found.service, found.address, found.node) == ("team", "admin", "10.0.0.1", "node1")
    assert (found.port, found.way, found.taken_from) == (20080, "hostPort", "Pod shop/web-1")


async def test_a_node_port_is_taken_too_but_not_by_its_own_service() -> None:
    ports = [{"port": 20080, "nodePort": 20080}]
    [found] = await found_with(service(ports=ports, type="NodePort"), claiming())

    assert (found.way, found.taken_from) == ("nodePort", "Service shop/web")
    assert await found_with(service(ports=ports, type="NodePort", externalIPs=["10.0.0.1"])) == []


@pytest.mark.parametrize(
    ("other", "server"),
    [
        (claiming("192.0.2.7"), web()),
        (claiming(port=20081), web()),
        (claiming(), web(protocol="UDP")),
        (claiming(), web(node="node2")),
        (claiming(app="web", namespace="shop"), web()),
    ],
    ids=["no Node's address", "another port", "another protocol", "another Node", "the same Pods"],
)
async def test_what_does_not_clash_is_no_claim(other: Manifest, server: Manifest) -> None:
    assert await found_with(server, other) == []


async def test_a_symptom_that_does_not_come_by_that_port_is_not_about_it() -> None:
    by_name = dataclasses.replace(ASKED, port=0)

    assert await found_with(web(), claiming(), scope=by_name) == []


async def test_a_client_may_be_configured_with_the_port_or_the_node_be_all_that_is_named() -> None:
    env = [{"name": "WEB_ADDR", "value": "10.0.0.1:20080"}]
    till = pod("till-1", labels={"app": "till"}, containers=[{"name": "main", "env": env}])
    configured = dataclasses.replace(ASKED, port=0, clients=(TILL,))
    node_alone = Scope(namespaces=("shop",), clients=(TILL,), named_nodes=("node1",))

    assert await found_with(web(), claiming(), till, scope=configured)
    assert await found_with(web(), claiming(), scope=node_alone)
