"""What Pods' own network namespaces count, and how often containers are held back."""

from __future__ import annotations

from typing import Any

from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node, Pod, PodStatus
from bot.cluster.objects.pod import ContainerStatus, PodSpec
from bot.facts.base import Reason, Unknown
from bot.facts.queue import ContainerThrottling, PodSockets
from bot.facts.scope import Scope, Subject
from bot.node.collector.pods import COUNTERS
from bot.node.requests import sample_request
from bot.probes.containers import container_throttling, pod_sockets
from tests.node.samples import answer

UID, ID = "0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e", "ab" * 32
POD = Pod(
    metadata=Meta(name="web-1", namespace="shop", uid=UID),
    spec=PodSpec(node_name="node1"),
    status=PodStatus(phase="Running", container_statuses=(ContainerStatus(name="web", container_id=f"cri://{ID}"),)),
)
BACKEND = Scope(backends=(Subject("Pod", "shop", "web-1"),))


def cluster(**series: Any) -> MemoryCluster:
    helper = Helper(pod="helper", answers={sample_request(): answer(series=series)})
    return MemoryCluster([Node(metadata=Meta(name="node1")), POD], helpers={"node1": helper})


def counters(**counts: int) -> dict[str, int]:
    return dict.fromkeys(COUNTERS, 7) | {f"TcpExt.{name}": count for name, count in counts.items()}


async def test_overflows_of_a_pods_own_listen_queues_are_counted() -> None:
    made = cluster(pods=[{UID: counters(ListenOverflows=5)}, {UID: counters(ListenOverflows=25)}])

    [fact] = await pod_sockets.observe(made, BACKEND)

    assert isinstance(fact, PodSockets)
    assert (fact.pod, fact.node, fact.window_ms, fact.listen_overflows, fact.listen_drops) == (
        "web-1",
        "node1",
        500,
        20,
        0,
    )


async def test_a_pod_that_began_within_the_window_is_not_told() -> None:
    made = cluster(pods=[{}, {UID: counters(ListenOverflows=25)}])

    assert await pod_sockets.observe(made, BACKEND) == []


async def test_a_helper_without_the_right_to_look_says_what_would_give_it() -> None:
    made = cluster(pods="tier 3 is needed to see the processes of Pods")

    [fact] = await pod_sockets.observe(made, BACKEND)

    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.subject) == (Reason.HIGHER_TIER, "node1")
    assert fact.detail == "node1:/proc/PID/net: tier 3 is needed to see the processes of Pods"


async def test_periods_in_which_a_container_was_held_back_are_counted() -> None:
    made = cluster(throttling=[{ID: {"periods": 100, "throttled": 10}}, {ID: {"periods": 130, "throttled": 25}}])

    [fact] = await container_throttling.observe(made, BACKEND)

    assert isinstance(fact, ContainerThrottling)
    assert (fact.container, fact.periods, fact.throttled, fact.throttled_permille) == ("web", 30, 15, 500)


async def test_a_container_without_a_limit_is_not_told() -> None:
    made = cluster(throttling=[{ID: {"periods": 0, "throttled": 0}}] * 2)

    assert await container_throttling.observe(made, BACKEND) == []


async def test_a_symptom_without_pods_gives_nothing_to_look_into() -> None:
    [fact] = await pod_sockets.observe(cluster(), Scope(cluster_wide=True))

    assert isinstance(fact, Unknown)
    assert fact.reason == Reason.OUT_OF_SCOPE
