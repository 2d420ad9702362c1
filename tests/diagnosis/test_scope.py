"""What the names of a symptom are in a cluster, and what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import ClusterError, Forbidden, Unreachable
from bot.cluster.manifests import from_manifests
from bot.diagnosis.scope import Ambiguous, resolve
from bot.diagnosis.symptom import parse
from bot.facts.scope import Scope, Subject, SymptomKind
from tests.diagnosis.manifests import (
    BASE,
    SHOP,
    Manifest,
    app,
    ingress,
    namespace,
    node,
    pod,
    pods_of,
    service,
    workload,
)

HASH = "5f6d7c8b9"


@dataclass(frozen=True)
class Place:
    name: str
    host: str
    port: int


OSLO = Place("Oslo", "oslo.example.net", 8443)


async def asked(
    text: str,
    *manifests: Manifest,
    namespace: str = "",
    places: tuple[Place, ...] = (OSLO,),
    chosen: Mapping[str, Subject] | None = None,
    **cluster: Any,
) -> Scope | Ambiguous:
    objects = manifests or tuple(SHOP)
    found = from_manifests(*objects, **cluster)
    return await resolve(found, parse(text, namespace=namespace), outside_targets=places, chosen=chosen)


async def scope_of(text: str, *manifests: Manifest, **settings: Any) -> Scope:
    scope = await asked(text, *manifests, **settings)
    assert isinstance(scope, Scope), scope
    return scope


async def question(text: str, *manifests: Manifest, **settings: Any) -> Ambiguous:
    answer = await asked(text, *manifests, **settings)
    assert isinstance(answer, Ambiguous), answer
    return answer


def names(subjects: tuple[Subject, ...]) -> list[str]:
    return [str(subject) for subject in subjects]


# Both ends ------------------------------------------------------------------------------------------------------------


async def test_a_client_and_a_service_give_a_whole_scope() -> None:
    scope = await scope_of("checkout cannot reach web in namespace shop")

    assert scope == Scope(
        kind=SymptomKind.UNREACHABLE,
        namespaces=("shop",),
        clients=(Subject("Pod", "shop", f"checkout-{HASH}-bbbbb"),),
        services=(Subject("Service", "shop", "web"),),
        backends=tuple(Subject("Pod", "shop", f"web-{HASH}-{letters}") for letters in ("bbbbb", "ccccc", "ddddd")),
        workloads=(Subject("Deployment", "shop", "checkout"), Subject("Deployment", "shop", "web")),
        client_nodes=("node1",),
        target_nodes=("node1", "node2"),
        dns=True,
        subjects=frozenset(
            {
                Subject("Namespace", "", "shop"),
                Subject("Service", "shop", "web"),
                Subject("Deployment", "shop", "web"),
                Subject("Deployment", "shop", "checkout"),
                Subject("Pod", "shop", f"checkout-{HASH}-bbbbb"),
                *(Subject("Pod", "shop", f"web-{HASH}-{letters}") for letters in ("bbbbb", "ccccc", "ddddd")),
                Subject("Node", "", "node1"),
                Subject("Node", "", "node2"),
                Subject("Service", "kube-system", "kube-dns"),
                Subject("Deployment", "kube-system", "coredns"),
                Subject("Pod", "kube-system", f"coredns-{HASH}-bbbbb"),
            }
        ),
    )


async def test_nothing_named_is_about_the_whole_cluster_and_reads_nothing() -> None:
    scope = await scope_of("the network is slow", unreadable={"services": Forbidden("no"), "pods": Forbidden("no")})

    assert scope == Scope(kind=SymptomKind.SLOW, cluster_wide=True)


async def test_somebody_is_no_client() -> None:
    assert (await scope_of("users cannot reach web in shop")).clients == ()


async def test_two_sources_are_both_clients() -> None:
    scope = await scope_of("checkout and cart-api cannot reach web in shop")

    assert names(scope.clients) == [f"Pod shop/cart-api-{HASH}-bbbbb", f"Pod shop/checkout-{HASH}-bbbbb"]


async def test_only_a_client_named_has_no_target() -> None:
    scope = await scope_of("checkout in shop cannot resolve its backend")

    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]
    assert (scope.services, scope.backends, scope.cluster_wide) == ((), (), False)


async def test_between_two_the_one_with_a_service_is_the_target() -> None:
    scope = await scope_of("latency between web and checkout in shop")

    assert names(scope.services) == ["Service shop/web"]
    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]


async def test_from_one_to_another_is_taken_at_its_word() -> None:
    scope = await scope_of("timeouts from web to checkout in shop")

    assert scope.services == ()
    assert names(scope.backends) == [f"Pod shop/checkout-{HASH}-bbbbb"]


# What stands behind a name --------------------------------------------------------------------------------------------


async def test_a_deployment_brings_the_services_that_select_its_pods() -> None:
    front = service("shop", "front-door", {"app": "web"})

    scope = await scope_of("deployment web in shop is down", *SHOP, front)

    assert names(scope.services) == ["Service shop/front-door", "Service shop/web"]


async def test_a_service_that_selects_nothing_leads_to_the_workload_of_its_name() -> None:
    objects = (*BASE, workload("shop", "web"), service("shop", "web", {"app": "webb"}), *pods_of("shop", "web", 1))

    scope = await scope_of("web in shop is down", *objects)

    assert names(scope.services) == ["Service shop/web"]
    assert names(scope.backends) == [f"Pod shop/web-{HASH}-bbbbb"]
    assert names(scope.workloads) == ["Deployment shop/web"]


async def test_a_service_without_selector_leads_to_the_workload_of_its_name() -> None:
    objects = (*BASE, workload("shop", "web"), service("shop", "web"), *pods_of("shop", "web", 1))

    assert names((await scope_of("web in shop is down", *objects)).backends) == [f"Pod shop/web-{HASH}-bbbbb"]


async def test_a_service_that_selects_other_pods_leads_to_those() -> None:
    other = service("shop", "web", {"app": "other"})
    objects = (*BASE, workload("shop", "web"), other, *pods_of("shop", "web", 1), *pods_of("shop", "other", 1))

    assert names((await scope_of("web in shop is down", *objects)).backends) == [f"Pod shop/other-{HASH}-bbbbb"]


async def test_a_workload_without_pods_is_in_scope() -> None:
    objects = (*BASE, workload("shop", "web"), service("shop", "web", {"app": "web"}))

    scope = await scope_of("web in shop is down", *objects)

    assert (names(scope.workloads), scope.backends) == (["Deployment shop/web"], ())
    assert Subject("Deployment", "shop", "web") in scope.subjects


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
async def test_other_workloads_are_found(kind: str) -> None:
    labels = {"app": "agent"}
    objects = (*BASE, workload("shop", "agent", kind=kind), pod("shop", "agent-0", labels, owner=(kind, "agent")))

    scope = await scope_of("agent in shop is down", *objects)

    assert (names(scope.workloads), names(scope.backends)) == ([f"{kind} shop/agent"], ["Pod shop/agent-0"])


async def test_a_job_is_a_client_through_its_pods() -> None:
    audit = pod("shop", "audit-bcdfg", {"job": "audit"}, owner=("Job", "audit"))

    scope = await scope_of("job audit (shop) cannot connect to web:80", *SHOP, audit)

    assert names(scope.clients) == ["Pod shop/audit-bcdfg"]
    assert Subject("Job", "shop", "audit") in scope.subjects


async def test_a_pod_is_meant_by_its_own_name() -> None:
    scope = await scope_of(f"web-{HASH}-ccccc in shop is unreachable")

    assert names(scope.backends) == [f"Pod shop/web-{HASH}-ccccc"]
    assert names(scope.services) == ["Service shop/web"]
    assert scope.target_nodes == ("node2",)


async def test_a_pod_that_is_gone_leads_to_its_owner() -> None:
    scope = await scope_of("pod web-7c9fbd5486-xxxxx in shop is unreachable")

    assert names(scope.services) == ["Service shop/web"]


async def test_pods_that_ended_or_are_being_deleted_are_left_out() -> None:
    labels = {"app": "web"}
    gone = [
        pod("shop", "web-0", labels, phase="Succeeded"),
        pod("shop", "web-1", labels, phase="Failed"),
        pod("shop", "web-2", labels, deleted=True),
        pod("shop", "web-3", labels),
    ]

    scope = await scope_of("web in shop is down", *BASE, service("shop", "web", labels), *gone)

    assert names(scope.backends) == ["Pod shop/web-3"]


async def test_clients_are_running_pods_five_at_most_from_many_nodes() -> None:
    callers = [pod("shop", f"caller-{n:02}", {"app": "caller"}, on=f"node{n // 4}") for n in range(12)]
    waiting = pod("shop", "caller-a", {"app": "caller"}, on="", phase="Pending")

    scope = await scope_of("caller cannot reach web in shop", *SHOP, workload("shop", "caller"), *callers, waiting)

    assert [client.name for client in scope.clients] == [
        "caller-00",
        "caller-04",
        "caller-08",
        "caller-01",
        "caller-05",
    ]
    assert scope.client_nodes == ("node0", "node1", "node2")


async def test_backends_are_ten_at_most_and_those_that_are_not_ready_come_first() -> None:
    labels = {"app": "ledger"}
    many = [pod("shop", f"ledger-{n:02}", labels, ready=n != 11) for n in range(12)]

    scope = await scope_of("ledger in shop is slow", *BASE, service("shop", "ledger", labels), *many)

    assert scope.backends[0].name == "ledger-11"
    assert len(scope.backends) == 10
    assert sum(subject.name.startswith("ledger-") for subject in scope.subjects) == 12


# Namespaces -----------------------------------------------------------------------------------------------------------


async def test_a_named_namespace_restricts() -> None:
    assert names((await scope_of("web in namespace test is down")).services) == ["Service test/web"]
    assert (await scope_of("postgres is down in namespace shop")).missing == ("postgres",)
    assert (await scope_of("postgres is down", namespace="shop")).missing == ("postgres",)


async def test_a_namespace_only_has_all_its_services_and_pods() -> None:
    scope = await scope_of("everything in namespace shop became isolated")

    assert names(scope.services) == ["Service shop/cart-api", "Service shop/web"]
    assert len(scope.backends) == 5
    assert not scope.cluster_wide


async def test_a_namespace_only_is_bounded() -> None:
    many = [item for n in range(51) for item in app("shop", f"app{n}")]

    scope = await scope_of("namespace shop is slow", *BASE, *many)

    assert (len(scope.services), len(scope.backends)) == (50, 50)


async def test_where_names_fail_the_pods_of_a_namespace_are_clients() -> None:
    scope = await scope_of("DNS is slow in payments")

    assert names(scope.clients) == [f"Pod payments/gateway-{HASH}-bbbbb"]
    assert (scope.namespaces, scope.services) == (("payments",), ())
    assert Subject("Node", "", "node2") in scope.subjects  # where the DNS server runs


async def test_a_word_where_a_namespace_would_stand_may_be_something_else() -> None:
    scope = await scope_of("errors in web", *(item for item in SHOP if item["metadata"].get("namespace") != "test"))

    assert names(scope.services) == ["Service shop/web"]


async def test_a_guessed_namespace_that_is_none_does_not_restrict() -> None:
    scope = await scope_of("checkout in production is slow")

    assert names(scope.workloads) == ["Deployment shop/checkout"]
    assert scope.missing == ()


async def test_a_mistyped_namespace_is_forgiven_and_said() -> None:
    scope = await scope_of("gateway in paymnets is slow")

    assert scope.namespaces == ("payments",)
    assert scope.notes == ('"paymnets" was read as Namespace payments.',)


async def test_a_namespace_that_does_not_exist_is_asked_about() -> None:
    asked_about = await question("web in namespace atlantis is down")

    assert asked_about.word == "atlantis"
    assert [each.name for each in asked_about.candidates] == [
        "data",
        "default",
        "payments",
        "shop",
        "test",
        "kube-system",
    ]


async def test_the_callee_may_live_elsewhere_when_the_namespace_is_the_caller_s() -> None:
    scope = await scope_of("web in shop cannot reach postgres")

    assert names(scope.services) == ["Service data/postgres"]
    assert scope.namespaces == ("shop", "data")
    assert scope.notes == ("Nothing is called postgres in namespace shop: Service data/postgres is meant.",)


async def test_names_with_their_namespaces() -> None:
    for text in (
        "test/web is down",
        "web.test is down",
        "web.test.svc is down",
        "http://web.test.svc.cluster.local/x hangs",
    ):
        assert names((await scope_of(text)).services) == ["Service test/web"], text


async def test_a_plain_name_means_the_one_beside_the_other_end() -> None:
    assert names((await scope_of("checkout cannot reach web")).services) == ["Service shop/web"]


async def test_the_api_server_is_found_outside_the_client_s_namespace() -> None:
    scope = await scope_of("checkout in namespace shop cannot reach the kubernetes service")

    assert names(scope.services) == ["Service default/kubernetes"]
    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]


async def test_the_dns_service_is_found_whatever_its_name() -> None:
    renamed = {**service("kube-system", "rke2-coredns", {"k8s-app": "kube-dns"})}
    objects = [item for item in SHOP if item["metadata"]["name"] != "kube-dns"]

    scope = await scope_of("coredns is down", *objects, renamed)

    assert names(scope.services) == ["Service kube-system/rke2-coredns"]


# Several, mistyped, missing -------------------------------------------------------------------------------------------


async def test_several_equally_good_candidates_are_asked_about() -> None:
    asked_about = await question("web is down")

    assert asked_about == Ambiguous(
        word="web", candidates=(Subject("Service", "shop", "web"), Subject("Service", "test", "web"))
    )
    assert asked_about.describe() == ("Service web in namespace shop", "Service web in namespace test")
    assert asked_about.question == (
        'Which one is meant by "web": Service web in namespace shop; Service web in namespace test?'
    )


async def test_an_answer_decides() -> None:
    scope = await scope_of("web is down", chosen={"web": Subject("Service", "test", "web")})

    assert names(scope.services) == ["Service test/web"]
    assert names(scope.backends) == [f"Pod test/web-{HASH}-bbbbb"]


async def test_an_answer_about_a_namespace_decides() -> None:
    scope = await scope_of("web in namespace atlantis is down", chosen={"atlantis": Subject("Namespace", "", "test")})

    assert names(scope.services) == ["Service test/web"]


async def test_service_and_deployment_of_one_name_are_one_answer() -> None:
    assert names((await scope_of("web in shop is down")).services) == ["Service shop/web"]


async def test_exact_wins_over_prefix_and_prefix_over_typing_errors() -> None:
    objects = [*BASE, *app("shop", "cart"), *app("shop", "cart-api"), *app("shop", "carts-old")]

    assert names((await scope_of("cart in shop is down", *objects)).services) == ["Service shop/cart"]
    assert names((await scope_of("carts in shop is down", *objects)).services) == ["Service shop/cart"]


async def test_a_typing_error_is_forgiven_and_said() -> None:
    scope = await scope_of("chekout cannot reach web in shop")

    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]
    assert scope.notes == ('"chekout" was read as Deployment shop/checkout.',)


async def test_two_equally_near_names_are_asked_about() -> None:
    objects = [*BASE, *app("shop", "redis-master"), *app("shop", "redis-replica")]

    assert [each.name for each in (await question("redis in shop is down", *objects)).candidates] == [
        "redis-master",
        "redis-replica",
    ]


async def test_two_words_may_be_one_name() -> None:
    objects = [*BASE, *app("shop", "product-catalog")]

    assert names((await scope_of("the product catalog in shop is slow", *objects)).services) == [
        "Service shop/product-catalog"
    ]


@pytest.mark.parametrize(
    "text", ["the frontend in shop is down", "its backend in shop is down", "pods in shop are down"]
)
async def test_words_for_a_part_do_not_match_by_accident(text: str) -> None:
    objects = [*BASE, *app("shop", "frontend-proxy"), *app("shop", "geo-backend"), *app("shop", "podsync")]

    scope = await scope_of(text, *objects)

    assert len(scope.services) == 3
    assert scope.missing == ()


async def test_words_for_a_part_match_what_is_called_so() -> None:
    objects = [*BASE, *app("shop", "frontend"), *app("shop", "frontend-proxy")]

    assert names((await scope_of("the frontend in shop is down", *objects)).services) == ["Service shop/frontend"]


async def test_a_database_is_found_by_a_part_of_its_name_and_never_missed() -> None:
    assert names((await scope_of("pods can't reach db in shop", *BASE, *app("shop", "orders-db"))).services) == [
        "Service shop/orders-db"
    ]
    assert (await scope_of("pods can't reach db")).missing == ()


async def test_ordinary_words_never_match_with_typing_errors() -> None:
    objects = [*BASE, *app("shop", "requesto"), *app("shop", "connectiom")]

    assert (await scope_of("requests fail, connections time out", *objects)).cluster_wide


async def test_a_name_that_nothing_has_is_missing() -> None:
    scope = await scope_of("checkout cannot reach inventory in shop")

    assert scope.missing == ("inventory",)
    assert (names(scope.clients), scope.services) == ([f"Pod shop/checkout-{HASH}-bbbbb"], ())


async def test_a_missing_name_alone_leaves_the_namespace() -> None:
    scope = await scope_of("inventory:8080 in shop is down")

    assert scope.missing == ("inventory",)
    assert len(scope.services) == 2


async def test_a_missing_name_in_no_namespace_leaves_the_cluster() -> None:
    scope = await scope_of("inventory is unreachable")

    assert (scope.missing, scope.cluster_wide) == (("inventory",), True)


async def test_a_service_that_is_gone_is_missing_though_its_deployment_is_there() -> None:
    scope = await scope_of("service checkout in shop is unavailable")

    assert scope.missing == ("checkout",)
    assert names(scope.workloads) == ["Deployment shop/checkout"]


# Nodes, addresses, hosts ----------------------------------------------------------------------------------------------


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


async def test_a_host_port_leads_to_its_pod() -> None:
    scope = await scope_of(
        "hostPort 8081 on node2 stopped working", *BASE, pod("shop", "door", on="node2", host_port=8081)
    )

    assert names(scope.backends) == ["Pod shop/door"]


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
        ("users get 503 from ingress `public` in shop", ["Service shop/cart-api", "Service shop/web"]),
    ],
)
async def test_a_host_of_an_ingress_leads_to_its_services(text: str, services: list[str]) -> None:
    scope = await scope_of(text)

    assert names(scope.services) == services
    assert Subject("Ingress", "shop", "public") in scope.subjects
    assert scope.outside_host == ""


async def test_a_wildcard_host_stands_for_one_label() -> None:
    objects = [*BASE, *app("shop", "web"), ingress("shop", "all", "*.example.com", {"/": "web"})]

    assert names((await scope_of("a.example.com is down", *objects)).services) == ["Service shop/web"]
    assert (await scope_of("a.b.example.com is down", *objects)).outside_host == "a.b.example.com"


# Reading --------------------------------------------------------------------------------------------------------------


async def test_what_may_not_be_read_is_noted_and_nothing_is_called_missing() -> None:
    refused = Forbidden("deployments may not be listed in namespace shop")

    scope = await scope_of("checkout cannot reach inventory in shop", unreadable={"deployments.apps": refused})

    assert str(refused) in scope.notes
    assert scope.missing == ()


async def test_a_namespace_that_may_not_be_read_is_believed() -> None:
    scope = await scope_of("web in shop is down", unreadable={"namespaces": Forbidden("namespaces may not be read")})

    assert names(scope.services) == ["Service shop/web"]


async def test_nothing_readable_is_an_error() -> None:
    kinds = ("namespaces", "services", "pods", "nodes", "deployments.apps", "statefulsets.apps", "daemonsets.apps")

    with pytest.raises(Forbidden, match="may not"):
        await asked("web in shop is down", unreadable={kind: Forbidden("you may not") for kind in kinds})


async def test_an_unreachable_cluster_is_an_error_at_once() -> None:
    with pytest.raises(Unreachable):
        await asked("web in shop is down", unreadable={"namespaces": Unreachable("no route")})


async def test_a_named_namespace_is_all_that_is_read() -> None:
    cluster = CachedCluster(from_manifests(*SHOP, unreadable=everywhere_refused()))

    scope = await resolve(cluster, parse("checkout cannot reach web in namespace shop"))

    assert isinstance(scope, Scope)
    assert scope.notes == ()
    assert cluster.read <= 8  # the namespace, five lists in it, Services and Pods of the DNS


def everywhere_refused() -> dict[str, ClusterError]:
    kinds = ("services", "pods", "deployments.apps", "statefulsets.apps", "daemonsets.apps")
    return {f"{kind}@": Forbidden(f"{kind} may not be listed in all namespaces") for kind in kinds}


async def test_a_reader_of_one_namespace_is_enough_for_it() -> None:
    scope = await scope_of("checkout cannot reach inventory in namespace shop", unreadable=everywhere_refused())

    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]


async def test_names_are_looked_up_alike_in_any_case() -> None:
    assert names((await scope_of("WEB in Shop is down")).services) == ["Service shop/web"]


async def test_an_empty_cluster_has_nothing() -> None:
    scope = await scope_of("web is down", *namespace("default"))

    assert (scope.missing, scope.cluster_wide) == (("web",), True)
