"""Queues of Nodes: what they dropped, and where connections waited."""

from __future__ import annotations

from typing import Any

from bot.facts.queue import ListenQueue, SendQueue
from bot.probes.queues import ROOT, listen_queues_of, send_queues_of
from tests.node.samples import link, sample

ETH0 = {"index": 2, "kind": "fq_codel", "handle": 0, "parent": ROOT, "waiting": 3, "requeued": 0, "over_limits": 0}
ADDRESSES = [[{"index": 2, "ip": "10.231.0.11", "prefix_length": 24}]]


def queued(*counts: tuple[int, int], **fields: Any) -> list[list[dict[str, Any]]]:
    return [[ETH0 | {"packets": packets, "dropped": dropped} | fields] for packets, dropped in counts]


def listening(*waiting: int) -> list[list[dict[str, Any]]]:
    return [[{"ip": "::", "port": 10250, "waiting": count, "most": 4}] for count in waiting]


def test_drops_of_a_queue_are_growth() -> None:
    made = sample(links=[[link(2, "eth0")]], addresses=ADDRESSES, queues=queued((100, 5), (150, 5), (190, 15)))

    assert send_queues_of(made) == [
        SendQueue(
            node="node1",
            interface="eth0",
            role="uplink",
            discipline="fq_codel",
            window_ms=1000,
            packets=90,
            dropped=10,
            dropped_ppm=100_000,
            over_limits=0,
            waiting=3,
        )
    ]


def test_counters_of_32_bits_wrap() -> None:
    made = sample(links=[[link(2, "eth0")]], addresses=ADDRESSES, queues=queued((2**32 - 10, 2**32 - 1), (10, 1)))

    [fact] = send_queues_of(made)
    assert isinstance(fact, SendQueue)
    assert (fact.packets, fact.dropped) == (20, 2)


def test_queues_below_the_one_that_counts_for_them_are_not_counted_twice() -> None:
    below = queued((0, 0), (90, 10), parent=1)

    made = sample(links=[[link(2, "eth0")]], addresses=ADDRESSES, queues=below)

    assert send_queues_of(made) == []


def test_a_queue_that_was_full_at_some_looks_is_told_at_its_longest() -> None:
    found = listen_queues_of(sample(listeners=listening(0, 5, 4)))

    assert found == [
        ListenQueue(
            node="node1",
            ip="::",
            port=10250,
            waiting=5,
            limit=4,
            used_permille=1250,
            looks=3,
            looks_with_full_queue=1,
        )
    ]


def test_ports_where_nobody_waits_are_not_told() -> None:
    assert listen_queues_of(sample(listeners=listening(0, 0))) == []
