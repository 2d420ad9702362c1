"""NetworkPolicies: how many there are, and which of them isolate a target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from bot.cluster.objects import LabelSelector, Namespace, NetworkPolicy, Pod, PolicyPeer, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.base import Reason
from bot.facts.policy import PolicyCount, TargetIsolation
from bot.facts.scope import Scope
from bot.probes.policy_words import listed, peer_in_words
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import Pods, find_services, key_of, namespaces_in, path_of, pods_in
from bot.simulation.networkpolicy import End, end_of, isolating, peers_match

EVERYBODY = "everybody"
FEW_PODS = 10_000
"""Up to so many, all are read; beyond, those of the namespaces that policies select (ours)."""
MOST_NAMESPACES = 20
"""Read in full (ours)."""


@probe(PolicyCount, reads=(NetworkPolicy,))
async def policy_count(cluster: Cluster, scope: Scope) -> Iterable[PolicyCount]:
    """Count the NetworkPolicies of the symptom's namespaces, or of all."""
    policies = [
        item for namespace in namespaces_in(scope) for item in await cluster.list(NetworkPolicy, namespace=namespace)
    ]
    first = policies[0] if policies else NetworkPolicy()
    return [
        PolicyCount(
            policies=len(policies),
            namespaces=len({item.metadata.namespace for item in policies}),
            example_namespace=first.metadata.namespace,
            example_name=first.metadata.name,
            source="/apis/networking.k8s.io/v1/networkpolicies",
        )
    ]


@probe(TargetIsolation, reads=(Service, Pod, NetworkPolicy, Namespace))
async def target_isolation(cluster: Cluster, scope: Scope) -> Iterable[TargetIsolation]:
    """Tell, for one Pod of each target, who may open connections to it as NetworkPolicies have it."""
    every_pod = await pods_in(cluster, scope)
    targets = targets_of(every_pod, await find_services(cluster, scope), scope)
    policies = [
        item for namespace in namespaces_in(scope) for item in await cluster.list(NetworkPolicy, namespace=namespace)
    ]
    crowd, of = await crowd_of(cluster, policies), defaultdict(list)
    for policy in policies:
        of[policy.metadata.namespace].append(policy)
    from_outside = bool(scope.entry_port)
    return [
        isolation_of(pod, service, of[pod.metadata.namespace], crowd, from_outside=from_outside)
        for pod, service in targets
    ]


def targets_of(every_pod: Pods, services: Sequence[Service], scope: Scope) -> list[tuple[Pod, str]]:
    """Return the Pods that are looked at, each with its Service. One that is all a symptom names may be its target.

    Raises:
        CannotTell: Who connects is known, so that is looked at instead.
    """
    clients = every_pod.named(scope.clients)
    if clients and (scope.services or scope.backends or scope.outside_host):
        raise CannotTell(Reason.OUT_OF_SCOPE, "who connects is known: see policy_flow")
    if clients:
        return [(pod, "") for pod in clients]
    found = [(pods[0], service.metadata.name) for service in services if (pods := every_pod.selected_by(service))]
    return found + [(pod, "") for pod in every_pod.named(scope.backends) if not scope.services]


class Crowd:
    """Everybody the peers of NetworkPolicies may mean."""

    def __init__(self, pods: Iterable[Pod], namespace_labels: Mapping[str, Mapping[str, str]]) -> None:
        """Keep the living Pods."""
        self._namespace_labels = namespace_labels
        self._pods = [(pod, self.end_of(pod)) for pod in pods if pod.alive]
        self._meant: dict[tuple[tuple[str, str], str], list[Pod]] = {}

    def holds(self, peer: PolicyPeer, policy: NetworkPolicy, *, besides: Pod) -> bool:
        """Tell whether a peer is an address block, or matches a living Pod other than one."""
        if peer.ip_block is not None:
            return True
        return any(key_of(pod) != key_of(besides) for pod in self._first_two(peer, policy))

    def end_of(self, pod: Pod) -> End:
        """Return a Pod as policies see it."""
        return end_of(pod, self._namespace_labels.get(pod.metadata.namespace, {}))

    def _first_two(self, peer: PolicyPeer, policy: NetworkPolicy) -> list[Pod]:
        """Return two Pods that a peer matches: one of them is other than any that is asked for."""
        namespace = policy.metadata.namespace
        key = (key_of(policy), repr(peer))
        if key not in self._meant:
            meant = (pod for pod, end in self._pods if peers_match((peer,), end, namespace))
            self._meant[key] = list(islice(meant, 2))
        return self._meant[key]


async def crowd_of(cluster: Cluster, policies: Sequence[NetworkPolicy]) -> Crowd:
    """Read the Pods of the policies' namespaces, and everything only if a policy selects namespaces."""
    if any(peer.namespace_selector is not None for policy in policies for peer in peers_of(policy)):
        namespaces = {item.metadata.name: item.metadata.labels for item in await cluster.list(Namespace)}
        if await cluster.count(Pod) <= FEW_PODS:
            return Crowd(await cluster.list(Pod), namespaces)
        places = sorted(selected_namespaces(policies, namespaces))
        if len(places) > MOST_NAMESPACES:
            raise CannotTell(Reason.OUT_OF_SCOPE, f"policies select {len(places)} namespaces, too many to read at once")
    else:
        namespaces, places = {}, sorted({policy.metadata.namespace for policy in policies})
    pods = [pod for place in places for pod in await cluster.list(Pod, namespace=place)]
    return Crowd(pods, namespaces)


def selected_namespaces(policies: Sequence[NetworkPolicy], namespaces: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Return the namespaces of the policies, and those whose Pods they may let in."""
    selectors = [peer.namespace_selector for policy in policies for peer in peers_of(policy)]
    named = {
        name for name, labels in namespaces.items() for one in selectors if one is not None and selects(one, labels)
    }
    return named | {policy.metadata.namespace for policy in policies}


def peers_of(policy: NetworkPolicy) -> list[PolicyPeer]:
    """Return all peers that a policy's ingress rules name."""
    return [peer for rule in policy.spec.ingress for peer in rule.from_]


def isolation_of(
    pod: Pod, service: str, every_policy: Sequence[NetworkPolicy], crowd: Crowd, *, from_outside: bool
) -> TargetIsolation:
    """Return what policies mean for one Pod. Policies only add: a connection passes if any of them lets it in."""
    policies = isolating(every_policy, crowd.end_of(pod), "ingress")
    first = policies[0] if policies else NetworkPolicy()
    open_to_all = any(not rule.from_ for policy in policies for rule in policy.spec.ingress)
    named = [(peer, policy) for policy in policies for peer in peers_of(policy)]
    admitted = [peer_in_words(peer) for peer, policy in named if crowd.holds(peer, policy, besides=pod)]
    return TargetIsolation(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        service=service,
        policies=len(policies),
        policy=first.metadata.name,
        selects_all_pods=bool(policies) and first.spec.pod_selector == LabelSelector(),
        admits_anyone=open_to_all or bool(admitted),
        admits_addresses=open_to_all or any(peer.ip_block is not None for peer, _ in named),
        from_outside=from_outside,
        admitted=listed([EVERYBODY] if open_to_all else admitted),
        asked_for=listed([EVERYBODY] if open_to_all else [peer_in_words(peer) for peer, _ in named]),
        source=path_of(first) if policies else f"/apis/networking.k8s.io/v1/namespaces/{pod.metadata.namespace}",
    )
