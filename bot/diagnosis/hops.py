"""Hops in words, the same in every output."""

from __future__ import annotations

from bot.diagnosis.report import Hop, HopStatus

NAMES = {
    "name-lookup": "name lookup",
    "client-pod": "client Pod",
    "client-node": "client Node",
    "node": "Node",
    "service": "Service",
    "snat": "SNAT",
    "target-node": "target Node",
    "target-pod": "target Pod",
    "outside-host": "outside host",
}
STATUS_WORDS = {
    HopStatus.OK: "ok",
    HopStatus.BROKEN: "broken",
    HopStatus.SUSPICIOUS: "suspicious",
    HopStatus.NOT_CHECKED: "not checked",
}


def name_of(hop: Hop) -> str:
    """Return what a hop is called."""
    return NAMES.get(hop.hop, hop.hop)


def objects_of(hop: Hop) -> list[str]:
    """Return the objects of a hop, one a line; without their kind where the hop's name says it."""
    kind = f"{NAMES.get(hop.hop, '').rpartition(' ')[2]} "
    return [each.removeprefix(kind) for each in hop.subject.split(", ")]
