"""Nodes, addresses and hosts."""

from __future__ import annotations

import pytest

from bot.facts.scope import Subject
from tests.diagnosis.asking import HASH, Place, names, question, scope_of
from tests.diagnosis.manifests import BASE, app, ingress, namespace, node, pod, service


async def test_a_node_alone() -> None:
    scope = await scope_of("node 2 drops packets")

    assert scope.named_nodes == ("node2",)
    assert (scope.cluster_wide, scope.namespaces) == (False, ())


async def test_a_node_of_any_name() -> None:
    assert (await scope_of("bigbox is slow")).named_nodes == ("bigbox",)
    assert (await scope_of("web on bigbox is slow", namespace="shop")).named_nodes == ("bigbox",)


async def test_a_node_that_does_not_exist_is_missing() -> None:
    assert (await scope_of("node-9 drops packets")).missing == ("node-9",)


async def test_times_out_on_a_node_speaks_of_the_service_and_the_node() -> None:
    scope = await scope_of("web times out on bigbox", namespace="shop")

    assert names(scope.services) == ["Service shop/web"]
    assert scope.named_nodes == ("bigbox",)


async def test_pods_on_the_named_node_come_first() -> None:
    scope = await scope_of("web on node2 is slow", namespace="shop")

    assert scope.backends[0].name == f"web-{HASH}-ccccc"


async def test_a_node_as_client() -> None:
    scope = await scope_of("web in shop times out, but only from node node2")

    assert (scope.client_nodes, scope.named_nodes) == (("node2",), ("node2",))


async def test_a_node_port_leads_to_its_service() -> None:
    scope = await scope_of("timeouts to node2:31234", *BASE, service("shop", "door", {"app": "web"}, node_port=31234))

    assert names(scope.services) == ["Service shop/door"]
    assert scope.target_nodes == ("node2",)
    assert (scope.port, scope.entry_port) == (31234, 31234)


@pytest.mark.parametrize(
    ("said", "services"),
    [
        ("node2:31111 is closed, connection refused for everybody, door in shop works inside", ["Service shop/door"]),
        ("checkout (shop) gets refused on node2:31111, nodeport of door. node firewall?", ["Service shop/door"]),
        ("node2:8081 is closed, connection refused for everybody, door in shop works inside", []),
    ],
)
async def test_a_node_port_that_nothing_has_is_asked_of_the_service_beside_it(said: str, services: list[str]) -> None:
    scope = await scope_of(said, *BASE, service("shop", "door", {"app": "web"}, node_port=31234))

    assert names(scope.services) == services
    assert scope.entry_port == (31111 if services else 0)


async def test_a_port_of_a_service_is_no_way_in() -> None:
    scope = await scope_of("timeouts to door:80 on node2", *BASE, service("shop", "door", {"app": "web"}, node_port=7))

    assert (scope.port, scope.entry_port) == (80, 0)


async def test_a_host_port_leads_to_its_pod() -> None:
    scope = await scope_of(
        "hostPort 8081 on node2 stopped working", *BASE, pod("shop", "door", on="node2", host_port=8081)
    )

    assert names(scope.backends) == ["Pod shop/door"]
    assert (scope.port, scope.entry_port) == (8081, 8081)


@pytest.mark.parametrize(
    ("address", "services", "backends", "nodes"),
    [
        ("10.96.1.1", ["Service shop/web"], 3, ("node1", "node2")),
        ("10.244.1.2", ["Service shop/web"], 1, ("node2",)),
        ("10.0.0.3", [], 0, ("bigbox",)),
    ],
)
async def test_an_address_of_the_cluster(
    address: str, services: list[str], backends: int, nodes: tuple[str, ...]
) -> None:
    scope = await scope_of(f"no answer from {address}")

    assert (names(scope.services), len(scope.backends), scope.target_nodes) == (services, backends, nodes)
    assert (scope.dns, scope.outside_host) == (False, "")


