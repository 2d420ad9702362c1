"""The host outside that a symptom is about, as the client's Nodes see it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import ConfigMap, DaemonSet, EndpointSlice, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.scope import Scope
from bot.facts.ways import OutsideAddress, OutsideWay
from bot.node import client
from bot.node.requests import question, target
from bot.node.tried import Row, Size
from bot.probes.cni import config_maps, identify
from bot.probes.counters import PERMILLE, share
from bot.probes.node import INSTALL
from bot.probes.peer import network as network_of
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import SYSTEM_NAMESPACE, is_dns, path_of
from bot.probes.translation import UNTRIED, in_a_word
from bot.probes.trouble import LOST_PERMILLE
from bot.probes.ways import api_server

NODES_TRIED = 2
"""Nodes that connect to a host outside in one diagnosis (ours): it is somebody else's."""
USUAL_PORT = 443
SILENT = "silent"
NETWORK = re.compile(r'"(?:IPv6)?Network"\s*:\s*"([0-9a-fA-F.:/]+)"')


@probe(OutsideWay, reads=(Service, EndpointSlice), helper=True)
async def outside_way(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Connect to the host outside from the Nodes of the clients, twenty times."""
    nodes = await trying_from(cluster, scope)
    address = await resolved(cluster, nodes[0], scope.outside_host)
    port = scope.outside_port or USUAL_PORT
    there, api = target(address, port), [target(*place) for place in await api_server(cluster)]
    rows, sizes = await asyncio.gather(
        client.series(cluster, {node: {there, *api} for node in nodes}),
        client.sizes(cluster, {node: {address} for node in nodes}),
    )
    answered = {node: row for node, row in rows.items() if not isinstance(row, ClusterError)}
    elsewhere = UNTRIED
    if answered and all(result_of(row[there]) == SILENT for row in answered.values()):
        elsewhere = await from_another(cluster, there, nodes)
    found: list[Fact | Unreadable] = []
    for node, answer in rows.items():
        if isinstance(answer, ClusterError):
            found.append(Unreadable(of=OutsideWay, subject=node, error=answer))
            continue
        size = sizes.get(node)
        passed = size.get(address) if isinstance(size, dict) else None
        found.append(fact_of(scope, node, (address, port), answer, passed, elsewhere=elsewhere))
    return found


async def from_another(cluster: Cluster, there: str, nodes: Collection[str]) -> str:
    """Return in a word what another Node gets from a host that is silent to these; untried where there is no other."""
    other = next((node for node in await cluster.helper_nodes() if node not in nodes), "")
    answer = (await client.reaches(cluster, {other: [there]}))[other] if other else {}
    return UNTRIED if isinstance(answer, ClusterError) or not answer else in_a_word(answer[there].results)


async def trying_from(cluster: Cluster, scope: Scope) -> list[str]:
    """Return the Nodes to try the host outside from.

    Raises:
        CannotTell: The symptom names none.
        NoHelper: There is no helper in the cluster at all.
    """
    if not scope.outside_host:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names no host outside the cluster")
    helpers = list(await cluster.helper_nodes())
    if not helpers:
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    nodes = [node for node in (*scope.client_nodes, *scope.named_nodes) if node in helpers] or helpers
    return list(dict.fromkeys(nodes))[:NODES_TRIED]


@probe(OutsideAddress, reads=(DaemonSet, ConfigMap, Pod))
async def outside_address(cluster: Cluster, scope: Scope) -> Iterable[OutsideAddress]:
    """Tell whether the address of the host outside lies in the Pod network."""
    try:
        address = ipaddress.ip_address(scope.outside_host)
    except ValueError:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names no address outside the cluster") from None
    found = identify(await cluster.list(DaemonSet))
    configs = await config_maps(cluster, *found) if found else []
    named = [(config, text) for config in configs for text in NETWORK.findall(config.data.get("net-conf.json", ""))]
    networks = [(config, network) for config, text in named if (network := network_of(text)) is not None]
    if not networks:
        raise CannotTell(Reason.UNRECOGNISED, "no ConfigMap of the CNI names the Pod network")
    pods = {pod.status.pod_ip for pod in await cluster.list(Pod)}
    return [
        OutsideAddress(
            host=scope.outside_host,
            pod_network=str(network),
            inside=address in network,
            is_pod=scope.outside_host in pods,
            config_namespace=config.metadata.namespace,
            config_map=config.metadata.name,
            source=path_of(config),
        )
        for config, network in networks
    ]


async def resolved(cluster: Cluster, node: str, host: str) -> str:
    """Return the address of a host, asked of the cluster's DNS where it is a name.

    Raises:
        CannotTell: The DNS gives none.
    """
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host))
    for service in await cluster.list(Service, namespace=SYSTEM_NAMESPACE):
        if not is_dns(service) or not service.spec.cluster_ip:
            continue
        asked = question(target(service.spec.cluster_ip, 53), host)
        answers = (await client.resolves(cluster, {node: [asked]}))[node]
        if isinstance(answers, ClusterError):
            raise answers
        found = [address for answer in answers[asked].values() for address in answer.addresses]
        if found:
            return min(found, key=lambda address: (":" in address, address))
    raise CannotTell(Reason.ABSENT, f"the cluster's DNS gives no address for {host}")


def fact_of(
    scope: Scope, node: str, place: tuple[str, int], rows: Mapping[str, Row], size: Size | None, *, elsewhere: str
) -> OutsideWay:
    """Return what one Node got."""
    address, port = place
    there = target(address, port)
    row, others = rows[there], [found for text, found in rows.items() if text != there]
    lost = row.tried - row.answered + row.resent
    sized = size if size and size.passed else None
    return OutsideWay(
        host=scope.outside_host,
        address=address,
        port=port,
        node=node,
        tried=row.tried,
        answered=row.answered,
        result=result_of(row),
        lost=lost,
        lost_permille=share(lost, row.tried, PERMILLE),
        median_us=row.median_us,
        worst_us=row.worst_us,
        lost_percent=lost * 100 // row.tried if row.tried else 0,
        port_named=bool(scope.outside_port),
        rtt_ms=round(row.median_us / 1000),
        expected_mtu=sized.limit if sized else 0,
        passed_mtu=sized.passed if sized else 0,
        failed_mtu=sized.failed if sized else 0,
        told=bool(sized and sized.told),
        node_well=is_well(others),
        elsewhere=elsewhere,
        source=f"{node}: {row.tried} TCP connects to {there}",
    )


def result_of(row: Row) -> str:
    """Return in one word how connects ended, those aside that were lost."""
    ends = {word for word in ("open", "refused", "unreachable") if getattr(row, word)}
    if len(ends) > 1:
        return "mixed"
    return ends.pop() if ends else SILENT


def is_well(others: Sequence[Row]) -> bool:
    """Tell whether a Node loses nothing on its way to somewhere else."""
    return all(share(row.tried - row.answered + row.resent, row.tried or 1, PERMILLE) < LOST_PERMILLE for row in others)
