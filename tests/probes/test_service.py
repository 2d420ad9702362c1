"""What stands behind a Service."""

from __future__ import annotations

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.scope import Scope, Subject
from bot.facts.service import ServiceBackends, ServiceSelectorMisfit
from bot.probes.service import service_backends, service_selector_misfit
from tests.probes.manifests import WEB, Manifest, endpoints, facts_of, pod, service, unknown_of


async def backends(*manifests: Manifest, scope: Scope = WEB) -> list[ServiceBackends]:
    facts = await facts_of(service_backends, from_manifests(*manifests), scope)
    return [fact for fact in facts if isinstance(fact, ServiceBackends)]


async def misfits(*manifests: Manifest) -> list[ServiceSelectorMisfit]:
    facts = await facts_of(service_selector_misfit, from_manifests(*manifests))
    return [fact for fact in facts if isinstance(fact, ServiceSelectorMisfit)]


async def test_pods_and_endpoints_of_a_service_are_counted() -> None:
    [found] = await backends(
        service(),
        pod("web-1"),
        pod("web-2", ready=False),
        pod("db-1", labels={"app": "db"}),
        endpoints("web", ("web-1", True), ("web-2", False)),
        endpoints("db", ("db-1", True)),
    )

    assert found == ServiceBackends(
        namespace="shop",
        name="web",
        type="ClusterIP",
        has_selector=True,
        selector="app=web",
        selected_pods=2,
        ready_pods=1,
        ready_endpoints=1,
        not_ready_endpoints=1,
    )
    assert found.source == "/api/v1/namespaces/shop/services/web, its Pods and EndpointSlices"


async def test_a_missing_ready_condition_of_an_endpoint_means_ready() -> None:
    slice_ = endpoints("web", ("web-1", True))
    slice_["endpoints"][0]["conditions"] = {}
    [found] = await backends(service(), pod(), slice_)

    assert found.ready_endpoints == 1


async def test_an_endpoint_in_the_slices_of_both_address_families_counts_once() -> None:
    [found] = await backends(
        service(),
        pod(),
        endpoints("web", ("web-1", True), ("web-2", False)),
        endpoints("web", ("web-1", True), ("web-2", False), family="IPv6"),
    )

    assert (found.ready_endpoints, found.not_ready_endpoints) == (1, 1)


async def test_pods_that_ended_or_are_on_their_way_out_do_not_count() -> None:
    [found] = await backends(service(), pod("web-1", deleted=True), pod("web-2", phase="Succeeded"))

    assert (found.selected_pods, found.ready_pods) == (0, 0)


async def test_a_service_without_a_selector_selects_nothing_but_may_have_endpoints() -> None:
    [found] = await backends(service(selector={}), pod(), endpoints("web", ("outside", True)))

    assert (found.has_selector, found.selected_pods, found.ready_endpoints) == (False, 0, 1)


async def test_a_pod_of_another_namespace_is_not_selected() -> None:
    [found] = await backends(service(), pod(namespace="other"))

    assert found.selected_pods == 0


async def test_without_a_named_service_those_of_the_namespace_are_looked_at() -> None:
    found = await backends(service("web"), service("db"), scope=Scope(namespaces=("shop",)))

    assert [fact.name for fact in found] == ["db", "web"]


async def test_a_whole_cluster_is_looked_at_with_one_list_of_each_kind() -> None:
    cluster = CachedCluster(from_manifests(service(), service(namespace="other"), pod(namespace="other")))
    facts = await service_backends.observe(cluster, Scope(cluster_wide=True))

    assert [(fact.namespace, fact.selected_pods) for fact in facts if isinstance(fact, ServiceBackends)] == [
        ("other", 1),
        ("shop", 0),
    ]
    assert cluster.read == 3


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(namespaces=("shop",), outside_host="192.0.2.10"),
        Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "web-1"),)),
        Scope(namespaces=("empty",)),
    ],
    ids=["nothing named", "a place outside", "a Pod", "a namespace without Services"],
)
async def test_a_symptom_that_gives_no_service_is_out_of_scope(scope: Scope) -> None:
    missing = await unknown_of(service_backends, from_manifests(service(), pod()), scope)

    assert (missing.of, missing.reason) == ("service_backends", Reason.OUT_OF_SCOPE)


async def test_the_dns_service_is_left_to_its_own_probe() -> None:
    dns = service("kube-dns", namespace="kube-system", labels={"k8s-app": "kube-dns"})
    scope = Scope(namespaces=("kube-system",), services=(Subject("Service", "kube-system", "kube-dns"),))
    missing = await unknown_of(service_backends, from_manifests(dns), scope)

    assert missing.reason is Reason.OUT_OF_SCOPE


