"""Events."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster import redact
from bot.cluster.objects.base import Object, Part, Resource


class InvolvedObject(Part, frozen=True, kw_only=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""


class Event(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "events")

    involved_object: InvolvedObject = InvolvedObject()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int = 0
    last_timestamp: str = ""
    event_time: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "message", redact.message(self.message))
