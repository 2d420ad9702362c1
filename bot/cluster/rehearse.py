"""What a diagnosis of any symptom may ask helpers about DNS and Service addresses, so that a recording holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.cluster.objects import EndpointSlice, Pod, Service
from bot.cluster.selectors import selects
from bot.node import ways
from bot.node.requests import target
from bot.node.targets import dns_servers, domain_names, fronts, has_address, is_dns, questions, service_name

MAX_NAMES = 40
"""Services whose names are looked up for a recording (ours)."""
MAX_ADDRESSES = 160
"""Addresses that each Node connects to for a recording (ours)."""
MAX_NODES = 8
"""Nodes that look names up and connect to Services for a recording (ours), as many as a diagnosis asks."""
MAX_ENDS = 16
"""Ends of tunnels that each Node connects to for a recording (ours)."""
MAX_PODS = 40
"""Pods that are connected to for a recording (ours)."""
SERVICE_LABEL = "kubernetes.io/service-name"


def names_to_ask(services: Iterable[Service], pods: Iterable[Pod], *, domain: str) -> set[str]:
    """Return the questions to each DNS server: names every cluster has or has not, and those of Services."""
    known, everyone = list(services), list(pods)
    targets = [item for item in known if has_address(item) and not is_dns(item)][:MAX_NAMES]
    names = [*domain_names(domain), *(service_name(item, domain) for item in targets)]
    found: set[str] = set()
    for service in filter(is_dns, known):
        found |= questions(dns_servers(service, pods_behind(service, everyone)), names)
    return found


def dns_pods(services: Iterable[Service], pods: Sequence[Pod]) -> list[Pod]:
    """Return the Pods behind the DNS Services, each once."""
    behind = (pod for service in filter(is_dns, services) for pod in pods_behind(service, pods))
    return list({(pod.metadata.namespace, pod.metadata.name): pod for pod in behind}.values())


def pods_behind(service: Service, pods: Iterable[Pod]) -> list[Pod]:
    """Return the Pods that a Service selects."""
    return [
        pod
        for pod in pods
        if service.spec.selector
        and pod.metadata.namespace == service.metadata.namespace
        and selects(service.spec.selector, pod.metadata.labels)
    ]


def addresses_to_try(services: Iterable[Service], slices: Iterable[EndpointSlice]) -> set[str]:
    """Return the addresses of Services and of what is behind them, as many as a recording tries."""
    by_service: dict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
    for item in slices:
        by_service[item.metadata.namespace, item.metadata.labels.get(SERVICE_LABEL, "")].append(item)
    found: set[str] = set()
    for service in (item for item in services if not is_dns(item)):
        for front in fronts(service, by_service[service.metadata.namespace, service.metadata.name]):
            if len(found | front.targets) <= MAX_ADDRESSES:
                found |= front.targets
    return found


def ways_to_measure(
    nodes: Sequence[str], own: Mapping[str, str], api: Sequence[tuple[str, int]], ends: Mapping[str, set[str]]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return what each Node connects to on its ways to other Nodes and the API server, and where it sends sizes."""
    sizes = {node: set(sorted(ends.get(node, ()))[:MAX_ENDS]) for node in nodes}
    for node, peer in ways.pairs(nodes):
        if peer in own:
            sizes[node].add(own[peer])
    rows = {node: {target(address, ways.CLOSED_PORT) for address in found} for node, found in sizes.items()}
    for node in nodes:
        rows[node] |= {target(*place) for place in api if own.get(node) != place[0]}
    return rows, sizes


def pods_to_try(nodes: Sequence[str], pods: Iterable[Pod], services: Sequence[Service]) -> dict[str, set[str]]:
    """Return what each Node connects to in Pods: in its own, some ports; in those of others, a closed one."""
    found: dict[str, set[str]] = {node: set() for node in nodes}
    for pod in [pod for pod in pods if ways.is_reachable(pod)][:MAX_PODS]:
        for node in nodes:
            ports = ways.ports_of(pod, services) if node == pod.spec.node_name else [ways.CLOSED_PORT]
            found[node] |= {target(pod.status.pod_ip, port) for port in ports}
    return found
