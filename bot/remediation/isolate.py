"""The NetworkPolicies that deny whatever comes to a namespace's Pods, but for what is seen to come now."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Namespace, NetworkPolicy, Pod
from bot.cluster.writer import Json, Target
from bot.remediation.creations import made
from bot.remediation.desk import Desk, Made, NoPlan
from bot.remediation.diff import canonical
from bot.remediation.holes import fill
from bot.remediation.isolate_words import told
from bot.remediation.peers import Directory, Kind, look_up
from bot.remediation.policies import Flow, alike, labels_of, peer_of, policy, ports_of, short_name, ways_of
from bot.remediation.steps import Isolate
from bot.remediation.traffic import Call, watch
from bot.remediation.values import DNS_LABEL, shown
from bot.simulation.networkpolicy import End, end_of, isolating

DEFAULT_DENY = "netmedic-default-deny-ingress"
DENY: Mapping[str, Json] = {"podSelector": {}, "policyTypes": ["Ingress"]}
MARK_LENGTH = 6
"""Of a hash over labels, by which two workloads of one name are told apart (ours)."""
MOST_OUTSIDE = 20
"""Outside addresses that are allowed one by one (ours): more of them are a network, which a person can name."""

Policy = tuple[Target, dict[str, Json]]


@dataclass(frozen=True, kw_only=True)
class Site:
    """A namespace that is to be isolated."""

    namespace: str
    pods: Mapping[str, Pod]
    """Those that policies know, by name."""
    ends: Mapping[str, End]
    policies: Sequence[NetworkPolicy]

    @property
    def open(self) -> list[str]:
        """The Pods that no policy isolates."""
        return [name for name, end in self.ends.items() if not isolating(self.policies, end, "ingress")]


async def isolated(step: Isolate, desk: Desk) -> list[Made]:
    """Return the NetworkPolicies to make: what allows first, and at the end what denies.

    Raises:
        NoPlan: What connects cannot be seen or named, or would not stay allowed.
    """
    try:
        site = await _site(fill(step.namespace, desk.cause), desk)
        running = [site.pods[name] for name in site.open if site.pods[name].status.pod_ip]
        if not running:
            raise NoPlan(f"no Pod of namespace {site.namespace} that is open to everybody runs, so nothing can be seen")
        traffic = await watch(running, desk.cluster, sleep=desk.sleep)
        addresses = {ip for call in traffic.calls for ip in (call.source, call.seen)}
        directory = await look_up(addresses, desk.cluster, own=traffic.addresses, near=running)
        found = {str(flow): flow for call in traffic.calls for flow in _flows(call, site, directory)}
        flows = list(found.values())
        passed_over = [call for call in traffic.calls if _may_be_own(call, site, directory)]
        before = [*site.policies, *await _policies_of_clients(flows, site, desk)]
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem
    allowed, denied = ([flow for flow in flows if flow.decided(before).allowed is so] for so in (True, False))
    wanted = [*_allows(allowed, site, directory), policy(site.namespace, DEFAULT_DENY, DENY)]
    after = [*before, *(msgspec.convert(content, NetworkPolicy) for _, content in wanted)]
    _hold(allowed, site, before=before, after=after)
    foreseen = told(
        traffic,
        directory,
        allowed=allowed,
        denied=denied,
        passed_over=passed_over,
        pods=[site.pods[name] for name in site.open],
    )
    return [await made(target, content, desk.writer, foreseen=foreseen) for target, content in wanted]


async def _site(namespace: str, desk: Desk) -> Site:
    if not DNS_LABEL.fullmatch(namespace):
        raise NoPlan(f"{shown(namespace)} is no name of a namespace")
    labels = (await desk.cluster.get(Namespace, name=namespace)).metadata.labels
    pods = {
        pod.metadata.name: pod
        for pod in await desk.cluster.list(Pod, namespace=namespace)
        if pod.alive and not pod.spec.host_network
    }
    return Site(
        namespace=namespace,
        pods=pods,
        ends={name: end_of(pod, labels) for name, pod in pods.items()},
        policies=await desk.cluster.list(NetworkPolicy, namespace=namespace),
    )


def _flows(call: Call, site: Site, directory: Directory) -> list[Flow]:
    """Return the kinds of connections that a call stands for; none where the Pod's own Node is the client.

    Policies are held to a source before it is translated by some CNIs, and after it by others. A client outside whose
    address the Pod's Node translates came by a Service, and may come by any Node the next time.
    """
    target, peer = site.ends[call.pod], directory.peers[call.source]
    if directory.is_node(target.node, call.source) or peer.kind is Kind.GONE or _may_be_own(call, site, directory):
        return []
    clients = [peer.end]
    if peer.kind is Kind.OUTSIDE and call.seen != call.source and directory.peers[call.seen].kind is Kind.NODE:
        clients += [End(ip=ip) for ip in directory.every_node(call.seen)]
    elif peer.kind is Kind.NODE:
        clients += [End(ip=ip) for ip in directory.every_node(call.source) if ip != call.source]
    return [Flow(client=client, target=target, port=call.port, protocol=call.protocol) for client in clients]


def _may_be_own(call: Call, site: Site, directory: Directory) -> bool:
    """Tell whether another Node's helper may have made a call."""
    is_node = directory.peers[call.source].kind is Kind.NODE
    return call.may_be_own and is_node and not directory.is_node(site.ends[call.pod].node, call.source)


