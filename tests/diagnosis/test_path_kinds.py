"""From the words of a symptom to the hops of its packets, for every kind of traffic."""

from __future__ import annotations

import pytest

from bot.diagnosis.judge import judge
from bot.diagnosis.path import draw
from bot.facts.scope import Subject
from tests.diagnosis.asking import scope_of
from tests.diagnosis.kinds_of_traffic import API_SLICE, WORLD
from tests.diagnosis.test_judge import finding, found, rule

WEB = "client-pod Pod shop/web-5f6d7c8b9-x2x8k"
CART = ["target-node Node node2", "target-pod Pod shop/cart-5f6d7c8b9-x2x8k"]
DNS = ["target-node Node node1", "target-pod Pod kube-system/coredns-5f6d7c8b9-k7k2m"]
NAMES = "name-lookup cluster DNS"
NODE1, ANY_NODE = "client-node Node node1", "client-node any Node"
ACROSS, FROM_ANY = "encapsulation Node node1 to Node node2", "encapsulation any Node to Node node2"
API_SERVER = ["service Service default/kubernetes", "target-node Node node1", "endpoint 172.16.0.1:6443"]
STOREFRONT = ["target-node Node node2", "target-pod Pod shop/storefront-5f6d7c8b9-x2x8k"]

KINDS = {
    # Pod to Service
    "web cannot reach cart in namespace shop": [NAMES, WEB, NODE1, "service Service shop/cart", ACROSS, *CART],
    "connection refused to 10.96.0.20:80 from web": [WEB, NODE1, "service Service shop/cart", ACROSS, *CART],
    "web cannot reach ledger in namespace shop": [
        NAMES, WEB, NODE1, "service Service shop/ledger", ACROSS,
        "target-node Node node2", "target-pod Pod shop/ledger-5f6d7c8b9-x2x8k",
    ],
    "web cannot reach node2:30080": [
        NAMES, WEB, NODE1, "entry Node node2, port 30080", "service Service shop/storefront", ACROSS, *STOREFRONT,
    ],
    "web cannot reach partner in namespace shop": [
        NAMES, WEB, NODE1, "service Service shop/partner", "snat Node node1", "outside-host api.partner.example",
    ],
    # Pod to Pod
    "pod web-5f6d7c8b9-x2x8k cannot reach pod cart-5f6d7c8b9-x2x8k": [NAMES, WEB, NODE1, ACROSS, *CART],
    "web cannot reach 10.244.1.11": [WEB, NODE1, ACROSS, *CART],
    # Pod to outside
    "web times out to api.example.com:443": [
        NAMES, WEB, NODE1, "snat Node node1", "outside-host api.example.com:443",
    ],
    "timeouts to Oslo": [
        NAMES, "client-pod any Pod", ANY_NODE, "snat any Node", "outside-host oslo.example.net:8443",
    ],
    # Outside to Service
    "node2:30080 does not answer from outside": [
        "entry Node node2, port 30080", "service Service shop/storefront", *STOREFRONT,
    ],
    "203.0.113.10:80 times out": [
        "entry load balancer 203.0.113.10", "service Service shop/portal", FROM_ANY,
        "target-node Node node2", "target-pod Pod shop/portal-5f6d7c8b9-x2x8k",
    ],
    "https://shop.example.com/cart returns 502": [
        "entry Ingress shop/www", "service Service shop/storefront", FROM_ANY, *STOREFRONT,
    ],
    "https://pay.example.org/ returns 503": ["entry HTTPRoute shop/pay", "service Service shop/cart", FROM_ANY, *CART],
    "httproute pay returns 503": ["entry HTTPRoute shop/pay", "service Service shop/cart", FROM_ANY, *CART],
    "203.0.113.20 does not answer": ["entry Gateway shop/edge", "service Service shop/cart", FROM_ANY, *CART],
    # Node to Service
    "node1 cannot reach service cart in namespace shop": [NAMES, NODE1, "service Service shop/cart", ACROSS, *CART],
    # Pod to API server
    "web cannot reach the API server": [NAMES, WEB, NODE1, *API_SERVER],
    "connection refused to https://10.96.0.1:443 from web": [WEB, NODE1, *API_SERVER],
    # Anything to DNS
    "lookups of example.com fail": ["client-pod any Pod", ANY_NODE, "name-lookup Service kube-system/kube-dns",
                    "encapsulation any Node to Node node1", *DNS],
    "node2 cannot resolve names": [
        "client-node Node node2", "name-lookup Service kube-system/kube-dns",
        "encapsulation Node node2 to Node node1", *DNS,
    ],
    "web cannot resolve names": [WEB, NODE1, "name-lookup Service kube-system/kube-dns", *DNS],
    "web cannot resolve cart": [NAMES, WEB, NODE1, "service Service shop/cart", ACROSS, *CART],
}  # fmt: skip


@pytest.mark.parametrize("text", KINDS)
async def test_each_kind_of_traffic_has_its_hops_in_packet_order(text: str) -> None:
    scope = await scope_of(text, *WORLD)
    hops = draw(scope, (), judge((), scope))

    assert [f"{hop.hop} {hop.subject}" for hop in hops] == KINDS[text]


async def test_a_service_before_a_pod_that_was_named_is_shown_where_it_is_to_blame() -> None:
    scope = await scope_of("web cannot reach 10.244.1.11", *WORLD)
    verdicts = (found(finding(rule("service-misfit", hop="service"), Subject("Service", "shop", "cart"))),)
    [hop] = [hop for hop in draw(scope, verdicts, judge(verdicts, scope)) if hop.hop == "service"]

    assert hop.first_broken


async def test_a_name_that_stands_for_a_service_again_is_no_place_outside() -> None:
    again = {
        "kind": "Service",
        "metadata": {"name": "alias", "namespace": "shop"},
        "spec": {"type": "ExternalName", "externalName": "cart.shop.svc.cluster.local"},
    }
    scope = await scope_of("web cannot reach alias in namespace shop", *WORLD, again)

    assert scope.outside_host == ""


async def test_an_endpoint_that_is_no_node_has_no_node_before_it() -> None:
    elsewhere = [item for item in WORLD if item["metadata"]["name"] != "kubernetes" or item["kind"] == "Service"]
    managed = {**API_SLICE, "endpoints": [{"addresses": ["198.51.100.1"]}]}
    scope = await scope_of("web cannot reach the API server", *elsewhere, managed)
    hops = draw(scope, (), judge((), scope))

    assert [f"{hop.hop} {hop.subject}" for hop in hops][3:] == [
        "service Service default/kubernetes",
        "endpoint 198.51.100.1:6443",
    ]
