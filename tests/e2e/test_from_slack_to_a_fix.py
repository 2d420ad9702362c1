"""The whole way on a real cluster: traffic fails, somebody asks in Slack, another one approves, traffic works.

The bot is a process of its own, started as a person would, against each of the Web APIs and in both modes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import TestBed
from tests.slack.block_rules import pings
from tests.slack.conftest import Mode, emulate_url, workspace
from tests.slack.edge import ALICE, APP_TOKEN, BOB, BOT_TOKEN, SIGNING_SECRET, Edge
from tests.testbed import CommandFailed

pytestmark = pytest.mark.cluster

__all__ = ["emulate_url"]

SHOP = Path(__file__).with_name("shop.yaml")
# Only a test that fails waits so long: how fast the bot is, benchmarks measure.
STARTED_SECONDS = 120.0
DIAGNOSED_SECONDS = 180.0
CONFIRMED_SECONDS = 240.0


@pytest.fixture
def shop(test_bed: TestBed) -> Iterator[str]:
    """A namespace with a client that cannot reach its Service: the targetPort is wrong."""
    with test_bed.namespace("shop") as namespace:
        test_bed.kubectl("apply", "-n", namespace, "-f", str(SHOP))
        for name in ("cart", "storefront"):
            test_bed.kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, "--timeout=200s")
        yield namespace


@dataclass(frozen=True)
class Serving:
    """A bot that runs as a process."""

    health: str
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serving(edge: Edge, mode: Mode, test_bed: TestBed, folder: Path) -> AsyncIterator[Serving]:
    """Run ``netmedic serve`` until the block ends; it has to end well when it is told to."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NETMEDIC_")},
        "KUBECONFIG": test_bed.kubeconfig,
        "NETMEDIC_BUDGET_SECONDS": "120",  # a busy machine takes longer to look at everything
        "NETMEDIC_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'netmedic.db'}",
        "NETMEDIC_APPROVERS": f'["{BOB}"]',
        "NETMEDIC_SLACK__MODE": mode,
        "NETMEDIC_SLACK__API_URL": f"{edge.url}/api/",
        "NETMEDIC_SLACK__BOT_TOKEN": BOT_TOKEN,
        "NETMEDIC_SLACK__APP_TOKEN": APP_TOKEN,
        "NETMEDIC_SLACK__SIGNING_SECRET": SIGNING_SECRET,
        "NETMEDIC_SLACK__HTTP_HOST": "127.0.0.1",
        "NETMEDIC_SLACK__HTTP_PORT": str(port),
    }
    if mode == "http":
        edge.app_url = f"http://127.0.0.1:{port}/slack/events"
    log = folder / "netmedic.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", env=environment, stdout=output, stderr=output
        )
        try:
            await ready(f"http://127.0.0.1:{port}/readyz", process, log)
            yield Serving(health=f"http://127.0.0.1:{port}", log=log)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            status = await asyncio.wait_for(process.wait(), STARTED_SECONDS)
    assert status == 0, told(log)


def told(log: Path) -> str:
    return log.read_text()


async def ready(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(STARTED_SECONDS), aiohttp.ClientSession() as http:
        while True:
            assert process.returncode is None, told(log)
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)


async def said(edge: Edge, text: str, *, seconds: float) -> None:
    """Wait until the bot has said something."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                await edge.until_said(text)
            except TimeoutError:
                continue
            return


def works(test_bed: TestBed, namespace: str) -> bool:
    """Try the failing call from the client's Pod."""
    try:
        test_bed.kubectl(
            "exec",
            "-n",
            namespace,
            "deploy/storefront",
            "--",
            "curl",
            "-sf",
            "-m",
            "3",
            "-o",
            "/dev/null",
            "http://cart",
        )
    except CommandFailed:
        return False
    return True


@pytest.mark.parametrize("slack", [("fake", "http"), ("emulate", "socket")], ids="-".join)
async def test_traffic_fails_the_cause_is_named_another_person_approves_and_traffic_works(
    request: pytest.FixtureRequest, test_bed: TestBed, shop: str, tmp_path: Path, slack: tuple[str, Mode]
) -> None:
    web_api, mode = slack
    assert not works(test_bed, shop)

    async with workspace(request, web_api) as there, Edge(there) as edge, serving(edge, mode, test_bed, tmp_path):
        await edge.slash(f"storefront cannot reach cart in namespace {shop}: connection refused")
        await said(
            edge, "targetPort 9090, where its Pods refuse connections; they listen on 8080", seconds=DIAGNOSED_SECONDS
        )
        await said(edge, "Approve", seconds=DIAGNOSED_SECONDS)
        card = await card_of(edge)
        await edge.click(card, "netmedic.approve", user=ALICE)
        refused = not works(test_bed, shop)
        await edge.click(card, "netmedic.approve", user=BOB)
        await said(edge, "Confirmed: the fault is gone", seconds=CONFIRMED_SECONDS)
        thread = await thread_of(edge)

    assert refused
    assert works(test_bed, shop)
    assert test_bed.json("get", "service", "cart", "-n", shop)["spec"]["ports"][0]["targetPort"] == 8080
    assert "netmedic-path.png" in [file["name"] for message in thread for file in message.get("files", ())]
    assert set(pings(thread)) <= {f"pings <@{ALICE}>", f"pings <@{BOB}>"}


async def thread_of(edge: Edge) -> list[dict[str, Any]]:
    [opening] = await edge.messages()
    return await edge.thread(opening["ts"])


async def card_of(edge: Edge) -> dict[str, Any]:
    """Return the message with the plan."""
    for message in await thread_of(edge):
        elements = [element for block in message.get("blocks", ()) for element in block.get("elements", ())]
        if any(element.get("action_id") == "netmedic.approve" for element in elements):
            return message
    raise AssertionError("no plan was offered")
