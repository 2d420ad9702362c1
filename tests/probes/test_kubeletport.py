"""The kubelets' ports of Nodes where commands cannot be run."""

from __future__ import annotations

from bot.cluster.errors import Forbidden, Unreachable
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.facts.base import Reason, Unknown
from bot.facts.controlplane import KubeletPort
from bot.facts.scope import Scope
from bot.node.requests import sample_request
from bot.probes.kubeletport import kubelet_port
from tests.node.samples import answer, reached
from tests.probes.manifests import Manifest, facts_of, manifest

REFUSES = Unreachable("The API server failed (500) to create pods/exec helper-node1")


def node(name: str, address: str, *, port: int = 10250, ready: str = "True") -> Manifest:
    status = {
        "addresses": [{"type": "InternalIP", "address": address}],
        "conditions": [{"type": "Ready", "status": ready}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    return manifest("Node", name, namespace="") | {"status": status}


def well(name: str, *more: tuple[tuple[str, ...], bytes]) -> Helper:
    return Helper(pod=f"helper-{name}", answers={sample_request(): answer(name), **dict(more)})


async def ports(*nodes: Manifest, **helpers: Helper) -> dict[str, KubeletPort]:
    cluster = from_manifests(*nodes, helpers=helpers)
    found = await facts_of(kubelet_port, cluster, Scope(cluster_wide=True))
    return {fact.node: fact for fact in found if isinstance(fact, KubeletPort)}


async def test_where_commands_run_nobody_connects() -> None:
    [found] = (await ports(node("node1", "10.231.0.11"), node1=well("node1"))).values()

    assert (found.commands_run, found.ready, found.port, found.result) == (True, True, 10250, "untried")


async def test_where_they_do_not_another_node_connects_to_the_port_that_the_node_tells() -> None:
    closed = reached("node2", {"10.231.0.11:10260": {"unreachable": 4}})
    found = await ports(
        node("node1", "10.231.0.11", port=10260),
        node("node2", "10.231.0.12"),
        node1=Helper(pod="helper-node1", failures={sample_request(): REFUSES}),
        node2=well("node2", closed),
    )

    assert found["node2"].commands_run
    assert (found["node1"].commands_run, found["node1"].other_node, found["node1"].result) == (
        False,
        "node2",
        "unreachable",
    )
    assert "pods/exec" in found["node1"].says


async def test_where_nobody_else_can_connect_it_stays_untried() -> None:
    found = await ports(
        node("node1", "10.231.0.11", ready="False"),
        node1=Helper(pod="helper-node1", failures={sample_request(): REFUSES}),
    )

    assert (found["node1"].ready, found["node1"].commands_run, found["node1"].result) == (False, False, "untried")


async def test_who_may_run_no_commands_does_not_know_whether_they_run() -> None:
    forbidden = Helper(pod="helper-node1", failures={sample_request(): Forbidden("pods/exec is forbidden")})
    cluster = from_manifests(node("node1", "10.231.0.11"), helpers={"node1": forbidden})

    [unknown] = await facts_of(kubelet_port, cluster, Scope(cluster_wide=True))

    assert isinstance(unknown, Unknown)
    assert unknown.reason is Reason.FORBIDDEN
