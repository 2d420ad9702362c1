"""Where the data of a namespace with a residency policy is, or goes."""

from __future__ import annotations

import dataclasses

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.residency import RegionUse
from bot.facts.scope import Scope, Subject
from bot.probes.residency import region_use
from tests.probes.manifests import Manifest, facts_of, manifest, pod, unknown_of

SHOP = Scope(namespaces=("shop",), regions_allowed=(("shop", ("eu-north-1", "eu-west-1")),))


def node(name: str, region: str, *, key: str = "topology.kubernetes.io/region") -> Manifest:
    return manifest("Node", name, namespace="", labels={key: region} if region else {})


NODES = (node("node1", "eu-north-1"), node("node2", "us-east-1"), node("node3", ""))


async def uses(*manifests: Manifest, scope: Scope = SHOP) -> list[RegionUse]:
    found = await facts_of(region_use, from_manifests(*NODES, *manifests), scope)
    return [fact for fact in found if isinstance(fact, RegionUse)]


async def test_pods_in_a_region_that_is_not_allowed() -> None:
    [found] = await uses(pod("a", node="node2"), pod("b", node="node2"))

    assert found == RegionUse(
        namespace="shop",
        use="pods",
        region="us-east-1",
        known=True,
        permitted=False,
        allowed="eu-north-1, eu-west-1",
        pods=2,
        volumes=0,
        place="node2",
        asked=False,
    )


async def test_each_region_is_told_and_one_that_is_not_known() -> None:
    found = await uses(pod("a", node="node1"), pod("b", node="node2"), pod("c", node="node3"), pod("d", node=""))

    assert [(item.region, item.known, item.permitted, item.place) for item in found] == [
        ("", False, False, "node3"),
        ("eu-north-1", True, True, "node1"),
        ("us-east-1", True, False, "node2"),
    ]


async def test_the_label_of_old_clusters_counts() -> None:
    old = node("node4", "eu-west-1", key="failure-domain.beta.kubernetes.io/region")
    [found] = await uses(old, pod("a", node="node4"))

    assert (found.region, found.permitted) == ("eu-west-1", True)


async def test_only_the_pods_of_the_symptom_are_looked_at_where_it_names_some() -> None:
    scope = dataclasses.replace(SHOP, clients=(Subject("Pod", "shop", "a"),))
    found = await uses(pod("a", node="node1"), pod("b", node="node2"), scope=scope)

    assert [item.region for item in found] == ["eu-north-1"]


@pytest.mark.parametrize(
    ("region", "known", "permitted"),
    [("eu-west-1", True, True), ("us-east-1", True, False), ("", False, False)],
)
async def test_a_host_outside_lies_in_a_region_too(region: str, known: bool, permitted: bool) -> None:
    scope = dataclasses.replace(SHOP, outside_host="oslo.example.net", outside_region=region, asks_residency=True)
    [found] = await uses(scope=scope)

    assert (found.use, found.place, found.known, found.permitted) == ("outside", "oslo.example.net", known, permitted)
    assert found.asked


async def test_without_a_policy_it_is_out_of_scope() -> None:
    found = await unknown_of(region_use, from_manifests(*NODES), Scope(namespaces=("shop",)))

    assert found.reason is Reason.OUT_OF_SCOPE


def claim(name: str, volume: str) -> Manifest:
    return {**manifest("PersistentVolumeClaim", name), "spec": {"volumeName": volume}}


def volume(name: str, *, label: str = "", bound_to: tuple[str, ...] = (), operator: str = "In") -> Manifest:
    key = "topology.kubernetes.io/region"
    terms = [{"matchExpressions": [{"key": key, "operator": operator, "values": list(bound_to)}]}]
    spec = {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}} if bound_to else {}
    return {**manifest("PersistentVolume", name, namespace="", labels={key: label} if label else {}), "spec": spec}


@pytest.mark.parametrize(
    ("where", "region"),
    [
        (volume("pv", label="us-east-1"), "us-east-1"),
        (volume("pv", bound_to=("us-east-1",)), "us-east-1"),
        (volume("pv", bound_to=("us-east-1", "eu-north-1")), ""),
        (volume("pv", bound_to=("us-east-1",), operator="NotIn"), ""),
        (volume("pv"), ""),
    ],
)
async def test_volumes_are_where_they_are_labelled_or_bound_to(where: Manifest, region: str) -> None:
    [found] = await uses(claim("ledger", "pv"), where)

    assert (found.use, found.volumes, found.place) == ("volumes", 1, "ledger")
    assert (found.region, found.known, found.permitted) == (region, bool(region), False)


async def test_claims_without_a_volume_are_nowhere() -> None:
    assert await uses(claim("waiting", ""), claim("lost", "gone")) == []