async def test_an_endpoint_outside_belongs_to_its_service() -> None:
    slice_ = {
        "kind": "EndpointSlice",
        "metadata": {"name": "old-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "old"}},
        "endpoints": [{"addresses": ["192.168.7.7"]}],
    }

    scope = await scope_of("no route to 192.168.7.7", *BASE, service("shop", "old"), slice_)

    assert names(scope.services) == ["Service shop/old"]


@pytest.mark.parametrize("written", ["2001:db8::5", "[2001:DB8:0:0::5]:443", "2001:0db8::0005"])
async def test_an_ipv6_address_is_compared_by_value(written: str) -> None:
    scope = await scope_of(f"no route to {written}", *BASE, node("six", "2001:db8::5"))

    assert scope.target_nodes == ("six",)


async def test_any_other_address_is_a_host_outside() -> None:
    scope = await scope_of("checkout in shop cannot reach 203.0.113.9:443")

    assert (scope.outside_host, scope.outside_port, scope.dns) == ("203.0.113.9", 443, False)
    assert Subject("OutsideHost", "", "203.0.113.9") in scope.subjects


async def test_a_configured_place_outside() -> None:
    scope = await scope_of("timeouts to oslo from checkout in shop")

    assert (scope.outside_host, scope.outside_port, scope.dns) == ("oslo.example.net", 8443, True)
    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]


async def test_an_address_beside_the_name_of_a_place_counts() -> None:
    scope = await scope_of("timeouts to Oslo (192.0.2.77:9443)")

    assert (scope.outside_host, scope.outside_port, scope.dns) == ("192.0.2.77", 9443, False)


async def test_a_mistyped_place_is_forgiven() -> None:
    place = Place("Stavanger", "s.example.net", 1)

    assert (await scope_of("timeouts to Stavenger", places=(place,))).outside_host == "s.example.net"


async def test_a_place_that_is_not_configured_is_missing() -> None:
    assert (await scope_of("timeouts to Bergen")).missing == ("Bergen",)


async def test_a_host_name_outside() -> None:
    scope = await scope_of("web in shop cannot reach https://api.example.org/v1")

    assert (scope.outside_host, scope.outside_port, scope.dns) == ("api.example.org", 443, True)


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("shop.example.com/pay/now answers 404", ["Service shop/cart-api"]),
        ("shop.example.com/else answers 404", ["Service shop/web"]),
        ("shop.example.com answers 404", ["Service shop/cart-api", "Service shop/web"]),
        ("Users get 503 on shop.example.com/pay (namespace shop), other paths work", ["Service shop/cart-api"]),
        ("users get 503 from ingress `public` in shop", ["Service shop/cart-api", "Service shop/web"]),
    ],
)
async def test_a_host_of_an_ingress_leads_to_its_services(text: str, services: list[str]) -> None:
    scope = await scope_of(text)

    assert names(scope.services) == services
    assert Subject("Ingress", "shop", "public") in scope.subjects
    assert scope.outside_host == ""


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        ("shop.example.com/pay/now answers 404", "shop.example.com", "/pay/now"),
        ("calls to /pay of ingress `public` in shop end up at the wrong app", "", "/pay"),
        ("https://api.example.org/v1 answers 404", "", "/v1"),
    ],
)
async def test_the_path_of_a_url_is_kept_and_the_host_where_an_ingress_has_it(text: str, host: str, path: str) -> None:
    scope = await scope_of(text)

    assert (scope.url_host, scope.url_path) == (host, path)


async def test_a_path_without_a_host_leads_to_the_services_of_the_ingress_it_is_named_with() -> None:
    scope = await scope_of("calls to /pay of ingress `public` in shop end up at the wrong app")

    assert names(scope.services) == ["Service shop/cart-api"]


async def test_a_wildcard_host_stands_for_one_label() -> None:
    objects = [*BASE, *app("shop", "web"), ingress("shop", "all", "*.example.com", {"/": "web"})]

    assert names((await scope_of("a.example.com is down", *objects)).services) == ["Service shop/web"]
    assert (await scope_of("a.b.example.com is down", *objects)).outside_host == "a.b.example.com"


async def test_of_several_ingresses_for_a_host_the_one_in_the_namespace_is_meant() -> None:
    objects = [*BASE, *app("shop", "web"), *app("test", "web")]
    objects += [ingress(place, "front", "app.example.com", {"/": "web"}) for place in ("shop", "test")]

    assert names((await scope_of("app.example.com answers 404, its ingress is in test", *objects)).services) == [
        "Service test/web"
    ]
    assert [each.namespace for each in (await question("app.example.com answers 404", *objects)).candidates] == [
        "shop",
        "test",
    ]


PAY = [*BASE, *app("shop", "web"), *app("shop", "pay"), *app("shop", "orders")]


