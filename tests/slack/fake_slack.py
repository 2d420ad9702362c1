"""A workspace in this process: the methods of the Web API that the bot calls, with memory. See ``edge.py``."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.slack.edge import BOT, BOT_TOKEN, BOT_USER, TEAM, Json

TRIGGER_SECONDS = 3.0


class Refused(Exception):
    """Slack's word for why a call is not taken."""


class FakeWorkspace:
    """Channels with messages, modals and files."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self.channel = "C000000001"
        self.views: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.identity = {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}
        self.groups: dict[str, list[str]] = {}
        """Members of the user groups."""
        self._now = now
        self._messages: dict[str, list[Json]] = {self.channel: []}
        self._triggers: dict[str, float] = {}
        self._count = 0

    async def handle(self, method: str, arguments: Json, request: web.Request, body: bytes) -> web.Response:
        """Answer a call of the bot."""
        if method.startswith("upload/"):
            self.files[method.removeprefix("upload/")]["content"] = body
            return web.Response(text="OK")
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        origin = f"{request.scheme}://{request.host}"
        try:
            return web.json_response({"ok": True, **self._answer(method, arguments, origin)})
        except Refused as why:
            return web.json_response({"ok": False, "error": str(why)})

    async def call(self, method: str, **arguments: Any) -> Json:
        """Call a method as an administrator."""
        told: Json = json.loads(json.dumps(self._answer(method, arguments, "")))
        return told

    def add_channel(self, channel: str) -> None:
        """Make another channel that the bot is in."""
        self._messages[channel] = []

    async def trigger(self, user: str) -> str:
        """Return a trigger_id of a user."""
        trigger = f"{secrets.token_hex(6)}.{user}"
        self._triggers[trigger] = self._now()
        return trigger

    def _answer(self, method: str, arguments: Json, origin: str) -> Json:
        methods: dict[str, Callable[[Json], Json]] = {
            "auth.test": lambda _: self.identity,
            "chat.postMessage": self._post,
            "chat.postEphemeral": lambda _: {"message_ts": self._ts()},
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "views.open": self._open,
            "views.update": self._fill,
            "views.publish": lambda told: {"view": {**told["view"], "id": "VHOME"}},
            "usergroups.users.list": lambda told: {"users": self.groups[told["usergroup"]]},
            "files.getUploadURLExternal": lambda told: self._new_file(told, origin),
            "files.completeUploadExternal": self._share,
        }
        if method not in methods:
            raise Refused("unknown_method")
        return methods[method](arguments)

    def _history(self, arguments: Json) -> Json:
        return {"messages": [m for m in self._in(arguments) if m.get("thread_ts", m["ts"]) == m["ts"]]}

    def _replies(self, arguments: Json) -> Json:
        ts = arguments["ts"]
        return {"messages": [m for m in self._in(arguments) if ts in (m["ts"], m.get("thread_ts"))]}

    def _in(self, arguments: Json) -> list[Json]:
        if arguments.get("channel", "").startswith("U"):
            return []  # a message to a person
        if arguments.get("channel") not in self._messages:
            raise Refused("channel_not_found")
        return self._messages[arguments["channel"]]

    def _ts(self) -> str:
        self._count += 1
        return f"{int(time.time())}.{self._count:06d}"

    def _post(self, arguments: Json) -> Json:
        if not arguments.get("text") and not arguments.get("blocks"):
            raise Refused("no_text")
        message = {"type": "message", "user": BOT_USER, "bot_id": BOT, "ts": self._ts(), "text": arguments["text"]}
        message |= {key: arguments[key] for key in ("blocks", "thread_ts") if arguments.get(key)}
        self._in(arguments).append(message)
        return {"channel": arguments["channel"], "ts": message["ts"], "message": message}

    def _update(self, arguments: Json) -> Json:
        message = next((m for m in self._in(arguments) if m["ts"] == arguments["ts"]), None)
        if message is None:
            raise Refused("message_not_found")
        if message["user"] != BOT_USER:
            raise Refused("cant_update_message")
        # Blocks that are not sent stay; an empty list removes them.
        message |= {key: arguments[key] for key in ("text", "blocks") if key in arguments}
        message["edited"] = {"user": BOT_USER, "ts": self._ts()}
        return {"channel": arguments["channel"], "ts": message["ts"], "text": message["text"], "message": message}

    def delete(self, ts: str) -> None:
        """Delete a message, as a person would."""
        messages = self._messages[self.channel]
        messages[:] = [message for message in messages if message["ts"] != ts]

    def _open(self, arguments: Json) -> Json:
        given = self._triggers.pop(arguments.get("trigger_id", ""), None)
        if given is None:
            raise Refused("exchanged_trigger_id")
        if self._now() - given > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        view = {**arguments["view"], "id": f"V{secrets.token_hex(5)}", "team_id": TEAM}
        self.views[view["id"]] = view
        return {"view": view}

    def _fill(self, arguments: Json) -> Json:
        if arguments.get("view_id") not in self.views:
            raise Refused("not_found")
        self.views[arguments["view_id"]] |= arguments["view"]
        return {"view": self.views[arguments["view_id"]]}

    def _new_file(self, arguments: Json, origin: str) -> Json:
        identifier = f"F{secrets.token_hex(5)}"
        self.files[identifier] = {"id": identifier, "name": arguments["filename"], "length": int(arguments["length"])}
        self.files[identifier]["alt_txt"] = arguments.get("alt_txt", "")
        return {"file_id": identifier, "upload_url": f"{origin}/upload/{identifier}"}

    def _share(self, arguments: Json) -> Json:
        shared = []
        for item in arguments["files"]:
            file = self.files.get(item["id"])
            if file is None or "content" not in file:
                raise Refused("file_not_found")
            if len(file["content"]) != file["length"]:
                raise Refused("file_upload_size_mismatch")
            file["title"] = item.get("title", file["name"])
            shared.append({key: file[key] for key in ("id", "name", "title")})
        if channel := arguments.get("channel_id"):
            message = {"type": "message", "user": BOT_USER, "ts": self._ts(), "text": "", "files": shared}
            message |= {"thread_ts": arguments["thread_ts"]} if arguments.get("thread_ts") else {}
            self._in({"channel": channel}).append(message)
        return {"files": shared}
