"""What the NetworkPolicies of a namespace do to its Pods, whoever connects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cluster.objects import LabelSelector, NetworkPolicy, Pod
from bot.cluster.port import Cluster
from bot.facts.policy import PolicyCoverage, PolicyEffect
from bot.facts.scope import Scope
from bot.probes.policy_words import listed, peer_in_words, pods_in_words
from bot.probes.probe import probe
from bot.probes.reading import namespaces_in, path_of
from bot.simulation.networkpolicy import (
    Direction,
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
    """One namespace with the Pods that policies know, and its policies."""

    namespace: str
    ends: Sequence[End]
    policies: Sequence[NetworkPolicy]

    def isolated(self, end: End, direction: Direction) -> list[NetworkPolicy]:
        """Return the policies that isolate a Pod in a direction."""
        return isolating(self.policies, end, direction)


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
    """Return the namespaces that have policies."""
    policies = [item for name in namespaces_in(scope) for item in await cluster.list(NetworkPolicy, namespace=name)]
    names = sorted({policy.metadata.namespace for policy in policies})
    return [
        Place(
            namespace=name,
            ends=[end_of(pod, {}) for pod in await cluster.list(Pod, namespace=name) if is_meant(pod)],
            policies=[policy for policy in policies if policy.metadata.namespace == name],
        )
        for name in names
    ]


def is_meant(pod: Pod) -> bool:
    """Tell whether policies know a Pod."""
    return pod.alive and not pod.spec.host_network


def effect(policy: NetworkPolicy, place: Place, *, client_named: bool) -> PolicyEffect:
    """Return what one policy does."""
    types = policy_types(policy.spec)
    ingress = [end for end in place.ends if policy in place.isolated(end, "ingress")]
    egress = [end for end in place.ends if policy in place.isolated(end, "egress")]
    peers = [peer for rule in policy.spec.ingress for peer in peers_of(rule)]
    own = all(peer.pod_selector is not None and peer.namespace_selector is None for peer in peers)
    named = [peers_of(rule) for rule in policy.spec.ingress]
    shut_out = [end for end in place.ends if not any(peers_match(peers, end, place.namespace) for peers in named)]
    return PolicyEffect(
        namespace=place.namespace,
        name=policy.metadata.name,
        selected=pods_in_words(policy.spec.pod_selector),
        selects_all_pods=policy.spec.pod_selector == LabelSelector(),
        pods=len(place.ends),
        selected_pods=len({end.name for end in (*ingress, *egress)}),
        isolates_ingress="Ingress" in types,
        isolates_egress="Egress" in types,
        ingress_rules=len(policy.spec.ingress),
        egress_rules=len(policy.spec.egress),
        named=listed(map(peer_in_words, peers)),
        names_own_pods=bool(peers) and own and all(named),
        shut_out_pods=len(shut_out) if "Ingress" in types else 0,
        alone_pods=sum(len(place.isolated(end, "ingress")) == 1 for end in ingress),
        mute_pods=sum(not any(rules_of(item, "egress") for item in place.isolated(end, "egress")) for end in egress),
        client_named=client_named,
        source=f"{path_of(policy)} and the Pods of its namespace",
    )


def coverage(place: Place) -> PolicyCoverage:
    """Return how far policies isolate a namespace."""
    walls = [policy for policy in place.policies if policy.spec.pod_selector == LabelSelector()]
    return PolicyCoverage(
        namespace=place.namespace,
        policies=len(place.policies),
        pods=len(place.ends),
        open_ingress_pods=sum(not place.isolated(end, "ingress") for end in place.ends),
        open_egress_pods=sum(not place.isolated(end, "egress") for end in place.ends),
        default_deny_ingress=any("Ingress" in policy_types(p.spec) and not p.spec.ingress for p in walls),
        default_deny_egress=any("Egress" in policy_types(p.spec) and not p.spec.egress for p in walls),
        source=f"/apis/networking.k8s.io/v1/namespaces/{place.namespace}/networkpolicies and the Pods there",
    )
