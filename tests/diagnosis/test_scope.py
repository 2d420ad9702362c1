"""Who is at both ends of a symptom's path, and what belongs to them."""

from __future__ import annotations

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import ClusterError, Forbidden, Unreachable
from bot.cluster.manifests import from_manifests
from bot.diagnosis.scope import resolve
from bot.diagnosis.symptom import parse
from bot.facts.scope import Scope, Subject, SymptomKind
from tests.diagnosis.asking import HASH, asked, names, scope_of
from tests.diagnosis.manifests import BASE, SHOP, namespace, pod, pods_of, service, workload


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


async def test_a_name_is_found_in_the_namespaces_that_a_bundle_holds() -> None:
    scope = await scope_of("checkout cannot reach inventory", namespaces=("shop", "kube-system"))

    assert names(scope.clients) == [f"Pod shop/checkout-{HASH}-bbbbb"]
    assert "services of all namespaces were not recorded: the bundle holds kube-system, shop" in scope.notes


async def test_names_are_looked_up_alike_in_any_case() -> None:
    assert names((await scope_of("WEB in Shop is down")).services) == ["Service shop/web"]


async def test_an_empty_cluster_has_nothing() -> None:
    scope = await scope_of("web is down", *namespace("default"))

    assert (scope.missing, scope.cluster_wide) == (("web",), True)
