"""Facts about where data is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class RegionUse(Fact):
    """One region that a namespace with a residency policy uses.

    Where its Pods of the symptom run, where its volumes are, or where they call.
    Source: the label topology.kubernetes.io/region of Nodes and PersistentVolumes, or the region that a volume is bound
    to (nodeAffinity), and the region of outside targets in the settings.
    """

    kind: ClassVar[str] = "region_use"

    namespace: str
    use: str
    """``pods``, ``volumes`` or ``outside``."""
    region: str
    """Empty if it is not known."""
    known: bool
    permitted: bool
    """It is one of those allowed; false too where it is not known."""
    allowed: str
    """``eu-north-1, eu-west-1``."""
    pods: int
    """Pods of the symptom there; 0 for the others."""
    volumes: int
    """PersistentVolumeClaims of the namespace there; 0 for the others."""
    place: str
    """A Node or a PersistentVolumeClaim, the first by name, or the host outside."""
    asked: bool
    """The symptom asks where data is."""
