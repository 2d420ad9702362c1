"""Why NetworkPolicies deny a connection: the one that comes nearest to allowing it, and what of it does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.cluster.objects import NetworkPolicy, PolicyPeer, PolicyPort
from bot.simulation.networkpolicy import Direction, End, isolating, peers_match, peers_of, rules_of


class Misfit(StrEnum):
    """What of a policy does not fit a connection."""

    RULES = "rules"
    """It has no rule for the direction at all."""
    PEER = "peer"
    """Its rules name others."""
    PORT = "port"
    """A rule names the other end, or all its rules name everybody, with other ports."""


@dataclass(frozen=True, kw_only=True)
class Denial:
    """Why one direction of a connection is denied."""

    policy: NetworkPolicy
    """Of those that isolate the Pod, the one that comes nearest; the first by name of equals."""
    misfit: Misfit
    peers: tuple[PolicyPeer, ...]
    """Whom its rules name."""
    ports: tuple[PolicyPort, ...]
    """The ports of its rules that name the other end, or everybody."""


def why_denied(policies: Sequence[NetworkPolicy], direction: Direction, *, pod: End, peer: End) -> Denial:
    """Return why a direction is denied that :func:`bot.simulation.networkpolicy.decide` found to be denied.

    Args:
        policies: The same as were decided by.
        direction: The one that denies.
        pod: The end that policies isolate in that direction.
        peer: The other end.

    Raises:
        ValueError: No policy isolates the Pod, so nothing is denied.
    """
    found = [_denial(policy, direction, peer) for policy in isolating(policies, pod, direction)]
    if not found:
        raise ValueError(f"no policy isolates {pod.name} for {direction}")
    return max(found, key=lambda denial: list(Misfit).index(denial.misfit))


def _denial(policy: NetworkPolicy, direction: Direction, peer: End) -> Denial:
    rules = list(rules_of(policy, direction))
    fitting = [rule for rule in rules if peers_match(peers_of(rule), peer, policy.metadata.namespace)]
    # A rule for everybody on port 53 says nothing of this connection where other rules say who else is allowed.
    meant = any(map(peers_of, fitting)) or (bool(fitting) and fitting == rules)
    misfit = Misfit.PORT if meant else Misfit.PEER if rules else Misfit.RULES
    return Denial(
        policy=policy,
        misfit=misfit,
        peers=tuple(peer for rule in rules for peer in peers_of(rule)),
        ports=tuple(port for rule in fitting for port in rule.ports),
    )