async def test_of_several_ingresses_for_a_url_the_most_specific_path_is_meant() -> None:
    front = ingress("shop", "front", "app.example.com", {"/": "web"})
    back = ingress("shop", "back", "app.example.com", {"/pay": "pay"})

    scope = await scope_of("app.example.com/pay/now shows the wrong page", *PAY, front, back)
    assert names(scope.services) == ["Service shop/pay"]
    assert Subject("Ingress", "shop", "front") not in scope.subjects
    scope = await scope_of("app.example.com/cart shows the wrong page", *PAY, front, back)
    assert names(scope.services) == ["Service shop/web"]


async def test_ingresses_that_claim_the_same_url_are_all_meant() -> None:
    front = ingress("shop", "front", "app.example.com", {"/": "web", "/pay": "pay"})
    back = ingress("shop", "back", "app.example.com", {"/pay": "orders"})
    other_class = {**back, "spec": {**back["spec"], "ingressClassName": "inside"}}
    text = "app.example.com/pay shows the wrong app since this morning, our ingress front in shop was not touched"

    scope = await scope_of(text, *PAY, front, back)
    assert names(scope.services) == ["Service shop/orders", "Service shop/pay"]
    assert {Subject("Ingress", "shop", name) for name in ("front", "back")} <= scope.subjects
    assert (await question("app.example.com/pay is down", *PAY, front, other_class)).word == "app.example.com/pay"


MISSPELT = [*BASE, *app("shop", "web"), ingress("shop", "front", "app.exmaple.com", {"/": "web"})]


@pytest.mark.parametrize(
    "text",
    [
        "app.example.com answers 404",
        "404 for all users of app.example.com since the route was edited (namespace shop)",
        "app.example.com gives 404 'no such route', shop. pods are fine, service too",
        "shop 404 on https://app.example.com/pay",
        "404 on app.example.com (shop)",
        "app.example.com in shop is down",
        "ingress front in shop gives 404 for app.example.com",
        "users get 404 on app.example.com, ingress `front` in namespace shop",
    ],
)
async def test_a_host_that_an_ingress_has_misspelt_leads_to_it(text: str) -> None:
    scope = await scope_of(text, *MISSPELT)

    assert names(scope.services) == ["Service shop/web"]
    assert Subject("Ingress", "shop", "front") in scope.subjects
    assert (scope.url_host, scope.outside_host, scope.clients) == ("app.example.com", "", ())
    assert '"app.example.com" was read as Ingress shop/front.' in scope.notes


async def test_a_host_that_two_ingresses_have_almost_is_one_outside() -> None:
    other = ingress("test", "front", "app.exampel.com", {"/": "web"})

    assert (await scope_of("app.example.com answers 404", *MISSPELT, other)).outside_host == "app.example.com"
    assert (await scope_of("app.example.com answers 404", *MISSPELT, other, namespace="shop")).outside_host == ""


@pytest.mark.parametrize("host", ["app2.exmaple.com", "api.exmaple.org", "app.example.net"])
async def test_a_host_that_is_another_one_is_outside(host: str) -> None:
    assert (await scope_of(f"{host} answers 404", *MISSPELT)).outside_host == host


HOST_PORT = [*BASE, *namespace("prices"), pod("prices", "pricing-svc", on="node1", host_port=23465)]


@pytest.mark.parametrize(
    "text",
    [
        "port 23465 on node2 closed! pricing-svc is running fine (prices)",
        "port 23465 on node2 closed! pricing-svc is running fine",
        "node2 port 23465 closed, namespace prices",
        "nothing listens on port 23465 of node2 (prices)",
        "prices: telnet node2 23465 -> connection refused",
    ],
)
async def test_a_host_port_of_another_node_leads_to_its_pod(text: str) -> None:
    scope = await scope_of(text, *HOST_PORT)

    assert names(scope.backends) == ["Pod prices/pricing-svc"]
    assert (scope.kind, scope.clients, scope.named_nodes) == ("unreachable", (), ("node2",))
    assert (scope.port, scope.entry_port) == (23465, 23465)


async def test_what_is_named_beside_a_port_of_a_node_and_has_not_that_port_is_not_the_target() -> None:
    scope = await scope_of("port 9999 on node2 closed, pricing-svc is running fine", *HOST_PORT)

    assert scope.backends == ()
