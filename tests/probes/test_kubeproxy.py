"""kube-proxy's mode, and whether each Node has it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import EPOCH, Helper
from bot.facts.base import Reason
from bot.facts.kubeproxy import KubeProxyMode, KubeProxyPod
from bot.facts.scope import Scope
from bot.facts.translation import KubeProxySettings
from bot.node.meters import KUBE_PROXY
from bot.node.requests import metrics_requests
from bot.probes.kubeproxy import covers, kube_proxy_mode, kube_proxy_pod, kube_proxy_settings
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service, unknown_of

EVERYTHING = Scope(cluster_wide=True)
LABELS = {"k8s-app": "kube-proxy"}


def config_map(name: str, **data: str) -> Manifest:
    return {**manifest("ConfigMap", name, namespace="kube-system"), "data": data}


def kube_proxy_config(mode: str) -> Manifest:
    text = f"kind: KubeProxyConfiguration\nmetricsBindAddress: 0.0.0.0\n{mode}\nnodePortAddresses: null\n"
    return config_map("kube-proxy", **{"config.conf": text})


def daemonset(name: str = "kube-proxy") -> Manifest:
    template = {"metadata": {"labels": LABELS}}
    spec = {"selector": {"matchLabels": LABELS}, "template": template}
    return {**manifest("DaemonSet", name, namespace="kube-system", labels=LABELS), "spec": spec}


def proxy(node: str, *, ready: bool = True, name: str = "") -> Manifest:
    return pod(name or f"kube-proxy-{node}", namespace="kube-system", labels=LABELS, node=node, ready=ready)


def node(name: str, **labels: str) -> Manifest:
    return manifest("Node", name, namespace="", labels=labels)


async def mode(*manifests: Manifest, logs: dict[str, str] | None = None) -> KubeProxyMode:
    [fact] = await facts_of(kube_proxy_mode, from_manifests(*manifests, logs=logs or {}), EVERYTHING)
    assert isinstance(fact, KubeProxyMode)
    return fact


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mode: ipvs", "ipvs"),
        ('mode: "nftables"', "nftables"),
        ("mode: 'IPVS'  # since March", "ipvs"),
        ('mode: ""', "iptables"),
        ("mode:", "iptables"),
    ],
)
async def test_the_configured_mode_is_read_and_an_empty_one_means_iptables(written: str, meant: str) -> None:
    found = await mode(kube_proxy_config(written), service("a"), service("b"))

    assert (found.mode, found.services) == (meant, 2)
    assert found.source == "/api/v1/namespaces/kube-system/configmaps/kube-proxy"


@pytest.mark.parametrize(
    "written", ["ipvs:\n  mode: ipvs", "detectLocalMode: ClusterCIDR"], ids=["of something else", "another key"]
)
async def test_only_the_top_level_key_counts(written: str) -> None:
    found = await mode(kube_proxy_config(written))

    assert found.mode == "iptables"


async def test_without_a_config_map_kube_proxys_log_says_it() -> None:
    log = 'I1122 17:48:30.1 server_others.go:185] "Using ipvs Proxier"\n'
    found = await mode(proxy("node1"), logs={"kube-system/kube-proxy-node1": log})

    assert (found.mode, found.source) == ("ipvs", "log of Pod kube-system/kube-proxy-node1")


async def test_the_config_map_of_eks_is_read_too() -> None:
    found = await mode(config_map("kube-proxy-config", config="mode: ipvs"))

    assert (found.mode, found.source) == ("ipvs", "/api/v1/namespaces/kube-system/configmaps/kube-proxy-config")


async def test_a_config_map_that_says_nothing_leaves_it_to_the_log() -> None:
    log = "Using nftables Proxier"
    found = await mode(config_map("kube-proxy"), proxy("node1"), logs={"kube-system/kube-proxy-node1": log})

    assert found.mode == "nftables"


@pytest.mark.parametrize("replacement", ["true", "strict"])
async def test_ciliums_replacement_comes_first(replacement: str) -> None:
    cilium = config_map("cilium-config", **{"kube-proxy-replacement": replacement})
    found = await mode(cilium, kube_proxy_config("mode: iptables"))

    assert found.mode == "ebpf"


async def test_cilium_beside_kube_proxy_does_not_replace_it() -> None:
    cilium = config_map("cilium-config", **{"kube-proxy-replacement": "false"})
    found = await mode(cilium, kube_proxy_config("mode: iptables"))

    assert found.mode == "iptables"


async def test_a_cluster_with_neither_is_not_known() -> None:
    missing = await unknown_of(kube_proxy_mode, from_manifests(service()), EVERYTHING)

    assert (missing.reason, missing.detail) == (
        Reason.UNRECOGNISED,
        "no kube-proxy and no Cilium in its place was found",
    )


async def test_config_maps_that_may_not_be_read_are_said_so() -> None:
    cluster = from_manifests(service(), unreadable={"configmaps": Forbidden("list configmaps")})
    missing = await unknown_of(kube_proxy_mode, cluster, EVERYTHING)

    assert missing.reason is Reason.FORBIDDEN


async def on_nodes(*manifests: Manifest, scope: Scope = EVERYTHING) -> list[tuple[str, bool, bool, str]]:
    facts = await facts_of(kube_proxy_pod, from_manifests(daemonset(), *manifests), scope)
    return [(f.node, f.present, f.ready, f.pod) for f in facts if isinstance(f, KubeProxyPod)]


async def test_each_node_has_its_kube_proxy_or_not() -> None:
    found = await on_nodes(node("node1"), node("node2"), node("node3"), proxy("node1"), proxy("node2", ready=False))

    assert found == [
        ("node1", True, True, "kube-proxy-node1"),
        ("node2", True, False, "kube-proxy-node2"),
        ("node3", False, False, ""),
    ]


async def test_only_the_nodes_of_the_path_are_looked_at() -> None:
    found = await on_nodes(node("node1"), node("node2"), scope=Scope(client_nodes=("node2",)))

    assert [name for name, *_ in found] == ["node2"]


async def test_nodes_that_need_no_kube_proxy_are_left_out() -> None:
    windows, virtual = node("win1", **{"kubernetes.io/os": "windows"}), node("cloud1", type="virtual-kubelet")

    assert await on_nodes(windows, virtual) == []


async def test_a_kube_proxy_that_is_on_its_way_out_is_gone() -> None:
    leaving = pod("kube-proxy-a", namespace="kube-system", labels=LABELS, deleted=True)

    assert await on_nodes(node("node1"), leaving) == [("node1", False, False, "")]


async def test_while_one_replaces_another_the_ready_one_counts() -> None:
    found = await on_nodes(node("node1"), proxy("node1", name="kube-proxy-a", ready=False), proxy("node1"))

    assert [(present, ready) for _, present, ready, _ in found] == [(True, True)]


async def test_a_cluster_without_the_daemonset_is_not_judged_by_it() -> None:
    missing = await unknown_of(kube_proxy_pod, from_manifests(node("node1")), EVERYTHING)

    assert missing.reason is Reason.UNRECOGNISED


async def test_the_cluster_cidr_is_compared_with_where_the_pods_are() -> None:
    nodes = [node("node1"), node("node2")]
    for number, one in enumerate(nodes, start=1):
        one["spec"] = {"podCIDR": f"10.244.{number}.0/24"}
    reading = from_manifests(kube_proxy_config("mode: ipvs\nclusterCIDR: 10.32.0.0/12"), *nodes)

    assert await facts_of(kube_proxy_settings, reading, EVERYTHING) == [
        KubeProxySettings(
            namespace="kube-system",
            config_map="kube-proxy",
            mode="ipvs",
            cluster_cidr="10.32.0.0/12",
            local_by="ClusterCIDR",
            pod_cidrs="10.244.1.0/24, 10.244.2.0/24",
            covers_pods=False,
            node_port_addresses="",
            without_node_ports="",
            min_sync_seconds=0,
        )
    ]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("mode: ''\niptables:\n  masqueradeAll: false\n  minSyncPeriod: 30m0s\n  syncPeriod: 1h0m0s\n", 1800),
        ("mode: ipvs\niptables:\n  minSyncPeriod: 30m0s\nipvs:\n  minSyncPeriod: 1.5s\n", 1),
        ("iptables:\n  minSyncPeriod: 500ms\n", 0),
        ("iptables:\n  syncPeriod: 30s\n", 0),
        ("mode: nftables\niptables:\n  minSyncPeriod: 30s\n", 0),
    ],
)
async def test_how_rarely_rules_are_written_is_told_of_the_mode_in_use(written: str, seconds: int) -> None:
    [found] = await facts_of(kube_proxy_settings, from_manifests(kube_proxy_config(written), node("node1")), EVERYTHING)

    assert isinstance(found, KubeProxySettings)
    assert found.min_sync_seconds == seconds


def node_at(name: str, address: str) -> Manifest:
    return {**node(name), "status": {"addresses": [{"type": "InternalIP", "address": address}]}}


@pytest.mark.parametrize(
    ("written", "told", "without"),
    [
        ('nodePortAddresses: ["127.0.0.0/8"]', "127.0.0.0/8", "node1, node2"),
        ("nodePortAddresses:\n  - 127.0.0.0/8\n  - 192.0.2.1/32", "127.0.0.0/8, 192.0.2.1/32", "node2"),
        ("nodePortAddresses: [192.0.2.0/24]", "192.0.2.0/24", ""),
        ("nodePortAddresses: [primary]", "primary", ""),
        ("nodePortAddresses: []", "", ""),
        ("nodePortAddresses: null", "", ""),
        ("ipvs:\n  nodePortAddresses: [127.0.0.0/8]", "", ""),
    ],
)
async def test_nodes_without_an_address_for_node_ports_are_told(written: str, told: str, without: str) -> None:
    config = config_map("kube-proxy", **{"config.conf": f"mode: iptables\n{written}\n"})
    reading = from_manifests(config, node_at("node1", "192.0.2.1"), node_at("node2", "192.0.2.2"), node("node3"))

    [found] = await facts_of(kube_proxy_settings, reading, EVERYTHING)

    assert isinstance(found, KubeProxySettings)
    assert (found.node_port_addresses, found.without_node_ports) == (told, without)


async def test_only_nodes_that_are_asked_are_held_against_the_addresses_of_node_ports() -> None:
    config = config_map("kube-proxy", **{"config.conf": "nodePortAddresses: [192.0.2.1/32]\n"})
    reading = from_manifests(config, node_at("node1", "192.0.2.1"), node_at("node2", "192.0.2.2"))

    [found] = await facts_of(kube_proxy_settings, reading, Scope(named_nodes=("node1",), target_nodes=("node2",)))

    assert isinstance(found, KubeProxySettings)
    assert found.without_node_ports == ""


async def test_another_way_to_tell_local_traffic_is_told() -> None:
    [found] = await facts_of(
        kube_proxy_settings,
        from_manifests(kube_proxy_config("detectLocalMode: NodeCIDR\nclusterCIDR: null")),
        EVERYTHING,
    )

    assert isinstance(found, KubeProxySettings)
    assert (found.local_by, found.cluster_cidr, found.mode, found.covers_pods) == ("NodeCIDR", "", "iptables", True)


@pytest.mark.parametrize(
    ("cluster_cidr", "ranges", "covered"),
    [
        ("10.244.0.0/16", ["10.244.1.0/24"], True),
        ("10.244.0.0/16", ["10.245.1.0/24"], False),
        ("10.244.0.0/16,fd00::/48", ["10.244.1.0/24", "fd00::1:0/112"], True),
        ("10.244.0.0/16", ["10.244.1.0/24", "fd00::1:0/112"], True),
        ("fd00::/48", ["fd01::1:0/112"], False),
        ("", ["10.244.1.0/24"], True),
        ("nonsense", ["10.244.1.0/24"], True),
        ("10.244.0.0/16", ["nonsense"], True),
    ],
)
def test_a_range_is_covered_by_one_of_its_family(cluster_cidr: str, ranges: list[str], *, covered: bool) -> None:
    assert covers(cluster_cidr, ranges) is covered


def flagged(kind: str, name: str, *, namespace: str = "kube-system") -> dict[str, Any]:
    containers = [{"name": "kube-proxy", "command": ["/bin/sh", "-c", "kube-proxy --v=2 --proxy-mode=ipvs 1>>/log"]}]
    made = manifest(kind, name, namespace=namespace)
    spec = {"containers": containers}
    return {**made, "spec": {"template": {"spec": spec}} if kind == "DaemonSet" else spec}


@pytest.mark.parametrize(
    "made",
    [flagged("DaemonSet", "kube-proxy"), flagged("Pod", "kube-proxy-gke-pool-1")],
    ids=["the DaemonSet of AKS", "a static Pod of GKE"],
)
async def test_the_mode_may_be_a_flag(made: dict[str, Any]) -> None:
    [found] = await facts_of(kube_proxy_mode, from_manifests(made), EVERYTHING)

    assert isinstance(found, KubeProxyMode)
    assert found.mode == "ipvs"


def says_nftables() -> Helper:
    [request] = metrics_requests([KUBE_PROXY])
    envelope = {"schema": "netmedic/helper/v1", "version": 1, "node": "node1", "host_ip": "", "took_ms": 1}
    meter = {"window_ms": 3000, "first": {}, "last": {}, "mode": "nftables"}
    answer = {**envelope, "request": request, "started_at": EPOCH.isoformat(), "metrics": {KUBE_PROXY: meter}}
    return Helper(pod="helper", answers={request: json.dumps(answer).encode()})


async def test_a_kube_proxy_without_a_pod_is_asked_on_its_node() -> None:
    cluster = from_manifests(manifest("Node", "node1", namespace=""), helpers={"node1": says_nftables()})
    [found] = await facts_of(kube_proxy_mode, cluster, EVERYTHING)

    assert isinstance(found, KubeProxyMode)
    assert (found.mode, found.source) == ("nftables", "node1: /proxyMode")


@pytest.mark.parametrize(("version", "mode"), [("v1.28.4+k3s2", "iptables"), ("v1.28.4+rke2r1", "iptables")])
async def test_k3s_brings_kube_proxy_along(version: str, mode: str) -> None:
    node = {**manifest("Node", "node1", namespace=""), "status": {"nodeInfo": {"kubeletVersion": version}}}
    [found] = await facts_of(kube_proxy_mode, from_manifests(node), EVERYTHING)

    assert isinstance(found, KubeProxyMode)
    assert found.mode == mode
