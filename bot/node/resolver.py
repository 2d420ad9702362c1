"""Whom Pods ask for names, as a helper read it in their /etc/resolv.conf."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bot.node.answers import Answer, Count

Name = Annotated[str, Meta(max_length=253)]


class Resolver(msgspec.Struct, frozen=True, kw_only=True):
    """The known lines of one Pod's file."""

    nameservers: Annotated[tuple[Name, ...], Meta(max_length=3)] = ()
    search: Annotated[tuple[Name, ...], Meta(max_length=32)] = ()
    ndots: Count = 0
    error: str = ""
    """Why it could not be read."""


class Resolvers(Answer, frozen=True, kw_only=True):
    """Whom Pods of one Node ask, by the Pods' uids."""

    resolvers: dict[str, Resolver]
