"""kube-proxy, or what replaces it: its mode, and whether each Node has it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bot.cluster.errors import ClusterError
from bot.cluster.objects import ConfigMap, Container, DaemonSet, Node, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.selectors import selects
from bot.facts.base import Reason
from bot.facts.kubeproxy import KubeProxyMode, KubeProxyPod
from bot.facts.scope import Scope
from bot.facts.translation import KubeProxySettings
from bot.probes.kubeproxysync import kube_proxies_of
from bot.probes.narrow import nodes_on_path, pods_on_path
from bot.probes.peer import contains, network
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import SYSTEM_NAMESPACE, path_of

NAME = "kube-proxy"
DEFAULT_MODE = "iptables"
"""On Linux, where the configuration leaves ``mode`` empty (kubernetes.io/docs/reference/networking/virtual-ips)."""

CONFIGURED_IN = (("kube-proxy", "config.conf"), ("kube-proxy-config", "config"))
"""ConfigMaps and their keys: of kubeadm, and of EKS."""
CONFIGURED_MODE = re.compile(r"""^mode:[ \t]*["']?([A-Za-z]*)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)
LOGGED_MODE = re.compile(r"Using (\w+) Proxier", re.IGNORECASE)
"""What kube-proxy logs at its start (cmd/kube-proxy/app/server_linux.go)."""

EVERYWHERE = Scope(cluster_wide=True)

EMBEDDED = re.compile(r"\+(?:k3s|rke2)")
"""Versions of kubelets that bring kube-proxy along, in its default mode unless told otherwise (docs.k3s.io)."""
NODES_ASKED = 3
"""Nodes whose kube-proxy is asked for its mode (ours): it is the same on all."""
SHOWN_RANGES = 3
"""Pod ranges, or Nodes, named in one sentence (ours)."""
WORDS_LENGTH = 200
DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
UNIT_SECONDS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
"""Of durations as Go writes them: ``30m0s``."""
PRIMARY = "primary"
"""In place of a range: the Node's own address (KubeProxyConfiguration from Kubernetes 1.31 on)."""

WITHOUT_KUBE_PROXY = (("type", "virtual-kubelet"), ("kubernetes.io/os", "windows"))
"""Labels of Nodes that a Linux kube-proxy DaemonSet is not meant for."""


@probe(KubeProxyMode, reads=(ConfigMap, Service, Pod, DaemonSet, Node), logs=True, helper=True)
async def kube_proxy_mode(cluster: Cluster, scope: Scope) -> Iterable[KubeProxyMode]:
    """Tell how the cluster translates Service addresses: by settings, or by what kube-proxy says."""
    mode, source = await mode_of(cluster, scope)
    services = await cluster.count(Service)
    return [KubeProxyMode(mode=mode, services=services, source=source)]


async def mode_of(cluster: Cluster, scope: Scope = EVERYWHERE) -> tuple[str, str]:
    """Return the mode and where it was read.

    Raises:
        CannotTell: Neither kube-proxy nor Cilium's replacement was found.
    """
    for cilium in await config_maps(cluster, "cilium-config"):
        if cilium.data.get("kube-proxy-replacement") in ("true", "strict"):
            return "ebpf", path_of(cilium)
    for name, key in CONFIGURED_IN:
        for config in await config_maps(cluster, name):
            if settings := config.data.get(key):
                written = CONFIGURED_MODE.search(settings)
                return (written[1].lower() if written else "") or DEFAULT_MODE, path_of(config)
    for daemonset in await cluster.list(DaemonSet, namespace=SYSTEM_NAMESPACE, fields=f"metadata.name={NAME}"):
        if mode := flag_of(daemonset.spec.template.spec.containers):
            return mode, path_of(daemonset)
    for pod in await pods_on_path(cluster, scope, SYSTEM_NAMESPACE):
        if pod.alive and pod.metadata.name.startswith(NAME):
            if mode := flag_of(pod.spec.containers):
                return mode, path_of(pod)
            logged = LOGGED_MODE.search(await cluster.logs(namespace=SYSTEM_NAMESPACE, pod=pod.metadata.name))
            if logged:
                return logged[1].lower(), f"log of Pod {SYSTEM_NAMESPACE}/{pod.metadata.name}"
            break
    return await said_mode(cluster, scope)


def flag_of(containers: Iterable[Container]) -> str:
    """Return the mode in kube-proxy's flags, as AKS and GKE set it; empty where it is not there."""
    return next((mode.lower() for item in containers if (mode := item.settings.get("--proxy-mode", ""))), "")


async def said_mode(cluster: Cluster, scope: Scope) -> tuple[str, str]:
    """Return what kube-proxy says at ``/proxyMode`` of a Node, also where it has no Pod; else the default of k3s.

    Raises:
        CannotTell: Nobody says.
    """
    helpers = [node for node in await helpers_or_none(cluster) if not scope.nodes or node in scope.nodes]
    for node, answer in (await kube_proxies_of(cluster, helpers[:NODES_ASKED])).items():
        if isinstance(answer, tuple) and answer[0].mode:
            return answer[0].mode.lower(), f"{node}: /proxyMode"
    for item in await nodes_on_path(cluster, scope):
        if EMBEDDED.search(item.status.node_info.kubelet_version):
            return DEFAULT_MODE, path_of(item)
    raise CannotTell(Reason.UNRECOGNISED, "no kube-proxy and no Cilium in its place was found")


async def helpers_or_none(cluster: Cluster) -> list[str]:
    """Return the Nodes with a helper; none where that is not known."""
    try:
        return list(await cluster.helper_nodes())
    except ClusterError:  # the mode has other sources
        return []


async def config_maps(cluster: Cluster, name: str) -> list[ConfigMap]:
    """Return a ConfigMap of the system namespace, or nothing where it does not exist."""
    return await cluster.list(ConfigMap, namespace=SYSTEM_NAMESPACE, fields=f"metadata.name={name}")


@probe(KubeProxySettings, reads=(ConfigMap, Node))
async def kube_proxy_settings(cluster: Cluster, scope: Scope) -> Iterable[KubeProxySettings]:
    """Compare what kube-proxy was given with where the Nodes and their Pods are: clusterCIDR and nodePortAddresses."""
    for name, key in CONFIGURED_IN:
        for config in await config_maps(cluster, name):
            if settings := config.data.get(key):
                nodes = await nodes_on_path(cluster, scope)
                ranges = [cidr for node in nodes for cidr in pod_ranges(node)]
                opened = listed(settings, "nodePortAddresses")
                asked = [node for node in nodes if not scope.named_nodes or node.metadata.name in scope.named_nodes]
                closed = sorted(node.metadata.name for node in asked if not opens_on(opened, node))
                cidr, local = setting(settings, "clusterCIDR"), setting(settings, "detectLocalMode")
                return [
                    KubeProxySettings(
                        namespace=SYSTEM_NAMESPACE,
                        config_map=name,
                        mode=setting(settings, "mode") or DEFAULT_MODE,
                        cluster_cidr=cidr,
                        local_by=local or "ClusterCIDR",
                        pod_cidrs=", ".join(sorted(set(ranges))[:SHOWN_RANGES]),
                        covers_pods=covers(cidr, ranges),
                        node_port_addresses=", ".join(opened)[:WORDS_LENGTH],
                        without_node_ports=", ".join(closed[:SHOWN_RANGES]),
                        min_sync_seconds=min_sync_seconds(settings, setting(settings, "mode") or DEFAULT_MODE),
                        source=f"{path_of(config)}, spec.podCIDRs and status.addresses of the Nodes",
                    )
                ]
    raise CannotTell(Reason.UNRECOGNISED, "no ConfigMap with kube-proxy's settings was found")


def setting(settings: str, name: str) -> str:
    """Return a plain value of kube-proxy's settings; empty where it is not set."""
    found = re.search(rf"""^{name}:[ \t]*["']?([A-Za-z0-9.:/,]*)["']?[ \t]*$""", settings, re.MULTILINE)
    return found[1] if found and found[1] != "null" else ""


def listed(settings: str, name: str) -> list[str]:
    """Return a list of kube-proxy's settings, as its ConfigMap is kept; empty where it is not set."""
    found = re.search(rf"^{name}:[ \t]*\n((?:[ \t]*- .*\n?)+)", settings, re.MULTILINE)
    return [line.strip()[2:].strip(" \"'") for line in found[1].splitlines()] if found else []


def min_sync_seconds(settings: str, mode: str) -> int:
    """Return minSyncPeriod of a mode, rounded down; 0 where it is not set."""
    section = re.search(rf"^{mode}:[ \t]*\n((?:[ \t]+.*\n?)+)", settings, re.MULTILINE)
    written = re.search(r"minSyncPeriod:[ \t]*[\"']?([0-9hms.]+)", section[1]) if section else None
    return (
        sum(int(float(number) * UNIT_SECONDS[unit]) for number, unit in DURATION.findall(written[1])) if written else 0
    )


def opens_on(ranges: Sequence[str], node: Node) -> bool:
    """Tell whether nodePorts are to be open on any address of a Node; also where its addresses are not known."""
    own = [one for item in node.status.addresses if item.type != "Hostname" and (one := network(item.address))]
    around = [one for text in ranges if (one := network(text))]
    if not own or not around or PRIMARY in ranges:
        return True
    return any(contains(outer, inner) for outer in around for inner in own)


def pod_ranges(node: Node) -> tuple[str, ...]:
    """Return the Pod ranges of a Node."""
    return node.spec.pod_cidrs or tuple(filter(None, [node.spec.pod_cidr]))


def covers(cluster_cidr: str, ranges: Sequence[str]) -> bool:
    """Tell whether every range lies in one of clusterCIDR; ranges of a family that it lacks are not judged."""
    around = [one for text in cluster_cidr.split(",") if (one := network(text))]
    for text in ranges:
        inner = network(text)
        alike = [one for one in around if inner and one.version == inner.version]
        if inner and alike and not any(contains(one, inner) for one in alike):
            return False
    return True


@probe(KubeProxyPod, reads=(DaemonSet, Pod, Node))
async def kube_proxy_pod(cluster: Cluster, scope: Scope) -> Iterable[KubeProxyPod]:
    """Tell for each Node of the path, or for all, whether its kube-proxy is there and ready."""
    daemonsets = [
        item
        for item in await cluster.list(DaemonSet, namespace=SYSTEM_NAMESPACE)
        if item.metadata.name == NAME or item.metadata.labels.get("k8s-app") == NAME
    ]
    if not daemonsets:
        raise CannotTell(Reason.UNRECOGNISED, f"no DaemonSet {NAME} in {SYSTEM_NAMESPACE}")
    daemonset = daemonsets[0]
    on_path, nodes = await pods_on_path(cluster, scope, SYSTEM_NAMESPACE), await nodes_on_path(cluster, scope)
    pods = defaultdict(list)
    for pod in on_path:
        if runs_for(daemonset, pod):
            pods[pod.spec.node_name].append(pod)
    return [fact_of(node, daemonset, pods[node.metadata.name]) for node in nodes if meant_for(node)]


def runs_for(daemonset: DaemonSet, pod: Pod) -> bool:
    """Tell whether a Pod belongs to a DaemonSet and has not ended."""
    return pod.alive and selects(daemonset.spec.selector, pod.metadata.labels)


def meant_for(node: Node) -> bool:
    """Tell whether a Node should have kube-proxy."""
    return not any(node.metadata.labels.get(key) == value for key, value in WITHOUT_KUBE_PROXY)


def fact_of(node: Node, daemonset: DaemonSet, pods: Sequence[Pod]) -> KubeProxyPod:
    """Return what there is to know of one Node's kube-proxy."""
    return KubeProxyPod(
        node=node.metadata.name,
        daemonset_namespace=daemonset.metadata.namespace,
        daemonset=daemonset.metadata.name,
        present=bool(pods),
        ready=any(pod.ready for pod in pods),
        pod=pods[0].metadata.name if pods else "",
        source=f"{path_of(daemonset)} and its Pods",
    )
