"""Names that stand for others: Services of type ExternalName, and Pods' own entries of /etc/hosts."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import Pod, Service
from bot.cluster.port import Cluster
from bot.facts.aliases import ExternalName, HostsEntry
from bot.facts.scope import Scope
from bot.node.targets import DNS_DOMAIN, has_address
from bot.probes.probe import probe
from bot.probes.reading import key_of, owner_of, path_of, services_in


@probe(ExternalName, reads=(Service,))
async def external_name(cluster: Cluster, scope: Scope) -> Iterable[ExternalName]:
    """Tell what the symptom's Services of type ExternalName stand for, and whether the cluster has it."""
    found = []
    for service in await services_in(cluster, scope):
        if service.spec.type != "ExternalName":
            continue
        host = service.spec.external_name.rstrip(".")
        namespace, name = meant(host, "")
        inside = host.endswith((".svc", f".svc.{DNS_DOMAIN}"))
        others = await cluster.list(Service, namespace=namespace) if inside else []
        found.append(
            ExternalName(
                namespace=service.metadata.namespace,
                name=service.metadata.name,
                host=host,
                service_namespace=namespace if inside else "",
                service=name if inside else "",
                exists=any(other.metadata.name == name for other in others),
                source=path_of(service),
            )
        )
    return found


@probe(HostsEntry, reads=(Pod, Service))
async def hosts_entry(cluster: Cluster, scope: Scope) -> Iterable[HostsEntry]:
    """Compare what the clients' hostAliases say of Services with the Services' addresses."""
    clients = {(client.namespace, client.name) for client in scope.clients}
    pods = [
        pod
        for namespace in sorted({namespace for namespace, _ in clients})
        for pod in await cluster.list(Pod, namespace=namespace)
        if key_of(pod) in clients
    ]
    named = [(pod, name, alias.ip) for pod in pods for alias in pod.spec.host_aliases for name in alias.hostnames]
    places = {meant(name, pod.metadata.namespace) for pod, name, _ in named}
    services = {
        key_of(service): service
        for namespace in sorted({namespace for namespace, _ in places})
        for service in await cluster.list(Service, namespace=namespace)
        if has_address(service)
    }
    found = {
        (owner_of(pod), name): entry(pod, name, ip, services[place])
        # Of two lines for one name, the first is read.
        for pod, name, ip in reversed(named)
        if (place := meant(name, pod.metadata.namespace)) in services
    }
    return list(reversed(found.values()))


def meant(hostname: str, namespace: str) -> tuple[str, str]:
    """Return the namespace and the name of the Service that a name would be, to a Pod of a namespace."""
    name, _, rest = hostname.lower().removesuffix(f".svc.{DNS_DOMAIN}").removesuffix(".svc").partition(".")
    return rest or namespace, name


def entry(pod: Pod, hostname: str, ip: str, service: Service) -> HostsEntry:
    """Return what a Pod's /etc/hosts says of a Service."""
    owner = owner_of(pod)
    return HostsEntry(
        namespace=owner.namespace,
        workload=owner.name,
        workload_type=owner.kind,
        hostname=hostname,
        ip=ip,
        service_namespace=service.metadata.namespace,
        service=service.metadata.name,
        cluster_ip=service.spec.cluster_ip,
        as_expected=ip == service.spec.cluster_ip,
        source=f"{path_of(pod)}, its hostAliases",
    )
