"""Which CNI runs the Pod network, and whether anything acts on NetworkPolicies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.objects import ConfigMap, Container, DaemonSet, IPPool
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.cni import CniIdentity, PolicyEnforcement
from bot.facts.scope import Scope
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import path_of, served


@dataclass(frozen=True, kw_only=True)
class Cni:
    """What is known of one CNI."""

    name: str
    daemonsets: tuple[str, ...]
    """Beginnings of the names its installations give to the DaemonSet."""
    config_map: str = ""
    """In the DaemonSet's namespace."""
    enforces: bool | None = None
    """Whether it acts on NetworkPolicies; None: depends on what the API does not show."""


KNOWN = (
    # Canal is Flannel's network with Calico's policy, in one DaemonSet.
    Cni(name="canal", daemonsets=("canal", "rke2-canal"), config_map="canal-config", enforces=True),
    Cni(name="calico", daemonsets=("calico-node",), config_map="calico-config", enforces=True),
    Cni(name="cilium", daemonsets=("cilium", "anetd"), config_map="cilium-config", enforces=True),
    Cni(name="antrea", daemonsets=("antrea-agent",), enforces=True),
    Cni(name="kube-router", daemonsets=("kube-router",), enforces=True),
    Cni(name="weave", daemonsets=("weave-net",), enforces=True),
    Cni(name="ovn-kubernetes", daemonsets=("ovnkube-node",), enforces=True),
    Cni(name="flannel", daemonsets=("kube-flannel",), config_map="kube-flannel-cfg", enforces=False),
    # Both learned to enforce in some version and configuration.
    Cni(name="kindnet", daemonsets=("kindnet",)),
    Cni(name="aws-vpc", daemonsets=("aws-node",)),
)

POLICY_WORDS = ("policy", "policies", "netpol", "azure-npm", "kube-router")
"""Parts of the names of DaemonSets that enforce NetworkPolicies beside a CNI that does not."""

FLANNEL_BACKEND = re.compile(r'"Type"\s*:\s*"([\w-]+)"')
FLANNEL_MTU = re.compile(r'"MTU"\s*:\s*(\d+)')


@probe(CniIdentity, reads=(DaemonSet, ConfigMap, IPPool))
async def cni_identity(cluster: Cluster, scope: Scope) -> Iterable[CniIdentity]:  # noqa: ARG001 - one per cluster
    """Name the CNI, with its backend and the MTU that its own ConfigMap sets."""
    daemonsets = await cluster.list(DaemonSet)
    found = identify(daemonsets)
    if found is None:
        others = ", ".join(item.metadata.name for item in daemonsets if item.spec.template.spec.host_network)
        unknown = f"; on the Nodes' network are the DaemonSets {others}" if others else ""
        raise CannotTell(Reason.UNRECOGNISED, f"no DaemonSet of a CNI that netmedic knows{unknown}")
    cni, daemonset = found
    data, source = {}, path_of(daemonset)
    for config in await config_maps(cluster, cni, daemonset):
        data, source = config.data, path_of(config)
    backend, mtu = settings_of(cni.name, data)
    if cni.name == "calico":
        backend = backend or backend_of(await served(cluster, IPPool))
    if cni.name == "aws-vpc":
        mtu = max((number(c.settings.get("AWS_VPC_ENI_MTU", "")) for c in containers_of(daemonset)), default=0)
    return [CniIdentity(name=cni.name, backend=backend, configured_mtu=mtu, source=source)]


