"""The CNI's own Pods on the Nodes, the addresses it uses for Nodes, and what Cilium is set to and drops."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bot.cluster.errors import ClusterError, Unreachable
from bot.cluster.objects import CiliumNode, ConfigMap, DaemonSet, Event, Node, Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact, Reason
from bot.facts.cnisettings import CiliumDrops, CiliumSettings, CniAgent, CniNodeAddress
from bot.facts.scope import Scope
from bot.node.meters import Growth, Meter, meters
from bot.node.programs import by_node, cilium_agents
from bot.probes.cni import Cni, config_maps, identify, settings_of
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.kubeproxy import NAME as KUBE_PROXY
from bot.probes.kubeproxy import meant_for, runs_for
from bot.probes.narrow import nodes_on_path, nodes_to_compare, pods_on_path
from bot.probes.node import MAX_NODES
from bot.probes.probe import CannotTell, Unreadable, probe
from bot.probes.reading import path_of, served

BGP_DOWN = re.compile(r"BGP not established", re.IGNORECASE)
"""calico/node, its readiness check: ``BIRD is not ready: BGP not established with 10.0.0.2``."""
CALICO_ADDRESS = "projectcalico.org/IPv4Address"
CALICOS = ("calico", "canal")
PUBLISHES = (*CALICOS, "cilium")
"""CNIs that write down the address they use for each Node."""
POLICY_REASONS = ("policy denied", "policy_denied", "denied by l7", "auth required")
"""cilium pkg/monitor/api/drop.go: reasons that policies are for."""
DROP = re.compile(r"cilium_drop_count_total\{(?:direction=([^,}]*))?,?(?:reason=([^}]*))?\}")


async def known_cni(cluster: Cluster) -> tuple[Cni, DaemonSet]:
    """Return the CNI and its DaemonSet.

    Raises:
        CannotTell: It is not known.
    """
    found = identify(await cluster.list(DaemonSet))
    if found is None:
        raise CannotTell(Reason.UNRECOGNISED, "no DaemonSet of a CNI that netmedic knows")
    return found


@probe(CniAgent, reads=(DaemonSet, Pod, Node, Event))
async def cni_agent(cluster: Cluster, scope: Scope) -> Iterable[CniAgent]:
    """Tell for each Node of the path, or for all, whether the CNI's Pod is there and ready, and else why not."""
    cni, daemonset = await known_cni(cluster)
    place = daemonset.metadata.namespace
    pods = [pod for pod in await pods_on_path(cluster, scope, place) if runs_for(daemonset, pod)]
    wanted = [node.metadata.name for node in await nodes_on_path(cluster, scope) if meant_for(node)]
    said: dict[str, str] = {}
    if any(not pod.ready for pod in pods if pod.spec.node_name in wanted):
        for event in await events_of(cluster, place, fields="reason=Unhealthy"):
            said[event.involved_object.name] = text_of(event)[:TEXT_LENGTH]
    of_node: dict[str, list[Pod]] = defaultdict(list)
    for pod in pods:
        of_node[pod.spec.node_name].append(pod)
    return [agent_of(cni, daemonset, name, of_node[name], said) for name in wanted]


def agent_of(cni: Cni, daemonset: DaemonSet, node: str, pods: Sequence[Pod], said: dict[str, str]) -> CniAgent:
    """Return what there is to know of one Node's agent."""
    ready = any(pod.ready for pod in pods)
    says = "" if ready or not pods else said.get(pods[0].metadata.name, "")
    return CniAgent(
        cni=cni.name,
        node=node,
        daemonset_namespace=daemonset.metadata.namespace,
        daemonset=daemonset.metadata.name,
        present=bool(pods),
        ready=ready,
        pod=pods[0].metadata.name if pods else "",
        says=says,
        bgp_down=bool(BGP_DOWN.search(says)),
        source=f"{path_of(daemonset)}, its Pods and their Events",
    )


