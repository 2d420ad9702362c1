"""Where to look in a cluster that is too large to be read whole."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import MemoryCluster
from bot.diagnosis import triage
from bot.diagnosis.triage import triaged
from bot.facts.scope import Scope
from bot.probes.reading import namespaces_in

EVERYWHERE = Scope(cluster_wide=True)


def pod(name: str, namespace: str, phase: str = "Running") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}, "status": {"phase": phase}}


def endpoints(service: str, namespace: str, *ready: bool) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": service}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{service}-x", "namespace": namespace, "labels": labels},
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [f"10.0.0.{number}"], "conditions": {"ready": one}} for number, one in enumerate(ready)
        ],
    }


def large(**unreadable: Any) -> MemoryCluster:
    return from_manifests(
        pod("a", "well"),
        pod("b", "stuck", "Pending"),
        pod("c", "done", "Succeeded"),
        endpoints("web", "well", True, True),
        endpoints("web", "half", True, False),
        endpoints("web", "empty"),
        unreadable=unreadable,
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage, "FEW_PODS", 2)


@pytest.mark.usefixtures("few")
async def test_namespaces_in_trouble_are_read_the_worst_first_and_the_systems() -> None:
    scope = await triaged(large(), EVERYWHERE)

    assert namespaces_in(scope) == ("empty", "stuck", "half", "kube-system")
    [note] = scope.notes
    assert note == (
        "The cluster has 3 Pods, too many to read at once: in full were read Namespaces empty, stuck, half, where Pods"
        " or endpoints are not ready, and kube-system. Name a Namespace to have it looked at."
    )


@pytest.mark.usefixtures("few")
async def test_no_more_than_some_namespaces_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage, "MOST_NAMESPACES", 1)
    scope = await triaged(large(), EVERYWHERE)

    assert scope.triaged == ("empty", "kube-system")
    assert " 2 more Namespaces have some that are not." in scope.notes[0]


async def test_a_small_cluster_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage, "FEW_PODS", 3)

    assert await triaged(large(), EVERYWHERE) == EVERYWHERE
    assert namespaces_in(EVERYWHERE) == ("",)


@pytest.mark.usefixtures("few")
async def test_a_symptom_that_names_something_stays_as_it_is() -> None:
    named = Scope(namespaces=("shop",))

    assert await triaged(large(), named) == named


@pytest.mark.usefixtures("few")
async def test_the_rest_tells_where_to_look_where_endpoints_may_not_be_read() -> None:
    refused = Forbidden("not allowed to list endpointslices")
    scope = await triaged(large(**{"endpointslices.discovery.k8s.io": refused}), EVERYWHERE)

    assert scope.triaged == ("stuck", "kube-system")


@pytest.mark.usefixtures("few")
async def test_that_pods_may_not_be_read_is_left_to_the_probes_to_tell() -> None:
    assert await triaged(large(pods=Forbidden("not allowed to list pods")), EVERYWHERE) == EVERYWHERE
