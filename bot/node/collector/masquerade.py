"""Whether the Node's rules give a packet that a Pod sends another source, as what leaves the cluster needs."""

from __future__ import annotations

from collections.abc import Iterable

from . import rights
from .packet import Packet, sent
from .read import Json
from .translate import Way, steadily
from .walk import Walk

MAX_PACKETS = 16


def masquerade(texts: list[str]) -> dict[str, Json]:
    """Return, by the packets' texts, whether each gets another source, and by which rules."""
    rights.must_reach(2)
    return steadily(texts, lambda text, found, deadline: source_of(sent(text), found, deadline))


def source_of(packet: Packet, known: Iterable[Way], deadline: float) -> Json:
    """Return ``yes``, ``no``, or ``maybe`` where a rule depends on what is not known, with the table that says so.

    A rule that may let a packet return before it meets another one is not counted.
    """
    answer = {"translated": "no", "by": "", "source": ""}
    for way in known:
        if (way.type, way.hook) != ("nat", "postrouting") or way.version not in (0, packet.version):
            continue
        walk = Walk(way.table, packet, deadline)
        walk.through(way.chain)
        steps = [step for step in walk.steps if step.verdict.kind == "snat"]
        if len(steps) == len(walk.steps) and any(step.sure for step in steps):
            return {
                "translated": "yes",
                "by": way.title,
                "source": next(step.verdict.to for step in steps if step.sure),
            }
        if steps:
            answer = {"translated": "maybe", "by": way.title, "source": ""}
    return answer
