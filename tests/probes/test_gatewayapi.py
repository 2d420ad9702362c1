"""The Gateway API: routes to Services, across namespaces, and Gateways that nobody serves."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster import errors
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.gateway import GatewayBackend, GatewayState
from bot.facts.scope import Scope
from bot.probes.gatewayapi import gateway_backend, gateway_state
from tests.probes.manifests import Manifest, facts_of, manifest, service, unknown_of

SHOP = Scope(namespaces=("shop",))


def route(*refs: Manifest, kind: str = "HTTPRoute", parent: str = "edge", path: str = "", **spec: Any) -> Manifest:
    matches = [{"path": {"type": "PathPrefix", "value": path}}] if path else []
    made = {"parentRefs": [{"name": parent}], "rules": [{"matches": matches, "backendRefs": list(refs)}], **spec}
    return {**manifest(kind, "web"), "spec": made}


def gateway(*conditions: tuple[str, str, str], namespace: str = "shop", name: str = "edge") -> Manifest:
    said = [{"type": kind, "status": status, "reason": reason} for kind, status, reason in conditions]
    spec = {"gatewayClassName": "lab", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}
    return {**manifest("Gateway", name, namespace=namespace), "spec": spec, "status": {"conditions": said}}


def gateway_class() -> Manifest:
    return {**manifest("GatewayClass", "lab", namespace=""), "spec": {"controllerName": "example.org/lab"}}


def grant(*, namespace: str = "data", source: str = "shop", kind: str = "HTTPRoute", name: str = "") -> Manifest:
    group = "gateway.networking.k8s.io"
    to = {"group": "", "kind": "Service"} | ({"name": name} if name else {})
    spec = {"from": [{"group": group, "kind": kind, "namespace": source}], "to": [to]}
    return {**manifest("ReferenceGrant", "g", namespace=namespace), "spec": spec}


async def backend(*manifests: Manifest, scope: Scope = SHOP) -> GatewayBackend:
    [found] = await facts_of(gateway_backend, from_manifests(*manifests), scope)
    assert isinstance(found, GatewayBackend)
    return found


@pytest.mark.parametrize(
    ("ref", "exists", "port"),
    [
        ({"name": "web", "port": 80}, True, True),
        ({"name": "web", "port": 8080}, True, False),
        ({"name": "wbe", "port": 80}, False, False),
    ],
)
async def test_a_route_is_followed_to_its_service_and_port(ref: Manifest, *, exists: bool, port: bool) -> None:
    found = await backend(route(ref), gateway(), service(ports=[{"port": 80, "name": "http"}]))

    assert (found.service_exists, found.port_exists, found.gateway_exists) == (exists, port, True)
    assert (found.gateway, found.path) == ("shop/edge", "/")


@pytest.mark.parametrize(
    ("grants", "granted"),
    [
        ([], False),
        ([grant()], True),
        ([grant(name="web")], True),
        ([grant(name="other")], False),
        ([grant(source="till")], False),
        ([grant(kind="GRPCRoute")], False),
        ([grant(namespace="shop")], False),
    ],
    ids=["none", "all", "this one", "another Service", "another namespace", "another kind", "in the wrong place"],
)
async def test_a_service_elsewhere_has_to_be_granted(grants: list[Manifest], *, granted: bool) -> None:
    ref = {"name": "web", "namespace": "data", "port": 80}
    found = await backend(route(ref), gateway(), service(namespace="data", ports=[{"port": 80}]), *grants)

    assert (found.service_namespace, found.service_exists, found.granted) == ("data", True, granted)


async def test_what_the_controller_refuses_is_told_with_its_reason() -> None:
    refused = route({"name": "web", "port": 80})
    refused["status"] = {
        "parents": [{"conditions": [{"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners"}]}]
    }
    found = await backend(refused, service(ports=[{"port": 80}]))

    assert (found.accepted, found.reason, found.gateway_exists) == (False, "NotAllowedByListeners", False)


@pytest.mark.parametrize(
    ("host", "path", "asked"),
    [
        ("", "", True),
        ("shop.example.org", "/cart/1", True),
        ("till.example.org", "/cart/1", False),
        ("shop.example.org", "/carts", False),
        ("shop.example.org", "/", False),
    ],
)
async def test_only_the_rule_that_takes_the_symptoms_url_is_asked_for(host: str, path: str, *, asked: bool) -> None:
    scope = Scope(namespaces=("shop",), url_host=host, url_path=path)
    made = route({"name": "web", "port": 80}, path="/cart", hostnames=["shop.example.org"])

    assert (await backend(made, service(ports=[{"port": 80}]), scope=scope)).asked is asked


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"])
async def test_all_kinds_of_route_are_followed(kind: str) -> None:
    found = await backend(route({"name": "web", "port": 80}, kind=kind), service(ports=[{"port": 80}]))

    assert (found.route_kind, found.path) == (kind, "/" if kind == "HTTPRoute" else "")


async def test_a_backend_that_is_no_service_and_a_parent_that_is_no_gateway_are_left_alone() -> None:
    bucket = {"group": "example.org", "kind": "Bucket", "name": "b"}
    mesh = route(bucket, {"name": "web", "port": 80}, parentRefs=[{"group": "", "kind": "Service", "name": "web"}])
    found = await backend(mesh, service(ports=[{"port": 80}]))

    assert (found.service, found.gateway, found.gateway_exists) == ("web", "", True)


@pytest.mark.parametrize(
    ("conditions", "accepted", "programmed", "reason"),
    [
        ([], False, True, "nothing said"),
        ([("Accepted", "True", "Accepted")], True, True, ""),
        (
            [("Accepted", "True", "Accepted"), ("Programmed", "False", "AddressNotAssigned")],
            True,
            False,
            "AddressNotAssigned",
        ),
        ([("Ready", "True", "Ready")], True, True, ""),
        ([("Accepted", "False", "Invalid")], False, True, "Invalid"),
    ],
)
async def test_whether_a_gateway_is_served_is_what_its_conditions_say(
    conditions: list[tuple[str, str, str]], reason: str, *, accepted: bool, programmed: bool
) -> None:
    cluster = from_manifests(
        gateway(*conditions, namespace="infra"),
        gateway_class(),
        route(parentRefs=[{"name": "edge", "namespace": "infra"}]),
    )
    [found] = await facts_of(gateway_state, cluster, SHOP)

    assert found == GatewayState(
        namespace="infra",
        name="edge",
        class_name="lab",
        class_exists=True,
        controller="example.org/lab",
        accepted=accepted,
        programmed=programmed,
        reason=reason,
        has_address=False,
        listeners=1,
    )


async def test_a_cluster_without_the_gateway_api_has_no_routes() -> None:
    kinds = ("gateways", "httproutes", "grpcroutes", "tlsroutes", "tcproutes", "gatewayclasses")
    absent = {f"{kind}.gateway.networking.k8s.io": errors.Absent("not served") for kind in kinds}
    cluster = from_manifests(service(), unreadable=absent)

    assert await facts_of(gateway_backend, cluster, SHOP) == []
    assert await facts_of(gateway_state, cluster, SHOP) == []


async def test_routes_that_may_not_be_read_are_not_called_well() -> None:
    cluster = from_manifests(unreadable={"httproutes.gateway.networking.k8s.io": errors.Forbidden("no")})

    assert (await unknown_of(gateway_backend, cluster, SHOP)).reason is Reason.FORBIDDEN
