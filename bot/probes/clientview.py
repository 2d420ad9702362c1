"""The client Pod's own viewpoint: connects, name lookups and packet sizes from inside its network namespace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import EndpointSlice, Namespace, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.podview import ClientConnect, ClientLookup, ClientMtu
from bot.facts.scope import Scope
from bot.node.requests import question
from bot.node.targets import Front
from bot.node.tried import Resolved, Size
from bot.probes.lookups import READS as LOOKUP_READS
from bot.probes.lookups import Lookups, lookups_in
from bot.probes.node import INSTALL
from bot.probes.pod_way import pods_of
from bot.probes.podview import inside
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.translation import Tried, in_a_word, tries, try_services

CLIENTS_ENTERED = 2
"""Client Pods that are looked from in one diagnosis (ours)."""
UNTRIED = "untried"


@probe(ClientConnect, reads=(Pod, Service, EndpointSlice, Namespace), helper=True)
async def client_connect(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Connect from inside client Pods to Services' addresses and to their endpoints."""
    clients = await clients_in(cluster, scope)
    tried = await try_services(cluster, scope)

    async def one(pod: Pod) -> list[Fact | Unreadable]:
        targets = {target for _, front in tried.fronts for target in front.targets}
        reached = await inside(cluster, pod).reaches(targets)
        words = {target: in_a_word(found.results) for target, found in reached.items()}
        return [
            ClientConnect(
                **who(pod),
                service_namespace=service.metadata.namespace,
                service=service.metadata.name,
                address=service.spec.cluster_ip,
                port=front.port,
                tried=tries(reached[front.target].results),
                opened=reached[front.target].results.get("open", 0),
                result=words[front.target],
                endpoints_result=together([words[behind.target] for behind in front.behind]),
                from_node=from_node(tried, pod, front),
                source=f"inside {pod.metadata.namespace}/{pod.metadata.name}: TCP connects to {front.target}",
            )
            for service, front in tried.fronts
        ]

    return await each_client(clients, ClientConnect, one)


@probe(ClientLookup, reads=(*LOOKUP_READS, Pod), helper=True)
async def client_lookup(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Ask the cluster's DNS from inside client Pods."""
    clients = await clients_in(cluster, scope)
    asked = await lookups_in(cluster, scope)

    async def one(pod: Pod) -> list[Fact | Unreadable]:
        found: list[Fact | Unreadable] = []
        for lookups in asked:
            fronts = [server for server, behind in lookups.servers.items() if behind is None]
            answers = await inside(cluster, pod).resolves(question(server, lookups.common) for server in fronts)
            found += [lookup_fact(pod, lookups, server, answers) for server in fronts]
        return found

    return await each_client(clients, ClientLookup, one)


@probe(ClientMtu, reads=(Pod,), helper=True)
async def client_mtu(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Find the largest packet that gets from inside client Pods to the Pods that are meant to answer."""
    clients = await clients_in(cluster, scope)
    backends = (await pods_of(cluster, scope.backends))[:CLIENTS_ENTERED]
    if not backends:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no Pod that is meant to answer")

    async def one(pod: Pod) -> list[Fact | Unreadable]:
        sizes = await inside(cluster, pod).sizes(backend.status.pod_ip for backend in backends)
        return [mtu_fact(pod, to, size) for to, size in sizes.items() if not size.error]

    return await each_client(clients, ClientMtu, one)


async def clients_in(cluster: Cluster, scope: Scope) -> list[Pod]:
    """Return the client Pods to look from.

    Raises:
        CannotTell: The symptom gives none.
        NoHelper: There is no helper in the cluster at all.
    """
    clients = (await pods_of(cluster, scope.clients))[:CLIENTS_ENTERED]
    if not clients:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no client Pod that runs in the Pod network")
    if not await cluster.helper_nodes():
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    return clients


async def each_client(
    clients: Iterable[Pod], of: type[Fact], look: Callable[[Pod], Awaitable[list[Fact | Unreadable]]]
) -> list[Fact | Unreadable]:
    """Return what is seen from each client; one that cannot be entered is named with its Node."""

    async def one(pod: Pod) -> list[Fact | Unreadable]:
        try:
            return await look(pod)
        except ClusterError as problem:
            return [Unreadable(of=of, subject=pod.spec.node_name, error=problem)]

    return [fact for facts in await asyncio.gather(*map(one, clients)) for fact in facts]


def who(pod: Pod) -> dict[str, str]:
    """Return the fields that name the client."""
    return {"namespace": pod.metadata.namespace, "client": pod.metadata.name, "node": pod.spec.node_name}


def together(words: list[str]) -> str:
    """Return in a word how connects to several addresses ended."""
    if not words:
        return UNTRIED
    return words[0] if len(set(words)) == 1 else "some" if "open" in words or "some" in words else "closed"


def from_node(tried: Tried, pod: Pod, front: Front) -> str:
    """Return what the client's Node gets from a Service's address."""
    own = tried.reached.get(pod.spec.node_name)
    return in_a_word(own[front.target].results) if own else UNTRIED


def lookup_fact(pod: Pod, lookups: Lookups, server: str, answers: dict[str, dict[str, Resolved]]) -> ClientLookup:
    """Return how one server answered one client."""
    own = list(answers[question(server, lookups.common)].values())
    node = lookups.given(node=pod.spec.node_name, server=server, name=lookups.common)
    return ClientLookup(
        **who(pod),
        server=server,
        asked=sum(one.asked for one in own),
        answered=sum(len(one.times_us) for one in own),
        worst_ms=max((us for one in own for us in one.times_us), default=0) // 1000,
        from_node_answered=sum(len(one.times_us) for one in node),
        source=f"inside {pod.metadata.namespace}/{pod.metadata.name}: queries to {server}",
    )


def mtu_fact(pod: Pod, to: str, size: Size) -> ClientMtu:
    """Return which packets get from one client to one Pod."""
    return ClientMtu(
        **who(pod),
        to=to,
        interface_mtu=size.limit,
        passed=size.passed,
        failed=size.failed,
        told=size.told,
        source=f"inside {pod.metadata.namespace}/{pod.metadata.name}: UDP packets of several sizes to {to}",
    )
