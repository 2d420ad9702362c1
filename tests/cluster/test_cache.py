from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import Forbidden, NotFound
from bot.cluster.manifests import objects
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Node, Pod
from bot.cluster.port import T

PODS = """
kind: List
items:
- {kind: Pod, metadata: {name: a, namespace: shop, labels: {app: web}}}
- {kind: Pod, metadata: {name: b, namespace: shop}}
- {kind: Pod, metadata: {name: c, namespace: bank, labels: {app: web}}}
"""


class Slow(MemoryCluster):
    """A cluster whose lists wait until they may go on."""

    def __init__(self, **options: Any) -> None:
        super().__init__(objects(PODS), **options)
        self.go = asyncio.Event()
        self.cancelled = 0

    async def list(self, of: type[T], /, *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return await super().list(of, namespace=namespace, labels=labels, fields=fields)


def cached(**options: Any) -> CachedCluster:
    return CachedCluster(MemoryCluster(objects(PODS), **options))


async def test_identical_reads_at_the_same_time_share_one() -> None:
    slow = Slow()
    cluster = CachedCluster(slow)
    reads = [asyncio.create_task(cluster.list(Pod)) for _ in range(3)]
    slow.go.set()

    found = await asyncio.gather(*reads)

    assert [len(pods) for pods in found] == [3, 3, 3]
    assert (cluster.asked, cluster.read) == (3, 1)


async def test_a_list_that_a_reader_changes_is_not_changed_for_others() -> None:
    cluster = cached()

    (await cluster.list(Pod)).clear()

    assert len(await cluster.list(Pod)) == 3


async def test_a_wide_list_answers_narrow_ones_and_single_objects() -> None:
    cluster = cached()
    await cluster.list(Pod)

    narrow = await cluster.list(Pod, namespace="shop", labels="app=web")
    by_field = await cluster.list(Pod, fields="metadata.name=c")
    one = await cluster.get(Pod, name="b", namespace="shop")

    assert [pod.metadata.name for pod in (*narrow, *by_field, one)] == ["a", "c", "b"]
    assert (cluster.asked, cluster.read) == (4, 1)


async def test_a_list_of_one_namespace_does_not_answer_for_another() -> None:
    cluster = cached()
    await cluster.list(Pod, namespace="shop")

    assert [pod.metadata.name for pod in await cluster.list(Pod, namespace="bank")] == ["c"]
    assert len(await cluster.list(Pod)) == 3
    assert cluster.read == 3


async def test_an_object_that_no_list_holds_is_asked_for() -> None:
    cluster = cached()
    await cluster.list(Pod)

    with pytest.raises(NotFound):
        await cluster.get(Pod, name="d", namespace="shop")
    assert cluster.read == 2


async def test_a_refused_wide_list_is_remembered_and_narrow_ones_are_asked_for() -> None:
    cluster = cached(unreadable={"pods@": Forbidden("no")})

    for _ in range(2):
        with pytest.raises(Forbidden):
            await cluster.list(Pod)

    assert len(await cluster.list(Pod, namespace="shop")) == 2
    assert cluster.read == 2


async def test_a_reader_that_gives_up_does_not_stop_the_others() -> None:
    slow = Slow()
    cluster = CachedCluster(slow)
    first, second = (asyncio.create_task(cluster.list(Pod)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    slow.go.set()

    assert len(await second) == 3
    assert (slow.cancelled, cluster.read) == (0, 1)


async def test_when_the_last_reader_gives_up_the_read_stops_and_can_be_made_again() -> None:
    slow = Slow()
    cluster = CachedCluster(slow)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await cluster.list(Pod)
    slow.go.set()

    assert len(await cluster.list(Pod)) == 3
    assert (slow.cancelled, cluster.read) == (1, 2)


async def test_everything_else_is_asked_once_too() -> None:
    helper = Helper(pod="helper-1", answers={("sample",): b"{}"})
    cluster = cached(
        helpers={"node1": helper}, logs={"shop/a": "x Using ipvs Proxier\n"}, context="prod", notes=["a note"]
    )

    for _ in range(2):
        assert await cluster.server_version() == "v1.30.0"
        assert await cluster.logs(namespace="shop", pod="a") == "x Using ipvs Proxier\n"
        assert await cluster.may("list", "pods")
        assert await cluster.helper_nodes() == {"node1": "helper-1"}
        assert await cluster.ask_helper("node1", ("sample",)) == b"{}"
        assert await cluster.list(Node) == []

    assert (cluster.read, cluster.asked) == (6, 12)
    assert (cluster.context, cluster.notes) == ("prod", ("a note",))
