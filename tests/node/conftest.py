"""The test bed with this version of the node helper."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.cluster.connect import connect as connect_to
from bot.cluster.live import LiveCluster
from tests.testbed import TestBed


@pytest.fixture(scope="module")
def helpers(test_bed: TestBed) -> TestBed:
    """The test bed with this version of the node helper."""
    return test_bed


@pytest.fixture
async def live(helpers: TestBed) -> AsyncIterator[LiveCluster]:
    async with await connect_to(kubeconfig=helpers.kubeconfig) as cluster:
        yield cluster
