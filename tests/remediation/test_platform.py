"""What Nodes have to be before a plan is made for them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.memory import MemoryCluster
from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Json
from bot.facts.base import Fact
from bot.facts.cni import CniIdentity
from bot.facts.platform import KernelModule
from bot.remediation.desk import Desk, NoPlan
from bot.remediation.platform import _hold_cni, _hold_modules, hold_memory, hold_nodes
from bot.remediation.steps import NodesHave, TracksTwice
from tests.remediation.fixtures import NOON, cause

TWICE = TracksTwice(node="{cause.details.node}", entries="{cause.details.maximum}")


def node(*, kernel: str = "6.1.0-9-amd64", kubelet: str = "v1.33.1", memory: str = "4194304Ki") -> dict[str, Json]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node1"},
        "status": {"nodeInfo": {"kernelVersion": kernel, "kubeletVersion": kubelet}, "capacity": {"memory": memory}},
    }


def desk(*objects: dict[str, Json], **details: Any) -> Desk:
    writer = MemoryWriter(*objects)
    found = cause(details={"node": "node1", **details})
    cluster: MemoryCluster = writer.cluster(now=NOON)
    return Desk(cause=found, cluster=cluster, writer=writer, made=NOON, job_namespace="netmedic")


@pytest.mark.parametrize(
    ("kernel", "kubelet"), [("5.13.0", "v1.31.0"), ("6.1.0-9-amd64", "v1.33.1+k3s1"), ("10.2", "v2.0")]
)
async def test_nodes_that_are_new_enough_will_do(kernel: str, kubelet: str) -> None:
    await hold_nodes(NodesHave(kernel="5.13", kubelet="1.31"), desk(node(kernel=kernel, kubelet=kubelet)))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kernel": "5.12.19"}, "it needs kernel 5.13 or newer, and Node node1 has '5.12.19'"),
        ({"kernel": "4.19.0"}, "it needs kernel 5.13 or newer, and Node node1 has '4.19.0'"),
        ({"kernel": ""}, "it needs kernel 5.13 or newer, and Node node1 has ''"),
        ({"kubelet": "v1.30.9"}, "it needs kubelet 1.31 or newer, and Node node1 has '1.30.9'"),
    ],
)
async def test_a_node_that_is_too_old_is_named(changes: dict[str, str], told: str) -> None:
    with pytest.raises(NoPlan) as raised:
        await hold_nodes(NodesHave(kernel="5.13", kubelet="1.31"), desk(node(**changes)))

    assert str(raised.value) == told


async def test_parts_of_a_kernel_that_nobody_can_see_are_not_there() -> None:
    with pytest.raises(NoPlan, match="whether the kernel of Node node1 has ip_vs is not known: no node helper runs"):
        await hold_nodes(NodesHave(modules=("ip_vs",)), desk(node()))


def module(state: str) -> list[Fact]:
    return [KernelModule(node="node1", module="ip_vs", state=state, source="", at="")]


@pytest.mark.parametrize("state", ["loaded", "built-in"])
def test_a_part_that_is_there_will_do(state: str) -> None:
    _hold_modules(NodesHave(modules=("ip_vs",)), module(state), ["node1"])


@pytest.mark.parametrize("state", ["absent", "unseen"])
def test_a_part_that_is_not_seen_to_be_there_gives_no_plan(state: str) -> None:
    with pytest.raises(NoPlan, match="it needs ip_vs, which the kernel of Node node1 has neither loaded nor built in"):
        _hold_modules(NodesHave(modules=("ip_vs",)), module(state), ["node1"])


@pytest.mark.parametrize(("names", "told"), [(["calico"], "this cluster's is calico"), ([], "is not known")])
def test_another_cni_or_none_that_is_known_gives_no_plan(names: list[str], told: str) -> None:
    facts: list[Fact] = [CniIdentity(name=name, backend="", configured_mtu=0, source="", at="") for name in names]

    with pytest.raises(NoPlan, match=told):
        _hold_cni(NodesHave(cnis=("flannel",)), facts)


# 4 GiB: a 32nd is 128 MiB, with 320 bytes an entry 419,430.
@pytest.mark.parametrize("maximum", [131072, 209715])
async def test_a_node_with_memory_for_twice_the_table_will_do(maximum: int) -> None:
    at = desk(node(), maximum=maximum)
    assert at.writer is not None

    await hold_memory(TWICE, at, at.writer)


@pytest.mark.parametrize("maximum", [209716, 10**9])
async def test_a_table_that_would_take_too_much_memory_gives_no_plan(maximum: int) -> None:
    at = desk(node(), maximum=maximum)
    assert at.writer is not None

    with pytest.raises(NoPlan, match="which has room for 419430: find out who opens so many connections"):
        await hold_memory(TWICE, at, at.writer)


async def test_a_node_that_does_not_say_its_memory_gives_no_plan() -> None:
    at = desk(node(memory="much"), maximum=1)
    assert at.writer is not None

    with pytest.raises(NoPlan, match="Node node1 does not say how much memory it has"):
        await hold_memory(TWICE, at, at.writer)
