"""The npm package ``emulate`` as the workspace: somebody else's Web API, pinned, installed into a cache."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml
from aiohttp import web

from tests.slack.edge import APP, BOT, BOT_TOKEN, BOT_USER, SIGNING_SECRET, Json

VERSION = "0.11.2"
"""The last that runs on Node.js 20; the tag ``latest`` is another package."""
CACHE = Path(os.environ.get("NETMEDIC_TEST_CACHE") or Path(__file__).parents[2] / ".cache") / f"emulate-{VERSION}"
LOOPBACK = Path(__file__).with_name("loopback.mjs")
INSTALL_SECONDS = 120
START_SECONDS = 20
ADMIN_TOKEN = "xoxp-test-admin"
ADMIN_SCOPES = ["channels:write", "channels:read", "channels:history", "chat:write"]
MANIFEST = Path(__file__).parents[2] / "docs" / "slack-app-manifest.yaml"
SCOPES = yaml.safe_load(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"]
"""Those of the manifest, and emulate refuses what they do not allow: so they are enough."""

SEED = {
    "slack": {
        "signing_secret": SIGNING_SECRET,
        "strict_scopes": True,
        "team": {"name": "NetOps", "domain": "netops"},
        "channels": [{"name": "incidents", "topic": "network"}],
        "oauth_apps": [
            {
                "app_id": APP,
                "client_id": "1.2",
                "client_secret": "s",
                "name": "NetBot",
                "redirect_uris": ["http://127.0.0.1/callback"],
                "bot_id": BOT,
                "bot_user_id": BOT_USER,
                "bot_name": "netbot",
                "scopes": SCOPES,
            }
        ],
        "tokens": [
            {"token": ADMIN_TOKEN, "type": "user", "user_id": "U000000001", "scopes": ADMIN_SCOPES},
            {
                "token": BOT_TOKEN,
                "type": "bot",
                "user_id": BOT_USER,
                "app_id": APP,
                "bot_id": BOT,
                "bot_user_id": BOT_USER,
                "scopes": SCOPES,
            },
        ],
    }
}


class CannotStart(Exception):
    """There is no emulate here, for this reason."""


class Emulate:
    """A workspace kept by an emulate process."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.channel = ""
        self._url = url
        self._http = http

    @classmethod
    async def with_new_channel(cls, url: str, http: aiohttp.ClientSession) -> Self:
        """Return the workspace with a channel of one test."""
        workspace = cls(url, http)
        created = await workspace.call("conversations.create", name=f"test-{secrets.token_hex(4)}")
        workspace.channel = created["channel"]["id"]
        return workspace

    async def handle(self, method: str, arguments: Json, request: web.Request, body: bytes) -> web.Response:
        """Pass a call of the bot on as it is; arguments in the query, which emulate does not read, as a body."""
        kept = ("authorization", "content-type", "accept", "user-agent")
        headers = {name: value for name, value in request.headers.items() if name.lower() in kept}
        if request.query and not body:
            body, headers["Content-Type"] = json.dumps(arguments).encode(), "application/json"
        async with self._http.request(
            request.method, f"{self._url}{request.path}", data=body, headers=headers
        ) as answer:
            own = f"{request.scheme}://{request.host}"
            text = await answer.text()
            for theirs in (self._url, self._url.replace("127.0.0.1", "localhost")):
                text = text.replace(theirs, own)
            return web.Response(text=text, status=answer.status, content_type=answer.content_type)

    async def call(self, method: str, **arguments: Any) -> Json:
        """Call a method as an administrator."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with self._http.post(f"{self._url}/api/{method}", json=arguments, headers=headers) as answer:
            told: Json = await answer.json()
            return told

    async def trigger(self, user: str) -> str:
        """Return a trigger_id of a user."""
        answer = await self.call("views.generateTriggerId", user_id=user, app_id=APP)
        return str(answer["trigger_id"])


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Give the URL of an emulate process.

    Raises:
        CannotStart: There is no Node.js, or the package cannot be had.
    """
    program = install()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    seed = folder / "seed.json"  # JSON is YAML
    seed.write_text(json.dumps(SEED))
    start = ["node", "--import", str(LOOPBACK), str(program), "start", "-s", "slack", "-p", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*start, "--seed", str(seed)], stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until it listens.

    Raises:
        CannotStart: It does not.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise CannotStart(f"emulate@{VERSION} does not start")


def install() -> Path:
    """Return emulate's program; it is installed the first time.

    Raises:
        CannotStart: There is no Node.js, or the package cannot be had.
    """
    program = CACHE / "node_modules" / "emulate" / "dist" / "index.js"
    npm = shutil.which("npm")
    if not shutil.which("node") or not npm:
        raise CannotStart("emulate needs Node.js 20 or newer with npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if program.is_file():
            return program
        wanted = [
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            str(CACHE),
            f"emulate@{VERSION}",
        ]
        try:
            subprocess.run([npm, *wanted], check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        except (subprocess.SubprocessError, OSError) as problem:
            said = getattr(problem, "stderr", "") or problem
            raise CannotStart(f"emulate@{VERSION} cannot be installed: {str(said)[-300:]}") from problem
    return program
