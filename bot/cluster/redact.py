"""What of the cluster's free text is kept. Applied where objects are made, so that no adapter can forget it.

Everything here is idempotent: text that was reduced once stays as it is, so a bundle reads like the cluster it is of.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.cluster import corefile

MESSAGE_CHARACTERS = 300
"""Of an Event's message: enough for kubelet's longest sentence about a probe (ours)."""

_READ_CHARACTERS = 10 * MESSAGE_CHARACTERS
_PASSES = 10
"""A mask can uncover another secret; after so many there is nothing left of a message but masks."""

UNPARSEABLE = "%unparseable"
"""Stands for a setting that is there and cannot be parsed; it is neither YAML nor JSON, so a probe fails on it too."""

_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?s)-----BEGIN.*?(?:-----END[^-]*-----|$)"), "***"),
    (re.compile(r"(?i)([a-z][a-z0-9+.-]*://)[^/\s\"'@]*@"), r"\1***@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',]+"), r"\1 ***"),
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}"), "***"),
    (
        re.compile(
            r"(?i)((?:passw(?:or)?d|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?"
            r"|authorization)[a-z_]*(?:-[a-z_]+)*(?:[\"']?\s*=|[\"']?:)\s*)(?!(?:bearer|basic) \*\*\*)"
            r"(\"[^\"]*\"?|'[^']*'?|[^\s\"',;&)]+)"
        ),
        r"\1***",
    ),
    (re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w+]{32,}={0,2}"), "***"),
)


def message(text: str) -> str:
    """Return text of the cluster on one line, what looks like a secret masked, cut to ``MESSAGE_CHARACTERS``."""
    text = _CONTROL.sub(" ", text[:_READ_CHARACTERS])
    for _ in range(_PASSES):
        before = text
        for pattern, kept in _SECRETS:
            text = pattern.sub(kept, text)
        text = text[:MESSAGE_CHARACTERS].rstrip()
        if text == before:
            break
    return text


ANNOTATIONS = (
    "flannel.alpha.coreos.com/public-ip",
    "flannel.alpha.coreos.com/public-ip-overwrite",
    "projectcalico.org/IPv4Address",
)
"""Where a Node's end of the tunnel is, as it tells the others; Calico's with the length of its network's prefix."""


def known_annotations(found: Mapping[str, str]) -> dict[str, str]:
    """Return the known annotations, where they are addresses."""
    return {key: found[key] for key in ANNOTATIONS if _is_address(found.get(key, ""))}


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True


def without_query(path: str) -> str:
    """Return the path of a URL: its query may hold a token."""
    return path.partition("?")[0]


def object_name(text: str) -> str:
    """Return text that can be the name of an object; of anything else, nothing."""
    return text if _OBJECT_NAME.fullmatch(text) else ""


def address(text: str) -> str:
    """Return an IP address; of anything else, nothing. Most are IPv4, which is told without parsing."""
    return text if _IPV4.fullmatch(text) or ("/" not in text and _is_address(text)) else ""


def time(text: str) -> str:
    """Return a time as Kubernetes writes it; of anything else, nothing."""
    return text if _TIME.fullmatch(text) else ""


# Logs -----------------------------------------------------------------------------------------------------------------

_LOG_LINES = re.compile(
    r"Using (?:iptables|ipvs|nftables|userspace|kernelspace) Proxier"
    r"|Can't use the (?:IPVS|ipvs|iptables|nftables) proxier"
    r"|Unknown proxy mode|Flag proxy-mode=|missing br-netfilter module|Version: \S*v\d"
)


def log(text: str) -> str:
    """Return the lines of a log that are known to carry a fact and nothing else."""
    lines = (line for line in text.splitlines() if _LOG_LINES.search(line))
    return "".join(f"{message(line)}\n" for line in lines)


# Containers -----------------------------------------------------------------------------------------------------------

_VARIABLES = frozenset(
    (
        # Calico (docs.tigera.io, Configuring calico/node)
        *("IP", "IP_AUTODETECTION_METHOD", "CALICO_NETWORKING_BACKEND", "CALICO_IPV4POOL_CIDR"),
        *("CALICO_IPV4POOL_IPIP", "CALICO_IPV4POOL_VXLAN", "CLUSTER_TYPE", "FELIX_BPFENABLED"),
        *("FELIX_IPINIPMTU", "FELIX_VXLANMTU", "FELIX_WIREGUARDMTU", "FELIX_IPINIPENABLED", "FELIX_WIREGUARDENABLED"),
        # AWS VPC CNI (github.com/aws/amazon-vpc-cni-k8s, README)
        *("AWS_VPC_ENI_MTU", "POD_MTU", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "ENABLE_PREFIX_DELEGATION"),
        *("WARM_ENI_TARGET", "WARM_IP_TARGET", "MINIMUM_IP_TARGET", "NETWORK_POLICY_ENFORCING_MODE"),
    )
)
_SETTING = re.compile(r"[A-Za-z0-9_.:/,*+=|^ \[\]-]{1,100}")
_WITHOUT_PROXY = frozenset({"NO_PROXY", "no_proxy"})
_HOSTS = re.compile(r"[A-Za-z0-9_.:/,* \[\]-]{1,2000}")
_FLAGS = re.compile(r"--(proxy-mode|cluster-cidr|enable-network-policy|iface)(?:=|\s+)[\"']?([A-Za-z0-9.:/,_-]{1,60})")


