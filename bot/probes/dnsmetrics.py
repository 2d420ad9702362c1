"""What CoreDNS says of itself: answers, failures, its cache, and the servers it forwards to."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.errors import ClusterError, Unreachable
from bot.cluster.objects import Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.dnsmetrics import DnsMetrics
from bot.facts.scope import Scope
from bot.node.meters import COREDNS_PORT, Growth, Meter, meters
from bot.node.programs import by_node, dns_servers, shows_metrics
from bot.probes.dns import dns_services
from bot.probes.narrow import pods_behind
from bot.probes.probe import CannotTell, Unreadable, probe

FORWARDS = ("coredns_proxy_request_duration_seconds", "coredns_forward_request_duration_seconds")
"""How long the servers above took, since CoreDNS 1.11 and before."""
RESPONSES = "coredns_dns_responses_total"


@probe(DnsMetrics, reads=(Service, Pod), helper=True)
async def dns_metrics(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Measure how each CoreDNS Pod answers, and how it is answered."""
    services = await dns_services(cluster, scope)
    pods = await pods_behind(cluster, services)
    owners = {pod.status.pod_ip: (pod, service) for service in services for pod in pods.selected_by(service)}
    behind = [pod for pod, _ in owners.values()]
    if behind and not any(map(shows_metrics, behind)):
        detail = f"the DNS Pods declare no port {COREDNS_PORT}: what runs there is not CoreDNS, or shows no metrics"
        raise CannotTell(Reason.NOT_APPLICABLE, detail)
    places = dns_servers(behind, await cluster.helper_nodes())
    if not places:
        raise CannotTell(Reason.NO_HELPER, "no Node has a node helper that could read the metrics of a DNS Pod")
    answers = await meters(cluster, by_node(places))
    found: list[Fact | Unreadable] = []
    for place in places:
        answer = answers[place.node]
        pod, service = owners[place.ip]
        if isinstance(answer, ClusterError):
            found.append(Unreadable(of=DnsMetrics, subject=pod.metadata.name, error=answer))
        elif error := answer[place.address].error:
            problem = Unreachable(f"CoreDNS shows no metrics at {place.address}: {error}")
            found.append(Unreadable(of=DnsMetrics, subject=pod.metadata.name, error=problem))
        else:
            found.append(metrics_of(answer[place.address], pod, service, asked_from=place.node))
    return found


def metrics_of(meter: Meter, pod: Pod, service: Service, *, asked_from: str) -> DnsMetrics:
    """Return what one server shows."""
    growth = Growth(meter)
    requests = growth.spans("coredns_dns_request_duration_seconds")
    forwards = max((growth.spans(family) for family in FORWARDS), key=lambda spans: spans.count)
    forward_failed = max(growth.spans(family, rcode=("SERVFAIL",)).count for family in FORWARDS)
    responses = sum(round(growth.of(name)) for name in meter.last if name.partition("{")[0] == RESPONSES)
    failed, unknown = (round(growth.of(f"{RESPONSES}{{rcode={code}}}")) for code in ("SERVFAIL", "NXDOMAIN"))
    hits, misses = (round(growth.of(f"coredns_cache_{what}_total")) for what in ("hits", "misses"))
    return DnsMetrics(
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        service=service.metadata.name,
        node=pod.spec.node_name,
        window_ms=meter.window_ms,
        requests=requests.count,
        mean_ms=requests.mean_ms,
        p99_ms=requests.quantile_ms(0.99),
        responses=responses,
        failed=failed,
        failed_permille=permille(failed, responses),
        unknown_permille=permille(unknown, responses),
        cache_lookups=hits + misses,
        cache_hits_permille=permille(hits, hits + misses),
        forwarded=forwards.count,
        forward_failed=forward_failed,
        forward_failed_permille=permille(forward_failed, forwards.count),
        forward_p99_ms=forwards.quantile_ms(0.99),
        without_upstream=round(growth.of("coredns_forward_healthcheck_broken_total")),
        rejected=round(growth.of("coredns_forward_max_concurrent_rejects_total")),
        panics=round(growth.now("coredns_panics_total")),
        source=f"{asked_from}: metrics of Pod {pod.metadata.namespace}/{pod.metadata.name}",
    )


def permille(part: int, whole: int) -> int:
    """Return a share; 0 of nothing."""
    return part * 1000 // whole if whole else 0
