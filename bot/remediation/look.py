"""Looking at a live object: is it still what a plan was made from, or what the plan made of it, or something else?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.writer import MAYBE_CHANGED, Json, Writer
from bot.remediation.diff import diff_texts, digest, metadata_of, shown_text
from bot.remediation.fieldpath import NoSuchField
from bot.remediation.plan import Action, Change

Sleep = Callable[[float], Awaitable[None]]
R = TypeVar("R")

PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Between attempts to reach an API server: half a minute together, longer than one replica needs to restart (ours)."""


class Match(Enum):
    """How a live object compares with a change."""

    UNTOUCHED = auto()
    """It is what the plan was made from, status and the like aside."""
    APPLIED = auto()
    """Every field is as the plan sets it."""
    OTHER = auto()
    """Somebody changed, or replaced, it."""


@dataclass(frozen=True, kw_only=True)
class Live:
    """A live object, and how it compares."""

    obj: dict[str, Json]
    match: Match

    @property
    def resource_version(self) -> str:
        """Its resourceVersion."""
        return str(metadata_of(self.obj).get("resourceVersion", ""))


def compare(change: Change, obj: dict[str, Json]) -> Match:
    """Return how a live object compares with a change; an empty one is not there."""
    match change.action:
        case Action.CREATE:
            return Match.UNTOUCHED if not obj else Match.APPLIED if holds(obj, dict(change.fragment)) else Match.OTHER
        case Action.RUN:
            return Match.UNTOUCHED if not obj else Match.APPLIED
        case Action.DELETE:
            return Match.UNTOUCHED if metadata_of(obj).get("uid") == change.uid else Match.APPLIED
        case _:
            return _compare_fields(change, obj)


def holds(obj: Json, part: Json) -> bool:
    """Tell whether everything of a part is in an object; the API server adds defaults."""
    if isinstance(part, dict):
        return isinstance(obj, dict) and all(key in obj and holds(obj[key], value) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(obj, list) and len(obj) == len(part) and all(map(holds, obj, part))
    return obj == part


def _compare_fields(change: Change, obj: dict[str, Json]) -> Match:
    if metadata_of(obj).get("uid", "") != change.uid:
        return Match.OTHER
    if digest(obj) == change.digest:
        return Match.UNTOUCHED
    try:
        applied = all(edit.path.read(obj) == edit.after for edit in change.edits)
    except NoSuchField:
        return Match.OTHER
    return Match.APPLIED if applied else Match.OTHER


def what_changed(change: Change, obj: dict[str, Json]) -> str:
    """Return as a unified diff what became of an object since the plan was made."""
    if not change.seen:
        return f"{change.target} exists by now." if obj else f"{change.target} is gone."
    if not obj:
        return f"{change.target} is gone."
    if metadata_of(obj).get("uid", "") != change.uid:
        return f"{change.target} was deleted and made again."
    return diff_texts(change.seen, shown_text(obj), name=str(change.target), was="planned from", becomes="live")


async def look(writer: Writer, change: Change, *, sleep: Sleep = asyncio.sleep) -> Live:
    """Return the live object of a change; tries for a while to reach the API server.

    Raises:
        ClusterError: It cannot be read; a field of an object that is gone cannot be set.
    """
    try:
        obj = await patiently(lambda: writer.read(change.target), sleep=sleep)
    except NotFound:
        if change.action in (Action.PATCH, Action.RESTART):
            raise
        obj = {}
    return Live(obj=obj, match=compare(change, obj))


async def patiently(
    ask: Callable[[], Awaitable[R]], *, sleep: Sleep, over: tuple[type[ClusterError], ...] = MAYBE_CHANGED
) -> R:
    """Return an answer; after what may go away by itself the question is asked again.

    Raises:
        ClusterError: It did not go away, or was something else.
    """
    for pause in PAUSES_SECONDS:
        try:
            return await ask()
        except over:
            await sleep(pause)
    return await ask()