def container_settings(variables: Mapping[str, str], words: Iterable[str]) -> dict[str, str]:
    """Return the known settings of a container: some variables, and flags in its command or arguments."""
    kept = {name: text for name, text in variables.items() if name in _VARIABLES and _SETTING.fullmatch(text)}
    kept |= {name: text for name, text in variables.items() if name in _WITHOUT_PROXY and _HOSTS.fullmatch(text)}
    return kept | {f"--{flag}": value for flag, value in _FLAGS.findall(" ".join(words)[:_READ_CHARACTERS])}


# ConfigMaps -----------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[A-Za-z0-9_.:/,*+ \[\]-]{0,100}")

Keep = Mapping[str, Any]
"""Which keys of a mapping are kept: True for a plain value, a mapping for a mapping, a list of one for a list."""

_SYNC = {"syncPeriod": True, "minSyncPeriod": True, "masqueradeAll": True, "strictARP": True, "scheduler": True}
_KUBE_PROXY: Keep = {
    "apiVersion": True,
    "kind": True,
    "mode": True,
    "clusterCIDR": True,
    "conntrack": {"maxPerCore": True, "min": True, "tcpCloseWaitTimeout": True, "tcpEstablishedTimeout": True},
    "iptables": _SYNC,
    "ipvs": _SYNC,
    "nftables": _SYNC,
    "metricsBindAddress": True,
    "nodePortAddresses": [True],
    "detectLocalMode": True,
}
_FLANNEL_BACKEND = {"Type": True, "VNI": True, "Port": True, "MTU": True, "DirectRouting": True}
_FLANNEL: Keep = {"Network": True, "IPv6Network": True, "EnableIPv6": True, "Backend": _FLANNEL_BACKEND}
_CNI: Keep = {"name": True, "plugins": [{"type": True, "mtu": True, "delegate": {"mtu": True}}]}


def settings(name: str, data: Mapping[str, str]) -> dict[str, str]:
    """Return the known settings of a known ConfigMap; of another, nothing."""
    readers = _CONFIG_MAPS.get(name, {})
    return {key: readers[key](value) for key, value in data.items() if key in readers}


def _plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else UNPARSEABLE


def _yaml(keep: Keep) -> Callable[[str], str]:
    def reduce(text: str) -> str:
        import yaml  # noqa: PLC0415 - one ConfigMap is YAML; most runs of the program read none

        try:
            document = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            return UNPARSEABLE
        if not isinstance(document, Mapping):
            return UNPARSEABLE
        return yaml.safe_dump(_pick(document, keep), sort_keys=True)

    return reduce


def _json(keep: Keep) -> Callable[[str], str]:
    def reduce(text: str) -> str:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return UNPARSEABLE
        if not isinstance(document, Mapping):
            return UNPARSEABLE
        return json.dumps(_pick(document, keep), indent=2)

    return reduce


def _pick(value: Any, keep: Any) -> Any:
    """Return of a parsed document what is named in ``keep``, where it has the shape and the plainness expected."""
    if isinstance(keep, Mapping):
        if not isinstance(value, Mapping):
            return None
        picked = {key: _pick(value[key], keep[key]) for key in keep if key in value}
        return {key: item for key, item in picked.items() if item is not None}
    if isinstance(keep, list):
        return [_pick(item, keep[0]) for item in value] if isinstance(value, list) else None
    if isinstance(value, str):
        return _plain(value)
    return value if isinstance(value, bool | int | float) else None


_CONFIG_MAPS: dict[str, dict[str, Callable[[str], str]]] = {
    "coredns": {"Corefile": corefile.reduce},
    "kube-proxy": {"config.conf": _yaml(_KUBE_PROXY)},
    "kube-proxy-config": {"config": _yaml(_KUBE_PROXY)},
    "kube-flannel-cfg": {"net-conf.json": _json(_FLANNEL), "cni-conf.json": _json(_CNI)},
    "canal-config": {"net-conf.json": _json(_FLANNEL), "veth_mtu": _plain},
    "calico-config": {"veth_mtu": _plain, "calico_backend": _plain},
    "cilium-config": dict.fromkeys(
        (
            "mtu",
            "tunnel",
            "tunnel-protocol",
            "routing-mode",
            "kube-proxy-replacement",
            "enable-policy",
            "ipam",
            "enable-wireguard",
            "enable-ipsec",
            "enable-bpf-masquerade",
            "cluster-pool-ipv4-cidr",
            "enable-ipv4",
            "enable-ipv6",
        ),
        _plain,
    ),
}

CONFIG_MAPS = tuple(_CONFIG_MAPS)
"""The names of ConfigMaps of which anything is kept."""