@probe(PolicyEnforcement, reads=(DaemonSet, ConfigMap))
async def policy_enforcement(cluster: Cluster, scope: Scope) -> Iterable[PolicyEnforcement]:  # noqa: ARG001 - likewise
    """Tell whether anything in the cluster acts on NetworkPolicies."""
    daemonsets = await cluster.list(DaemonSet)
    found = identify(daemonsets)
    cni = found[0].name if found else ""
    beside = [item for item in daemonsets if any(word in item.metadata.name for word in POLICY_WORDS)]
    if found and found[0].enforces and not await is_switched_off(cluster, *found):
        by = found[1]
    elif beside:
        by = beside[0]
    elif found and any(c.settings.get("--enable-network-policy") == "true" for c in containers_of(found[1])):
        by = found[1]  # AWS VPC CNI, its node agent
    elif found and found[0].enforces is not None:
        return [PolicyEnforcement(enforced=False, enforced_by="", cni=cni, source=path_of(found[1]))]
    else:
        raise CannotTell(Reason.UNRECOGNISED, f"whether {cni or 'this CNI'} acts on NetworkPolicies is not known")
    return [PolicyEnforcement(enforced=True, enforced_by=by.metadata.name, cni=cni, source=path_of(by))]


def backend_of(pools: Iterable[IPPool]) -> str:
    """Return how Calico's pools wrap packets; ``bgp`` where they do not, and empty without pools."""
    used = [pool.spec for pool in pools if not pool.spec.disabled]
    if any(spec.vxlan_mode != "Never" for spec in used):
        return "vxlan"
    return ("ipip" if any(spec.ipip_mode != "Never" for spec in used) else "bgp") if used else ""


def containers_of(daemonset: DaemonSet) -> Sequence[Container]:
    """Return the containers of a DaemonSet."""
    return daemonset.spec.template.spec.containers


async def is_switched_off(cluster: Cluster, cni: Cni, daemonset: DaemonSet) -> bool:
    """Tell whether a CNI that can enforce NetworkPolicies was told not to, as Cilium can be."""
    if cni.name != "cilium":
        return False
    return any(item.data.get("enable-policy") == "never" for item in await config_maps(cluster, cni, daemonset))


def identify(daemonsets: Sequence[DaemonSet]) -> tuple[Cni, DaemonSet] | None:
    """Return the CNI that runs, and its DaemonSet."""
    return next(
        (
            (cni, daemonset)
            for cni in KNOWN
            for daemonset in daemonsets
            if any(is_named(daemonset.metadata.name, name) for name in cni.daemonsets)
        ),
        None,
    )


def is_named(daemonset: str, name: str) -> bool:
    """Tell whether a DaemonSet is called so, ``-ds`` or ``-ds-amd64`` and the like behind it."""
    return re.fullmatch(rf"{re.escape(name)}(-ds(-\w+)?|-node|-agent)?", daemonset) is not None


async def config_maps(cluster: Cluster, cni: Cni, daemonset: DaemonSet) -> list[ConfigMap]:
    """Return the CNI's ConfigMap, or nothing where it has none."""
    if not cni.config_map:
        return []
    return await cluster.list(
        ConfigMap, namespace=daemonset.metadata.namespace, fields=f"metadata.name={cni.config_map}"
    )


def settings_of(cni: str, data: Mapping[str, str]) -> tuple[str, int]:
    """Return backend and MTU from a CNI's ConfigMap; empty and 0 where it does not say."""
    match cni:
        case "flannel" | "canal":
            network = data.get("net-conf.json", "")
            backend, mtu = FLANNEL_BACKEND.search(network), FLANNEL_MTU.search(network)
            own = int(mtu[1]) if mtu else 0
            return (backend[1] if backend else ""), own or number(data.get("veth_mtu", ""))
        case "calico":
            # bird routes with or without IPIP: that is in the IPPool.
            backend_name = data.get("calico_backend", "")
            return ("vxlan" if backend_name == "vxlan" else ""), number(data.get("veth_mtu", ""))
        case "cilium":
            native = data.get("routing-mode") == "native" or data.get("tunnel") == "disabled"
            tunnel = data.get("tunnel-protocol") or data.get("tunnel") or "vxlan"
            return ("native" if native else tunnel), number(data.get("mtu", ""))
    return "", 0


def number(text: str) -> int:
    """Return the number in a setting; 0 where there is none, which means: to be detected."""
    return int(text) if text.isdecimal() else 0
