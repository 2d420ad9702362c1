"""Istio: policies that refuse what the workloads would answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import Pod, Service
from bot.cluster.objects.mesh import AuthorizationPolicy, AuthorizationRule, PeerAuthentication
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.mesh import MeshAuthorization, MeshMutualTls
from bot.facts.scope import Scope
from bot.probes.events import TEXT_LENGTH
from bot.probes.pod import concerned
from bot.probes.probe import probe
from bot.probes.reading import key_of, path_of, served

ROOT = "istio-system"
"""The namespace whose policies hold for the whole mesh, by Istio's default."""
PROXY = "istio-proxy"
GATEWAY = {"istio": "ingressgateway"}

Policy = AuthorizationPolicy | PeerAuthentication


@probe(MeshAuthorization, reads=(Service, Pod, AuthorizationPolicy))
async def mesh_authorization(cluster: Cluster, scope: Scope) -> Iterable[MeshAuthorization]:
    """Find the AuthorizationPolicies that cover the Pods that are reached for, or the ingress gateway."""
    policies = await served(cluster, AuthorizationPolicy)
    if not policies:
        return []
    pods = [*await targets(cluster, scope), *await cluster.list(Pod, namespace=ROOT, labels="istio=ingressgateway")]
    covered = ((item, next((pod for pod in pods if covers(item, pod)), None)) for item in policies)
    return [
        MeshAuthorization(
            namespace=item.metadata.namespace,
            name=item.metadata.name,
            action=item.spec.action,
            rules=len(item.spec.rules),
            what=what_of(item.spec.rules),
            covers="/".join(key_of(pod)),
            gateway=selects(GATEWAY, pod.metadata.labels),
            source=path_of(item),
        )
        for item, pod in covered
        if pod
    ]


@probe(MeshMutualTls, reads=(Service, Pod, PeerAuthentication))
async def mesh_mutual_tls(cluster: Cluster, scope: Scope) -> Iterable[MeshMutualTls]:
    """Tell whether the Pods that are reached for insist on mutual TLS, which a client outside the mesh cannot give."""
    policies = await served(cluster, PeerAuthentication)
    pods = [pod for pod, _ in await concerned(cluster, scope)] if policies else []
    clients = [pod for pod in pods if key_of(pod) in named_clients(scope)]
    found = []
    for pod in pods:
        decides = max((item for item in policies if covers(item, pod)), key=nearness, default=None)
        if pod in clients or decides is None:
            continue
        client = clients[0] if clients else None
        found.append(
            MeshMutualTls(
                namespace=decides.metadata.namespace,
                name=decides.metadata.name,
                mode=decides.spec.mtls.mode,
                target_namespace=pod.metadata.namespace,
                target=pod.metadata.name,
                target_in_mesh=in_mesh(pod),
                client_namespace=client.metadata.namespace if client else "",
                client=client.metadata.name if client else "",
                client_in_mesh=client is not None and in_mesh(client),
                source=f"{path_of(decides)}, containers of {path_of(pod)}",
            )
        )
    return found


async def targets(cluster: Cluster, scope: Scope) -> list[Pod]:
    """Return the Pods that are reached for."""
    return [pod for pod, _ in await concerned(cluster, scope) if key_of(pod) not in named_clients(scope)]


def named_clients(scope: Scope) -> set[tuple[str, str]]:
    """Return the clients by namespace and name."""
    return {(client.namespace, client.name) for client in scope.clients}


def covers(item: Policy, pod: Pod) -> bool:
    """Tell whether a policy holds for a Pod: of its namespace, or of the whole mesh."""
    return item.metadata.namespace in (pod.metadata.namespace, ROOT) and selects(
        item.spec.selector, pod.metadata.labels
    )


def nearness(item: PeerAuthentication) -> tuple[bool, bool]:
    """Return which of several decides: one with a selector, then that of the namespace, then that of the mesh."""
    return bool(item.spec.selector.match_labels), item.metadata.namespace != ROOT


def what_of(rules: Sequence[AuthorizationRule]) -> str:
    """Return what rules name."""
    operations = [to.operation for rule in rules for to in rule.to]
    words = [" ".join((*each.methods, *each.paths, *each.ports)) for each in operations]
    return ", ".join(filter(None, words))[:TEXT_LENGTH] or "everything"


def in_mesh(pod: Pod) -> bool:
    """Tell whether a Pod has the mesh's proxy."""
    return any(container.name == PROXY for container in pod.spec.containers)
