"""Leases: of Nodes, how long ago kubelet reported."""

from __future__ import annotations

from typing import ClassVar

from bot.cluster.objects.base import Object, Part, Resource


class LeaseSpec(Part, frozen=True, kw_only=True):
    holder_identity: str = ""
    lease_duration_seconds: int = 0
    renew_time: str = ""


class Lease(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("coordination.k8s.io", ("v1",), "leases")

    spec: LeaseSpec = LeaseSpec()
