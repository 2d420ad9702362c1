"""ResourceQuotas."""

from __future__ import annotations

from typing import ClassVar

from bot.cluster.objects.base import Object, Part, Resource


class QuotaStatus(Part, frozen=True, kw_only=True):
    hard: dict[str, str | int] = {}
    used: dict[str, str | int] = {}


class ResourceQuota(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "resourcequotas")

    status: QuotaStatus = QuotaStatus()
