"""NetworkPolicies: how many there are, and which of them isolate a target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import LabelSelector, Namespace, NetworkPolicy, Pod, PolicyPeer, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects, to_text
from bot.facts.policy import PolicyCount, TargetIsolation
from bot.facts.scope import Scope
from bot.probes.probe import probe
from bot.probes.reading import Pods, find_services, key_of, namespaces_in, path_of, pods_in

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
    behind = [
        (service.metadata.name, every_pod.selected_by(service)) for service in await find_services(cluster, scope)
    ]
    targets = [(pods[0], name) for name, pods in behind if pods]
    targets += [(pod, "") for pod in every_pod.named(scope.backends) if not scope.services]
    policies = [
        item for namespace in namespaces_in(scope) for item in await cluster.list(NetworkPolicy, namespace=namespace)
    ]
    peers = await Peers.read(cluster, policies)
    return [isolation_of(pod, service, [p for p in policies if isolates(p, pod)], peers) for pod, service in targets]


class Peers:
    """The Pods and Namespaces that the peers of NetworkPolicies may mean."""

    def __init__(self, pods: Sequence[Pod], namespaces: Sequence[Namespace]) -> None:
        """Keep them."""
        self._pods = Pods(pods)
        self._namespaces = namespaces

    @classmethod
    async def read(cls, cluster: Cluster, policies: Iterable[NetworkPolicy]) -> Peers:
        """Read the namespaces of the policies, and all of them only if a policy selects namespaces."""
        policies = list(policies)
        if any(peer.namespace_selector is not None for policy in policies for peer in peers_of(policy)):
            return cls(await cluster.list(Pod), await cluster.list(Namespace))
        namespaces = sorted({policy.metadata.namespace for policy in policies})
        return cls([pod for place in namespaces for pod in await cluster.list(Pod, namespace=place)], [])

    def matched_by(self, peer: PolicyPeer, policy: NetworkPolicy, *, target: Pod) -> bool:
        """Tell whether a peer is an address block or matches a Pod other than the target. Host Pods match none."""
        if peer.ip_block is not None:
            return True
        places = [policy.metadata.namespace]
        if peer.namespace_selector is not None:
            places = [
                item.metadata.name
                for item in self._namespaces
                if selects(peer.namespace_selector, item.metadata.labels)
            ]
        wanted = peer.pod_selector or LabelSelector()
        return any(
            selects(wanted, pod.metadata.labels)
            for place in places
            for pod in self._pods.of(place)
            if not pod.spec.host_network and key_of(pod) != key_of(target)
        )


def peers_of(policy: NetworkPolicy) -> list[PolicyPeer]:
    """Return all peers that a policy's ingress rules name."""
    return [peer for rule in policy.spec.ingress for peer in rule.from_]


def isolates(policy: NetworkPolicy, pod: Pod) -> bool:
    """Tell whether a policy selects a Pod for ingress. Host Pods are selected by none."""
    return (
        policy.metadata.namespace == pod.metadata.namespace
        and not pod.spec.host_network
        and "Ingress" in (policy.spec.policy_types or ("Ingress",))
        and selects(policy.spec.pod_selector, pod.metadata.labels)
    )


def isolation_of(pod: Pod, service: str, policies: Sequence[NetworkPolicy], peers: Peers) -> TargetIsolation:
    """Return what policies mean for one Pod. Policies only add: a connection passes if any of them lets it in."""
    first = policies[0] if policies else NetworkPolicy()
    open_to_all = any(not rule.from_ for policy in policies for rule in policy.spec.ingress)
    named = [(peer, policy) for policy in policies for peer in peers_of(policy)]
    admitted = [peer_in_words(peer) for peer, policy in named if peers.matched_by(peer, policy, target=pod)]
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
