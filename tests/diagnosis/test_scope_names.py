"""Namespaces that restrict; names that are mistyped, missing or borne by several."""

from __future__ import annotations

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.manifests import from_manifests
from bot.cluster.objects import Namespace
from bot.cluster.port import Cluster, T
from bot.diagnosis.scope import Ambiguous, resolve
from bot.diagnosis.symptom import parse
from bot.facts.scope import Subject
from tests.diagnosis.asking import HASH, names, question, scope_of
from tests.diagnosis.manifests import BASE, SHOP, Manifest, app, namespace, pod, service, workload


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


async def test_a_slash_is_not_always_a_namespace() -> None:
    assert names((await scope_of("client/cart-api is down")).services) == ["Service shop/cart-api"]


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


QUOTES = [*SHOP, *namespace("quotes-vwbb"), *app("quotes-vwbb", "quotes"), *app("shop", "quotes")]


@pytest.mark.parametrize(
    "text",
    [
        "quotes times out, quotes-vwbb. pods are fine, service too",
        "quotes down (quotes-vwbb)!",
        "quotes down [quotes-vwbb]",
        "quotes-vwbb - quotes is dead since the deploy",
        "[quotes-vwbb] nobody can reach quotes",
        "quotes 502s | quotes-vwbb",
        "quotes quotes-vwbb times out",
        "quotes is slow; Quotes-Vwbb!!",
    ],
)
async def test_a_word_that_stands_apart_and_is_a_namespace_s_name_is_the_namespace(text: str) -> None:
    assert names((await scope_of(text, *QUOTES)).services) == ["Service quotes-vwbb/quotes"]


async def test_a_namespace_that_stands_apart_is_no_client() -> None:
    scope = await scope_of("everything times out (payments)")

    assert (scope.namespaces, scope.clients) == (("payments",), ())


async def test_a_word_that_stands_apart_and_is_something_else_too_is_no_namespace() -> None:
    objects = [*SHOP, *namespace("checkout"), *app("checkout", "cart-api")]

    assert (await question("cart-api 503, checkout", *objects)).word == "cart-api"


async def test_a_named_namespace_wins_over_a_word_that_stands_apart() -> None:
    assert names((await scope_of("web in namespace test is down, payments")).services) == ["Service test/web"]


class Watched(CachedCluster):
    """A cluster that remembers which namespaces were asked for."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.namespaces: list[str] = []

    async def get(self, of: type[T], /, *, name: str, namespace: str = "") -> T:
        self.namespaces += [name] if of is Namespace else []
        return await super().get(of, name=name, namespace=namespace)


@pytest.mark.parametrize(
    ("text", "looked_up"),
    [
        ("checkout in shop cannot reach web", ["shop"]),
        ("checkout cannot reach cart-api", []),
        ("cart-api is slow", []),
        ("cart-api is slow, invoice is fine", ["invoice"]),
    ],
)
async def test_namespaces_are_only_looked_up_for_words_without_a_part(text: str, looked_up: list[str]) -> None:
    cluster = Watched(from_manifests(*SHOP))

    await resolve(cluster, parse(text))

    assert cluster.namespaces == looked_up


def calling(host: str) -> Manifest:
    """A Pod of shop that is configured to call a host."""
    made = pod("shop", f"till-{HASH}-ccccc", {"app": "till"}, owner=("ReplicaSet", f"till-{HASH}"))
    made["metadata"]["labels"]["pod-template-hash"] = HASH
    made["spec"]["containers"][0]["env"] = [{"name": "UPSTREAM", "value": host}]
    return made


@pytest.mark.parametrize(
    ("host", "outside"),
    [
        ("lima.example.net:8080", ("lima.example.net", 8080)),
        ("http://lima.example.net/x", ("lima.example.net", 80)),
        ("lima.depot.svc.cluster.local:80", ("", 0)),
        ("lima.depot:80", ("", 0)),
    ],
)
async def test_a_word_is_short_for_the_host_that_a_pod_is_configured_to_call(
    host: str, outside: tuple[str, int]
) -> None:
    scope = await scope_of("timeouts to Lima in namespace shop", *SHOP, calling(host), places=())

    assert (scope.outside_host, scope.outside_port) == outside


async def test_the_port_of_a_host_outside_is_that_which_its_callers_use() -> None:
    scope = await scope_of(
        "till in namespace shop times out on lima.example.net",
        *SHOP,
        workload("shop", "till"),
        calling("lima.example.net:81"),
    )

    assert (scope.outside_host, scope.outside_port) == ("lima.example.net", 81)


async def test_it_is_the_other_workload_that_is_named() -> None:
    scope = await scope_of("rollout of web ok, kubectl says 1/1, still checkout cannot reach it. namespace shop")

    assert names(scope.services) == ["Service shop/web"]
    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("deploys of web in shop take minutes, its new pods show up late", True),
        ("kubectl apply on web in shop hangs for seconds", True),
        ("checkout times out on web in shop", False),
    ],
)
async def test_what_is_about_late_changes_is_known_as_such(text: str, changes: bool) -> None:
    assert (await scope_of(text)).changes is changes