@probe(CniNodeAddress, reads=(DaemonSet, Node, CiliumNode))
async def cni_node_address(cluster: Cluster, scope: Scope) -> Iterable[CniNodeAddress]:
    """Compare the address that Calico or Cilium uses for each Node of the path, or for all, with the Node's own."""
    cni, daemonset = await known_cni(cluster)
    if cni.name not in PUBLISHES:
        return []
    nodes = await nodes_to_compare(cluster, scope)
    published = {name: address for name, address in await published_addresses(cluster, cni, nodes) if address}
    holders: dict[str, list[str]] = defaultdict(list)
    for name, address in published.items():
        holders[address].append(name)
    settings = [container.settings for container in daemonset.spec.template.spec.containers]
    method = next((item["IP_AUTODETECTION_METHOD"] for item in settings if "IP_AUTODETECTION_METHOD" in item), "")
    facts = []
    for node in nodes:
        name = node.metadata.name
        if name not in published or (scope.nodes and name not in scope.nodes):
            continue
        own = [item.address for item in node.status.addresses]
        facts.append(
            CniNodeAddress(
                cni=cni.name,
                node=name,
                address=published[name],
                node_address=next((a.address for a in node.status.addresses if a.type == "InternalIP"), ""),
                is_nodes=published[name] in own,
                shared_with=next((other for other in holders[published[name]] if other != name), ""),
                method=method,
                source=path_of(node),
            )
        )
    return facts


async def published_addresses(cluster: Cluster, cni: Cni, nodes: Iterable[Node]) -> list[tuple[str, str]]:
    """Return the Nodes with the address that the CNI says they have; empty where it says none."""
    if cni.name in CALICOS:
        return [(node.metadata.name, bare(node.metadata.annotations.get(CALICO_ADDRESS, ""))) for node in nodes]
    return [
        (item.metadata.name, next((a.ip for a in item.spec.addresses if a.type == "InternalIP"), ""))
        for item in await served(cluster, CiliumNode)
    ]


def bare(text: str) -> str:
    """Return an address without the length of its prefix; empty for what is none."""
    try:
        return str(ipaddress.ip_interface(text).ip)
    except ValueError:
        return ""


@probe(CiliumSettings, reads=(DaemonSet, ConfigMap))
async def cilium_settings(cluster: Cluster, scope: Scope) -> Iterable[CiliumSettings]:  # noqa: ARG001 - one per cluster
    """Tell whether Cilium translates Services itself, or kube-proxy is there for it."""
    daemonsets = await cluster.list(DaemonSet)
    found = identify(daemonsets)
    if found is None or found[0].name != "cilium":
        return []
    configs = await config_maps(cluster, *found)
    if not configs:
        raise CannotTell(Reason.ABSENT, "Cilium's ConfigMap cilium-config is not there")
    data = configs[0].data
    written = data.get("kube-proxy-replacement", "")
    return [
        CiliumSettings(
            namespace=configs[0].metadata.namespace,
            replacement=written,
            replaces=written in ("true", "strict"),
            kube_proxy=any(item.metadata.name.startswith(KUBE_PROXY) for item in daemonsets),
            routing=settings_of("cilium", data)[0],
            ipam=data.get("ipam", ""),
            source=path_of(configs[0]),
        )
    ]


@probe(CiliumDrops, reads=(DaemonSet, Node), helper=True)
async def cilium_drops(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Count what Cilium drops on each Node of the path, or on the first ones, by its own reasons."""
    daemonsets = await cluster.list(DaemonSet)
    found = identify(daemonsets)
    if found is None or found[0].name != "cilium":
        return []
    helpers = list(await cluster.helper_nodes())
    wanted = [node for node in helpers if not scope.nodes or node in scope.nodes][:MAX_NODES]
    agents = cilium_agents(daemonsets, await cluster.list(Node), wanted)
    if not agents:
        raise CannotTell(Reason.NO_HELPER, "no node helper could read the metrics of Cilium's agents")
    answers = await meters(cluster, by_node(agents))
    facts: list[Fact | Unreadable] = []
    for agent in agents:
        answer = answers[agent.node]
        if isinstance(answer, ClusterError):
            facts.append(Unreadable(of=CiliumDrops, subject=agent.node, error=answer))
        elif answer[agent.address].error:
            problem = Unreachable(f"cilium-agent shows no metrics at {agent.address}: {answer[agent.address].error}")
            facts.append(Unreadable(of=CiliumDrops, subject=agent.node, error=problem))
        else:
            facts += drops_of(answer[agent.address], agent.node)
    return facts


def drops_of(meter: Meter, node: str) -> list[CiliumDrops]:
    """Return the reasons for which packets were dropped in the window."""
    growth = Growth(meter)
    rows = [(match, round(growth.of(name))) for name in meter.last if (match := DROP.fullmatch(name))]
    return [
        CiliumDrops(
            node=node,
            reason=match[2] or "",
            by_policy=(match[2] or "").lower().startswith(POLICY_REASONS),
            direction=(match[1] or "").lower(),
            window_ms=meter.window_ms,
            packets=packets,
            source=f"{node}: metrics of cilium-agent",
        )
        for match, packets in rows
        if packets
    ]
