"""Objects of a small cluster, as short as a test wants to write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Manifest = dict[str, Any]


def namespace(*names: str) -> list[Manifest]:
    return [{"kind": "Namespace", "metadata": {"name": name}} for name in names]


def node(name: str, address: str) -> Manifest:
    addresses = [{"type": "InternalIP", "address": address}]
    return {"kind": "Node", "metadata": {"name": name}, "status": {"addresses": addresses}}


def service(
    place: str, name: str, selector: Mapping[str, str] | None = None, *, ip: str = "", node_port: int = 0
) -> Manifest:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": place, "labels": selector or {}},
        "spec": {"selector": selector or {}, "clusterIP": ip, "ports": [{"port": 80, "nodePort": node_port}]},
    }


def workload(place: str, name: str, labels: Mapping[str, str] | None = None, *, kind: str = "Deployment") -> Manifest:
    labels = labels or {"app": name}
    template = {"metadata": {"labels": labels}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"kind": kind, "metadata": {"name": name, "namespace": place}, "spec": spec}


def pod(
    place: str,
    name: str,
    labels: Mapping[str, str] | None = None,
    *,
    on: str = "node1",
    ip: str = "",
    owner: tuple[str, str] | None = None,
    phase: str = "Running",
    ready: bool = True,
    host_port: int = 0,
    deleted: bool = False,
) -> Manifest:
    owners = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    deletion = {"deletionTimestamp": "2026-01-01T11:59:00Z"} if deleted else {}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": place, "labels": labels or {}, "ownerReferences": owners, **deletion},
        "spec": {
            "nodeName": on,
            "containers": [{"name": "a", "ports": [{"containerPort": 80, "hostPort": host_port}]}],
        },
        "status": {
            "phase": phase,
            "podIP": ip,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def pods_of(place: str, name: str, count: int, *, ip: str = "10.244.0") -> Iterator[Manifest]:
    """Yield the Pods of a Deployment: ``web-5f6d7c8b9-bbbbb`` on node1, ``web-5f6d7c8b9-ccccc`` on node2, and so on."""
    labels = {"app": name, "pod-template-hash": "5f6d7c8b9"}
    for number, letter in enumerate("bcdfghjklmnpqrstvwxz"[:count]):
        yield pod(
            place,
            f"{name}-5f6d7c8b9-{letter * 5}",
            labels,
            on=f"node{number % 2 + 1}",
            ip=f"{ip}.{number + 1}",
            owner=("ReplicaSet", f"{name}-5f6d7c8b9"),
        )


def app(place: str, name: str, *, pods: int = 1, ip: str = "", pod_ip: str = "10.244.0") -> list[Manifest]:
    """Return a Deployment with its Pods and a Service."""
    return [
        workload(place, name),
        service(place, name, {"app": name}, ip=ip),
        *pods_of(place, name, pods, ip=pod_ip),
    ]


def ingress(place: str, name: str, host: str, paths: Mapping[str, str]) -> Manifest:
    routes = [{"path": path, "backend": {"service": {"name": backend}}} for path, backend in paths.items()]
    rules = [{"host": host, "http": {"paths": routes}}]
    return {"kind": "Ingress", "metadata": {"name": name, "namespace": place}, "spec": {"rules": rules}}


DNS = [
    service("kube-system", "kube-dns", {"k8s-app": "kube-dns"}, ip="10.96.0.10"),
    pod(
        "kube-system",
        "coredns-5f6d7c8b9-bbbbb",
        {"k8s-app": "kube-dns", "pod-template-hash": "5f6d7c8b9"},
        on="node2",
        owner=("ReplicaSet", "coredns-5f6d7c8b9"),
    ),
]
BASE = [
    *namespace("default", "kube-system", "shop", "test", "data", "payments"),
    node("node1", "10.0.0.1"),
    node("node2", "10.0.0.2"),
    node("bigbox", "10.0.0.3"),
    service("default", "kubernetes", ip="10.96.0.1"),
    *DNS,
]
SHOP = [
    *BASE,
    *app("shop", "web", pods=3, ip="10.96.1.1", pod_ip="10.244.1"),
    *app("shop", "cart-api", pods=1),
    workload("shop", "checkout"),
    *pods_of("shop", "checkout", 1),
    *app("test", "web", pods=1),
    *app("data", "postgres", pods=1),
    *app("payments", "gateway", pods=1),
    ingress("shop", "public", "shop.example.com", {"/pay": "cart-api", "/": "web"}),
]
