"""What NetworkPolicies mean for the connections that a symptom's clients make."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Mapping, Sequence

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Namespace, NetworkPolicy, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.base import Reason
from bot.facts.policy import PolicyFlow
from bot.facts.scope import Scope
from bot.probes.narrow import pods_behind
from bot.probes.policy_decision import Client, Target, flows_of
from bot.probes.policy_words import end_in_words
from bot.probes.ports import resolve
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import SYSTEM_NAMESPACE, Pods, is_dns
from bot.simulation.networkpolicy import End, end_of, peers_of

DNS_PORTS = (("UDP", 53), ("TCP", 53))
"""RFC 7766, section 5: resolvers ask over TCP too, once an answer does not fit."""
HTTPS = 443
"""Where to, at a host outside whose port nobody named."""


@probe(PolicyFlow, reads=(Service, Pod, NetworkPolicy, Namespace))
async def policy_flow(cluster: Cluster, scope: Scope) -> Iterable[PolicyFlow | Unreadable]:
    """Decide each connection that a client of the symptom has to make: to its target, and to the DNS Pods."""
    if not scope.clients:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names nobody who connects")
    world = World(cluster)
    found: list[PolicyFlow | Unreadable] = []
    targets = [*await world.services(scope), *await world.pods_named(scope), *outside(scope)]
    try:
        targets += await world.dns() if scope.dns else []
    except ClusterError as problem:
        found.append(Unreadable(of=PolicyFlow, subject="DNS Pods", error=problem))
    clients = await world.clients(scope)
    if not (clients and (targets or found)):
        raise CannotTell(Reason.OUT_OF_SCOPE, "no Pod is there that connects, or none that it connects to")
    policies = await world.policies({*(c.end.namespace for c in clients), *(t.end.namespace for t in targets)})
    labels, idle = await world.namespace_labels(policies), world.without_pods(policies)
    for client in clients:
        source = with_labels(client.end, labels)
        here = dataclasses.replace(client, end=source)
        found += flows_of(
            here, [dataclasses.replace(t, end=with_labels(t.end, labels)) for t in targets], policies, idle
        )
    return found


class World:
    """The objects that decide connections, as they are read."""

    def __init__(self, cluster: Cluster) -> None:
        """Read nothing yet."""
        self.cluster = cluster
        self._pods: dict[str, Pods] = {}

    async def pods(self, namespace: str) -> Pods:
        """Return the living Pods of a namespace."""
        if namespace not in self._pods:
            self._pods[namespace] = Pods(await self.cluster.list(Pod, namespace=namespace))
        return self._pods[namespace]

    async def clients(self, scope: Scope) -> list[Client]:
        """Return one client for all Pods that policies cannot tell apart."""
        found: dict[tuple[str, str, str], Client] = {}
        for subject in scope.clients:
            for pod in (await self.pods(subject.namespace)).named([subject]):
                end = end_of(pod, {})
                found.setdefault((subject.namespace, end.namespace, end_in_words(end)), Client(pod=pod, end=end))
        return list(found.values())

    async def services(self, scope: Scope) -> list[Target]:
        """Return what stands behind the Services that are reached for: one Pod each, as all have the same labels."""
        found = []
        for subject in scope.services:
            services = await self.cluster.list(Service, namespace=subject.namespace)
            pods = await self.pods(subject.namespace)
            for service in services:
                behind = pods.selected_by(service) if service.metadata.name == subject.name else []
                if behind and not is_dns(service):
                    named = [p for p in service.spec.ports if scope.port in (p.port, p.node_port)]
                    ports = [(port.protocol, resolve(port, behind[0])) for port in named or service.spec.ports]
                    end = end_of(behind[0], {})
                    found.append(Target(flow="service", end=end, ports=ports, service=service.metadata.name))
        return found

    async def pods_named(self, scope: Scope) -> list[Target]:
        """Return the Pods that are reached for directly, at the ports they declare."""
        if scope.services:
            return []
        found = []
        for subject in scope.backends:
            for pod in (await self.pods(subject.namespace)).named([subject]):
                declared = [(p.protocol, p.container_port) for c in pod.spec.containers for p in c.ports]
                found.append(Target(flow="pod", end=end_of(pod, {}), ports=declared))
        return found

    async def dns(self) -> list[Target]:
        """Return one Pod behind each DNS Service, where names are asked for."""
        services = [s for s in await self.cluster.list(Service, namespace=SYSTEM_NAMESPACE) if is_dns(s)]
        pods = await pods_behind(self.cluster, services)
        found = []
        for service in services:
            for pod in pods.selected_by(service)[:1]:
                at = {port.protocol: resolve(port, pod) for port in service.spec.ports if port.port == DNS_PORTS[0][1]}
                ports = [(protocol, at.get(protocol) or number) for protocol, number in DNS_PORTS]
                found.append(Target(flow="dns", end=end_of(pod, {}), ports=ports, service=service.metadata.name))
        return found

    async def policies(self, namespaces: Iterable[str]) -> list[NetworkPolicy]:
        """Return the NetworkPolicies of the namespaces of both ends."""
        places = sorted(filter(None, namespaces))
        return [item for place in places for item in await self.cluster.list(NetworkPolicy, namespace=place)]

    def without_pods(self, policies: Sequence[NetworkPolicy]) -> list[NetworkPolicy]:
        """Return the policies that select no living Pod, of the namespaces whose Pods were read: not of the DNS's."""
        return [policy for policy in policies if self._is_idle(policy)]

    def _is_idle(self, policy: NetworkPolicy) -> bool:
        home = policy.metadata.namespace
        pods = self._pods.get(home)
        return pods is not None and not any(
            selects(policy.spec.pod_selector, pod.metadata.labels) for pod in pods.of(home)
        )

    async def namespace_labels(self, policies: Sequence[NetworkPolicy]) -> Mapping[str, Mapping[str, str]]:
        """Return the labels of all Namespaces, if any policy asks for them."""
        rules = [rule for policy in policies for rule in policy.spec.ingress]
        sides = [*map(peers_of, rules), *(peers_of(rule) for policy in policies for rule in policy.spec.egress)]
        if not any(peer.namespace_selector is not None for peers in sides for peer in peers):
            return {}
        return {item.metadata.name: item.metadata.labels for item in await self.cluster.list(Namespace)}


def with_labels(end: End, labels: Mapping[str, Mapping[str, str]]) -> End:
    """Return an end with the labels of its Namespace."""
    return dataclasses.replace(end, namespace_labels=labels.get(end.namespace, {})) if end.is_pod else end


def outside(scope: Scope) -> list[Target]:
    """Return the host outside that is reached for."""
    if not scope.outside_host:
        return []
    end = End(ip=scope.outside_host if is_address(scope.outside_host) else "", name=scope.outside_host)
    return [Target(flow="outside", end=end, ports=[("TCP", scope.outside_port or HTTPS)])]


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
