"""What Nodes are answered by the cluster's DNS: by each server, for each name, through the Service and directly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from statistics import median

from bot.cluster import corefile
from bot.cluster.errors import ClusterError
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.dns import DnsAnswer, DnsName, DnsReach, DnsServer
from bot.facts.scope import Scope
from bot.node.requests import question
from bot.node.targets import NOBODY
from bot.node.tried import Resolved
from bot.probes.lookups import READS, Lookups, lookups_in, rcode_of
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import path_of
from bot.probes.times import seconds_since

ABOUT = {NOBODY: "nobody", "kubernetes": "cluster"}
OVERRIDE_LENGTH = 200
"""As much of a setting as a fact keeps (ours)."""


@probe(DnsAnswer, reads=READS, helper=True)
async def dns_answer(cluster: Cluster, scope: Scope) -> Iterable[DnsAnswer | Unreadable]:
    """Ask the DNS Service and each DNS Pod for names from the Nodes of the path and from the DNS Pods' own."""
    found: list[DnsAnswer | Unreadable] = []
    for lookups in await lookups_in(cluster, scope):
        found += lookups.unreadable(DnsAnswer)
        found += [
            answer_fact(node, server, pod, asked=(name, kind), answer=answer)
            for node, by_question in lookups.answers.items()
            if not isinstance(by_question, ClusterError)
            for server, pod in lookups.servers.items()
            for name in lookups.names
            for kind, answer in by_question.get(question(server, name), {}).items()
        ]
    return found


@probe(DnsReach, reads=READS, helper=True)
async def dns_reach(cluster: Cluster, scope: Scope) -> Iterable[DnsReach | Unreadable]:
    """Compare what each Node is answered by the DNS Service with what its Pods answer directly."""
    found: list[DnsReach | Unreadable] = []
    for lookups in await lookups_in(cluster, scope):
        found += [*lookups.unreadable(DnsReach), *(reach_fact(lookups, node) for node in lookups.nodes)]
    return found


@probe(DnsServer, reads=READS, helper=True)
async def dns_server(cluster: Cluster, scope: Scope) -> Iterable[DnsServer | Unreadable]:
    """Tell how each DNS Pod answers when it is asked directly, above all from its own Node."""
    found: list[DnsServer | Unreadable] = []
    for lookups in await lookups_in(cluster, scope):
        found += lookups.unreadable(DnsServer)
        found += [server_fact(lookups, server, pod) for server, pod in lookups.servers.items() if pod and lookups.nodes]
    return found


@probe(DnsName, reads=READS, helper=True)
async def dns_name(cluster: Cluster, scope: Scope) -> Iterable[DnsName | Unreadable]:
    """Tell what the DNS says about the symptom's Services, about nobody's name, and about a host outside."""
    found: list[DnsName | Unreadable] = []
    for lookups in await lookups_in(cluster, scope):
        found += lookups.unreadable(DnsName)
        found += [name_fact(lookups, name, cluster.now()) for name in lookups.names if lookups.given(name=name)]
    return found


def answer_fact(node: str, server: str, pod: Pod | None, *, asked: tuple[str, str], answer: Resolved) -> DnsAnswer:
    """Return how one server answered one question."""
    name, kind = asked
    silent = max(0, answer.asked - len(answer.times_us))
    return DnsAnswer(
        node=node,
        server=server,
        pod=pod.metadata.name if pod else "",
        dns_name=name,
        type=kind,
        asked=answer.asked,
        answered=len(answer.times_us),
        silent_permille=silent * 1000 // answer.asked if answer.asked else 0,
        rcode=rcode_of([answer]),
        addresses=", ".join(answer.addresses) or "none",
        fastest_us=min(answer.times_us, default=0),
        slowest_us=max(answer.times_us, default=0),
        source=f"{node}: UDP queries to {server}",
    )


def reach_fact(lookups: Lookups, node: str) -> DnsReach:
    """Return how one Node gets answers."""
    by_service = [server for server, pod in lookups.servers.items() if pod is None]
    by_pod = [server for server, pod in lookups.servers.items() if pod]
    asked, answered = counts(lookups, by_service, node)
    answering = sum(counts(lookups, [server], node)[1] > 0 for server in by_pod)
    others = [counts(lookups, by_service, other) for other in lookups.nodes if other != node]
    return DnsReach(
        node=node,
        namespace=lookups.service.metadata.namespace,
        service=lookups.service.metadata.name,
        cluster_ip=lookups.service.spec.cluster_ip,
        service_asked=asked,
        service_answered=answered,
        service_result=result(asked, answered),
        pods_tried=len(by_pod),
        pods_answering=answering,
        pods_result=result(len(by_pod), answering) if answering in (0, len(by_pod)) else "some",
        elsewhere=result(sum(one for one, _ in others), sum(one for _, one in others)),
        source=f"{node}: UDP queries to {', '.join(lookups.servers)}",
    )