async def _policies_of_clients(flows: Iterable[Flow], site: Site, desk: Desk) -> list[NetworkPolicy]:
    namespaces = sorted({flow.client.namespace for flow in flows} - {"", site.namespace})
    return [each for name in namespaces for each in await desk.cluster.list(NetworkPolicy, namespace=name)]


def _allows(flows: Sequence[Flow], site: Site, directory: Directory) -> list[Policy]:
    """Return a policy for each workload that is connected to, first those that name the fewest Pods.

    A policy isolates every Pod that it selects, so the narrower one has to be there before.
    """
    outside = {flow.client.ip for flow in flows if directory.is_outside(flow.client)}
    if len(outside) > MOST_OUTSIDE:
        raise NoPlan(f"{len(outside)} addresses outside the cluster connect: name their networks in a policy by hand")
    groups: defaultdict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        groups[canonical(labels_of(flow.target))].append(flow)
    ordered = sorted(groups.items(), key=lambda item: (-len(labels_of(item[1][0].target)), item[0]))
    return [_allow(site.namespace, labels, group) for labels, group in ordered]


def _allow(namespace: str, labels: str, flows: Sequence[Flow]) -> Policy:
    """Return the least policy that lets connections to one workload through."""
    ways: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
    peers: dict[str, Json] = {}
    for flow in flows:
        peer = peer_of(flow.client, of=namespace) if flow.client.is_pod else _block(flow.client.ip)
        peers[canonical(peer)] = peer
        ways[canonical(peer)] |= ways_of(flow.protocol, flow.port)
    alike_in_ports: defaultdict[tuple[tuple[int, str], ...], list[Json]] = defaultdict(list)
    for key in sorted(peers):
        alike_in_ports[tuple(sorted(ways[key]))].append(peers[key])
    rules: list[Json] = [{"from": same, "ports": ports_of(each)} for each, same in sorted(alike_in_ports.items())]
    target = flows[0].target
    mark = hashlib.sha256(labels.encode()).hexdigest()[:MARK_LENGTH]
    spec: dict[str, Json] = {
        "podSelector": {"matchLabels": labels_of(target)},
        "policyTypes": ["Ingress"],
        "ingress": rules,
    }
    return policy(namespace, f"netmedic-ingress-{short_name(target)}-{mark}", spec)


def _block(ip: str) -> dict[str, Json]:
    return {"ipBlock": {"cidr": f"{ip}/{ipaddress.ip_address(ip).max_prefixlen}"}}


def _hold(
    flows: Iterable[Flow], site: Site, *, before: Sequence[NetworkPolicy], after: Sequence[NetworkPolicy]
) -> None:
    """Look, by simulation of all policies, that what is seen stays allowed, and nothing else becomes so.

    Raises:
        NoPlan: With the connection that tells.
    """
    walled = [end for name, end in site.ends.items() if name not in site.open]
    for flow in flows:
        if not flow.decided(after).allowed:
            raise NoPlan(f"it would cut off {flow}, which is seen now")
        for end in (end for end in walled if alike(end, flow.target)):
            other = Flow(client=flow.client, target=end, port=flow.port, protocol=flow.protocol)
            if other.decided(after).allowed and not other.decided(before).allowed:
                raise NoPlan(f"it would also let through {other}, which policies deny")
