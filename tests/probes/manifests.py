"""Short manifests, as far as probes read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.cluster.cache import CachedCluster
from bot.cluster.memory import MemoryCluster
from bot.facts.base import Fact, Unknown
from bot.facts.scope import Scope, Subject
from bot.probes.probe import Probe

Manifest = dict[str, Any]

WEB = Scope(namespaces=("shop",), services=(Subject("Service", "shop", "web"),))
"""A symptom about one Service."""


def manifest(kind: str, name: str, *, namespace: str = "shop", labels: Mapping[str, str] | None = None) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"kind": kind, "metadata": {"name": name, **place, "labels": dict(labels or {})}}


def service(
    name: str = "web", *, selector: Mapping[str, str] | None = None, ports: Sequence[Manifest] = (), **fields: Any
) -> Manifest:
    known = {key: fields.pop(key) for key in ("namespace", "labels") if key in fields}
    spec = {"selector": {"app": name} if selector is None else selector, "clusterIP": "10.96.0.7", "ports": list(ports)}
    return {**manifest("Service", name, **known), "spec": {**spec, **fields}}


def pod(
    name: str = "web-1",
    *,
    labels: Mapping[str, str] | None = None,
    namespace: str = "shop",
    node: str = "node1",
    ip: str = "10.244.1.7",
    ready: bool = True,
    owner: tuple[str, str] = ("", ""),
    containers: Sequence[Manifest] = ({"name": "main"},),
    statuses: Sequence[Manifest] = (),
    deleted: bool = False,
    phase: str = "Running",
    host_network: bool = False,
) -> Manifest:
    made = manifest("Pod", name, namespace=namespace, labels={"app": "web"} if labels is None else labels)
    if owner[0]:
        made["metadata"]["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    if deleted:
        made["metadata"]["deletionTimestamp"] = "2026-01-01T11:59:00Z"
    made["spec"] = {"nodeName": node, "containers": list(containers), "hostNetwork": host_network}
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    made["status"] = {"phase": phase, "podIP": ip, "conditions": conditions, "containerStatuses": list(statuses)}
    return made


def endpoints(
    service_name: str, *entries: tuple[str, bool], name: str = "", namespace: str = "shop", family: str = "IPv4"
) -> Manifest:
    """A slice of the endpoints of Pods, by name, each ready or not."""
    labels = {"kubernetes.io/service-name": service_name}
    return {
        **manifest("EndpointSlice", name or f"{service_name}-{family.lower()}", namespace=namespace, labels=labels),
        "addressType": family,
        "endpoints": [
            {"addresses": [f"of-{of}"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": of}}
            for of, ready in entries
        ],
    }


def deployment(
    name: str = "web", *, labels: Mapping[str, str] | None = None, replicas: int | None = None, kind: str = "Deployment"
) -> Manifest:
    template = {"metadata": {"labels": {"app": name} if labels is None else dict(labels)}}
    spec: Manifest = {"template": template} if replicas is None else {"template": template, "replicas": replicas}
    return {**manifest(kind, name), "spec": spec, "status": {"readyReplicas": 1}}


def event(
    reason: str,
    message: str,
    *,
    about: tuple[str, str],
    kind: str = "Warning",
    namespace: str = "shop",
    at: str = "2026-01-01T11:59:00Z",
) -> Manifest:
    """What was last said three times about an object: its kind and name."""
    made = manifest("Event", f"e-{reason.lower()}-{about[1]}-{at[11:19].replace(':', '')}", namespace=namespace)
    involved = {"kind": about[0], "namespace": namespace, "name": about[1]}
    when = {"lastTimestamp": at, "count": 3}
    return {**made, "involvedObject": involved, "reason": reason, "message": message, "type": kind, **when}


async def facts_of(probe: Probe, cluster: MemoryCluster, scope: Scope = WEB) -> list[Fact]:
    """What a probe gives, through the cache that a diagnosis uses."""
    return await probe.observe(CachedCluster(cluster), scope)


async def unknown_of(probe: Probe, cluster: MemoryCluster, scope: Scope = WEB) -> Unknown:
    [fact] = await facts_of(probe, cluster, scope)
    assert isinstance(fact, Unknown)
    return fact
