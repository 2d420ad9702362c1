"""What an engine's own policies mean for a connection: allowed, denied, or not understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bot.cluster.objects import (
    CalicoNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    CiliumNetworkPolicy,
    GlobalNetworkPolicy,
    NetworkPolicy,
)
from bot.simulation.networkpolicy import Direction, End

Policy: TypeAlias = (
    CalicoNetworkPolicy | GlobalNetworkPolicy | CiliumNetworkPolicy | CiliumClusterwideNetworkPolicy | NetworkPolicy
)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A new connection; the port is the one at the target, after Service translation."""

    source: End
    target: End
    port: int
    protocol: str = "TCP"

    def pod(self, direction: Direction) -> End:
        """Return the end that policies are for in a direction."""
        return self.source if direction == "egress" else self.target

    def peer(self, direction: Direction) -> End:
        """Return the other end."""
        return self.target if direction == "egress" else self.source


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """The answer."""

    allowed: bool
    direction: Direction | None = None
    """That decides; None where no policy concerns either end."""
    policies: tuple[Policy, ...] = ()
    """Those that decide: the one with the rule that matches, or all that select the Pod and allow nothing."""
    explicit: bool = False
    """A rule says so; else nothing allows it."""
    unread: str = ""
    """What of a policy is not understood, in words; then ``allowed`` says nothing."""


OPEN = Ruling(allowed=True)


def name_of(policy: Policy) -> str:
    """Return ``namespace/name``, or the name of one without a namespace."""
    meta = policy.metadata
    return f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name
