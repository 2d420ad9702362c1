from __future__ import annotations

import pytest

from bot.cluster.manifests import from_manifests, objects
from bot.cluster.objects import ConfigMap, EndpointSlice, HttpGet, Namespace, Pod, Service

SHOP = """
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}, creationTimestamp: 2026-01-01T00:00:00Z, deletionTimestamp: null}
spec:
  containers:
  - name: web
    env: [{name: PASSWORD, value: hunter2}]
    ports: [{containerPort: "8080", name: http}]
---
---
apiVersion: v1
kind: List
items:
- kind: Service
  metadata: {name: web, namespace: shop}
  spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
- {kind: Namespace, metadata: {name: shop}}
"""


async def test_documents_lists_and_mappings_become_objects() -> None:
    cluster = from_manifests(SHOP, {"kind": "Pod", "metadata": {"name": "web-2", "namespace": "shop"}})

    [pod, other] = await cluster.list(Pod)
    [service] = await cluster.list(Service)
    [namespace] = await cluster.list(Namespace)

    assert (pod.metadata.namespace, pod.metadata.name, other.metadata.namespace) == ("default", "web-1", "shop")
    assert pod.metadata.creation_timestamp == "2026-01-01T00:00:00Z"
    assert pod.spec.containers[0].ports[0].container_port == 8080
    assert service.spec.ports[0].target_port == "http"
    assert namespace.metadata.namespace == ""


def test_the_list_of_one_kind_gives_its_objects() -> None:
    found = objects("kind: ServiceList\nitems: [{metadata: {name: a}}, {metadata: {name: b}}]")

    assert [(type(item), item.metadata.name) for item in found] == [(Service, "a"), (Service, "b")]


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ("kind: Secret", "Secret: netmedic does not read this kind"),
        ("just text", "not a Kubernetes object"),
        ("metadata: {name: a}", "not a Kubernetes object"),
        ("{kind: Pod, metadata: {name: a}, spec: {nodeName: [1]}}", "a: Pod: Expected `str`, got `array`"),
    ],
)
def test_what_is_no_object_is_refused_by_name(manifest: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        from_manifests(manifest)


def test_the_node_of_an_endpoint_is_known_in_v1beta1_too() -> None:
    [item] = objects(
        "kind: EndpointSlice\nmetadata: {name: a}\n"
        "endpoints: [{addresses: [10.0.0.1], topology: {kubernetes.io/hostname: node1}, conditions: {ready: null}}]\n"
        "ports: null"
    )

    assert isinstance(item, EndpointSlice)
    [endpoint] = item.endpoints
    assert (endpoint.node_name, endpoint.conditions.ready, endpoint.topology) == ("node1", True, {})


def test_objects_keep_no_query_of_a_readiness_probe_and_no_unknown_config_map() -> None:
    config = ConfigMap(data={"password": "hunter2"})

    assert HttpGet(path="/ready?token=hunter2").path == "/ready"
    assert config.data == {}
