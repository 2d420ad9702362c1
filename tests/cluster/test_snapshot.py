from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest

from bot.cluster import rehearse, snapshot
from bot.cluster.errors import Forbidden, NotRecorded, TimedOut, Unreachable
from bot.cluster.manifests import objects
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import ConfigMap, DaemonSet, Object, Pod
from bot.cluster.port import Cluster, T
from bot.cluster.snapshot import record
from bot.node.requests import sample_request
from bot.probes import lookups, ports, translation


class Asked(MemoryCluster):
    """A cluster whose helpers connect to anything, and which remembers what was read of it."""

    def __init__(self, manifest: str, **options: Any) -> None:
        super().__init__(objects(manifest), **options)
        self.requests: list[tuple[str, ...]] = []
        self.listed: list[tuple[type[Object], str, str]] = []

    async def list(self, of: type[T], /, *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
        self.listed.append((of, namespace, fields))
        return await super().list(of, namespace=namespace, labels=labels, fields=fields)

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        self.requests.append((node, *request))
        if request[0] == "sample":
            raise TimedOut("too slow")
        connects = {target: {"result": "open", "us": 100} for target in request[1:]}
        return json.dumps({"request": request, "connects": connects}).encode()

    def connected(self) -> dict[str, set[str]]:
        return {node: set(targets) for node, word, *targets in self.requests if word == "connect"}


def pod(name: str, *, node: str = "node1", ip: str = "10.1.0.1", phase: str = "Running", ready: bool = True) -> str:
    return f"""
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: web}}}}
spec:
  nodeName: {node}
  containers: [{{ports: [{{containerPort: 8080, name: http}}, {{containerPort: 9, protocol: UDP}}]}}]
status: {{phase: {phase}, podIP: "{ip}", conditions: [{{type: Ready, status: "{ready}"}}]}}
---"""


SERVICE = """
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}, {port: 81}, {port: 82, targetPort: 8082}, {port: 53, protocol: UDP}]
---
kind: Service
metadata: {name: outside, namespace: shop}
spec: {ports: [{port: 443}]}
---
"""

HELPERS = {"node1": Helper(pod="helper-1"), "node2": Helper(pod="helper-2")}


async def test_what_else_is_asked_is_recorded_too() -> None:
    helper = Helper(pod="helper-1", answers={("connect", "192.0.2.10:443"): b"{}"})

    async def ask(cluster: Cluster) -> None:
        await cluster.ask_helper("node1", ("connect", "192.0.2.10:443"))

    recorded = (await record(MemoryCluster(helpers={"node1": helper}), also=ask)).cluster()

    assert await recorded.ask_helper("node1", ("connect", "192.0.2.10:443")) == b"{}"


async def test_each_service_is_connected_to_at_every_port_it_may_lead_to_from_the_pods_own_node() -> None:
    of = Asked(SERVICE + pod("a") + pod("b", node="node2", ip="fd00::1"), helpers=HELPERS)

    await record(of)

    assert of.connected() == {
        "node1": {"10.1.0.1:8080", "10.1.0.1:81", "10.1.0.1:8082"},
        "node2": {"[fd00::1]:8080", "[fd00::1]:81", "[fd00::1]:8082"},
    }


async def test_where_the_pods_node_has_no_helper_another_stands_in() -> None:
    of = Asked(SERVICE + pod("a", node="node3"), helpers=HELPERS)

    await record(of)

    assert set(of.connected()) == {"node1"}


async def test_as_many_backends_are_tried_as_the_probes_look_at_ready_ones_first() -> None:
    backends = [pod(f"p{n}", ip=f"10.1.0.{n}", ready=n > 2) for n in range(1, 6)]
    gone = pod("gone", ip="10.1.0.9", phase="Succeeded")
    of = Asked(SERVICE + gone + "".join(backends), helpers=HELPERS)

    await record(of)

    tried = {target.partition(":")[0] for target in of.connected()["node1"]}
    assert tried == {"10.1.0.3", "10.1.0.4", "10.1.0.5"}
    assert snapshot.BACKENDS_TRIED == ports.BACKENDS_TRIED


async def test_more_ports_than_the_limit_are_left_out_and_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_TARGETS", 4)
    of = Asked(SERVICE + pod("a") + pod("b", ip="10.1.0.2"), helpers=HELPERS)

    recorded = await record(of)

    assert of.connected() == {"node1": {"10.1.0.1:8080", "10.1.0.1:81", "10.1.0.1:8082"}}
    assert recorded.cluster().notes == ("Not every Service was connected to: the limit is 4 ports.",)


async def test_a_recording_answers_any_of_the_connects_and_fails_as_the_helper_did() -> None:
    found = (await record(Asked(SERVICE + pod("a"), helpers=HELPERS))).cluster()

    answer = json.loads(await found.ask_helper("node1", ("connect", "10.1.0.1:81")))

    assert answer["connects"] == {"10.1.0.1:81": {"result": "open", "us": 100}}
    with pytest.raises(TimedOut, match=r"^too slow$"):
        await found.ask_helper("node1", sample_request())
    with pytest.raises(NotRecorded):
        await found.ask_helper("node1", ("connect", "10.1.0.1:99"))


CONFIG = """
kind: DaemonSet
metadata: {name: kube-flannel-ds, namespace: kube-flannel}
---
kind: ConfigMap
metadata: {name: kube-flannel-cfg, namespace: kube-flannel}
data: {net-conf.json: '{"Backend": {"Type": "vxlan"}}'}
---
kind: ConfigMap
metadata: {name: shop, namespace: shop}
data: {password: hunter2}
---
kind: Pod
metadata: {name: kube-proxy-1, namespace: kube-system}
---
"""


def config_maps(listed: Collection[tuple[type[Object], str, str]]) -> set[tuple[str, str]]:
    return {(namespace, fields) for of, namespace, fields in listed if of is ConfigMap}


@pytest.mark.parametrize("namespaces", [[], ["shop"]])
async def test_only_known_config_maps_are_read_where_the_cni_may_have_them(namespaces: list[str]) -> None:
    of = Asked(CONFIG)

    found = (await record(of, namespaces=namespaces)).cluster()

    read = config_maps(of.listed)
    assert {namespace for namespace, _ in read} == {"kube-system", "kube-flannel"}
    assert all(fields.startswith("metadata.name=") for _, fields in read)
    assert ("kube-flannel", "metadata.name=kube-flannel-cfg") in read
    [config] = await found.list(ConfigMap, namespace="kube-flannel", fields="metadata.name=kube-flannel-cfg")
    assert json.loads(config.data["net-conf.json"]) == {"Backend": {"Type": "vxlan"}}


async def test_what_cannot_be_read_is_recorded_as_that() -> None:
    of = Asked(
        CONFIG,
        unreadable={
            "pods@shop": Forbidden("no pods"),
            "pods/log": Forbidden("no logs"),
            "pods/exec": Forbidden("no exec"),
            "configmaps@kube-flannel": Unreachable("gone"),
        },
    )

    found = (await record(of, namespaces=["shop"])).cluster()

    assert len(await found.list(Pod, namespace="kube-system")) == 1
    assert len(await found.list(DaemonSet)) == 1
    with pytest.raises(Forbidden, match="no pods"):
        await found.list(Pod, namespace="shop")
    with pytest.raises(Forbidden, match="no logs"):
        await found.logs(namespace="kube-system", pod="kube-proxy-1")
    with pytest.raises(Forbidden, match="no exec"):
        await found.helper_nodes()
    with pytest.raises(Unreachable, match="gone"):
        await found.list(ConfigMap, namespace="kube-flannel")


async def test_a_cluster_that_does_not_tell_its_version_is_not_recorded() -> None:
    class Down(MemoryCluster):
        async def server_version(self) -> str:
            raise Unreachable("nobody there")

    with pytest.raises(Unreachable, match="nobody there"):
        await record(Down())


async def test_progress_is_told() -> None:
    steps: list[str] = []

    await record(Asked(CONFIG), progress=steps.append)

    assert steps == [
        "Reading objects",
        "Reading the logs of kube-proxy, and the health of the API server",
        "Asking the node helpers",
    ]


DNS_AND_SLICE = """
kind: Service
metadata: {name: kube-dns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}
---
kind: Pod
metadata: {name: dns-1, namespace: kube-system, labels: {k8s-app: kube-dns}}
status: {phase: Running, podIP: 10.1.0.53}
---
kind: Service
metadata: {name: api, namespace: shop}
spec: {clusterIP: 10.96.0.7, ports: [{port: 80}]}
---
kind: EndpointSlice
metadata: {name: api-1, namespace: shop, labels: {kubernetes.io/service-name: api}}
ports: [{port: 8080, protocol: TCP}]
endpoints: [{addresses: [192.0.2.9]}]
---
"""


async def test_names_are_looked_up_and_services_connected_to_from_each_node() -> None:
    of = Asked(DNS_AND_SLICE, helpers=HELPERS)

    await record(of)

    names = [f"{name}.default.svc.cluster.local" for name in ("kubernetes", "netmedic-asks-for-nobody")]
    questions = {
        f"{server}:53/{name}"
        for server in ("10.96.0.10", "10.1.0.53")
        for name in (*names, "api.shop.svc.cluster.local")
    }
    asked = {(node, word): set(items) for node, word, *items in of.requests}
    for node in HELPERS:
        assert asked[node, "resolve"] == questions
        assert asked[node, "reach"] == {"--times", "4", "10.96.0.7:80", "192.0.2.9:8080"}


def test_as_many_nodes_ask_for_a_recording_as_for_a_diagnosis() -> None:
    assert max(lookups.NODES_TRIED, translation.NODES_TRIED) <= rehearse.MAX_NODES
    assert lookups.NAMES_TRIED <= rehearse.MAX_NAMES


USED = """
kind: Pod
metadata: {name: till, namespace: shop}
spec:
  containers:
  - envFrom: [{configMapRef: {name: settings}}]
    env: [{name: WEB_ADDR, value: "web:81"}, {name: PASSWORD, value: hunter2}]
---
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {DB_URL: "postgres://admin:hunter2@db:5432/orders", mode: hunter2}
---
kind: ConfigMap
metadata: {name: unused, namespace: shop}
data: {DB_URL: "http://other:1/"}
"""


@pytest.mark.parametrize("namespaces", [[], ["shop"]])
async def test_of_configuration_that_pods_use_the_addresses_are_recorded_and_nothing_else(
    namespaces: list[str],
) -> None:
    bundle = await record(Asked(USED), namespaces=namespaces)
    found = bundle.cluster()
    [settings] = await found.list(ConfigMap, namespace="shop", fields="metadata.name=settings")
    [till] = await found.list(Pod, namespace="shop")

    assert [(item.where, item.host, item.port) for item in settings.addresses] == [("DB_URL", "db", 5432)]
    assert [(item.where, item.host, item.port) for item in till.spec.containers[0].addresses] == [
        ("WEB_ADDR", "web", 81)
    ]
    assert await found.list(ConfigMap, namespace="shop", fields="metadata.name=unused") == []
    assert "hunter2" not in str(bundle)


async def test_the_metrics_of_coredns_are_recorded() -> None:
    dns = """
kind: Service
metadata: {name: kube-dns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}
---
kind: Pod
metadata: {name: coredns-1, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {nodeName: node2, containers: [{ports: [{containerPort: 9153}]}]}
status: {phase: Running, podIP: 10.1.0.7}
"""
    cluster = Asked(dns, helpers=HELPERS)
    await record(cluster)

    assert ("node2", "metrics", "--seconds", "3", "10.1.0.7:9153") in cluster.requests
