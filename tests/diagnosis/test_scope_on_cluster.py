"""Names resolved against a real API server: its selectors, its way of listing, its Pods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.connect import connect
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
      terminationGracePeriodSeconds: 1
      containers: [{{name: a, image: "testbed/busybox:1", command: [sleep, "3600"]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: ledger, namespace: {place}}}
spec: {{selector: {{app: ledger}}, type: NodePort, ports: [{{port: 80}}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: audit, namespace: {place}}}
spec:
  template:
    spec:
      restartPolicy: Never
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
        test_bed.apply(OBJECTS.format(place=name))
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

    by_cluster_ip = await scope_of(live, f"no answer from {service['spec']['clusterIP']}")
    by_pod_ip = await scope_of(live, f"no answer from {first['status']['podIP']}")
    by_node_port = await scope_of(live, f"timeouts to {test_bed.nodes[0]}:{service['spec']['ports'][0]['nodePort']}")
    by_host = await scope_of(live, f"{place}.example.com answers 404")

    assert [by.services for by in (by_cluster_ip, by_pod_ip, by_node_port, by_host)] == [ledger] * 4
    assert by_pod_ip.backends == (Subject("Pod", place, first["metadata"]["name"]),)


async def test_a_dotted_name_is_read_as_service_and_namespace(live: CachedCluster, place: str) -> None:
    scope = await scope_of(live, f"ledger.{place} times out")

    assert scope.services == (Subject("Service", place, "ledger"),)
