"""A slow disk of etcd on the real test cluster: named while it lasts, silent otherwise."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.connect import connect
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.engine.verdict import Outcome
from bot.facts.base import Fact
from bot.facts.scope import Scope
from bot.probes.controlplane import api_server_checks, api_server_latency, etcd_disk
from bot.probes.kubeproxysync import kube_proxy_sync
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

RULES = Path(__file__).parents[2] / "rules"
PROBES = (api_server_checks, api_server_latency, etcd_disk, kube_proxy_sync)
RULE = "etcd-disk-slows-api-server"
LOOKS = 8
"""A look is three seconds long; so many may meet an idle or a busy moment."""


async def look(bed: TestBed) -> list[Fact]:
    cluster = await connect(kubeconfig=bed.kubeconfig)
    try:
        scope = Scope(cluster_wide=True)
        found = await asyncio.gather(*(probe.observe(CachedCluster(cluster), scope) for probe in PROBES))
    finally:
        await cluster.aclose()
    return [fact for facts in found for fact in facts]


def outcome(facts: list[Fact]) -> Outcome:
    book = RuleBook(load(RULES), PlainEngine())
    verdicts = book.evaluate(facts, {kind.kind for probe in PROBES for kind in probe.gives})
    return next(verdict.outcome for verdict in verdicts if verdict.rule.id == RULE)


@contextlib.asynccontextmanager
async def changes(bed: TestBed, namespace: str) -> AsyncIterator[None]:
    """Have something written to etcd all the time, as in a cluster that is used."""

    async def write() -> None:
        number = 0
        while True:
            number += 1
            patch = f'{{"data":{{"n":"{number}"}}}}'
            await asyncio.to_thread(
                bed.kubectl, "-n", namespace, "patch", "configmap", "clock", "--type=merge", "-p", patch
            )

    bed.kubectl("-n", namespace, "create", "configmap", "clock")
    task = asyncio.create_task(write())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(bed: TestBed, wanted: Outcome) -> list[Outcome]:
    seen = []
    for _ in range(LOOKS):
        seen.append(outcome(await look(bed)))
        if seen[-1] is wanted:
            break
    return seen


async def test_a_slow_disk_of_etcd_is_named_and_a_fast_one_is_ruled_out(test_bed: TestBed) -> None:
    with test_bed.namespace("etcd") as namespace:
        async with changes(test_bed, namespace):
            before = await until(test_bed, Outcome.RULED_OUT)
            with test_bed.fault("etcd-slow", "-", "ms=300"):
                during = await until(test_bed, Outcome.FOUND)

    assert (before[-1], during[-1]) == (Outcome.RULED_OUT, Outcome.FOUND)
