"""A small cluster with every kind of target in it."""

from __future__ import annotations

from typing import Any

from tests.diagnosis.manifests import Manifest, namespace, node, pod, workload


def service(name: str, app: str, *, place: str = "shop", **spec: Any) -> Manifest:
    ports = [{"name": "http", "port": 80, "nodePort": spec.pop("node_port", 0)}]
    status = spec.pop("status", {})
    given = {"selector": {"app": app} if app else {}, "ports": ports, **spec}
    return {"kind": "Service", "metadata": {"name": name, "namespace": place}, "spec": given, "status": status}


def behind(name: str, on: str, ip: str) -> list[Manifest]:
    """Return a workload with one Pod."""
    return [
        workload("shop", name),
        pod("shop", f"{name}-5f6d7c8b9-x2x8k", {"app": name}, on=on, ip=ip, owner=("ReplicaSet", f"{name}-5f6d7c8b9")),
    ]


def ingress(name: str, host: str, to: str) -> Manifest:
    backend = {"service": {"name": to, "port": {"number": 80}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "backend": backend}]}}
    return {"kind": "Ingress", "metadata": {"name": name, "namespace": "shop"}, "spec": {"rules": [rule]}}


def gateway(name: str, address: str) -> Manifest:
    listener = {"name": "http", "hostname": "*.example.org", "port": 80, "protocol": "HTTP"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"gatewayClassName": "any", "listeners": [listener]},
        "status": {"addresses": [{"type": "IPAddress", "value": address}]},
    }


def route(name: str, host: str, to: str, *, by: str) -> Manifest:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "parentRefs": [{"name": by}],
            "hostnames": [host],
            "rules": [{"backendRefs": [{"name": to, "port": 80}]}],
        },
    }


API_SERVER = service("kubernetes", "", place="default", clusterIP="10.96.0.1")
API_SERVER["spec"]["ports"] = [{"name": "https", "port": 443}]
API_SLICE: Manifest = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
    "endpoints": [{"addresses": ["172.16.0.1"]}],
    "ports": [{"name": "https", "port": 6443}],
}
DNS = service("kube-dns", "", place="kube-system", clusterIP="10.96.0.10", selector={"k8s-app": "kube-dns"})
DNS["metadata"]["labels"] = {"k8s-app": "kube-dns"}

CONTROL_PLANE = node("node1", "172.16.0.1")
CONTROL_PLANE["metadata"]["labels"] = {"node-role.kubernetes.io/control-plane": ""}

WORLD: list[Manifest] = [
    *namespace("shop", "default", "kube-system"),
    CONTROL_PLANE,
    node("node2", "172.16.0.2"),
    API_SERVER,
    API_SLICE,
    DNS,
    pod("kube-system", "coredns-5f6d7c8b9-k7k2m", {"k8s-app": "kube-dns"}, on="node1", ip="10.244.0.2"),
    *behind("web", "node1", "10.244.0.10"),
    *behind("cart", "node2", "10.244.1.11"),
    *behind("ledger", "node2", "10.244.1.12"),
    *behind("storefront", "node2", "10.244.1.13"),
    *behind("portal", "node2", "10.244.1.14"),
    service("cart", "cart", clusterIP="10.96.0.20"),
    service("ledger", "ledger", clusterIP="None"),
    service("storefront", "storefront", clusterIP="10.96.0.21", type="NodePort", node_port=30080),
    service(
        "portal",
        "portal",
        clusterIP="10.96.0.22",
        type="LoadBalancer",
        node_port=31080,
        status={"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}},
    ),
    service("partner", "", type="ExternalName", externalName="api.partner.example"),
    ingress("www", "shop.example.com", "storefront"),
    gateway("edge", "203.0.113.20"),
    route("pay", "pay.example.org", "cart", by="edge"),
]
