"""Where an API server serves objects: which version, and whether an optional API is there at all."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import msgspec

from bot.cluster import errors
from bot.cluster.objects import Object
from bot.cluster.refusals import Action
from bot.cluster.transport import Transport


class GroupVersion(msgspec.Struct, frozen=True, rename="camel"):
    """One version of a group."""

    group_version: str


class Group(msgspec.Struct, frozen=True):
    """One group of APIs."""

    versions: list[GroupVersion] = []


class Groups(msgspec.Struct, frozen=True):
    """The answer to ``/apis``."""

    groups: list[Group] = []


class Served:
    """Where each type is served, as far as it was asked for."""

    def __init__(self, transport: Transport) -> None:
        """Know nothing yet."""
        self._transport = transport
        self._known: dict[type[Object], str] = {}
        self._groups: frozenset[str] | None = None
        self._asking = asyncio.Lock()

    async def places(self, of: type[Object]) -> tuple[str, ...]:
        """Return the places to try: the one that was found before, else all, preferred first.

        One request tells which optional APIs are there; else each of them would cost one that fails.

        Raises:
            Absent: It is optional, and not there.
        """
        if of in self._known:
            return (self._known[of],)
        if not of.resource.optional:
            return of.resource.served_at
        groups = await self._served_groups()
        places = tuple(at for at in of.resource.served_at if groups is None or at in groups)
        if not places:
            raise errors.Absent(f"the cluster does not serve {of.resource.permission}")
        return places

    def found(self, of: type[Object], at: str) -> None:
        """Remember where a type is served."""
        self._known[of] = at

    async def _served_groups(self) -> frozenset[str] | None:
        """Return the groups with their versions; None where the server does not say."""
        async with self._asking:
            if self._groups is None:
                try:
                    content = await self._transport.get("/apis", Action(verb="get", permission="/apis"))
                    found = msgspec.json.decode(content, type=Groups)
                except (errors.ClusterError, msgspec.DecodeError, UnicodeDecodeError):
                    return None  # each API is asked by itself
                self._groups = frozenset(one.group_version for group in found.groups for one in group.versions)
            return self._groups


def path_of(of: type[Object], at: str, namespace: str) -> str:
    """Return the path of a list."""
    base = f"/apis/{at}" if "/" in at else f"/api/{at}"
    where = f"/namespaces/{quote(namespace, safe='')}" if namespace and of.resource.namespaced else ""
    return f"{base}{where}/{of.resource.plural}"
