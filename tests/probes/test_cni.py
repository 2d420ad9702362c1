"""Which CNI there is, and whether anything enforces NetworkPolicies."""

from __future__ import annotations

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason, Unknown
from bot.facts.cni import CniIdentity, PolicyEnforcement
from bot.facts.scope import Scope
from bot.probes.cni import cni_identity, policy_enforcement
from tests.probes.manifests import Manifest, facts_of, manifest, unknown_of

EVERYTHING = Scope(cluster_wide=True)
VXLAN = '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan", "VNI": 1}}'


def daemonset(name: str, namespace: str = "kube-system") -> Manifest:
    return manifest("DaemonSet", name, namespace=namespace)


def config_map(name: str, namespace: str = "kube-system", **data: str) -> Manifest:
    return {**manifest("ConfigMap", name, namespace=namespace), "data": data}


async def identity(*manifests: Manifest) -> tuple[str, str, int]:
    [fact] = await facts_of(cni_identity, from_manifests(*manifests), EVERYTHING)
    assert isinstance(fact, CniIdentity)
    return fact.name, fact.backend, fact.configured_mtu


@pytest.mark.parametrize(
    ("daemonset_name", "name"),
    [
        ("kube-flannel-ds", "flannel"),
        ("kube-flannel-ds-amd64", "flannel"),
        ("kube-flannel", "flannel"),
        ("calico-node", "calico"),
        ("canal", "canal"),
        ("rke2-canal", "canal"),
        ("cilium", "cilium"),
        ("anetd", "cilium"),
        ("antrea-agent", "antrea"),
        ("weave-net", "weave"),
        ("ovnkube-node", "ovn-kubernetes"),
        ("kindnet", "kindnet"),
        ("aws-node", "aws-vpc"),
    ],
)
async def test_a_cni_is_known_by_its_daemonset(daemonset_name: str, name: str) -> None:
    found, _, mtu = await identity(daemonset("kube-proxy"), daemonset(daemonset_name))

    assert (found, mtu) == (name, 0)


@pytest.mark.parametrize("name", ["cilium-envoy", "cilium-operator", "my-calico-node-exporter", "kube-proxy"])
async def test_a_daemonset_with_a_similar_name_is_no_cni(name: str) -> None:
    missing = await unknown_of(cni_identity, from_manifests(daemonset(name)), EVERYTHING)

    assert missing.reason is Reason.UNRECOGNISED


@pytest.mark.parametrize(
    ("manifests", "backend", "mtu"),
    [
        ([daemonset("kube-flannel-ds"), config_map("kube-flannel-cfg", **{"net-conf.json": VXLAN})], "vxlan", 0),
        (
            [
                daemonset("kube-flannel-ds", "kube-flannel"),
                config_map(
                    "kube-flannel-cfg", "kube-flannel", **{"net-conf.json": '{"Backend":{"Type":"host-gw","MTU":1400}}'}
                ),
            ],
            "host-gw",
            1400,
        ),
        (
            [daemonset("canal"), config_map("canal-config", **{"net-conf.json": VXLAN, "veth_mtu": "1400"})],
            "vxlan",
            1400,
        ),
        ([daemonset("calico-node"), config_map("calico-config", calico_backend="bird", veth_mtu="1440")], "", 1440),
        ([daemonset("calico-node"), config_map("calico-config", calico_backend="vxlan", veth_mtu="0")], "vxlan", 0),
        (
            [daemonset("cilium"), config_map("cilium-config", **{"tunnel-protocol": "geneve"}, mtu="1400")],
            "geneve",
            1400,
        ),
        ([daemonset("cilium"), config_map("cilium-config", **{"routing-mode": "native"})], "native", 0),
        ([daemonset("cilium"), config_map("cilium-config", tunnel="disabled")], "native", 0),
        ([daemonset("cilium"), config_map("cilium-config")], "vxlan", 0),
        ([daemonset("kube-flannel-ds"), config_map("kube-flannel-cfg", other="{}")], "", 0),
        ([daemonset("calico-node"), config_map("calico-config", veth_mtu="auto")], "", 0),
    ],
    ids=[
        "flannel",
        "flannel in its own namespace",
        "canal",
        "calico bgp",
        "calico vxlan",
        "cilium geneve",
        "cilium native",
        "cilium native, old",
        "cilium by default",
        "flannel without settings",
        "calico to be detected",
    ],
)
async def test_backend_and_mtu_are_those_of_the_cnis_own_config_map(
    manifests: list[Manifest], backend: str, mtu: int
) -> None:
    _, *settings = await identity(*manifests)

    assert settings == [backend, mtu]


async def enforcement(*names: str) -> PolicyEnforcement | Reason:
    [fact] = await facts_of(policy_enforcement, from_manifests(*map(daemonset, names)), EVERYTHING)
    if isinstance(fact, Unknown):
        return fact.reason
    assert isinstance(fact, PolicyEnforcement)
    return fact


@pytest.mark.parametrize(
    ("names", "by"),
    [
        (["calico-node"], "calico-node"),
        (["canal"], "canal"),
        (["cilium"], "cilium"),
        (["kube-flannel-ds", "calico-node"], "calico-node"),
        (["kube-flannel-ds", "kube-network-policies"], "kube-network-policies"),
        (["kube-flannel-ds", "kube-router"], "kube-router"),
        (["kindnet", "netpol-agent"], "netpol-agent"),
        (["azure-npm"], "azure-npm"),
    ],
)
async def test_a_known_enforcer_is_named(names: list[str], by: str) -> None:
    found = await enforcement(*names)

    assert isinstance(found, PolicyEnforcement)
    assert (found.enforced, found.enforced_by) == (True, by)


async def test_flannel_alone_enforces_nothing() -> None:
    assert await enforcement("kube-flannel-ds", "kube-proxy") == PolicyEnforcement(
        enforced=False, enforced_by="", cni="flannel"
    )


@pytest.mark.parametrize(("setting", "enforced"), [("default", True), ("always", True), ("never", False)])
async def test_cilium_enforces_unless_it_is_told_not_to(setting: str, *, enforced: bool) -> None:
    cluster = from_manifests(daemonset("cilium"), config_map("cilium-config", **{"enable-policy": setting}))
    [found] = await facts_of(policy_enforcement, cluster, EVERYTHING)

    assert found == PolicyEnforcement(enforced=enforced, enforced_by="cilium" if enforced else "", cni="cilium")


@pytest.mark.parametrize("names", [["kindnet"], ["aws-node"], ["some-cni"], []])
async def test_where_it_depends_nothing_is_claimed(names: list[str]) -> None:
    assert await enforcement(*names) is Reason.UNRECOGNISED
