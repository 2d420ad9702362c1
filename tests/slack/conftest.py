"""A bot that runs, in front of a Slack that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import aiohttp
import pytest
from pydantic import SecretStr

from bot.metrics import Metrics
from bot.settings import Alerts
from bot.settings import Slack as SlackSettings
from bot.slack.clusters import Clusters, KnownCluster
from bot.slack.health import Check
from bot.slack.live import Pace
from bot.slack.ports import Backend
from bot.slack.serve import running
from tests.slack import emulate
from tests.slack.edge import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Edge
from tests.slack.emulate import Emulate
from tests.slack.fake_slack import FakeWorkspace
from tests.slack.fakes import FakeDiagnose, FakePictures, FakeRemedies, FakeRule, FakeStore
from tests.slack.fixtures import wrong_port

Mode = Literal["socket", "http"]
MODES: tuple[Mode, ...] = ("socket", "http")
AT_ONCE = Pace(every_seconds=0)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Bot:
    """What a bot under test is made from."""

    edge: Edge
    mode: Mode = "socket"
    diagnose: FakeDiagnose = field(default_factory=lambda: FakeDiagnose(wrong_port()))
    remedies: FakeRemedies = field(default_factory=FakeRemedies)
    store: FakeStore = field(default_factory=FakeStore)
    pictures: FakePictures = field(default_factory=FakePictures)
    clusters: Clusters = field(default_factory=lambda: Clusters((KnownCluster(name="shop", context="kind-shop"),)))
    rules: tuple[FakeRule, ...] = ()
    checks: dict[str, Check] = field(default_factory=dict)
    alive: dict[str, Check] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
    changes: dict[str, object] = field(default_factory=dict)
    """Settings that differ."""
    alerts: Alerts = field(default_factory=Alerts)
    port: int = 0

    @property
    def settings(self) -> SlackSettings:
        return settings_for(self.edge, self.mode, **self.changes)

    @property
    def backend(self) -> Backend:
        return Backend(
            diagnose=self.diagnose,
            remedies=self.remedies,
            store=self.store,
            pictures=self.pictures,
            clusters=self.clusters,
            rules=self.rules,
            checks=self.checks,
            alive=self.alive,
            metrics=self.metrics,
        )

    @asynccontextmanager
    async def runs(self, *, stop_seconds: float = 5.0, pace: Pace = AT_ONCE) -> AsyncIterator[None]:
        """Let it take requests."""
        try:
            async with running(
                self.settings,
                self.backend,
                alerts=self.alerts,
                pace=pace,
                stop_seconds=stop_seconds,
                deliver_every_seconds=0.02,
            ) as port:
                self.port = port
                self.edge.app_url = f"http://127.0.0.1:{port}/slack/events" if self.mode == "http" else ""
                yield
        finally:
            await self.store.close()


def settings_for(edge: Edge, mode: Mode, **changes: object) -> SlackSettings:
    """Return settings that lead to the edge; the port is one that is free."""
    settings = SlackSettings(
        mode=mode,
        bot_token=SecretStr(BOT_TOKEN),
        app_token=SecretStr(APP_TOKEN),
        signing_secret=SecretStr(SIGNING_SECRET),
        api_url=f"{edge.url}/api/",
        http_host="127.0.0.1",
    )
    return settings.model_copy(update={"http_port": 0, **changes})


@pytest.fixture(scope="session")
def emulate_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an emulate process; skipped with the reason where it cannot run."""
    try:
        with emulate.running(tmp_path_factory.mktemp("emulate")) as url:
            yield url
    except emulate.CannotStart as problem:
        pytest.skip(str(problem))


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    """Slack, all of it in this process."""
    async with Edge(FakeWorkspace()) as slack:
        yield slack


@pytest.fixture
async def bot(edge: Edge) -> Bot:
    """A bot to be started, over a WebSocket."""
    return Bot(edge)


@pytest.fixture(params=MODES)
async def bot_in_mode(request: pytest.FixtureRequest, edge: Edge) -> Bot:
    """A bot to be started, in each of the modes."""
    return Bot(edge, mode=request.param)


@pytest.fixture(params=[(state, mode) for state in ("fake", "emulate") for mode in MODES], ids="-".join)
async def any_bot(request: pytest.FixtureRequest) -> AsyncIterator[Bot]:
    """A bot to be started, in each of the modes, in front of each of the Web APIs."""
    state, mode = request.param
    async with workspace(request, state) as there, Edge(there) as edge:
        yield Bot(edge, mode=mode)


def workspace(request: pytest.FixtureRequest, state: str) -> AbstractAsyncContextManager[FakeWorkspace | Emulate]:
    """Give a Web API with an empty channel."""

    @asynccontextmanager
    async def fake() -> AsyncIterator[FakeWorkspace]:
        yield FakeWorkspace()

    @asynccontextmanager
    async def emulated() -> AsyncIterator[Emulate]:
        async with aiohttp.ClientSession() as http:
            yield await Emulate.with_new_channel(request.getfixturevalue("emulate_url"), http)

    return fake() if state == "fake" else emulated()
