"""MTUs that CNIs are configured with, against what the Nodes' uplinks leave after encapsulation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.cluster.objects import ConfigMap, DaemonSet, FelixConfiguration, Installation, IPPool, Node, Object
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.cnisettings import CniMtu
from bot.facts.scope import Scope
from bot.node.client import samples
from bot.probes.cni import Cni, config_maps, identify, number, settings_of
from bot.probes.mtu import OVERHEAD, must_have_uplink
from bot.probes.node import MAX_NODES
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import path_of, served

NO_LIMIT = "none"
VETH = {"calico": "veth_mtu", "canal": "veth_mtu", "cilium": "mtu"}
"""The keys of the CNIs' ConfigMaps."""
VARIABLES = {
    "FELIX_IPINIPMTU": "ipip",
    "FELIX_VXLANMTU": "vxlan",
    "FELIX_WIREGUARDMTU": "wireguard",
    "AWS_VPC_ENI_MTU": NO_LIMIT,
}
"""Of the CNIs' DaemonSets, with the encapsulation they are for."""
OF_POOL = {"IPIP": "ipip", "IPIPCrossSubnet": "ipip", "VXLAN": "vxlan", "VXLANCrossSubnet": "vxlan"}


@dataclass(frozen=True)
class Written:
    """An MTU as it is written somewhere."""

    where: Object
    setting: str
    encapsulation: str
    mtu: int


@probe(CniMtu, reads=(DaemonSet, ConfigMap, IPPool, FelixConfiguration, Installation, Node), helper=True)
async def cni_mtu(cluster: Cluster, scope: Scope) -> Iterable[CniMtu]:  # noqa: ARG001 - one per cluster
    """Compare each MTU that the CNI's configuration sets with what the smallest uplink leaves."""
    found = identify(await cluster.list(DaemonSet))
    if found is None:
        raise CannotTell(Reason.UNRECOGNISED, "no DaemonSet of a CNI that netmedic knows")
    cni, daemonset = found
    written = [item async for item in all_written(cluster, cni, daemonset)]
    if not written:
        return []
    node, uplink = await smallest_uplink(cluster)
    return [fact_of(cni, item, node, uplink) for item in written]


async def all_written(cluster: Cluster, cni: Cni, daemonset: DaemonSet) -> AsyncIterator[Written]:
    """Yield every MTU that is set, wherever the CNI was installed from."""
    used = await encapsulations(cluster, cni, daemonset)
    main = max(used, key=lambda name: OVERHEAD.get((name, 4), 0), default=NO_LIMIT)
    for config in await config_maps(cluster, cni, daemonset):
        key = VETH.get(cni.name, "")
        if mtu := number(config.data.get(key, "")):
            yield Written(config, key, main, mtu)
    for container in daemonset.spec.template.spec.containers:
        for name, of in VARIABLES.items():
            mtu = number(container.settings.get(name, ""))
            if mtu and (of in used or of == NO_LIMIT):
                yield Written(daemonset, name, of, mtu)
    for felix in await served(cluster, FelixConfiguration):
        for of, mtu in (
            ("ipip", felix.spec.ipip_mtu),
            ("vxlan", felix.spec.vxlan_mtu),
            ("wireguard", felix.spec.wireguard_mtu),
        ):
            if mtu and of in used:
                yield Written(felix, f"spec.{of}MTU", of, mtu)
    for installation in await served(cluster, Installation):
        if mtu := installation.spec.calico_network.mtu:
            yield Written(installation, "spec.calicoNetwork.mtu", main, mtu)


async def encapsulations(cluster: Cluster, cni: Cni, daemonset: DaemonSet) -> set[str]:
    """Return how the CNI wraps packets; Calico says so in its pools, which others have not."""
    used: set[str] = set()
    for pool in await served(cluster, IPPool):
        modes = {"ipip": pool.spec.ipip_mode, "vxlan": pool.spec.vxlan_mode} if not pool.spec.disabled else {}
        used |= {name for name, mode in modes.items() if mode in ("Always", "CrossSubnet")}
    for installation in await served(cluster, Installation):
        pools = installation.spec.calico_network.ip_pools
        used |= {OF_POOL[pool.encapsulation] for pool in pools if pool.encapsulation in OF_POOL}
    if any(item.spec.wireguard_enabled for item in await served(cluster, FelixConfiguration)):
        used.add("wireguard")
    if cni.name == "calico":
        return used or set(by_variables(daemonset))
    data: Mapping[str, str] = next((item.data for item in await config_maps(cluster, cni, daemonset)), {})
    backend, _ = settings_of(cni.name, data)
    used |= {"wireguard"} if data.get("enable-wireguard") == "true" else set()
    return used | ({backend} & {name for name, _ in OVERHEAD})


def by_variables(daemonset: DaemonSet) -> Iterator[str]:
    """Yield how Calico was told to make its first pool."""
    for container in daemonset.spec.template.spec.containers:
        for name, of in (("CALICO_IPV4POOL_IPIP", "ipip"), ("CALICO_IPV4POOL_VXLAN", "vxlan")):
            if container.settings.get(name, "Never") in ("Always", "CrossSubnet"):
                yield of


async def smallest_uplink(cluster: Cluster) -> tuple[str, int]:
    """Return the Node with the smallest uplink, of those that are sampled, and its MTU.

    Raises:
        CannotTell: No Node says.
    """
    sizes: list[tuple[int, str]] = []
    refused = "no node helper runs in this cluster"
    for node, answer in (await samples(cluster, list(await cluster.helper_nodes())[:MAX_NODES])).items():
        try:
            if isinstance(answer, ClusterError):
                raise answer
            sizes.append((must_have_uplink(answer).mtu, node))
        except ClusterError as problem:
            refused = str(problem)
    if not sizes:
        raise CannotTell(Reason.NO_HELPER, f"the Nodes' uplinks are not known: {refused}")
    mtu, node = min(sizes)
    return node, mtu


def fact_of(cni: Cni, item: Written, node: str, uplink: int) -> CniMtu:
    """Return one MTU against what it may be."""
    overhead = OVERHEAD.get((item.encapsulation, 4), 0)
    return CniMtu(
        cni=cni.name,
        config_kind=type(item.where).__name__,
        config_namespace=item.where.metadata.namespace,
        config_name=item.where.metadata.name,
        setting=item.setting,
        encapsulation=item.encapsulation,
        configured_mtu=item.mtu,
        node=node,
        uplink_mtu=uplink,
        overhead=overhead,
        allowed_mtu=uplink - overhead,
        excess=item.mtu - (uplink - overhead),
        source=f"{path_of(item.where)}; {node}: uplink",
    )
