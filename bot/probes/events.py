"""Events: what controllers and kubelet lately said about an object. They are kept for an hour by default."""

from __future__ import annotations

from bot.cluster.objects import Event
from bot.cluster.port import Cluster

COMBINED = "(combined from similar events): "
"""What client-go puts before the message when several Events become one."""

TEXT_LENGTH = 200
"""As much of a message as a fact keeps (ours)."""


async def events_of(cluster: Cluster, namespace: str, *, fields: str) -> list[Event]:
    """Return the Events of a namespace that a field selector lets through, the latest last."""
    events = await cluster.list(Event, namespace=namespace, fields=fields)
    return sorted(events, key=lambda event: event.last_timestamp or event.event_time)


def text_of(event: Event) -> str:
    """Return an Event's message on one line, as if it stood alone."""
    return " ".join(event.message.removeprefix(COMBINED).split())
