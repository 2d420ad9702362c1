"""Node facts out of what the API and the helpers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bot.cluster import objects
from bot.cluster.errors import ClusterError, Forbidden, Malformed, TimedOut
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node, NodeAddress, NodeInfo, NodeStatus
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.node import NodeCondition, NodeConntrack, NodeCpu, NodeInterface, NodeSoftnet
from bot.facts.scope import Scope
from bot.node.requests import sample_request
from bot.probes.node import INSTALL, node_condition, node_conntrack, node_cpu, node_interface, node_softnet
from tests.node.samples import HOST_IP, answer, link

SAMPLE = sample_request()
EVERYTHING = Scope(cluster_wide=True)


def node(name: str, *, ready: str = "True") -> Node:
    condition = objects.NodeCondition(
        type="Ready", status=ready, reason="KubeletReady" if ready == "True" else "NodeStatusUnknown"
    )
    status = NodeStatus(
        conditions=(condition,),
        addresses=(NodeAddress(type="InternalIP", address=HOST_IP),),
        node_info=NodeInfo(kernel_version="6.1.0"),
    )
    return Node(metadata=Meta(name=name), status=status)


def cluster(
    nodes: Sequence[str] = ("node1",),
    *,
    answers: Mapping[str, bytes] | None = None,
    failures: Mapping[str, ClusterError] | None = None,
) -> MemoryCluster:
    helpers = {
        name: Helper(pod=f"helper-{name}", answers={SAMPLE: content}) for name, content in (answers or {}).items()
    }
    helpers |= {name: Helper(pod=f"helper-{name}", failures={SAMPLE: why}) for name, why in (failures or {}).items()}
    return MemoryCluster([node(name) for name in nodes], helpers=helpers)


def sampled(**series: Any) -> MemoryCluster:
    return cluster(answers={"node1": answer(series=series)})


def counters(**changed: int) -> list[int]:
    return [changed.get(f"c{column}", 0) for column in range(16)]


async def only(facts: list[Fact]) -> Fact:
    [fact] = facts
    return fact


async def test_a_node_is_reported_as_the_api_says() -> None:
    [fact] = await node_condition.observe(
        MemoryCluster([node("node1", ready="Unknown")]), Scope(named_nodes=("node1",))
    )

    assert fact == NodeCondition(
        node="node1",
        ready=False,
        ready_reason="NodeStatusUnknown",
        ready_says="",
        age_seconds=0,
        unschedulable=False,
        kernel="6.1.0",
        address=HOST_IP,
    )


async def test_a_node_that_does_not_exist_is_unknown_and_the_others_are_not() -> None:
    scope = Scope(named_nodes=("node1", "gone"))

    first, second = await node_condition.observe(cluster(), scope)

    assert isinstance(first, NodeCondition)
    assert isinstance(second, Unknown)
    assert (second.of, second.subject, second.reason) == ("node_condition", "gone", Reason.ABSENT)


async def test_drops_are_the_growth_in_the_window_and_not_the_total() -> None:
    readings = [
        {"eth0": counters(c1=1_000, c3=500, c9=70, c11=0)},
        {"eth0": counters(c1=1_030, c3=505, c9=80, c11=0)},
        {"eth0": counters(c1=1_080, c3=520, c9=90, c11=1)},
    ]
    made = sampled(
        net_dev=readings,
        links=[[link(2, "eth0", mtu=9000)]],
        addresses=[[{"index": 2, "ip": HOST_IP, "prefix_length": 24}]],
    )

    [fact] = await node_interface.observe(made, EVERYTHING)

    assert fact == NodeInterface(
        node="node1",
        name="eth0",
        role="uplink",
        device_type="",
        mtu=9000,
        up=True,
        window_ms=1000,
        rx_packets=80,
        tx_packets=20,
        rx_dropped=20,
        tx_dropped=1,
        rx_errors=0,
        tx_errors=0,
        rx_dropped_ppm=200_000,
        tx_dropped_ppm=47_619,
        errors_ppm=0,
    )
    assert fact.source == "node1:/proc/net/dev"


async def test_an_interface_that_appears_in_the_window_counts_from_when_it_appears() -> None:
    readings = [{}, {"veth1": counters(c1=5)}, {"veth1": counters(c1=9)}]
    made = sampled(net_dev=readings, links=[[link(7, "veth1", kind="veth")]])

    [fact] = await node_interface.observe(made, EVERYTHING)

    assert isinstance(fact, NodeInterface)
    assert (fact.rx_packets, fact.window_ms) == (4, 500)


async def test_an_interface_that_goes_away_is_no_fact() -> None:
    made = sampled(net_dev=[{"veth1": counters()}, {"veth1": counters()}, {}], links=[[link(7, "veth1")]])

    assert await node_interface.observe(made, EVERYTHING) == []


async def test_conntrack_counts_losses_of_all_cpus_and_over_a_wrap() -> None:
    def cpu(**changed: int) -> dict[str, int]:
        return {"insert_failed": 0, "drop": 0, "early_drop": 0, "invalid": 0, **changed}

    made = sampled(
        conntrack_count=[950, 999],
        conntrack_max=[1000],
        conntrack_stat=[
            [cpu(drop=2**32 - 1), cpu(early_drop=5)],
            [cpu(drop=2), cpu(early_drop=6, insert_failed=4)],
        ],
    )

    [fact] = await node_conntrack.observe(made, EVERYTHING)

    assert fact == NodeConntrack(
        node="node1",
        entries=999,
        max_entries=1000,
        used_permille=999,
        window_ms=500,
        insert_failed=4,
        dropped=3,
        early_dropped=1,
        table_full_drops=4,
        invalid=0,
        buckets=262144,
    )


async def test_a_node_without_connection_tracking_is_unknown_and_not_empty() -> None:
    made = sampled(conntrack_count="ENOENT: No such file or directory")

    [fact] = await node_conntrack.observe(made, EVERYTHING)

    assert isinstance(fact, Unknown)
    assert (fact.of, fact.subject, fact.reason) == ("node_conntrack", "node1", Reason.ABSENT)
    assert fact.detail == "node1:/proc/sys/net/netfilter/nf_conntrack_count: ENOENT: No such file or directory"


async def test_cpu_time_is_shared_out_over_the_window() -> None:
    made = sampled(
        running=[9, 5, 7],
        stat=[
            {"cpu": [0, 0, 0, 0, 0, 0, 0, 0], "cpu0": [0] * 8, "cpu1": [0] * 8},
            {"cpu": [100, 0, 50, 500, 40, 0, 10, 300], "cpu0": [0] * 8, "cpu1": [90, 0, 0, 0, 0, 0, 10, 0]},
        ],
    )

    [fact] = await node_cpu.observe(made, EVERYTHING)

    assert fact == NodeCpu(
        node="node1",
        cpus=2,
        window_ms=500,
        steal_permille=300,
        softirq_permille=10,
        idle_permille=540,
        busiest_softirq_permille=100,
        busiest_softirq_cpu="cpu1",
        running=5,
        running_per_cpu_permille=2500,
    )


async def test_cpu_time_that_stands_still_is_unknown_and_not_idle() -> None:
    made = sampled(stat=[{"cpu": [5] * 8}, {"cpu": [5] * 8}])

    [fact] = await node_cpu.observe(made, EVERYTHING)

    assert isinstance(fact, Unknown)
    assert fact.detail == "node1:/proc/stat: the CPUs' time does not go on"


async def test_softnet_names_the_cpu_that_dropped_most() -> None:
    made = sampled(
        max_backlog=[1000],
        softnet=[{"0": [10, 1, 0], "3": [10, 1, 0]}, {"0": [20, 2, 0], "3": [30, 9, 1]}],
    )

    [fact] = await node_softnet.observe(made, EVERYTHING)

    assert fact == NodeSoftnet(
        node="node1", window_ms=500, processed=30, dropped=9, time_squeezed=1, worst_cpu=3, max_backlog=1000
    )


async def test_a_node_without_helper_says_how_to_install_it() -> None:
    made = cluster(("node1", "node2"), answers={"node1": answer()})

    found = await node_cpu.observe(made, Scope(target_nodes=("node1", "node2")))

    assert [fact.kind for fact in found] == ["node_cpu", "unknown"]
    assert found[1] == Unknown(
        of="node_cpu", reason=Reason.NO_HELPER, subject="node2", detail=f"no node helper runs there; {INSTALL}"
    )


async def test_no_helper_anywhere_is_said_once() -> None:
    found = await node_cpu.observe(cluster(("node1", "node2")), EVERYTHING)

    assert found == [
        Unknown(of="node_cpu", reason=Reason.NO_HELPER, detail=f"no node helper runs in this cluster; {INSTALL}")
    ]


async def test_one_bad_helper_does_not_hide_the_others() -> None:
    made = cluster(
        ("node1", "node2", "node3"),
        answers={"node1": answer("node1"), "node2": b"boom"},
        failures={"node3": TimedOut("node3's helper gave no answer within 13 s")},
    )

    found = await node_cpu.observe(made, EVERYTHING)

    assert [(fact.kind, getattr(fact, "reason", "")) for fact in found] == [
        ("node_cpu", ""),
        ("unknown", Reason.MALFORMED),
        ("unknown", Reason.TIMEOUT),
    ]


async def test_a_symptom_without_nodes_samples_nothing() -> None:
    made = cluster(answers={"node1": answer()}, failures={"node1": Malformed("not to be asked")})

    [fact] = await node_cpu.observe(made, Scope())

    assert fact == Unknown(of="node_cpu", reason=Reason.OUT_OF_SCOPE, detail="the symptom gives no Node to look at")


@pytest.mark.parametrize(("nodes", "unsampled"), [(10, []), (11, ["node11"])])
async def test_ten_nodes_are_sampled_at_most(nodes: int, unsampled: list[str]) -> None:
    names = [f"node{n:02}" for n in range(1, nodes + 1)]
    made = cluster(names, answers={name: answer(name) for name in names})

    found = await node_cpu.observe(made, EVERYTHING)

    assert sum(fact.kind == "node_cpu" for fact in found) == 10
    assert [(fact.subject, fact.reason) for fact in found if isinstance(fact, Unknown)] == [
        (name, Reason.OUT_OF_SCOPE) for name in unsampled
    ]


async def test_many_unsampled_nodes_are_counted_and_not_listed() -> None:
    names = [f"node{n:03}" for n in range(1, 101)]
    made = cluster(names, answers={"node001": answer("node001")})

    found = await node_cpu.observe(made, EVERYTHING)

    assert len(found) == 1 + 50 + 1
    assert isinstance(found[-1], Unknown)
    assert found[-1].subject == "49 more"


async def test_a_forbidden_exec_is_said_once() -> None:
    made = MemoryCluster([node("node1")], unreadable={"pods/exec": Forbidden("may not exec in netmedic")})

    assert await node_cpu.observe(made, EVERYTHING) == [
        Unknown(of="node_cpu", reason=Reason.FORBIDDEN, detail="may not exec in netmedic")
    ]
