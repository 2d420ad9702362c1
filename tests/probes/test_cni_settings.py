"""What CNIs are set to, as their own manifests install them: MTUs, addresses of Nodes, agents, Cilium."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.facts.base import Reason
from bot.facts.cni import CniIdentity, PolicyEnforcement
from bot.facts.cnisettings import CiliumDrops, CiliumSettings, CniAgent, CniMtu, CniNodeAddress
from bot.facts.scope import Scope
from bot.node.meters import Meter
from bot.node.requests import sample_request
from bot.probes.cni import cni_identity, policy_enforcement
from bot.probes.cniagent import cilium_settings, cni_agent, cni_node_address, drops_of
from bot.probes.cnimtu import cni_mtu
from tests.node.samples import HOST_IP, answer, link
from tests.probes.manifests import Manifest, facts_of, manifest, pod, unknown_of

EVERYTHING = Scope(cluster_wide=True)
CAPTURED: dict[str, list[Manifest]] = yaml.safe_load((Path(__file__).parents[1] / "captured" / "cni.yaml").read_text())


def installed(
    cni: str, *, data: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None
) -> list[Manifest]:
    """The manifests of a CNI, with other settings in its ConfigMap and other variables."""
    made = copy.deepcopy(CAPTURED[cni])
    for item in made:
        if item["kind"] == "ConfigMap":
            item["data"] |= dict(data or {})
        elif env:
            containers: list[dict[str, Any]] = item["spec"]["template"]["spec"]["containers"]
            containers[0].setdefault("env", []).extend({"name": name, "value": value} for name, value in env.items())
    return made


def node(name: str, address: str, *, calico: str = "") -> Manifest:
    made = {
        **manifest("Node", name, namespace=""),
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }
    if calico:
        made["metadata"]["annotations"] = {"projectcalico.org/IPv4Address": calico}
    return made


def pool(**modes: str) -> Manifest:
    return {**manifest("IPPool", "default-ipv4-ippool", namespace=""), "spec": {"cidr": "10.244.0.0/16", **modes}}


def with_uplink(mtu: int, *manifests: Manifest) -> MemoryCluster:
    series = {
        "links": [[link(2, "eth0", mtu=mtu)]],
        "addresses": [[{"index": 2, "ip": HOST_IP, "prefix_length": 24}]],
    }
    helper = Helper(pod="helper", answers={sample_request(): answer("node1", series=series)})
    return from_manifests(node("node1", HOST_IP), *manifests, helpers={"node1": helper})


async def mtus(cluster: MemoryCluster) -> list[tuple[str, str, str, int, int, int]]:
    found = await facts_of(cni_mtu, cluster, EVERYTHING)
    return [
        (fact.config_kind, fact.setting, fact.encapsulation, fact.configured_mtu, fact.allowed_mtu, fact.excess)
        for fact in found
        if isinstance(fact, CniMtu)
    ]


@pytest.mark.parametrize(
    ("pools", "encapsulation", "allowed"),
    [
        ({"ipipMode": "Always"}, "ipip", 1480),
        ({"ipipMode": "CrossSubnet", "vxlanMode": "Never"}, "ipip", 1480),
        ({"ipipMode": "Never", "vxlanMode": "Always"}, "vxlan", 1450),
        ({"ipipMode": "Always", "disabled": True}, "ipip", 1480),
    ],
    ids=["ipip", "ipip across subnets", "vxlan", "a pool that is off: what the first was made with"],
)
async def test_calicos_mtu_is_compared_with_what_its_pools_leave(
    pools: dict[str, Any], encapsulation: str, allowed: int
) -> None:
    found = await mtus(with_uplink(1500, *installed("calico", data={"veth_mtu": "1500"}), pool(**pools)))

    assert found == [("ConfigMap", "veth_mtu", encapsulation, 1500, allowed, 1500 - allowed)]


async def test_calico_without_encapsulation_may_use_all_of_the_uplink() -> None:
    calico = installed("calico", data={"veth_mtu": "1500"}, env={"FELIX_IPINIPMTU": "1500"})
    calico[1]["spec"]["template"]["spec"]["containers"][0]["env"][4]["value"] = "Never"
    found = await mtus(with_uplink(1500, *calico, pool(ipipMode="Never")))

    assert found == [("ConfigMap", "veth_mtu", "none", 1500, 1500, 0)]


async def test_each_way_of_installing_calico_is_read() -> None:
    felix = {
        **manifest("FelixConfiguration", "default", namespace=""),
        "spec": {"ipipMTU": 1490, "wireguardEnabled": True},
    }
    felix["spec"]["wireguardMTU"] = 1441
    operator = {
        **manifest("Installation", "default", namespace=""),
        "spec": {"calicoNetwork": {"mtu": 1440, "ipPools": [{"cidr": "10.244.0.0/16", "encapsulation": "IPIP"}]}},
    }
    calico = installed("calico", env={"FELIX_IPINIPMTU": "1500"})
    found = await mtus(with_uplink(1500, *calico, felix, operator))

    assert found == [
        ("DaemonSet", "FELIX_IPINIPMTU", "ipip", 1500, 1480, 20),
        ("FelixConfiguration", "spec.ipipMTU", "ipip", 1490, 1480, 10),
        ("FelixConfiguration", "spec.wireguardMTU", "wireguard", 1441, 1440, 1),
        ("Installation", "spec.calicoNetwork.mtu", "wireguard", 1440, 1440, 0),
    ]


@pytest.mark.parametrize(
    ("cni", "data", "expected"),
    [
        ("cilium", {"mtu": "1500"}, [("ConfigMap", "mtu", "vxlan", 1500, 1450, 50)]),
        ("cilium", {"mtu": "1500", "routing-mode": "native"}, [("ConfigMap", "mtu", "none", 1500, 1500, 0)]),
        ("cilium", {"mtu": "1450", "enable-wireguard": "true"}, [("ConfigMap", "mtu", "wireguard", 1450, 1440, 10)]),
        ("cilium", {}, []),
        ("calico", {}, []),
        ("kindnet", {}, []),
        ("aws", {}, [("DaemonSet", "AWS_VPC_ENI_MTU", "none", 9001, 1500, 7501)]),
    ],
)
async def test_what_is_not_set_is_detected_by_the_cni(
    cni: str, data: dict[str, str], expected: list[tuple[str, str, str, int, int, int]]
) -> None:
    assert await mtus(with_uplink(1500, *installed(cni, data=data))) == expected


async def test_without_a_helper_a_configured_mtu_is_compared_with_nothing() -> None:
    cluster = from_manifests(*installed("calico", data={"veth_mtu": "1500"}))

    assert (await unknown_of(cni_mtu, cluster, EVERYTHING)).reason is Reason.NO_HELPER


@pytest.mark.parametrize(
    ("pools", "backend"),
    [((), ""), (({"ipipMode": "Always"},), "ipip"), (({"vxlanMode": "CrossSubnet"},), "vxlan"), (({},), "bgp")],
)
async def test_calicos_backend_is_that_of_its_pools(pools: tuple[dict[str, str], ...], backend: str) -> None:
    cluster = from_manifests(*installed("calico"), *(pool(**modes) for modes in pools))
    [found] = await facts_of(cni_identity, cluster, EVERYTHING)

    assert found == CniIdentity(name="calico", backend=backend, configured_mtu=0)


async def test_the_cni_of_aws_says_its_mtu_and_whether_it_enforces_policies() -> None:
    cluster = from_manifests(*installed("aws"))

    assert await facts_of(cni_identity, cluster) == [CniIdentity(name="aws-vpc", backend="", configured_mtu=9001)]
    assert await facts_of(policy_enforcement, cluster) == [
        PolicyEnforcement(enforced=True, enforced_by="aws-node", cni="aws-vpc")
    ]


async def test_a_cni_that_is_not_known_is_named() -> None:
    other = copy.deepcopy(CAPTURED["kindnet"][0])
    other["metadata"]["name"] = "my-network"
    found = await unknown_of(cni_identity, from_manifests(other), EVERYTHING)

    assert found.detail == (
        "no DaemonSet of a CNI that netmedic knows; on the Nodes' network are the DaemonSets my-network"
    )


async def test_the_address_calico_uses_for_a_node_is_compared_with_the_nodes_own() -> None:
    calico = installed("calico", env={"IP_AUTODETECTION_METHOD": "interface=eth.*"})
    cluster = from_manifests(
        *calico,
        node("node1", "10.0.0.1", calico="10.0.0.1/24"),
        node("node2", "10.0.0.2", calico="172.17.0.1/16"),
        node("node3", "10.0.0.3", calico="172.17.0.1/16"),
        node("node4", "10.0.0.4", calico="<!channel>"),
    )
    found = [fact for fact in await facts_of(cni_node_address, cluster, EVERYTHING) if isinstance(fact, CniNodeAddress)]

    assert [(fact.node, fact.address, fact.is_nodes, fact.shared_with) for fact in found] == [
        ("node1", "10.0.0.1", True, ""),
        ("node2", "172.17.0.1", False, "node3"),
        ("node3", "172.17.0.1", False, "node2"),
    ]
    assert {fact.method for fact in found} == {"interface=eth.*"}


async def test_ciliums_addresses_come_from_its_own_nodes() -> None:
    own = {
        **manifest("CiliumNode", "node1", namespace=""),
        "spec": {"addresses": [{"type": "InternalIP", "ip": "10.9.9.9"}]},
    }
    cluster = from_manifests(*installed("cilium"), own, node("node1", "10.0.0.1"))
    [found] = await facts_of(cni_node_address, cluster, EVERYTHING)

    assert isinstance(found, CniNodeAddress)
    assert (found.address, found.node_address, found.is_nodes) == ("10.9.9.9", "10.0.0.1", False)


async def test_an_agent_that_is_not_ready_says_why_and_a_missing_one_is_missed() -> None:
    labels = {"k8s-app": "calico-node"}
    agent = pod("calico-node-x", namespace="kube-system", labels=labels, node="node1", ready=False)
    event = {
        **manifest("Event", "e", namespace="kube-system"),
        "involvedObject": {"kind": "Pod", "namespace": "kube-system", "name": "calico-node-x"},
        "reason": "Unhealthy",
        "message": "Readiness probe failed: BIRD is not ready: BGP not established with 10.0.0.2",
    }
    cluster = from_manifests(*installed("calico"), agent, event, node("node1", "10.0.0.1"), node("node2", "10.0.0.2"))
    found = [fact for fact in await facts_of(cni_agent, cluster, EVERYTHING) if isinstance(fact, CniAgent)]

    assert [(fact.node, fact.present, fact.ready, fact.bgp_down) for fact in found] == [
        ("node1", True, False, True),
        ("node2", False, False, False),
    ]
    assert found[0].says.endswith("BGP not established with 10.0.0.2")


@pytest.mark.parametrize(
    ("written", "replaces"), [("true", True), ("strict", True), ("false", False), ("partial", False)]
)
async def test_whether_cilium_replaces_kube_proxy_is_told(written: str, *, replaces: bool) -> None:
    cluster = from_manifests(*installed("cilium", data={"kube-proxy-replacement": written}))
    [found] = await facts_of(cilium_settings, cluster, EVERYTHING)

    assert found == CiliumSettings(
        namespace="kube-system",
        replacement=written,
        replaces=replaces,
        kube_proxy=False,
        routing="vxlan",
        ipam="cluster-pool",
    )


async def test_where_cilium_does_not_run_there_is_nothing_to_tell_of_it() -> None:
    assert await facts_of(cilium_settings, from_manifests(*installed("calico")), EVERYTHING) == []


def test_drops_are_growth_by_reason() -> None:
    name = "cilium_drop_count_total{direction=INGRESS,reason=%s}"
    first = {name % "Policy denied": 5.0, name % "Stale or unroutable IP": 7.0, name % "Invalid source ip": 2.0}
    last = {**first, name % "Policy denied": 9.0, name % "Stale or unroutable IP": 19.0}
    found = drops_of(Meter(window_ms=3000, first=first, last=last), "node1")

    assert [(fact.reason, fact.by_policy, fact.direction, fact.packets) for fact in found] == [
        ("Policy denied", True, "ingress", 4),
        ("Stale or unroutable IP", False, "ingress", 12),
    ]
    assert isinstance(found[0], CiliumDrops)
