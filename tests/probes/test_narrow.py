"""Reads that stay small in a large cluster."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import MemoryCluster
from bot.cluster.objects import Service
from bot.facts.scope import Scope
from bot.probes import narrow
from bot.probes.narrow import control_plane, nodes_on_path, nodes_to_compare, pods_behind, pods_on_path

PATH = Scope(client_nodes=("node1",), target_nodes=("node2", "gone"))
EVERYWHERE = Scope(cluster_wide=True)


def node(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def pod(name: str, on: str, **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "kube-system", "labels": labels}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"nodeName": on, "containers": [{"name": "c"}]},
        "status": {"phase": "Running"},
    }


def service(name: str, **selector: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": selector}}


def three_nodes(**labels: str) -> MemoryCluster:
    proxies = [pod(f"proxy-{number}", f"node{number}", app="proxy") for number in (1, 2, 3)]
    nodes = [node("node1", **labels), node("node2"), node("node3")]
    return from_manifests(*nodes, *proxies, pod("dns-1", "node3", app="dns"))


@pytest.mark.parametrize(("scope", "names"), [(PATH, ["node1", "node2"]), (EVERYWHERE, ["node1", "node2", "node3"])])
@pytest.mark.parametrize("one_by_one", [0, 30])
async def test_only_nodes_of_the_path_are_given(
    scope: Scope, names: list[str], one_by_one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrow, "ONE_BY_ONE", one_by_one)

    assert [item.metadata.name for item in await nodes_on_path(three_nodes(), scope)] == names


@pytest.mark.parametrize(
    ("scope", "names"), [(PATH, ["proxy-1", "proxy-2"]), (EVERYWHERE, ["dns-1", "proxy-1", "proxy-2", "proxy-3"])]
)
@pytest.mark.parametrize("one_by_one", [0, 30])
async def test_only_pods_on_nodes_of_the_path_are_given(
    scope: Scope, names: list[str], one_by_one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrow, "ONE_BY_ONE", one_by_one)

    assert [item.metadata.name for item in await pods_on_path(three_nodes(), scope, "kube-system")] == names


async def test_pods_behind_services_are_those_they_select_each_once() -> None:
    cluster = from_manifests(
        service("dns", app="dns"),
        service("dns-again", app="dns"),
        service("nobody"),
        pod("dns-1", "node1", app="dns"),
        pod("proxy-1", "node1", app="proxy"),
    )
    services = await cluster.list(Service)

    assert [item.metadata.name for item in (await pods_behind(cluster, services)).all()] == ["dns-1"]


@pytest.mark.parametrize(("few", "names"), [(3, ["node1", "node2", "node3"]), (2, ["node1", "node2"])])
async def test_nodes_are_compared_with_all_others_of_a_small_cluster(
    few: int, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrow, "FEW_NODES", few)

    assert [item.metadata.name for item in await nodes_to_compare(three_nodes(), PATH)] == names


@pytest.mark.parametrize("label", ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"])
async def test_the_control_plane_says_so(label: str) -> None:
    assert [item.metadata.name for item in await control_plane(three_nodes(**{label: ""}))] == ["node1"]


@pytest.mark.parametrize(("few", "found"), [(3, 3), (2, 0)])
async def test_where_no_node_says_so_all_of_a_small_cluster_may_be(
    few: int, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrow, "FEW_NODES", few)

    assert len(await control_plane(three_nodes())) == found
