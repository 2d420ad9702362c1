"""Names resolved against a real API server: its selectors, its way of listing, its Pods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.connect import connect
from bot.diagnosis.judge import judge
from bot.diagnosis.path import draw
from bot.diagnosis.scope import resolve
from bot.diagnosis.symptom import parse
from bot.facts.scope import Scope, Subject
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

OBJECTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: ledger, namespace: {place}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: ledger}}}}
  template:
    metadata: {{labels: {{app: ledger}}}}
    spec:
      nodeSelector: {{kubernetes.io/hostname: {far}}}
      terminationGracePeriodSeconds: 1
      containers: [{{name: a, image: "testbed/busybox:1", command: [sleep, "3600"]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: ledger, namespace: {place}}}
spec: {{selector: {{app: ledger}}, type: NodePort, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: registers, namespace: {place}}}
spec: {{selector: {{app: ledger}}, clusterIP: None, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: partner, namespace: {place}}}
spec: {{type: ExternalName, externalName: oslo.example.net}}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: audit, namespace: {place}}}
spec:
  template:
    spec:
      restartPolicy: Never
      nodeSelector: {{kubernetes.io/hostname: {near}}}
      terminationGracePeriodSeconds: 1
      containers: [{{name: a, image: "testbed/busybox:1", command: [sleep, "3600"]}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: menu, namespace: {place}}}
spec:
  rules:
  - host: {place}.example.com
    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: ledger, port: {{number: 80}}}}}}}}]}}
"""


@pytest.fixture(scope="module")
def place(test_bed: TestBed) -> Iterator[str]:
    with test_bed.namespace("depot") as name:
        near, far, *_ = test_bed.nodes
        test_bed.apply(OBJECTS.format(place=name, near=near, far=far))
        test_bed.kubectl("-n", name, "rollout", "status", "deployment/ledger", "--timeout=200s")
        test_bed.kubectl("-n", name, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=200s")
        yield name


@pytest.fixture
async def live(test_bed: TestBed) -> AsyncIterator[CachedCluster]:
    cluster = await connect(kubeconfig=test_bed.kubeconfig)
    try:
        yield CachedCluster(cluster)
    finally:
        await cluster.aclose()


async def scope_of(live: CachedCluster, text: str) -> Scope:
    scope = await resolve(live, parse(text))
    assert isinstance(scope, Scope), scope
    return scope


async def test_a_client_a_service_and_all_between(live: CachedCluster, place: str) -> None:
    scope = await scope_of(live, f"job audit cannot reach ledger in namespace {place}")

    assert scope.services == (Subject("Service", place, "ledger"),)
    assert scope.workloads == (Subject("Deployment", place, "ledger"),)
    assert (len(scope.backends), len(scope.clients)) == (2, 1)
    assert Subject("Job", place, "audit") in scope.subjects
    assert Subject("Service", "kube-system", "kube-dns") in scope.subjects
    assert (scope.notes, scope.missing) == ((), ())
    assert live.read <= 8


async def test_addresses_and_ports_lead_to_what_has_them(live: CachedCluster, test_bed: TestBed, place: str) -> None:
    service = test_bed.json("-n", place, "get", "service", "ledger")
    [first, *_] = test_bed.json("-n", place, "get", "pods", "-l", "app=ledger")["items"]
    ledger = (Subject("Service", place, "ledger"),)
    both = (*ledger, Subject("Service", place, "registers"))

    by_cluster_ip = await scope_of(live, f"no answer from {service['spec']['clusterIP']}")
    by_pod_ip = await scope_of(live, f"no answer from {first['status']['podIP']}")
    by_node_port = await scope_of(live, f"timeouts to {test_bed.nodes[0]}:{service['spec']['ports'][0]['nodePort']}")
    by_host = await scope_of(live, f"{place}.example.com answers 404")

    assert [by.services for by in (by_cluster_ip, by_node_port, by_host)] == [ledger] * 3
    assert by_pod_ip.services == both
    assert by_pod_ip.backends == (Subject("Pod", place, first["metadata"]["name"]),)


async def test_a_dotted_name_is_read_as_service_and_namespace(live: CachedCluster, place: str) -> None:
    scope = await scope_of(live, f"ledger.{place} times out")

    assert scope.services == (Subject("Service", place, "ledger"),)


async def test_each_kind_of_traffic_has_its_hops_in_packet_order(
    live: CachedCluster, test_bed: TestBed, place: str
) -> None:
    near, far, *_ = test_bed.nodes
    node_port = test_bed.json("-n", place, "get", "service", "ledger")["spec"]["ports"][0]["nodePort"]
    client, across = (
        ["name-lookup", "client-pod", f"client-node Node {near}"],
        f"encapsulation Node {near} to Node {far}",
    )
    ledger = [across, f"target-node Node {far}", "target-pod"]
    outside = [f"snat Node {near}", "outside-host oslo.example.net"]
    expected = {
        f"audit cannot reach ledger in namespace {place}": [*client, f"service Service {place}/ledger", *ledger],
        f"audit cannot reach registers in namespace {place}": [*client, f"service Service {place}/registers", *ledger],
        f"audit in namespace {place} cannot reach {far}:{node_port}": [
            *client,
            f"entry Node {far}, port {node_port}",
            f"service Service {place}/ledger",
            *ledger,
        ],
        f"audit cannot reach partner in namespace {place}": [*client, f"service Service {place}/partner", *outside],
        f"audit in namespace {place} times out to oslo.example.net": [*client, *outside],
        f"{near} cannot reach service ledger in namespace {place}": [
            "name-lookup",
            f"client-node Node {near}",
            f"service Service {place}/ledger",
            *ledger,
        ],
        f"audit in namespace {place} cannot reach the API server": [
            *client,
            "service Service default/kubernetes",
            "endpoint 10.231.0.1:6443",
        ],
    }

    assert {text: await hops(live, text) for text in expected} == expected
    asked = await hops(live, f"audit in namespace {place} cannot resolve names")
    assert asked[:3] == ["client-pod", f"client-node Node {near}", "name-lookup"]
    assert asked[-1] == "target-pod"


async def hops(live: CachedCluster, text: str) -> list[str]:
    """Return the hops of a symptom; what varies from run to run, Pods and the servers behind DNS, without its name."""
    scope = await scope_of(live, text)
    drawn = draw(scope, (), judge((), scope))
    varies = {"client-pod", "target-pod", "name-lookup"}
    return [hop.hop if hop.hop in varies else f"{hop.hop} {hop.subject}" for hop in drawn]
