from __future__ import annotations

import pytest

from bot.cluster.errors import Absent, Forbidden, NoHelper, NotFound, NotRecorded, TimedOut
from bot.cluster.manifests import from_manifests, objects
from bot.cluster.memory import EPOCH, Helper, MemoryCluster
from bot.cluster.objects import DaemonSet, EndpointSlice, Node, Pod

PODS = """
kind: List
items:
- {kind: Pod, metadata: {name: b, namespace: shop}}
- {kind: Pod, metadata: {name: a, namespace: shop, labels: {app: web}}}
- {kind: Pod, metadata: {name: c, namespace: bank}}
- {kind: Node, metadata: {name: node1}}
- {kind: DaemonSet, metadata: {name: cni, namespace: network}}
"""


async def test_lists_are_narrowed_and_sorted_by_namespace_and_name() -> None:
    cluster = from_manifests(PODS)

    assert [pod.metadata.name for pod in await cluster.list(Pod)] == ["c", "a", "b"]
    assert [pod.metadata.name for pod in await cluster.list(Pod, namespace="shop")] == ["a", "b"]
    assert [pod.metadata.name for pod in await cluster.list(Pod, labels="app")] == ["a"]
    assert [pod.metadata.name for pod in await cluster.list(Pod, fields="metadata.name=c")] == ["c"]


async def test_one_object_is_found_in_its_namespace_only() -> None:
    cluster = from_manifests(PODS)

    assert (await cluster.get(Pod, name="a", namespace="shop")).metadata.labels == {"app": "web"}
    assert (await cluster.get(Node, name="node1")).metadata.name == "node1"
    with pytest.raises(NotFound, match=r"^there is no Pod a in namespace bank$"):
        await cluster.get(Pod, name="a", namespace="bank")


async def test_what_cannot_be_read_is_raised_for_lists_and_single_objects() -> None:
    cluster = from_manifests(
        PODS, unreadable={"pods": Forbidden("no"), "endpointslices.discovery.k8s.io": Absent("too old")}
    )

    with pytest.raises(Forbidden, match=r"^no$"):
        await cluster.list(Pod, namespace="shop")
    with pytest.raises(Forbidden):
        await cluster.get(Pod, name="a", namespace="shop")
    with pytest.raises(Absent):
        await cluster.list(EndpointSlice)
    assert not await cluster.may("list", "pods")
    assert await cluster.may("list", "nodes")


async def test_a_refusal_can_be_of_one_namespace_or_of_all_at_once() -> None:
    cluster = from_manifests(PODS, unreadable={"pods@bank": Forbidden("not here"), "pods@": Forbidden("not all")})

    assert [pod.metadata.name for pod in await cluster.list(Pod, namespace="shop")] == ["a", "b"]
    with pytest.raises(Forbidden, match="not here"):
        await cluster.list(Pod, namespace="bank")
    with pytest.raises(Forbidden, match="not all"):
        await cluster.list(Pod)
    assert not await cluster.may("list", "pods", namespace="bank")
    assert await cluster.may("list", "pods", namespace="shop")


async def test_a_namespace_that_was_not_recorded_is_an_error_and_never_empty() -> None:
    cluster = MemoryCluster(objects(PODS), namespaces=["shop"], everywhere=[DaemonSet])

    with pytest.raises(NotRecorded, match=r"^namespace bank was not recorded: the bundle holds shop$"):
        await cluster.list(Pod, namespace="bank")
    with pytest.raises(NotRecorded, match=r"^namespace bank was not recorded"):
        await cluster.get(Pod, name="c", namespace="bank")
    with pytest.raises(NotRecorded, match=r"^pods of all namespaces were not recorded: the bundle holds shop$"):
        await cluster.list(Pod)
    assert [pod.metadata.name for pod in await cluster.list(Pod, namespace="shop")] == ["a", "b"]
    assert [item.metadata.name for item in await cluster.list(DaemonSet)] == ["cni"]
    assert [node.metadata.name for node in await cluster.list(Node)] == ["node1"]


async def test_logs_are_those_recorded_and_hold_known_lines_only() -> None:
    cluster = MemoryCluster(
        logs={"kube-system/kube-proxy-1": "token=hunter2\nI1 server.go:1] Using iptables Proxier.\n"},
        unreadable={"pods/log@kube-system/kube-proxy-2": TimedOut("late")},
    )

    log = await cluster.logs(namespace="kube-system", pod="kube-proxy-1")

    assert log == "I1 server.go:1] Using iptables Proxier.\n"
    with pytest.raises(TimedOut, match="late"):
        await cluster.logs(namespace="kube-system", pod="kube-proxy-2")
    with pytest.raises(NotRecorded, match=r"^no log of Pod kube-system/kube-proxy-3 was recorded$"):
        await cluster.logs(namespace="kube-system", pod="kube-proxy-3")


async def test_helpers_answer_what_was_recorded() -> None:
    helper = Helper(pod="helper-1", answers={("sample",): b"{}"}, failures={("connect", "x"): TimedOut("late")})
    cluster = MemoryCluster(helpers={"node1": helper})

    assert await cluster.helper_nodes() == {"node1": "helper-1"}
    assert await cluster.ask_helper("node1", ("sample",)) == b"{}"
    with pytest.raises(TimedOut, match="late"):
        await cluster.ask_helper("node1", ("connect", "x"))
    with pytest.raises(NotRecorded, match=r"^no answer of Node node1's helper to 'dump rules' was recorded$"):
        await cluster.ask_helper("node1", ("dump", "rules"))
    with pytest.raises(NoHelper, match=r"^no node helper runs on Node node2$"):
        await cluster.ask_helper("node2", ("sample",))


async def test_helpers_are_asked_in_the_order_of_the_recording() -> None:
    cluster = MemoryCluster(helpers={"b": Helper(pod="helper-1"), "a": Helper(pod="helper-2")})

    assert list(await cluster.helper_nodes()) == ["b", "a"]


async def test_time_stands_still() -> None:
    cluster = MemoryCluster(context="prod", server_version="v1.20.2", notes=["something"])

    assert (cluster.now(), cluster.context, cluster.notes) == (EPOCH, "prod", ("something",))
    assert await cluster.server_version() == "v1.20.2"