def counts(lookups: Lookups, servers: Iterable[str], node: str = "") -> tuple[int, int]:
    """Return how many queries for the cluster's names were made and answered."""
    answers = [answer for server in servers for answer in lookups.given(node=node, server=server)]
    return sum(answer.asked for answer in answers), sum(len(answer.times_us) for answer in answers)


def result(asked: int, answered: int) -> str:
    """Return in a word whether anything was answered."""
    return "untried" if not asked else "answers" if answered else "silent"


def server_fact(lookups: Lookups, server: str, pod: Pod) -> DnsServer:
    """Return how one DNS Pod answers."""
    own = pod.spec.node_name
    near = lookups.given(node=own, server=server) if own else []
    near_asked = sum(answer.asked for answer in near)
    near_times = [time for answer in near for time in answer.times_us]
    asked, answered = counts(lookups, [server])
    return DnsServer(
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        service=lookups.service.metadata.name,
        workload=lookups.workload.metadata.name if lookups.workload else "",
        workload_type=type(lookups.workload).__name__ if lookups.workload else "",
        node=own,
        ready=pod.ready,
        asked=asked,
        answered=answered,
        near_asked=near_asked,
        near_answered=len(near_times),
        near_lost=max(0, near_asked - len(near_times)),
        near_median_ms=round(median(near_times) / 1000) if near_times else 0,
        source=f"{', '.join(lookups.nodes)}: UDP queries to {server}",
    )


def name_fact(lookups: Lookups, name: str, now: datetime) -> DnsName:
    """Return what all servers together say about one name."""
    target = lookups.wanted.get(name)
    answers = lookups.given(name=name)
    expected = target.spec.cluster_ip if target else ""
    family = "" if not expected else "AAAA" if ":" in expected else "A"
    addresses = sorted({one for answer in lookups.given(name=name, kind=family) for one in answer.addresses})
    median_us, node, server = slowest(lookups, name)
    override = next((text for text in lookups.overrides if corefile.speaks_of(text, name)), "")
    return DnsName(
        dns_name=name,
        about="service" if target else ABOUT.get(name.partition(".")[0], "outside"),
        service_namespace=target.metadata.namespace if target else "",
        service=target.metadata.name if target else "",
        age_seconds=seconds_since(target.metadata.creation_timestamp, now) if target else 0,
        rcode=rcode_of(answers),
        addresses=", ".join(addresses) or "none",
        expected_address=expected,
        as_expected=addresses == [expected],
        others_resolve=rcode_of(lookups.given(name=lookups.common)) == "NOERROR",
        override=override[:OVERRIDE_LENGTH],
        forwards_to=", ".join(corefile.servers_for(name, lookups.upstreams))[:OVERRIDE_LENGTH]
        or "nothing that its settings name",
        node=node,
        server=server,
        median_ms=round(median_us / 1000),
        common_median_ms=round(median_us_of(lookups, lookups.common, node, server) / 1000) if node else 0,
        dns_namespace=lookups.service.metadata.namespace,
        dns_service=lookups.service.metadata.name,
        dns_workload=lookups.workload.metadata.name if lookups.workload else "",
        dns_workload_type=type(lookups.workload).__name__ if lookups.workload else "",
        source=f"{', '.join(lookups.nodes)}: UDP queries; {path_of(lookups.service)}",
    )


def slowest(lookups: Lookups, name: str) -> tuple[float, str, str]:
    """Return the longest median time of a name, with the Node and the server; a cache makes others fast."""
    pairs = (
        (median_us_of(lookups, name, node, server), node, server)
        for node in lookups.nodes
        for server in lookups.servers
    )
    return max((pair for pair in pairs if pair[0]), default=(0, "", ""))


def median_us_of(lookups: Lookups, name: str, node: str, server: str) -> float:
    """Return how long one server's answers about a name took one Node; 0 without any."""
    times = [time for answer in lookups.given(node=node, server=server, name=name) for time in answer.times_us]
    return median(times) if times else 0
