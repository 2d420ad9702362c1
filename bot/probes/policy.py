"""NetworkPolicies: how many there are, and which of them isolate a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.objects import LabelSelector, Namespace, NetworkPolicy, Pod, PolicyPeer, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import to_text
from bot.facts.policy import PolicyCount, TargetIsolation
from bot.facts.scope import Scope
from bot.probes.probe import probe
from bot.probes.reading import find_services, key_of, namespaces_in, path_of, pods_in
from bot.simulation.networkpolicy import End, end_of, isolating, peers_match

WORDS_LENGTH = 200
EVERYBODY = "everybody"


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
    services = await find_services(cluster, scope)
    targets = [(pods[0], service.metadata.name) for service in services if (pods := every_pod.selected_by(service))]
    targets += [(pod, "") for pod in every_pod.named(scope.backends) if not scope.services]
    policies = [
        item for namespace in namespaces_in(scope) for item in await cluster.list(NetworkPolicy, namespace=namespace)
    ]
    crowd = await crowd_of(cluster, policies)
    return [isolation_of(pod, service, policies, crowd) for pod, service in targets]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Everybody the peers of NetworkPolicies may mean."""

    pods: Sequence[Pod]
    namespace_labels: Mapping[str, Mapping[str, str]]

    def holds(self, peer: PolicyPeer, policy: NetworkPolicy, *, besides: Pod) -> bool:
        """Tell whether a peer is an address block, or matches a living Pod other than one."""
        if peer.ip_block is not None:
            return True
        return any(
            peers_match((peer,), self.end_of(pod), policy.metadata.namespace)
            for pod in self.pods
            if pod.alive and key_of(pod) != key_of(besides)
        )

    def end_of(self, pod: Pod) -> End:
        """Return a Pod as policies see it."""
        return end_of(pod, self.namespace_labels.get(pod.metadata.namespace, {}))


async def crowd_of(cluster: Cluster, policies: Sequence[NetworkPolicy]) -> Crowd:
    """Read the Pods of the policies' namespaces, and everything only if a policy selects namespaces."""
    if any(peer.namespace_selector is not None for policy in policies for peer in peers_of(policy)):
        namespaces = {item.metadata.name: item.metadata.labels for item in await cluster.list(Namespace)}
        return Crowd(pods=await cluster.list(Pod), namespace_labels=namespaces)
    places = sorted({policy.metadata.namespace for policy in policies})
    pods = [pod for place in places for pod in await cluster.list(Pod, namespace=place)]
    return Crowd(pods=pods, namespace_labels={})


def peers_of(policy: NetworkPolicy) -> list[PolicyPeer]:
    """Return all peers that a policy's ingress rules name."""
    return [peer for rule in policy.spec.ingress for peer in rule.from_]


def isolation_of(pod: Pod, service: str, every_policy: Sequence[NetworkPolicy], crowd: Crowd) -> TargetIsolation:
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
        admitted=listed([EVERYBODY] if open_to_all else admitted),
        asked_for=listed([EVERYBODY] if open_to_all else [peer_in_words(peer) for peer, _ in named]),
        source=path_of(first) if policies else f"/apis/networking.k8s.io/v1/namespaces/{pod.metadata.namespace}",
    )


def listed(words: Iterable[str]) -> str:
    """Return each once, separated by commas."""
    return ", ".join(dict.fromkeys(words))[:WORDS_LENGTH]


def peer_in_words(peer: PolicyPeer) -> str:
    """Return a peer as ``Pods tier=backend``, ``Pods app=web in Namespaces team=a`` or ``10.0.0.0/8``."""
    if peer.ip_block is not None:
        return peer.ip_block.cidr
    pods = f"Pods {selector_in_words(peer.pod_selector)}" if peer.pod_selector is not None else "all Pods"
    if peer.namespace_selector is None:
        return pods
    return f"{pods} in Namespaces {selector_in_words(peer.namespace_selector)}"


def selector_in_words(selector: LabelSelector) -> str:
    """Return a label selector as kubectl writes it; ``(all)`` for an empty one."""
    terms = [to_text(selector.match_labels)] if selector.match_labels else []
    for item in selector.match_expressions:
        values = f" ({', '.join(item.values)})" if item.values else ""
        terms.append(f"{item.key} {item.operator.lower()}{values}")
    return ", ".join(terms) or "(all)"
