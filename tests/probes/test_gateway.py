"""Gateways that workloads run themselves."""

from __future__ import annotations

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.ingress import GatewayRoute
from bot.facts.scope import Scope, Subject
from bot.probes.gateway import gateway_route
from bot.probes.namesake import namesake_of
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service


def gate() -> Manifest:
    made = pod("gate-1", owner=("Deployment", "gate"))
    made["spec"]["volumes"] = [{"name": "config", "configMap": {"name": "gate"}}]
    return made


def config(routes: str) -> Manifest:
    return {**manifest("ConfigMap", "gate"), "data": {"routes.conf": routes}}


async def routes(text: str, *, path: str = "") -> list[GatewayRoute]:
    scope = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "gate-1"),), url_path=path)
    found = await facts_of(
        gateway_route, from_manifests(gate(), config(text), service("web"), service("orders")), scope
    )
    return [fact for fact in found if isinstance(fact, GatewayRoute)]


async def test_a_route_that_leads_to_another_service_than_it_is_called_after() -> None:
    assert await routes("/web/ http://orders.shop.svc.cluster.local:80/") == [
        GatewayRoute(
            namespace="shop",
            workload="gate",
            workload_type="Deployment",
            config_map="gate",
            key="routes.conf",
            path="/web/",
            asked=True,
            host="orders.shop.svc.cluster.local",
            port=80,
            service="orders",
            namesake="web",
        )
    ]


@pytest.mark.parametrize(("path", "asked"), [("/web", True), ("/web/x", True), ("/webs", False), ("/orders", False)])
async def test_the_route_that_takes_the_path_is_asked_for(path: str, asked: bool) -> None:
    [found] = await routes("/web/** http://orders", path=path)

    assert found.asked is asked


@pytest.mark.parametrize("host", ["orders.other.svc.cluster.local", "orders.example.com", "gone"])
async def test_a_host_that_is_no_service_of_the_namespace(host: str) -> None:
    [found] = await routes(f"/x http://{host}")

    assert (found.host, found.service) == (host, "")


async def test_a_workload_without_routes_is_no_gateway() -> None:
    assert await routes("nothing here") == []


@pytest.mark.parametrize(
    ("path", "leads_to", "named"),
    [
        ("/web", "orders", "web"),
        ("/web", "web", ""),
        ("/api/v1/web", "orders", "web"),
        ("/api/v1/orderservice/**", "ts-food-service", "ts-order-service"),
        ("/api/v1/orderservice/**", "ts-order-service", ""),
        ("/checkout", "checkout-v2", ""),
        ("/food", "web", "ts-food-service"),
        ("/", "web", ""),
        ("/nobody", "web", ""),
        ("/pa", "web", ""),
        ("/shop", "web", ""),
    ],
)
def test_the_service_a_path_is_called_after(path: str, leads_to: str, named: str) -> None:
    services = ["web", "orders", "ts-food-service", "ts-order-service", "checkout", "checkout-v2", "shop-a", "shop-b"]

    assert namesake_of(path, leads_to, services) == named
