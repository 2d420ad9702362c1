"""Services that kube-proxy leaves to another proxy."""

from __future__ import annotations

from bot.cluster.manifests import from_manifests
from bot.facts.service import OtherProxy
from bot.probes.otherproxy import LABEL, other_proxy
from tests.probes.manifests import facts_of, service


async def test_a_service_with_the_label_is_told_with_its_value() -> None:
    [found] = await facts_of(other_proxy, from_manifests(service(labels={LABEL: "edge"})))

    assert isinstance(found, OtherProxy)
    assert (found.namespace, found.name, found.proxy) == ("shop", "web", "edge")


async def test_an_empty_value_leaves_it_too() -> None:
    assert len(await facts_of(other_proxy, from_manifests(service(labels={LABEL: ""})))) == 1


async def test_one_without_it_is_kube_proxys() -> None:
    assert await facts_of(other_proxy, from_manifests(service())) == []
