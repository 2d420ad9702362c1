"""Slack as a bot meets it, on 127.0.0.1: deliveries in both modes, ``response_url``, 429 and refused blocks.

What the Web API remembers (messages, threads, views, files) is kept by a workspace behind it: our own in
``fake_slack.py``, or the npm package ``emulate``. Formats and figures: docs.slack.dev.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import WSMsgType, web
from slack_sdk.signature import SignatureVerifier

from tests.slack.block_rules import message_problems, view_problems

Json = dict[str, Any]

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-test-token", "xapp-test-token", "test-signing-secret"
TEAM, APP, BOT, BOT_USER = "T000000001", "A01APP", "B01BOT", "U01BOT"
ALICE, BOB = "U0000ALICE", "U00000BOB"

ACK_SECONDS = 3.0
"""Within which an acknowledgement has to come."""
WAIT_SECONDS, LOOK_EVERY_SECONDS = 60.0, 0.005
CONNECTIONS = 10
RESPONSE_URL_USES = 5


class Workspace(Protocol):
    """What the Web API remembers."""

    channel: str
    """A channel the bot is in."""

    async def handle(self, method: str, arguments: Json, request: web.Request, body: bytes) -> web.Response: ...

    async def call(self, method: str, **arguments: Any) -> Json:
        """Call a method as an administrator."""
        ...

    async def trigger(self, user: str) -> str:
        """Return a trigger_id."""
        ...


@dataclass(frozen=True)
class Call:
    """One call of the Web API."""

    method: str
    arguments: Json
    answer: Json


@dataclass(frozen=True)
class Ack:
    """How a delivery was acknowledged."""

    status: int
    body: str
    seconds: float


@dataclass
class ResponseUrl:
    """A way to answer that was given with a delivery."""

    channel: str
    message: str
    uses: int = 0


@dataclass
class Edge:
    """Slack, and what people in it do."""

    workspace: Workspace
    app_url: str = ""
    """Where deliveries go; empty: over the WebSockets that the bot opened."""
    calls: list[Call] = field(default_factory=list)
    whispers: list[Json] = field(default_factory=list)
    """What was sent to a response_url."""
    views: list[Json] = field(default_factory=list)
    """Forms, modals and App Homes that were shown, in their order."""
    rate_limited: Counter[str] = field(default_factory=Counter)
    """How many of the next calls of a method are answered with 429."""
    retry_after: str = "0"
    refused: dict[str, str] = field(default_factory=dict)
    """Channels and methods that are refused, and Slack's word for it."""
    down: bool = False
    """The Web API gives no answer: connections are cut."""
    deaf: bool = False
    """The bot's acknowledgements are lost on the way."""
    opened: int = 0
    """How many WebSockets were opened so far."""
    url: str = ""
    listening: socket.socket | None = None
    """Where it is reached; none: on the loopback."""
    _connections: list[web.WebSocketResponse] = field(default_factory=list)
    _tickets: set[str] = field(default_factory=set)
    _acks: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    _response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    _turn: int = 0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        application = web.Application(client_max_size=64 << 20)
        application.router.add_post("/api/apps.connections.open", self._open_connection)
        application.router.add_get("/link/{ticket}", self._link)
        application.router.add_post("/response/{id}", self._respond)
        application.router.add_route("*", "/{path:.*}", self._api)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        listening = self.listening or listening_on_loopback()
        await web.SockSite(self._runner, listening).start()
        self.url = "http://{}:{}".format(*listening.getsockname()[:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in list(self._connections):
            await connection.close()
        await self._http.close()
        await self._runner.cleanup()

    # What people do ---------------------------------------------------------------------------------------------------

    async def slash(self, text: str, *, user: str = ALICE, channel: str = "", team: str = TEAM, **more: Any) -> Ack:
        """Type ``/netmedic TEXT``."""
        channel = channel or self.workspace.channel
        payload = {
            "command": "/netmedic",
            "text": text,
            "user_id": user,
            "channel_id": channel,
            "team_id": team,
            "api_app_id": APP,
            "trigger_id": await self.workspace.trigger(user),
            "response_url": self._response_url(channel=channel),
            **more,
        }
        return await self.deliver("slash_commands", payload)

    async def mention(self, text: str, *, user: str = ALICE, thread: str = "", **more: Any) -> Ack:
        """Write ``@netmedic TEXT`` in the channel, or in a thread of it."""
        return await self.deliver("events_api", self.mention_payload(text, user=user, thread=thread, **more))

    def mention_payload(self, text: str, *, user: str = ALICE, thread: str = "", **more: Any) -> Json:
        """Return the event of a mention."""
        ts = f"{time.time():.6f}"
        event = {
            "type": "app_mention",
            "user": user,
            "team": TEAM,
            "text": f"<@{BOT_USER}> {text}",
            "ts": ts,
            "event_ts": ts,
            "channel": self.workspace.channel,
            **({"thread_ts": thread} if thread else {}),
            **more,
        }
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP,
            "event_id": f"Ev{secrets.token_hex(5)}",
            "event_time": int(time.time()),
            "event": event,
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }

    async def click(self, message: Json, action: str, *, user: str = ALICE, option: int = 0, **more: Any) -> Ack:
        """Press a button of a message, or choose an entry of its menu."""
        return await self.deliver("interactive", await self.click_payload(message, action, user, option, **more))

    async def click_payload(self, message: Json, action: str, user: str = ALICE, option: int = 0, **more: Any) -> Json:
        """Return the interaction of a click."""
        channel = self.workspace.channel
        element = element_of(message, action)
        chosen = (
            {"selected_option": element["options"][option]}
            if "options" in element
            else {"value": element.get("value", "")}
        )
        return {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM, "domain": "netops"},
            "channel": {"id": channel},
            "api_app_id": APP,
            "message": message,
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": channel},
            "trigger_id": await self.workspace.trigger(user),
            "response_url": self._response_url(channel=channel, message=message["ts"]),
            "actions": [
                {
                    "type": element["type"],
                    "action_id": element["action_id"],
                    "block_id": "b",
                    "action_ts": "1",
                    **chosen,
                }
            ],
            **more,
        }

    async def shortcut(self, message: Json, *, user: str = ALICE, **more: Any) -> Ack:
        """Choose "Diagnose this" in the menu of a message."""
        channel = self.workspace.channel
        payload = {
            "type": "message_action",
            "callback_id": "netmedic.diagnose_this",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM, "domain": "netops"},
            "channel": {"id": channel},
            "api_app_id": APP,
            "message": message,
            "message_ts": message["ts"],
            "action_ts": "1",
            "trigger_id": await self.workspace.trigger(user),
            "response_url": self._response_url(channel=channel),
            **more,
        }
        return await self.deliver("interactive", payload)

    async def submit(self, view: Json, *, user: str = ALICE, **values: Any) -> Ack:
        """Send a form; ``values`` are what was put into its inputs, by their ids."""
        return await self.deliver("interactive", self.submission(view, user=user, **values))

    def submission(self, view: Json, *, user: str = ALICE, **values: Any) -> Json:
        """Return the interaction of a form that is sent."""
        state = {name: {name: value} for name, value in values.items()}
        return {
            "type": "view_submission",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM, "domain": "netops"},
            "api_app_id": APP,
            "view": {"id": f"V{secrets.token_hex(5)}", "hash": "1.2", **view, "state": {"values": state}},
            "response_urls": [],
        }

    async def open_home(self, *, user: str = ALICE) -> Ack:
        """Open the bot's App Home."""
        event = {"type": "app_home_opened", "user": user, "channel": "D000000001", "tab": "home", "event_ts": "1.1"}
        payload = self.mention_payload("", user=user)
        return await self.deliver("events_api", {**payload, "event": event})

    # What can be seen -------------------------------------------------------------------------------------------------

    async def messages(self) -> list[Json]:
        """Return the channel's messages, oldest first."""
        answer = await self.workspace.call("conversations.history", channel=self.workspace.channel, limit=200)
        return sorted(answer["messages"], key=lambda message: float(message["ts"]))

    async def thread(self, ts: str) -> list[Json]:
        """Return a thread's messages without the one that opened it, oldest first."""
        answer = await self.workspace.call("conversations.replies", channel=self.workspace.channel, ts=ts, limit=200)
        return sorted((m for m in answer["messages"] if m["ts"] != ts), key=lambda message: float(message["ts"]))

    def of(self, method: str) -> list[Call]:
        """Return the calls of a method that were taken."""
        return [call for call in self.calls if call.method == method and call.answer.get("ok")]

    async def until(self, seen: Callable[[], Any]) -> Any:
        """Wait until something is seen, and return it."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not (found := seen()):  # noqa: ASYNC110 - what is waited for may be anything
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            return found

    async def until_said(self, text: str) -> Call:
        """Wait until the bot writes a text, in a new message or an edited one."""

        def said() -> Call | None:
            writing = ("chat.postMessage", "chat.update", "chat.postEphemeral")
            calls = (call for call in self.calls if call.method in writing and call.answer.get("ok"))
            return next((call for call in calls if text in json.dumps(call.arguments, ensure_ascii=False)), None)

        return await self.until(said)  # type: ignore[no-any-return]

    async def until_whispered(self, text: str) -> Json:
        """Wait until the bot tells somebody something that only they see."""

        def whispered() -> Json | None:
            return next((told for told in self.whispers if text in told.get("text", "")), None)

        return await self.until(whispered)  # type: ignore[no-any-return]

    # Deliveries -------------------------------------------------------------------------------------------------------

    async def deliver(self, kind: str, payload: Json, *, retry: int = 0) -> Ack:
        """Deliver once, and return the acknowledgement.

        Raises:
            TimeoutError: None came within three seconds.
        """
        begun = time.monotonic()
        async with asyncio.timeout(ACK_SECONDS):
            if self.app_url:
                status, body = await self._send_http(kind, payload, retry)
            else:
                status, body = 200, await self._send_socket(kind, payload, retry)
        return Ack(status, body, time.monotonic() - begun)

    async def send(self, body: str, headers: Json) -> Ack:
        """Send an HTTP request as it is."""
        async with self._http.post(self.app_url, data=body.encode(), headers=headers) as answer:
            return Ack(answer.status, await answer.text(), 0.0)

    def signed(self, body: str, *, secret: str = SIGNING_SECRET, age_seconds: int = 0) -> dict[str, str]:
        """Return the headers that sign a request."""
        timestamp = str(int(time.time()) - age_seconds)
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}

    async def disconnect(self, reason: str) -> None:
        """Ask the bot to connect anew."""
        for connection in list(self._connections):
            await connection.send_json({"type": "disconnect", "reason": reason})

    @property
    def connected(self) -> int:
        """How many WebSockets are open."""
        return len(self._connections)

    async def _send_http(self, kind: str, payload: Json, retry: int) -> tuple[int, str]:
        if kind == "events_api":
            body, content_type = json.dumps(payload), "application/json"
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, content_type = urlencode(form), "application/x-www-form-urlencoded"
        headers = {**self.signed(body), "Content-Type": content_type}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        answer = await self.send(body, headers)
        return answer.status, answer.body

    async def _send_socket(self, kind: str, payload: Json, retry: int) -> str:
        await self.until(lambda: self._connections)
        envelope_id = secrets.token_hex(8)
        acknowledged = self._acks[envelope_id] = asyncio.get_running_loop().create_future()
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        self._turn += 1  # exactly one of the connections gets it
        await self._connections[self._turn % len(self._connections)].send_json(envelope)
        payload = await acknowledged or {}
        return json.dumps(payload) if "response_action" in payload else str(payload.get("text", ""))

    # The server -------------------------------------------------------------------------------------------------------

    async def _open_connection(self, request: web.Request) -> web.Response:
        if not request.headers.get("Authorization", "").startswith("Bearer xapp-"):
            return web.json_response({"ok": False, "error": "not_allowed_token_type"})
        if request.headers["Authorization"] != f"Bearer {APP_TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return web.json_response({"ok": True, "url": f"{self.url.replace('http', 'ws')}/link/{ticket}"})

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.match_info["ticket"]
        if ticket not in self._tickets:
            return web.Response(status=404)
        self._tickets.discard(ticket)
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        if len(self._connections) >= CONNECTIONS:
            await connection.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await connection.close()
            return connection
        await connection.send_json(
            {"type": "hello", "num_connections": len(self._connections) + 1, "connection_info": {"app_id": APP}}
        )
        self._connections.append(connection)
        self.opened += 1
        async for message in connection:
            if message.type is WSMsgType.TEXT and not self.deaf:
                told = json.loads(message.data)
                waiting = self._acks.pop(told.get("envelope_id"), None)
                if waiting and not waiting.done():
                    waiting.set_result(told.get("payload"))
        self._connections.remove(connection)
        return connection

    def _response_url(self, *, channel: str, message: str = "") -> str:
        identifier = secrets.token_hex(8)
        self._response_urls[identifier] = ResponseUrl(channel, message)
        return f"{self.url}/response/{identifier}"

    async def _respond(self, request: web.Request) -> web.Response:
        place = self._response_urls.get(request.match_info["id"])
        if place is None or place.uses >= RESPONSE_URL_USES:
            return web.json_response({"ok": False, "error": "used_url" if place else "expired_url"}, status=404)
        place.uses += 1
        self.whispers.append(await request.json())
        return web.Response(text="ok")

    async def _api(self, request: web.Request) -> web.Response:
        body = await request.read()
        path = request.match_info["path"]
        method = path.removeprefix("api/")
        arguments = arguments_of(request, body)
        if self.down:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        answer = self._refusal(method, arguments)
        if answer is None:
            answer = await self.workspace.handle(method, arguments, request, body)
        if method.startswith("views.") and isinstance(arguments.get("view"), dict):
            self.views.append(arguments["view"])
        told = json.loads(answer.text or "{}") if answer.content_type == "application/json" else {"ok": True}
        self.calls.append(Call(method, arguments, told))
        return answer

    def _refusal(self, method: str, arguments: Json) -> web.Response | None:
        if self.rate_limited[method] > 0:
            self.rate_limited[method] -= 1
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": self.retry_after}
            )
        if reason := self.refused.get(arguments.get("channel", "")) or self.refused.get(method):
            return web.json_response({"ok": False, "error": reason})
        problems, error = [], "invalid_blocks"
        if method.startswith("chat.") and arguments.get("blocks"):
            problems = message_problems(arguments["blocks"])
        if method.startswith("views.") and isinstance(arguments.get("view"), dict):
            problems, error = view_problems(arguments["view"]), "invalid_arguments"
        if not problems:
            return None
        error = "msg_blocks_too_long" if problems == ["msg_blocks_too_long"] else error
        return web.json_response({"ok": False, "error": error, "response_metadata": {"messages": problems}})


def listening_on_loopback() -> socket.socket:
    """Return a socket on a port that is free."""
    return socket.create_server(("127.0.0.1", 0))


def arguments_of(request: web.Request, body: bytes) -> Json:
    """Return the arguments of a call, however they were sent."""
    arguments: Json = dict(request.query)
    if not request.path.startswith("/api/"):
        return arguments
    if request.content_type == "application/json":
        arguments |= json.loads(body or b"{}")
    elif request.content_type == "application/x-www-form-urlencoded":
        arguments |= dict(parse_qsl(body.decode()))
    for name in ("blocks", "view", "metadata", "files"):
        if isinstance(arguments.get(name), str) and arguments[name]:
            arguments[name] = json.loads(arguments[name])
    return arguments


def element_of(message: Json, action: str) -> Json:
    """Return the button or menu of a message that has this action_id."""
    elements = [element for block in message.get("blocks", ()) for element in block.get("elements", ())]
    return next(element for element in elements if element.get("action_id") == action)
