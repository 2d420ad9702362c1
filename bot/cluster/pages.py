"""Lists, page by page, straight into the few fields that are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

import msgspec

from bot.cluster.errors import Malformed, TimedOut
from bot.cluster.port import T
from bot.cluster.redact import message
from bot.cluster.refusals import Action, Expired
from bot.cluster.transport import Transport

PAGE_OBJECTS = 500
"""client-go's page size."""
MAX_PAGES = 2000
"""A million objects; a server that goes on longer is broken (ours)."""


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding JSON raises."""


class PageMeta(msgspec.Struct, frozen=True, rename={"more": "continue", "remaining": "remainingItemCount"}):
    """A list's own metadata."""

    more: str = ""
    remaining: int = -1
    """How many objects come after this page; -1 where the server does not say."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    items: list[T]
    metadata: PageMeta = PageMeta()


class Counted(msgspec.Struct, frozen=True):
    """One page of a list whose objects do not matter."""

    items: list[msgspec.Raw]
    metadata: PageMeta = PageMeta()


@dataclass(frozen=True)
class Skipped:
    """An object that could not be decoded."""

    name: str
    reason: str


async def read_list(
    transport: Transport,
    path: str,
    of: type[T],
    *,
    action: Action,
    selectors: Mapping[str, str],
    from_cache: bool,
    skip: Callable[[Skipped], None],
) -> list[T]:
    """Return all objects of a list.

    Args:
        transport: The server.
        path: Of the list.
        of: The type of its objects.
        action: For errors.
        selectors: Query parameters.
        from_cache: Take what the API server has in its memory, in one piece: for lists that a namespace or a selector
            keeps short. With pages it would read all objects of the type from etcd to find them, a second or so newer.
        skip: Told of each object that could not be decoded and is left out.

    Raises:
        TimedOut: The list expired twice while it was read.
        ClusterError: Everything else.
    """
    for _ in range(2):
        try:
            return await _read_once(
                transport, path, of, action=action, selectors=selectors, from_cache=from_cache, skip=skip
            )
        except Expired:
            continue
    raise TimedOut(f"the list of {action.permission} changed faster than it could be read (410, twice); ask again")


async def _read_once(
    transport: Transport,
    path: str,
    of: type[T],
    *,
    action: Action,
    selectors: Mapping[str, str],
    from_cache: bool,
    skip: Callable[[Skipped], None],
) -> list[T]:
    found: list[T] = []
    skipped: list[Skipped] = []
    params = {**({"resourceVersion": "0"} if from_cache else {"limit": str(PAGE_OBJECTS)}), **selectors}
    for _ in range(MAX_PAGES):
        items, more = decode_page(await transport.get(path, action, params=params), of, skip=skipped.append)
        found += items
        if not more:
            for one in skipped:
                skip(one)
            return found
        params["continue"] = more
    raise Malformed(f"the list of {action.permission} has no end: {MAX_PAGES} pages of it were read")


async def count(transport: Transport, path: str, action: Action) -> int:
    """Return how many objects a list has: a page of one, and how many come after it.

    Raises:
        Malformed: It is not a list, or the server keeps the number to itself.
    """
    content = await transport.get(path, action, params={"limit": "1"})
    try:
        page = msgspec.json.decode(content, type=Counted)
    except UNREADABLE as problem:
        raise Malformed(f"an answer is no list of {action.permission}: {problem}") from problem
    if page.metadata.more and page.metadata.remaining < 0:
        raise Malformed(f"the API server does not say how many {action.permission} there are")
    return len(page.items) + max(page.metadata.remaining, 0)


def decode_page(content: bytes, of: type[T], *, skip: Callable[[Skipped], None]) -> tuple[list[T], str]:
    """Return the objects of a page and the token of the next one.

    Raises:
        Malformed: It is not a list.
    """
    try:
        page = _decoder(of).decode(content)
    except msgspec.ValidationError:
        return _decode_one_by_one(content, of, skip=skip)
    except UNREADABLE as problem:
        raise Malformed(f"an answer is no list of {of.__name__} objects: {problem}") from problem
    return page.items, page.metadata.more


def _decode_one_by_one(content: bytes, of: type[T], *, skip: Callable[[Skipped], None]) -> tuple[list[T], str]:
    """Return what can be read of a page in which something is null or of a type nobody expects."""
    page = _parse(content, of)
    items = page.get("items", ()) if isinstance(page, Mapping) else ""
    if not isinstance(page, Mapping) or not isinstance(items, list | tuple | None):
        raise Malformed(f"an answer is no list of {of.__name__} objects")
    found = []
    for item in items or ():
        try:
            found.append(convert(item, of))
        except Malformed as problem:
            skip(Skipped(_name(item), str(problem)))
    metadata = page.get("metadata")
    return found, str((metadata.get("continue") if isinstance(metadata, Mapping) else "") or "")


def decode_object(content: bytes, of: type[T]) -> T:
    """Return one object.

    Raises:
        Malformed: It is none of that type.
    """
    return convert(_parse(content, of), of)


def convert(document: Any, of: type[T]) -> T:
    """Return the object of a parsed document; nulls are as good as missing, ``"80"`` as good as 80.

    Raises:
        Malformed: It is none of that type.
    """
    try:
        return msgspec.convert(without_nulls(document), of, strict=False)
    except (msgspec.ValidationError, RecursionError) as problem:
        raise Malformed(f"{of.__name__}: {problem}") from problem


def _parse(content: bytes, of: type[T]) -> Any:
    try:
        return msgspec.json.decode(content)
    except UNREADABLE as problem:
        raise Malformed(f"an answer is no {of.__name__}: {problem}") from problem


def without_nulls(value: Any) -> Any:
    """Return a value without keys and items that are null: to Kubernetes these mean "not set"."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value if item is not None]
    return value


def _name(item: Any) -> str:
    metadata = item.get("metadata") if isinstance(item, Mapping) else None
    if not isinstance(metadata, Mapping):
        return "(no name)"
    return message("/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key)))[:120]


@functools.cache
def _decoder(of: type[T]) -> msgspec.json.Decoder[Page[T]]:
    return msgspec.json.Decoder(Page[of])  # type: ignore[valid-type]
