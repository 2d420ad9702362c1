"""Whether the Node's rules give a packet that a Pod sends another source, as what leaves the cluster needs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from . import rights
from .connect import host
from .packet import Packet, wanted
from .proc import Problem, shown
from .read import Json
from .translate import Way, steadily
from .walk import Walk

MAX_PACKETS = 16


def sent(text: str) -> Packet:
    """Return the packet of ``10.244.1.7,tcp/192.0.2.1:443``.

    Raises:
        Problem: It is something else.
    """
    source, comma, to = text.partition(",")
    if not comma:
        raise Problem(f"not IP,PROTOCOL/IP:PORT: {shown(text)}")
    packet = wanted(to)
    address = ipaddress.ip_address(host(source))
    if address.version != packet.version:
        raise Problem(f"not of one IP version: {shown(text)}")
    return packet._replace(source=address.packed)


def masquerade(texts: list[str]) -> dict[str, Json]:
    """Return, by the packets' texts, whether each gets another source, and by which rules."""
    rights.must_reach(2)
    return steadily(texts, lambda text, found, deadline: source_of(sent(text), found, deadline))


def source_of(packet: Packet, known: Iterable[Way], deadline: float) -> Json:
    """Return ``yes``, ``no``, or ``maybe`` where a rule depends on what is not known, with the table that says so.

    A rule that may let a packet return before it meets another one is not counted.
    """
    answer = {"translated": "no", "by": ""}
    for way in known:
        if (way.type, way.hook) != ("nat", "postrouting") or way.version not in (0, packet.version):
            continue
        walk = Walk(way.table, packet, deadline)
        walk.through(way.chain)
        steps = [step for step in walk.steps if step.verdict.kind == "snat"]
        if len(steps) == len(walk.steps) and any(step.sure for step in steps):
            return {"translated": "yes", "by": way.title}
        if steps:
            answer = {"translated": "maybe", "by": way.title}
    return answer
