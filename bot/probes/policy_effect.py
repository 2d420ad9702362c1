"""What the NetworkPolicies of a namespace do to its Pods, whoever connects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import LabelSelector, NetworkPolicy, Pod
from bot.cluster.port import Cluster
from bot.facts.policy import PolicyCoverage, PolicyEffect
from bot.facts.scope import Scope
from bot.probes.policy_words import OF_EACH_POD, listed, peer_in_words, pods_in_words
from bot.probes.probe import probe
from bot.probes.reading import namespaces_in, path_of
from bot.simulation.networkpolicy import (
    End,
    end_of,
    isolating,
    peers_match,
    peers_of,
    policy_types,
    rules_of,
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One namespace with its policies, and the Pods that policies know."""

    namespace: str
    policies: Sequence[NetworkPolicy]
    crowds: Sequence[Crowd]

    @property
    def pods(self) -> int:
        """All Pods."""
        return count(self.crowds)


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Pods that policies cannot tell apart."""

    end: End
    pods: int
    ingress: Sequence[NetworkPolicy]
    """Those that isolate them."""
    egress: Sequence[NetworkPolicy]


@probe(PolicyEffect, reads=(Pod, NetworkPolicy))
async def policy_effect(cluster: Cluster, scope: Scope) -> Iterable[PolicyEffect]:
    """Tell what each policy of the symptom's namespaces selects, and what it alone takes away."""
    places = await places_in(cluster, scope)
    return [effect(policy, place, client_named=bool(scope.clients)) for place in places for policy in place.policies]


@probe(PolicyCoverage, reads=(Pod, NetworkPolicy))
async def policy_coverage(cluster: Cluster, scope: Scope) -> Iterable[PolicyCoverage]:
    """Tell how many Pods of each of the symptom's namespaces no policy isolates."""
    return [coverage(place) for place in await places_in(cluster, scope)]


async def places_in(cluster: Cluster, scope: Scope) -> list[Place]:
    """Return the namespaces that have policies, and those that the symptom names."""
    policies = [item for name in namespaces_in(scope) for item in await cluster.list(NetworkPolicy, namespace=name)]
    names = sorted({policy.metadata.namespace for policy in policies} | set(namespaces_in(scope)) - {""})
    found = []
    for name in names:
        own = [policy for policy in policies if policy.metadata.namespace == name]
        crowds = crowds_of(await cluster.list(Pod, namespace=name), own)
        found.append(Place(namespace=name, policies=own, crowds=crowds))
    return found


def crowds_of(pods: Iterable[Pod], policies: Sequence[NetworkPolicy]) -> list[Crowd]:
    """Return the Pods that policies know, by their labels."""
    alike: dict[frozenset[tuple[str, str]], list[End]] = defaultdict(list)
    for end in (end_of(pod, {}) for pod in pods if pod.alive and not pod.spec.host_network):
        alike[frozenset((key, value) for key, value in end.labels.items() if key not in OF_EACH_POD)].append(end)
    return [
        Crowd(
            end=group[0],
            pods=len(group),
            ingress=isolating(policies, group[0], "ingress"),
            egress=isolating(policies, group[0], "egress"),
        )
        for group in alike.values()
    ]


def effect(policy: NetworkPolicy, place: Place, *, client_named: bool) -> PolicyEffect:
    """Return what one policy does."""
    types = policy_types(policy.spec)
    ingress = [crowd for crowd in place.crowds if policy in crowd.ingress]
    egress = [crowd for crowd in place.crowds if policy in crowd.egress]
    named = [peers_of(rule) for rule in policy.spec.ingress]
    peers = [peer for rule_peers in named for peer in rule_peers]
    own = all(peer.pod_selector is not None and peer.namespace_selector is None for peer in peers)
    shut_out = [c for c in place.crowds if not any(peers_match(each, c.end, place.namespace) for each in named)]
    return PolicyEffect(
        namespace=place.namespace,
        name=policy.metadata.name,
        selected=pods_in_words(policy.spec.pod_selector),
        selects_all_pods=policy.spec.pod_selector == LabelSelector(),
        pods=place.pods,
        selected_pods=count(crowd for crowd in place.crowds if policy in (*crowd.ingress, *crowd.egress)),
        isolates_ingress="Ingress" in types,
        isolates_egress="Egress" in types,
        ingress_rules=len(policy.spec.ingress),
        egress_rules=len(policy.spec.egress),
        named=listed(map(peer_in_words, peers)),
        names_own_pods=bool(peers) and own and all(named),
        shut_out_pods=count(shut_out) if "Ingress" in types else 0,
        alone_pods=count(crowd for crowd in ingress if len(crowd.ingress) == 1),
        mute_pods=count(crowd for crowd in egress if not any(rules_of(item, "egress") for item in crowd.egress)),
        client_named=client_named,
        source=f"{path_of(policy)} and the Pods of its namespace",
    )


def count(crowds: Iterable[Crowd]) -> int:
    """Return how many Pods are in crowds."""
    return sum(crowd.pods for crowd in crowds)


def opens_to_all(policy: NetworkPolicy) -> bool:
    """Tell whether a policy has an ingress rule for all Pods of all namespaces."""
    every = LabelSelector()
    return any(
        not rule.from_
        or any(peer.namespace_selector == every and peer.pod_selector in (None, every) for peer in rule.from_)
        for rule in policy.spec.ingress
    )


def coverage(place: Place) -> PolicyCoverage:
    """Return how far policies isolate a namespace."""
    walls = [policy for policy in place.policies if policy.spec.pod_selector == LabelSelector()]
    return PolicyCoverage(
        namespace=place.namespace,
        policies=len(place.policies),
        pods=place.pods,
        open_ingress_pods=count(crowd for crowd in place.crowds if not crowd.ingress),
        open_egress_pods=count(crowd for crowd in place.crowds if not crowd.egress),
        open_to_all_namespaces_pods=count(c for c in place.crowds if any(map(opens_to_all, c.ingress))),
        default_deny_ingress=any("Ingress" in policy_types(p.spec) and not p.spec.ingress for p in walls),
        default_deny_egress=any("Egress" in policy_types(p.spec) and not p.spec.egress for p in walls),
        source=f"/apis/networking.k8s.io/v1/namespaces/{place.namespace}/networkpolicies and the Pods there",
    )