async def test_a_refused_list_says_which_permission_is_missing() -> None:
    refused = Forbidden("list endpointslices.discovery.k8s.io in namespace shop")
    cluster = from_manifests(service(), pod(), unreadable={"endpointslices.discovery.k8s.io": refused})
    missing = await unknown_of(service_backends, cluster)

    assert (missing.reason, missing.detail) == (Reason.FORBIDDEN, str(refused))


async def test_the_part_of_a_selector_that_no_pod_carries_is_named() -> None:
    [found] = await misfits(
        service(selector={"app": "web", "version": "v2"}),
        pod("web-1", labels={"app": "web", "version": "v1"}, owner=("StatefulSet", "web")),
        pod("web-2", labels={"app": "web", "version": "v1"}, owner=("StatefulSet", "web")),
        pod("db-1", labels={"app": "db", "version": "v1"}),
    )

    assert found == ServiceSelectorMisfit(
        namespace="shop",
        name="web",
        selector="app=web,version=v2",
        unmatched="version=v2",
        carried="version=v1",
        near_pods=2,
        near_workload="web",
        near_unserved=True,
    )


async def test_a_key_that_the_pods_lack_is_said_to_be_not_set() -> None:
    [found] = await misfits(service(selector={"app": "web", "team": "a"}), pod())

    assert (found.unmatched, found.carried) == ("team=a", "team (not set)")


async def test_the_workload_of_the_services_own_name_is_near_without_a_common_label() -> None:
    [found] = await misfits(
        service(selector={"app": "wbe"}),
        pod("web-1", owner=("StatefulSet", "web")),
        pod("db-1", labels={"app": "db"}, owner=("StatefulSet", "db")),
    )

    assert (found.unmatched, found.carried, found.near_workload) == ("app=wbe", "app=web", "web")


async def test_of_equally_near_pods_those_of_the_services_own_name_are_meant() -> None:
    [found] = await misfits(
        service(selector={"app": "web", "version": "v2"}),
        pod("db-1", labels={"app": "db", "version": "v2"}, owner=("StatefulSet", "db")),
        pod("web-1", labels={"app": "web", "version": "v1"}, owner=("StatefulSet", "web")),
    )

    assert (found.unmatched, found.near_workload) == ("version=v2", "web")


def of_apps(number: int) -> list[Manifest]:
    owners = [f"app{n}" for n in range(number)]
    return [pod(f"{app}-0", labels={"app": app, "env": "test"}, owner=("StatefulSet", app)) for app in owners]


async def test_equally_near_pods_of_several_workloads_are_not_ascribed_to_one() -> None:
    [found] = await misfits(service(selector={"app": "web", "env": "test"}), *of_apps(3))

    assert (found.near_pods, found.near_workload) == (3, "")
    assert (found.unmatched, found.carried) == ("app=web", "app=app0, app=app1, app=app2")


async def test_a_label_that_many_workloads_share_makes_none_of_them_near() -> None:
    assert await misfits(service(selector={"app": "web", "env": "test"}), *of_apps(4)) == []


async def test_the_workload_of_the_services_own_name_is_near_though_many_share_a_label() -> None:
    own = pod("web-0", labels={"app": "wbe", "env": "prod"}, owner=("StatefulSet", "web"))
    [found] = await misfits(service(selector={"app": "web", "env": "test"}), own, *of_apps(4))

    assert (found.near_workload, found.unmatched) == ("web", "app=web,env=test")
    assert found.carried == "app=wbe, env=prod"


async def test_many_values_of_one_workload_are_counted() -> None:
    pods = [pod(f"web-{n}", labels={"app": "web", "slot": f"s{n}"}, owner=("StatefulSet", "web")) for n in range(5)]
    [found] = await misfits(service(selector={"app": "web", "slot": "s9"}), *pods)

    assert found.carried == "slot=s0, slot=s1, slot=s2 and 2 more"


@pytest.mark.parametrize(
    "manifests",
    [
        [service(), pod()],
        [service(selector={"app": "wbe"}), pod("db-1", labels={"app": "db"})],
        [service(selector={}), pod()],
        [service(selector={"app": "web", "version": "v2"}), pod(deleted=True)],
        [service(selector={"app": "web", "version": "v2"}), pod(namespace="other")],
    ],
    ids=["it fits", "nothing alike", "no selector", "the Pod is on its way out", "another namespace"],
)
async def test_no_misfit_is_told_where_there_is_none(manifests: list[Manifest]) -> None:
    assert await misfits(*manifests) == []
