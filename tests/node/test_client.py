"""Asking several Nodes' helpers."""

from __future__ import annotations

import asyncio

from bot.cluster.errors import NoHelper
from bot.cluster.memory import Helper, MemoryCluster
from bot.node.client import samples
from bot.node.requests import sample_request
from bot.node.sampled import Sample
from tests.node.samples import answer

NODES = ("node1", "node2", "node3")


class Together(MemoryCluster):
    """Helpers that answer when all of them have been asked, and not before."""

    def __init__(self, *nodes: str) -> None:
        super().__init__(
            helpers={node: Helper(pod=f"helper-{node}", answers={sample_request(): answer(node)}) for node in nodes}
        )
        self._all_asked = asyncio.Barrier(len(nodes))

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        found = await super().ask_helper(node, request, timeout_seconds=timeout_seconds)
        await self._all_asked.wait()
        return found


async def test_nodes_are_watched_at_the_same_time() -> None:
    async with asyncio.timeout(20):  # one after the other, they would wait for ever
        found = await samples(Together(*NODES), NODES)

    assert {node: type(sample) for node, sample in found.items()} == dict.fromkeys(NODES, Sample)


async def test_a_node_without_a_helper_keeps_no_other_waiting() -> None:
    async with asyncio.timeout(20):
        found = await samples(Together("node1", "node2"), NODES)

    assert {node: type(sample) for node, sample in found.items()} == {
        "node1": Sample,
        "node2": Sample,
        "node3": NoHelper,
    }
