"""The Slacks that tests run against: nobody else can reach them, and our own answers as emulate does."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.slack.conftest import workspace
from tests.slack.edge import BOT_TOKEN, Edge

ELSEWHERE = "127.0.0.2"
"""Answers where a server took every interface; not where it took 127.0.0.1 alone (Linux)."""


def answers(host: str, url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, urlsplit(url).port or 0)) == 0


def test_emulate_takes_one_interface(emulate_url: str) -> None:
    assert answers("127.0.0.1", emulate_url)
    assert not answers(ELSEWHERE, emulate_url)


async def test_the_edge_takes_one_interface(edge: Edge) -> None:
    assert answers("127.0.0.1", edge.url)
    assert not answers(ELSEWHERE, edge.url)


CHANNEL = "CHANNEL"
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "who am I": ("auth.test", {}),
    "post": ("chat.postMessage", {"channel": CHANNEL, "text": "a"}),
    "post nothing": ("chat.postMessage", {"channel": CHANNEL}),
    "post nowhere": ("chat.postMessage", {"channel": "C0NOWHERE", "text": "a"}),
    "edit nothing": ("chat.update", {"channel": CHANNEL, "ts": "1.0", "text": "a"}),
    "open without trigger": ("views.open", {"trigger_id": "none", "view": {}}),
    "share no file": ("files.completeUploadExternal", {"files": [{"id": "F0NONE"}], "channel_id": CHANNEL}),
}


@pytest.mark.parametrize("name", CALLS)
async def test_our_own_answers_as_emulate_does(request: pytest.FixtureRequest, name: str) -> None:
    method, arguments = CALLS[name]
    oks = []
    for state in ("fake", "emulate"):
        async with workspace(request, state) as there, Edge(there) as edge, aiohttp.ClientSession() as http:
            told = {key: there.channel if value == CHANNEL else value for key, value in arguments.items()}
            headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
            async with http.post(f"{edge.url}/api/{method}", json=told, headers=headers) as answer:
                oks.append((await answer.json())["ok"])

    assert oks[0] == oks[1]
