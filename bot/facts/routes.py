"""Facts about the routes of Nodes to single Pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class PodRoute(Fact):
    """The route that a Node's kernel would take to one Pod of the path. Source: rtnetlink routes, table main."""

    kind: ClassVar[str] = "pod_route"

    node: str
    namespace: str
    pod: str
    pod_node: str
    ip: str
    route: str
    """The network that the route is for; empty without any."""
    type: str
    """``unicast``, or how it refuses: ``blackhole``, ``unreachable``, ``prohibit``; empty without any."""
    device: str
    refuses: bool
    usual_device: str
    """Where the route around it leaves, of those that name more than this Pod; empty without one but the default."""
    astray: bool
    """A route for this Pod alone leaves elsewhere than the one for the Pods around it, to a Pod of another Node."""
