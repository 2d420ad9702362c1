"""Two replicas that share PostgreSQL: upgraded, and somebody in Slack is answered all the time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helm.chart import helm
from tests.helm.outside import Outside, relay, slack_outside
from tests.helm.places import listening_at
from tests.helm.release import IMAGE, Release, image, prepared
from tests.slack.conftest import emulate_url
from tests.testbed import TestBed

__all__ = ["emulate_url"]

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(helm() is None, reason="there is no helm; `make chart` fetches it"),
]

PLACE, PORT = "frankfurt", 5432
ASK_EVERY_SECONDS = 0.5


@pytest.fixture
def slack(test_bed: TestBed, emulate_url: str) -> Iterator[Outside]:
    with slack_outside(test_bed, emulate_url) as outside:
        yield outside


@pytest.fixture
def database(test_bed: TestBed, slack: Outside) -> Iterator[str]:
    """The URL of a PostgreSQL server outside the cluster, as Pods use it."""
    pgserver = pytest.importorskip("pgserver", reason="pip install netmedic[dev] brings a PostgreSQL server")
    # Its processes run as a user of their own, who has to get into the folder.
    with tempfile.TemporaryDirectory(prefix="netmedic-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        [path] = Path(folder).rglob(".s.PGSQL.5432")
        listening = listening_at(test_bed, PLACE, PORT)
        host = listening.getsockname()[0]
        relaying = slack.run(relay(listening, str(path)))
        try:
            yield f"postgresql+psycopg://postgres@{host}:{PORT}/postgres"
        finally:
            slack.loop.call_soon_threadsafe(relaying.close)
            server.cleanup()


@pytest.fixture
def release(test_bed: TestBed, slack: Outside, database: str) -> Iterator[Release]:
    with prepared(test_bed) as release:
        url = ("--from-literal", f"url={database}")
        test_bed.kubectl("-n", release.namespace, "create", "secret", "generic", "netmedic-database", *url)
        release.install(
            image={"repository": IMAGE, "tag": image(test_bed)},
            slack={"existingSecret": "netmedic-slack"},
            database={"existingSecret": "netmedic-database"},
            bot={"replicas": 2},
            helper={"mode": "none"},
            settings={"slack": {"api_url": f"{slack.edge.url}/api/"}},
        )
        yield release


def test_an_upgrade_of_two_replicas_leaves_nobody_without_an_answer(release: Release, slack: Outside) -> None:
    before = {pod["metadata"]["uid"] for pod in release.pods("bot")}
    answered: list[bool] = []
    fewest = [slack.edge.connected]

    async def asking() -> None:
        while True:
            fewest.append(slack.edge.connected)
            try:
                await slack.edge.slash("help")
            except TimeoutError:
                answered.append(False)
            else:
                answered.append(True)
            await asyncio.sleep(ASK_EVERY_SECONDS)

    task = asyncio.run_coroutine_threadsafe(asking(), slack.loop)
    release.install(settings={**release.values["settings"], "plan_expires_seconds": 600})
    task.cancel()

    after = {pod["metadata"]["uid"] for pod in release.pods("bot")}
    assert len(before) == len(after) == 2
    assert not before & after
    assert min(fewest) >= 1
    assert answered.count(False) == 0
    assert len(answered) > 3
