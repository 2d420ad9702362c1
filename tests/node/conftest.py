"""The test bed with this version of the node helper."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.cluster.connect import connect as connect_to
from bot.cluster.live import LiveCluster
from bot.node.manifest import manifest
from bot.settings import Settings
from tests.testbed import TestBed


@pytest.fixture(scope="module")
def helpers(test_bed: TestBed) -> TestBed:
    """The test bed with this version of the node helper."""
    settings = Settings()
    test_bed.apply(
        *manifest(image="testbed/nettools:1", namespace=settings.helper_namespace, labels=settings.helper_labels)
    )
    test_bed.kubectl(
        "-n", settings.helper_namespace, "rollout", "status", "daemonset/netmedic-helper", "--timeout=120s"
    )
    return test_bed


@pytest.fixture
async def live(helpers: TestBed) -> AsyncIterator[LiveCluster]:
    async with await connect_to(kubeconfig=helpers.kubeconfig) as cluster:
        yield cluster
