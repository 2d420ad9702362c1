"""What a diagnosis of any symptom may ask helpers about DNS and Service addresses, so that a recording holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.cluster.objects import EndpointSlice, Pod, Service
from bot.cluster.selectors import selects
from bot.node.targets import dns_servers, domain_names, fronts, has_address, is_dns, questions, service_name

MAX_NAMES = 40
"""Services whose names are looked up for a recording (ours)."""
MAX_ADDRESSES = 160
"""Addresses that each Node connects to for a recording (ours)."""
MAX_NODES = 8
"""Nodes that look names up and connect to Services for a recording (ours), as many as a diagnosis asks."""
SERVICE_LABEL = "kubernetes.io/service-name"


def names_to_ask(services: Iterable[Service], pods: Iterable[Pod], *, domain: str) -> set[str]:
    """Return the questions to each DNS server: names every cluster has or has not, and those of Services."""
    known, everyone = list(services), list(pods)
    targets = [item for item in known if has_address(item) and not is_dns(item)][:MAX_NAMES]
    names = [*domain_names(domain), *(service_name(item, domain) for item in targets)]
    found: set[str] = set()
    for service in filter(is_dns, known):
        behind = [
            pod
            for pod in everyone
            if service.spec.selector
            and pod.metadata.namespace == service.metadata.namespace
            and selects(service.spec.selector, pod.metadata.labels)
        ]
        found |= questions(dns_servers(service, behind), names)
    return found


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
