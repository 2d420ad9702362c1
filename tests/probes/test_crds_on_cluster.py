"""CNIs' own manifests, and the definitions of Calico, Cilium and the Gateway API, on a real API server.

The test cluster's API server ends when a custom resource is created (json-iterator with a newer Go), so there are none:
their contents are in ``test_cni_settings.py``, ``test_gatewayapi.py`` and ``test_enginepolicy.py``.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cluster.cache import CachedCluster
from bot.cluster.connect import connect
from bot.cluster.errors import Absent
from bot.cluster.objects import OBJECT_TYPES, Object
from bot.facts.base import Fact
from bot.facts.cni import CniIdentity
from bot.facts.cnisettings import CiliumSettings, CniMtu
from bot.facts.scope import Scope
from bot.probes.cni import cni_identity
from bot.probes.cniagent import cilium_settings
from bot.probes.cnimtu import cni_mtu
from bot.probes.probe import Probe
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

CAPTURED: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parents[1] / "captured" / "cni.yaml").read_text()
)
OURS = {"app": "netmedic-crds"}
NOWHERE = {"netmedic.example.org/nowhere": "true"}
"""A nodeSelector of no Node: the DaemonSets are there, and run nothing."""
GATEWAY = "gateway.networking.k8s.io"
KINDS = {
    "CalicoNetworkPolicy": "NetworkPolicy",
    "FelixConfiguration": "FelixConfiguration",
    "GlobalNetworkPolicy": "GlobalNetworkPolicy",
}
WAIT_SECONDS = 60


def optional() -> list[type[Object]]:
    groups = ("crd.projectcalico.org", "cilium.io", "operator.tigera.io", GATEWAY)
    return [of for of in OBJECT_TYPES if of.resource.optional and of.resource.group in groups]


def definition(of: type[Object]) -> dict[str, Any]:
    """The CustomResourceDefinition of a type, without a schema of its own: any object is taken."""
    resource = of.resource
    kind = KINDS.get(of.__name__, of.__name__)
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": resource.versions[0], "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{resource.plural}.{resource.group}",
            "labels": OURS,
            # Groups of k8s.io are kept for approved APIs.
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
        },
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {"plural": resource.plural, "kind": kind, "singular": kind.lower()},
            "versions": [version],
        },
    }


@pytest.fixture(scope="module")
def served(test_bed: TestBed) -> Iterator[TestBed]:
    """The test cluster with the definitions; everything of them goes with them."""
    made = [definition(of) for of in optional()]
    try:
        test_bed.apply({"apiVersion": "v1", "kind": "List", "items": made})
        names = [f"crd/{item['metadata']['name']}" for item in made]
        test_bed.kubectl("wait", "--for=condition=Established", *names, f"--timeout={WAIT_SECONDS}s")
        yield test_bed
    finally:
        test_bed.kubectl("delete", "crd", "-l", "app=netmedic-crds", "--ignore-not-found", "--wait=true")


@pytest.fixture
async def cluster(served: TestBed) -> AsyncIterator[CachedCluster]:
    async with await connect(kubeconfig=served.kubeconfig) as live:
        yield CachedCluster(live)


async def facts(probe: Probe, cluster: CachedCluster, scope: Scope) -> list[Fact]:
    return list(await probe.observe(cluster, scope))


@contextlib.contextmanager
def installed(bed: TestBed, cni: str, **data: str) -> Iterator[str]:
    """Have the objects that a CNI installs, in a namespace of the test's own, with no Pods."""
    with bed.namespace(cni) as namespace:
        try:
            install(bed, namespace, cni, **data)
            yield namespace
        finally:
            # Not a moment longer than this: it changes what all others take the cluster's CNI for.
            bed.kubectl("-n", namespace, "delete", "daemonset", "--all", "--wait=true")


def install(bed: TestBed, namespace: str, cni: str, **data: str) -> None:
    for item in CAPTURED[cni]:
        made = {**item, "metadata": {**item["metadata"], "namespace": namespace}}
        if made["kind"] == "DaemonSet":
            made["spec"]["template"]["spec"]["nodeSelector"] = NOWHERE
        else:
            made["data"] = {**made["data"], **data}
        bed.apply(made)


async def test_what_is_not_defined_is_said_to_be_absent(test_bed: TestBed) -> None:
    async with await connect(kubeconfig=test_bed.kubeconfig) as live:
        for of in optional():
            with pytest.raises(Absent):
                await live.list(of)


async def test_calicos_settings_are_compared_with_the_nodes_uplinks(served: TestBed, cluster: CachedCluster) -> None:
    with installed(served, "calico", veth_mtu="1500") as namespace:
        [identity] = await facts(cni_identity, cluster, Scope(cluster_wide=True))
        found = await facts(cni_mtu, cluster, Scope(cluster_wide=True))

    assert identity == CniIdentity(name="calico", backend="", configured_mtu=1500)
    assert [
        (fact.config_namespace, fact.setting, fact.encapsulation, fact.configured_mtu, fact.uplink_mtu, fact.excess)
        for fact in found
        if isinstance(fact, CniMtu)
    ] == [(namespace, "veth_mtu", "ipip", 1500, 1500, 20)]


async def test_cilium_beside_kube_proxy_is_recognised(served: TestBed, cluster: CachedCluster) -> None:
    with installed(served, "cilium") as namespace:
        [found] = await facts(cilium_settings, cluster, Scope(cluster_wide=True))

    assert isinstance(found, CiliumSettings)
    assert (found.namespace, found.replaces, found.kube_proxy, found.routing) == (namespace, False, True, "vxlan")


async def test_what_is_defined_and_has_no_objects_is_empty(cluster: CachedCluster) -> None:
    lists = [await cluster.list(of) for of in optional()]

    assert lists == [[] for _ in optional()]
