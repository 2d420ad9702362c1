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


@dataclass(frozen=True, kw_only=True)
class ServiceWay(Fact):
    """What becomes of a Node's own packets to a Service's address before anything translates it.

    The kernel looks up a route for what a process of the Node sends first, and translates then; what Pods send is
    translated before. Source: rtnetlink RTM_GETROUTE, RTM_GETADDR.
    """

    kind: ClassVar[str] = "service_way"

    node: str
    namespace: str
    service: str
    address: str
    route: str
    """The nearest network around it in the main table; ``0.0.0.0/0`` is the default route; empty without any."""
    type: str
    """``unicast``, ``blackhole``, ``unreachable`` or ``prohibit``."""
    refuses: bool
    """The route throws packets away."""
    held_by: str
    """An interface of the Node that holds the address; empty if none does but kube-proxy's own of the mode ipvs."""
