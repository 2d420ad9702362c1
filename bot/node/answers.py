"""A helper's answers, decoded strictly: of the right Node, the right version, and the Node's own network namespace.

What they hold: :mod:`bot.node.sampled` and :mod:`bot.node.tried`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from bot.cluster import errors
from bot.node.requests import UNDECODABLE, Request

A = TypeVar("A", bound="Answer")

NEEDS_TIER = re.compile(r"tier ([23]) is needed\b")
"""How the collector says that it may not look."""

SCHEMA = "netmedic/helper/v1"
OLDEST_VERSION = 1
REINSTALL = "install the helper again: netmedic helper manifest --image IMAGE | kubectl apply -f -"

# A counter of 64 bits does not get this far; the rule engine's numbers end here.
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers, when, and whether it could."""

    schema: str
    version: int
    request: tuple[str, ...]
    node: str
    host_ip: str
    started_at: Annotated[datetime, Meta(tz=True)]
    took_ms: int
    tier: Annotated[int, Meta(ge=1, le=3)] = 1
    """What the helper may do."""
    error: str = ""

    def __post_init__(self) -> None:
        """Refuse times that cannot be reckoned with."""
        if not 2000 <= self.started_at.year < 3000:  # noqa: PLR2004 - a clock that was set
            raise ValueError("the Node's clock is not set")


def decode(content: bytes, of: type[A], *, node: str, request: Request) -> A:
    """Return an answer.

    Raises:
        HigherTier: The helper may not look.
        Malformed: It is no answer to this request, of another Node or Pod, or too old, or the helper could not look.
    """
    envelope = _decoded(content, Answer, node)
    if envelope.schema != SCHEMA or envelope.version < OLDEST_VERSION:
        raise errors.Malformed(f"the helper on {node} is of an older netmedic ({envelope.version}); {REINSTALL}")
    if envelope.node != node:
        raise errors.Malformed(f"the helper on {node} answered for Node {envelope.node[:60]!r}")
    named_by = 4 if request[:1] == ("inside",) else 1
    if envelope.request[:named_by] != request[:named_by]:
        raise errors.Malformed(f"the helper on {node} answered another request: {' '.join(envelope.request)[:60]!r}")
    if envelope.error and (tier := NEEDS_TIER.match(envelope.error)):
        raise errors.HigherTier(f"the helper on {node} has tier {envelope.tier}, and this takes tier {tier[1]}")
    if envelope.error:
        raise errors.Malformed(f"the helper on {node} could not look: {envelope.error[:200]}")
    return _decoded(content, of, node)


def _decoded(content: bytes, of: type[A], node: str) -> A:
    try:
        return msgspec.json.decode(content, type=of)
    except UNDECODABLE as problem:
        raise errors.Malformed(f"the helper on {node} gave no valid answer: {str(problem)[:120]}") from None


def named(problem: str) -> errors.ClusterError:
    """Return the error that a reason of the collector means."""
    if NEEDS_TIER.search(problem):
        return errors.HigherTier(problem)
    if "ENOENT" in problem:
        return errors.Absent(problem)
    if "EACCES" in problem or "EPERM" in problem:
        return errors.Forbidden(problem)
    return errors.Malformed(problem)
