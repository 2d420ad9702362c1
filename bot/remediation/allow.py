"""The NetworkPolicies that let one kind of connection through, worked out with the simulation of all policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import msgspec

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Namespace, NetworkPolicy, Pod
from bot.cluster.writer import Json, Target
from bot.remediation.creations import made
from bot.remediation.desk import Desk, Made, NoPlan
from bot.remediation.holes import fill
from bot.remediation.policies import Flow, alike, labels_of, peer_of, policy, ports_of, short_name, ways_of
from bot.remediation.steps import Allow
from bot.remediation.values import PORT_MAX, shown
from bot.simulation.networkpolicy import Direction, End, decide, end_of

UNCHANGED = (
    "The simulation of all NetworkPolicies says that the connection is allowed then, and that nothing changes for any "
    "other two Pods of the namespaces."
)
PROTOCOLS = ("TCP", "UDP", "SCTP")


async def allowed(step: Allow, desk: Desk) -> list[Made]:
    """Return the NetworkPolicies to make, one for each direction that denies.

    Raises:
        NoPlan: They would not let it through, or more than it.
    """
    try:
        flow, ends, policies = await _world(step, desk)
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem
    found: list[tuple[Target, dict[str, Json]]] = []
    added = list(policies)
    while not (decision := flow.decided(added)).allowed:
        if decision.direction is None or len(found) == len(("egress", "ingress")):
            raise NoPlan("the NetworkPolicies that would be made do not let the connection through")
        found.append(_policy(flow, decision.direction))
        added.append(msgspec.convert(found[-1][1], NetworkPolicy))
    if not found:
        raise NoPlan("the NetworkPolicies allow the connection already")
    opened = _opened(ends, flow, before=policies, after=added)
    return [await made(target, content, desk.writer, foreseen=opened) for target, content in found]


async def _world(step: Allow, desk: Desk) -> tuple[Flow, list[End], list[NetworkPolicy]]:
    """Return the connection, every Pod of the two namespaces, and their policies."""
    ends_of = (step.client_namespace, step.target_namespace, step.port, step.protocol)
    client_namespace, target_namespace, port, protocol = (fill(text, desk.cause) for text in ends_of)
    if not port.isdigit() or not 1 <= int(port) <= PORT_MAX or protocol not in PROTOCOLS:
        raise NoPlan(f"{shown(protocol)} {shown(port)} is no port")
    ends: list[End] = []
    policies: list[NetworkPolicy] = []
    for namespace in dict.fromkeys((client_namespace, target_namespace)):
        labels = (await desk.cluster.get(Namespace, name=namespace)).metadata.labels
        ends += [end_of(pod, labels) for pod in await desk.cluster.list(Pod, namespace=namespace)]
        policies += await desk.cluster.list(NetworkPolicy, namespace=namespace)
    client = _find(ends, client_namespace, fill(step.client, desk.cause))
    target = _find(ends, target_namespace, fill(step.target, desk.cause))
    return Flow(client=client, target=target, port=int(port), protocol=protocol), ends, policies


def _find(ends: Iterable[End], namespace: str, name: str) -> End:
    found = [end for end in ends if (end.namespace, end.name) == (namespace, name)]
    if not found:
        raise NoPlan(f"Pod {shown(f'{namespace}/{name}')} is gone, or in its Node's network, where no policy applies")
    return found[0]


def _policy(flow: Flow, direction: Direction) -> tuple[Target, dict[str, Json]]:
    """Return the least policy of one direction."""
    own, other = (flow.client, flow.target) if direction == "egress" else (flow.target, flow.client)
    rule: dict[str, Json] = {
        "to" if direction == "egress" else "from": [peer_of(other, of=own.namespace)],
        "ports": ports_of(ways_of(flow.protocol, flow.port)),
    }
    spec: dict[str, Json] = {
        "podSelector": {"matchLabels": labels_of(own)},
        "policyTypes": [direction.capitalize()],
        direction: [rule],
    }
    return policy(own.namespace, f"netmedic-{direction}-{short_name(own)}-{flow.protocol.lower()}-{flow.port}", spec)


def _opened(
    ends: Sequence[End], flow: Flow, *, before: Sequence[NetworkPolicy], after: Sequence[NetworkPolicy]
) -> tuple[str, ...]:
    """Return what else the policies change between the Pods of the two namespaces.

    Raises:
        NoPlan: They deny something that was allowed.
    """
    more: set[tuple[str, str]] = set()
    for source, target in product(ends, ends):
        for protocol, port in _tried_ports(target, flow):
            was, becomes = (decide(each, source, target, port=port, protocol=protocol) for each in (before, after))
            if was.allowed and not becomes.allowed:
                raise NoPlan(f"it would cut Pod {source.name} off from port {port} of Pod {target.name}")
            if becomes.allowed and not was.allowed and not (alike(source, flow.client) and alike(target, flow.target)):
                more.add((source.name, target.name))
    if more:
        names = ", ".join(f"{source} to {target}" for source, target in sorted(more)[:3])
        raise NoPlan(f"it would also let through {len(more)} other ways, such as {names}")
    return (UNCHANGED,)


def _tried_ports(target: End, flow: Flow) -> set[tuple[str, int]]:
    return {(flow.protocol, flow.port), *((port.protocol, port.container_port) for port in target.ports)}
