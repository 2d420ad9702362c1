from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.cluster.api import Api, serve


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with serve() as running:
        yield running
