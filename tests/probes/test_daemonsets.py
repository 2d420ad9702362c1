"""DaemonSets that are called on Nodes where they have no Pod."""

from __future__ import annotations

from typing import Any

from bot.cluster.manifests import from_manifests
from bot.facts.client import MissingService
from bot.facts.pod import DaemonSetGap
from bot.facts.scope import Scope, Subject
from bot.probes.addresses import missing_service
from bot.probes.daemonsets import daemon_set_gap
from tests.probes.manifests import Manifest, facts_of, manifest, pod

SCOPE = Scope(
    namespaces=("shop",),
    clients=(Subject("Pod", "shop", "till-1"),),
    workloads=(Subject("DaemonSet", "shop", "agent"),),
    backends=(Subject("Pod", "shop", "agent-2"),),
    dns=False,
)
LABEL = {"agent": "yes"}


def node(name: str, **labels: str) -> Manifest:
    made = manifest("Node", name, namespace="")
    made["metadata"]["labels"] = labels
    return made


def world(*, on: str = "node2", **labels: str) -> list[Manifest]:
    ports = [{"containerPort": 8126, "hostPort": 8126}]
    spec = {"nodeSelector": LABEL, "containers": [{"name": "main", "ports": ports}]}
    template = {"metadata": {"labels": {"app": "agent"}}, "spec": spec}
    agents = {
        **manifest("DaemonSet", "agent"),
        "spec": {"selector": {"matchLabels": {"app": "agent"}}, "template": template},
    }
    agent = pod("agent-2", labels={"app": "agent"}, node=on, ip="10.244.2.7", owner=("DaemonSet", "agent"))
    return [agents, agent, pod("till-1", labels={"app": "till"}), node("node1", **labels), node("node2", **LABEL)]


async def gaps(*manifests: Manifest) -> list[Any]:
    return list(await facts_of(daemon_set_gap, from_manifests(*manifests), SCOPE))


async def test_a_node_without_the_label_has_a_gap_where_a_client_calls() -> None:
    assert await gaps(*world()) == [
        DaemonSetGap(
            namespace="shop",
            name="agent",
            node="node1",
            client="shop/till-1",
            host_port=8126,
            fits=False,
            selector="agent=yes",
            elsewhere=1,
        )
    ]


async def test_a_node_with_the_label_fits() -> None:
    [fact] = await gaps(*world(**LABEL))

    assert fact.fits


async def test_a_node_with_a_pod_has_no_gap() -> None:
    assert await gaps(*world(on="node1")) == []


async def test_what_is_called_at_its_nodes_needs_no_service() -> None:
    found = await facts_of(missing_service, from_manifests(*world()), SCOPE)

    assert [fact for fact in found if isinstance(fact, MissingService)] == []
