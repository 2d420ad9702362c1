"""On-demand helper Pods on a real cluster: what they may do, that they go, and that a killed bot's are reaped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.cluster.connect import connect
from bot.cluster.live import LiveCluster
from bot.cluster.live_helper_pods import LiveHelperPods
from bot.node import ask
from bot.node.visit import HelperSpec, reap, visit
from bot.settings import Settings
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

NODE, IMAGE = "node1", "testbed/nettools:1"
LABELS = Settings().helper_labels
SHOW_STATUS = """
for line in open('/proc/self/status'):
    name, _, value = line.partition(':')
    if name in ('Uid', 'CapEff', 'NoNewPrivs', 'Seccomp'):
        print(name, value.split()[0])
for line in open('/proc/mounts'):
    _device, place, _kind, options = line.split()[:4]
    if 'serviceaccount' in place or (place == '/' and 'ro' not in options.split(',')):
        print('mount', place)
"""


@pytest.fixture
def namespace(test_bed: TestBed) -> Iterator[str]:
    with test_bed.namespace("visit") as name:
        yield name


@pytest.fixture
async def live(test_bed: TestBed, namespace: str) -> AsyncIterator[LiveCluster]:
    async with await connect(kubeconfig=test_bed.kubeconfig, helper_namespace=namespace) as cluster:
        yield cluster


def spec(tier: int) -> HelperSpec:
    return HelperSpec(image=IMAGE, labels=LABELS, tier=tier, deadline_seconds=120)


def started(bed: TestBed, namespace: str) -> bool:
    return bool(bed.json("-n", namespace, "get", "pods")["items"])


async def gone(bed: TestBed, namespace: str) -> bool:
    """Tell whether the garbage collector has taken all Pods within two minutes."""
    for _ in range(120):
        if not started(bed, namespace):
            return True
        await asyncio.sleep(1)
    return False


@pytest.mark.parametrize(
    ("tier", "rights"),
    [(1, ("65532", "0" * 16)), (2, ("0", "0000000000003000")), (3, ("0", "0000000000283000"))],
)
async def test_a_helper_has_the_rights_of_its_tier_and_goes_afterwards(
    test_bed: TestBed, namespace: str, live: LiveCluster, tier: int, rights: tuple[str, str]
) -> None:
    pods = LiveHelperPods(live.transport, namespace=namespace)
    async with visit(pods, live, [NODE], spec(tier)) as notes:
        told = await ask.tiers(live, [NODE])
        pod = (await live.helper_nodes())[NODE]
        status = test_bed.kubectl("-n", namespace, "exec", pod, "--", "python3", "-c", SHOW_STATUS)

    assert (notes, told) == ((), {NODE: tier})
    assert status.splitlines() == [f"Uid {rights[0]}", f"CapEff {rights[1]}", "NoNewPrivs 1", "Seccomp 2"]
    assert await gone(test_bed, namespace)


async def test_what_a_killed_process_leaves_is_reaped(test_bed: TestBed, namespace: str, live: LiveCluster) -> None:
    pods = LiveHelperPods(live.transport, namespace=namespace)
    wanted = {
        "KUBECONFIG": test_bed.kubeconfig,
        "NETMEDIC_HELPER_MODE": "on-demand",
        "NETMEDIC_HELPER_IMAGE": IMAGE,
        "NETMEDIC_HELPER_NAMESPACE": namespace,
        "NETMEDIC_HELPER_DEADLINE_SECONDS": "10",
    }
    diagnosis = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
        [sys.executable, "-m", "bot", "diagnose", "node1 drops packets", "-o", "json"],
        env=os.environ | wanted,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(120):
            while not (left := await pods.runs()) or not started(test_bed, namespace):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    finally:
        diagnosis.send_signal(signal.SIGKILL)
        diagnosis.wait()
    too_early = await reap(pods)
    # Ten seconds of deadline, and the grace that everybody gives.
    async with asyncio.timeout(120):
        while not await reap(pods):  # noqa: ASYNC110 - the time of a cluster cannot be waited for
            await asyncio.sleep(2)

    assert (len(left), left[0].deadline_seconds, too_early) == (1, 10, 0)
    assert await pods.runs() == []
    assert await gone(test_bed, namespace)
