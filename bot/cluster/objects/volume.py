"""Volumes: who claims them, and where they can be used from."""

from __future__ import annotations

from typing import ClassVar

from bot.cluster.objects.base import Object, Part, Resource
from bot.cluster.objects.pod import NodeSelector


class ClaimSpec(Part, frozen=True, kw_only=True):
    volume_name: str = ""


class PersistentVolumeClaim(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "persistentvolumeclaims")

    spec: ClaimSpec = ClaimSpec()


class VolumeNodeAffinity(Part, frozen=True, kw_only=True):
    required: NodeSelector = NodeSelector()


class PersistentVolumeSpec(Part, frozen=True, kw_only=True):
    node_affinity: VolumeNodeAffinity = VolumeNodeAffinity()


class PersistentVolume(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "persistentvolumes", namespaced=False)

    spec: PersistentVolumeSpec = PersistentVolumeSpec()
