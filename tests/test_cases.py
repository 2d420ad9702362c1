"""Which facts reveal each incident of the catalogue whose signals the API shows: a table, held to objects.

The ids are those of ``../shared/cases``. A case is what was captured of a cluster (``captured/NAME.yaml``), or the few
objects that make it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import MemoryCluster
from bot.facts.base import Fact, Unknown, Value, values_of
from bot.facts.scope import Scope, Subject
from bot.probes import PROBES
from tests.probes.manifests import Manifest, deployment, endpoints, event, manifest, pod, service
from tests.test_incidents import CAPTURED, scope_of

PORTS = ({"port": 80, "targetPort": 8080},)
TILL = {"app": "till"}


@dataclass(frozen=True)
class Case:
    """An incident, and the fields of one fact that reveal it."""

    id: str
    kind: str
    fields: dict[str, Value]
    captured: str = ""
    objects: tuple[Manifest, ...] = ()


def till(*env: tuple[str, str], **spec: Any) -> Manifest:
    """The client, with an environment."""
    container = {"name": "main", "env": [{"name": name, "value": value} for name, value in env]}
    made = pod("till-1", labels=TILL, ip="10.244.1.9", containers=[container])
    made["spec"] |= spec
    return made


def dns_service() -> Manifest:
    labels = {"k8s-app": "kube-dns"}
    made = service(
        "kube-dns", namespace="kube-system", labels=labels, selector=labels, ports=[{"port": 53, "protocol": "UDP"}]
    )
    made["spec"]["clusterIP"] = "10.96.0.10"
    return made


def policy(**spec: Any) -> Manifest:
    return {**manifest("NetworkPolicy", "wall"), "spec": {"podSelector": {}, **spec}}


def ingress(backend: str, *, class_name: str = "lab") -> Manifest:
    to = {"service": {"name": backend, "port": {"number": 80}}}
    paths = {"paths": [{"path": "/", "pathType": "Prefix", "backend": to}]}
    spec = {"ingressClassName": class_name, "rules": [{"host": "shop.example.org", "http": paths}]}
    return {**manifest("Ingress", "web"), "spec": spec}


def config_map(name: str, namespace: str, **data: str) -> Manifest:
    return {**manifest("ConfigMap", name, namespace=namespace), "data": data}


WEB = (service(ports=PORTS), pod(), endpoints("web", ("web-1", True)), deployment())
DNS = (dns_service(), pod("dns-1", namespace="kube-system", labels={"k8s-app": "kube-dns"}))
SHOP = manifest("Namespace", "shop", namespace="")
LAB = {**manifest("IngressClass", "lab", namespace=""), "spec": {"controller": "example.org/lab"}}
NODE = {**manifest("Node", "node1", namespace=""), "spec": {"podCIDR": "10.244.1.0/24"}}
TWO = [{"name": name, "ports": [{"containerPort": 8080}]} for name in ("web", "sidecar")]
BOTH = {**deployment(), "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": TWO}}}}
MESSAGE = 'Error creating: pods "web-" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2'

DNS_LABELS = {"k8s-app": "kube-dns"}
PORT_RANGE = "net.ipv4.ip_local_port_range"
NO_ADDRESS = "plugin type=host-local failed (add): no IP addresses available in range set: 10.244.1.1-10.244.1.254"
READY_NODE = {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}
PENDING = pod(ready=False, phase="Pending", owner=("ReplicaSet", "web-5d8f"))


def dns_deployment() -> Manifest:
    made = deployment("coredns", labels=DNS_LABELS)
    made["metadata"]["namespace"] = "kube-system"
    return made


def node_that_is(status: str, reason: str, says: str) -> Manifest:
    ready = {"type": "Ready", "status": status, "reason": reason, "message": says}
    return {**manifest("Node", "node1", namespace=""), "status": {"conditions": [ready]}}


def limited(cpu: str) -> Manifest:
    return pod(owner=("ReplicaSet", "web-5d8f"), containers=[{"name": "main", "resources": {"limits": {"cpu": cpu}}}])


def guard() -> Manifest:
    client = {"service": {"namespace": "sec", "name": "guard"}, "caBundle": "aGVsbG8="}
    webhook = {"name": "guard.example.com", "clientConfig": client}
    return {**manifest("ValidatingWebhookConfiguration", "guard", namespace=""), "webhooks": [webhook]}


def refusal(why: str) -> Manifest:
    said = f'failed calling webhook "guard.example.com": Post "https://guard.sec.svc:443/?timeout=3s": {why}'
    return event("FailedCreate", f"Error creating: Internal error occurred: {said}", about=("ReplicaSet", "web-5d8f"))


CASES = (
    Case("HG-76", "service_selector_misfit", {"unmatched": "version=v2", "carried": "version=v1"}, "selector-version"),
    Case("SG-selector-extra-key", "service_backends", {"has_selector": True, "selected_pods": 0}, "selector-extra-key"),
    Case("SG-scale-zero", "workload", {"wanted_replicas": 0, "service": "web"}, "scaled-to-zero"),
    Case("SG-readiness-probe", "pod_state", {"ready": False, "phase": "Running"}, "readiness-port"),
    Case("CO-readiness-port", "service_backends", {"ready_endpoints": 0}, "readiness-port"),
    Case("HG-15", "pod_state", {"ready": False, "all_containers_running": True}, "readiness-command"),
    Case("SG-target-port", "service_port", {"declared": False}, "target-port-closed"),
    Case("CO-port-mapping", "service_port", {"declared": False}, "target-port-closed"),
    Case("KS-no-listen", "service_port", {"declared": True}, "nothing-listens"),
    Case("KS-no-endpoint", "service_backends", {"ready_endpoints": 0}, "selector-other-app"),
    Case("HG-84", "policy_flow", {"allowed": False, "misfit": "peer", "direction": "ingress"}, "policy-peers"),
    Case("TRAP-oom", "pod_state", {"last_exit_reason": "OOMKilled"}, "out-of-memory"),
    Case("TRAP-quota-pods", "workload", {"wanted_replicas": 1}, "quota"),
    Case(
        "TRAP-quota-pods",
        "namespace_quota",
        {"full": True, "refused": "ReplicaSet web-5d8f"},
        objects=(
            *WEB,
            {**manifest("ResourceQuota", "compute"), "status": {"hard": {"pods": "2"}, "used": {"pods": "2"}}},
            {
                **manifest("Event", "e"),
                "involvedObject": {"kind": "ReplicaSet", "name": "web-5d8f", "namespace": "shop"},
                "reason": "FailedCreate",
                "message": MESSAGE,
            },
        ),
    ),
    Case(
        "SG-missing-service",
        "missing_service",
        {"name": "web"},
        objects=(SHOP, deployment(), till(("WEB_ADDR", "web:80"))),
    ),
    Case(
        "IT-114",
        "client_address",
        {"resolves_to": "no-service"},
        objects=(SHOP, deployment(), till(("WEB_ADDR", "web:80"))),
    ),
    Case(
        "SG-env-port",
        "client_address",
        {"port": 81, "port_exists": False},
        objects=(SHOP, *WEB, till(("WEB_ADDR", "web:81"))),
    ),
    Case(
        "IT-24",
        "client_address",
        {"port": 9999, "port_exists": False},
        objects=(SHOP, *WEB, till(("BROKER", "web:9999"))),
    ),
    Case(
        "CO-env-address",
        "client_address",
        {"nearest": "web"},
        objects=(SHOP, *WEB, till(("WEB_ADDR", "web-invalid:80"))),
    ),
    Case("HG-23", "client_address", {"nearest": "web"}, objects=(SHOP, *WEB, till(("WEB_HOST", "wbe")))),
    Case(
        "HG-12",
        "client_address",
        {"resolves_to": "no-service"},
        objects=(SHOP, *WEB, till(("DB_HOST", "prod-db.shop"))),
    ),
    Case(
        "SG-sidecar-port",
        "container_port_conflict",
        {"port": 8080, "containers": "web and sidecar"},
        objects=(*WEB[:3], BOTH),
    ),
    Case(
        "SG-dns-policy-none",
        "client_dns",
        {"dns_policy": "None", "asks": "foreign"},
        objects=(
            SHOP,
            *WEB,
            *DNS,
            till(("WEB_ADDR", "web:80"), dnsPolicy="None", dnsConfig={"nameservers": ["8.8.8.8"]}),
        ),
    ),
    Case(
        "CO-dns-resolution",
        "client_dns",
        {"nameservers": "8.8.8.8", "asks": "foreign"},
        objects=(
            SHOP,
            *WEB,
            *DNS,
            till(("WEB_ADDR", "web:80"), dnsPolicy="None", dnsConfig={"nameservers": ["8.8.8.8"]}),
        ),
    ),
    Case(
        "KI-hostnet-dns",
        "client_dns",
        {"host_network": True, "dns_policy": "ClusterFirst", "asks": "node"},
        objects=(SHOP, *WEB, *DNS, till(("WEB_ADDR", "web:80"), hostNetwork=True)),
    ),
    Case(
        "FS-toyota-ndots",
        "client_dns",
        {"ndots": 5},
        objects=(SHOP, *WEB, *DNS, till(dnsConfig={"options": [{"name": "ndots", "value": "5"}]})),
    ),
    Case("KI-kube-dns-no-ep", "dns_service", {"ready_endpoints": 0}, objects=(dns_service(), *WEB)),
    Case(
        "HG-42",
        "policy_flow",
        {"flow": "dns", "allowed": False},
        objects=(SHOP, *WEB, *DNS, till(), policy(podSelector={"matchLabels": TILL}, policyTypes=["Egress"])),
    ),
    Case(
        "SG-44-egress",
        "policy_flow",
        {"direction": "egress", "misfit": "rules"},
        objects=(SHOP, *WEB, till(), policy(policyTypes=["Egress"])),
    ),
    Case(
        "KG-netpol-all",
        "policy_effect",
        {"selects_all_pods": True, "isolates_ingress": True},
        objects=(*WEB, till(), policy()),
    ),
    Case(
        "HG-25",
        "ingress_state",
        {"class_exists": False, "has_address": False},
        objects=(*WEB, LAB, ingress("web", class_name="other")),
    ),
    Case(
        "KG-ingress-backend",
        "ingress_route",
        {"service": "wbe", "service_exists": False},
        objects=(*WEB, LAB, ingress("wbe")),
    ),
    Case(
        "SG-ingress-misroute",
        "ingress_route",
        {"service": "web", "service_exists": True},
        objects=(*WEB, LAB, ingress("web")),
    ),
    Case(
        "KI-no-cluster-cidr",
        "kube_proxy_settings",
        {"cluster_cidr": "", "local_by": "ClusterCIDR"},
        objects=(*WEB, NODE, config_map("kube-proxy", "kube-system", **{"config.conf": "mode: iptables\n"})),
    ),
    Case(
        "CO-kube-proxy-down",
        "kube_proxy_pod",
        {"node": "node1", "present": False},
        objects=(
            *WEB,
            NODE,
            {
                **manifest("DaemonSet", "kube-proxy", namespace="kube-system"),
                "spec": {"selector": {"matchLabels": {"k8s-app": "kube-proxy"}}},
            },
        ),
    ),
    Case(
        "KI-coredns-loop",
        "dns_pod",
        {"ready": False, "name": "dns-1"},
        objects=(dns_service(), pod("dns-1", namespace="kube-system", labels=DNS_LABELS, ready=False), *WEB),
    ),
    Case(
        "FS-zalando-dns",
        "dns_service",
        {"ready_endpoints": 0, "selected_pods": 1},
        objects=(dns_service(), pod("dns-1", namespace="kube-system", labels=DNS_LABELS, ready=False), *WEB),
    ),
    Case(
        "KI-dns-rollout",
        "dns_replacement",
        {"stopped_pods": 1},
        objects=(
            *DNS,
            dns_deployment(),
            event("Killing", "Stopping container dns", about=("Pod", "coredns-5d8f-x"), namespace="kube-system"),
            *WEB,
        ),
    ),
    Case(
        "SG-ephemeral-pod",
        "pod_port_range",
        {"ports": 4, "name": "till-1"},
        objects=(SHOP, *WEB, till(securityContext={"sysctls": [{"name": PORT_RANGE, "value": "32000 32003"}]})),
    ),
    Case(
        "KI-hostlocal-leak",
        "pod_start",
        {"trouble": "addresses-used-up", "node": "node1"},
        objects=(*WEB[:1], PENDING, event("FailedCreatePodSandBox", NO_ADDRESS, about=("Pod", "web-1"))),
    ),
    Case(
        "FS-gke-ips",
        "node_warning",
        {"reason": "CIDRNotAvailable", "node": "node1"},
        objects=(
            *WEB,
            NODE,
            event("CIDRNotAvailable", "no CIDR left", about=("Node", "node1"), kind="Normal", namespace="default"),
        ),
    ),
    Case(
        "SG-hostport-conflict",
        "pod_start",
        {"trouble": "scheduling"},
        objects=(
            *WEB[:1],
            PENDING,
            event("FailedScheduling", "0/2 nodes are available: 2 free ports", about=("Pod", "web-1")),
        ),
    ),
    Case(
        "KI-etp-nodeport",
        "local_traffic",
        {"local_endpoints": 0, "way": "external"},
        objects=(
            service(ports=({"port": 80, "nodePort": 30080},), type="NodePort", externalTrafficPolicy="Local"),
            *WEB[1:],
            {**manifest("Node", "node2", namespace=""), "status": READY_NODE},
        ),
    ),
    Case("KI-rollout-502", "rollout", {"delays_stop": False, "workload": "web"}, objects=WEB),
    Case(
        "SG-webhook-outage",
        "admission_webhook",
        {"failure_kind": "no-service", "service_exists": False},
        objects=(*WEB, guard(), refusal('service "guard" not found')),
    ),
    Case(
        "SG-webhook-tls",
        "admission_webhook",
        {"failure_kind": "certificate"},
        objects=(*WEB, guard(), refusal("x509: certificate signed by unknown authority")),
    ),
    Case(
        "CO-kubelet-down",
        "node_condition",
        {"ready": False, "ready_reason": "NodeStatusUnknown"},
        objects=(*WEB, node_that_is("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")),
    ),
    Case(
        "CO-containerd-down",
        "node_condition",
        {"ready": False, "ready_says": "container runtime is down"},
        objects=(*WEB, node_that_is("False", "KubeletNotReady", "container runtime is down")),
    ),
    Case(
        "SG-cpu-throttling",
        "container_limit",
        {"cpu_milli": 50, "pod": "web-1"},
        objects=(*WEB[:1], limited("50m"), *WEB[2:]),
    ),
    Case(
        "FS-omio-throttle",
        "container_limit",
        {"cpu_milli": 100},
        objects=(*WEB[:1], limited("100m"), *WEB[2:]),
    ),
)
IDS = [f"{case.id}-{case.kind}" for case in CASES]


def cluster_of(case: Case) -> MemoryCluster:
    if not case.captured:
        return from_manifests(*case.objects)
    system = (CAPTURED / "system.yaml").read_text()
    return from_manifests(system, (CAPTURED / f"{case.captured}.yaml").read_text())


SMALL = Scope(
    namespaces=("shop",),
    clients=(Subject("Pod", "shop", "till-1"),),
    services=(Subject("Service", "shop", "web"),),
    backends=(Subject("Pod", "shop", "web-1"),),
    client_nodes=("node1",),
)


async def facts_of(case: Case) -> list[Fact]:
    cluster = CachedCluster(cluster_of(case))
    scope = await scope_of(cluster_of(case)) if case.captured else SMALL
    probes = [probe for probe in PROBES if case.kind in {fact.kind for fact in probe.gives}]
    return [fact for probe in probes for fact in await probe.observe(cluster, scope)]


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_case_is_revealed_by_its_fact(case: Case) -> None:
    found = [
        values_of(fact) for fact in await facts_of(case) if not isinstance(fact, Unknown) and fact.kind == case.kind
    ]

    assert any(case.fields.items() <= values.items() for values in found), found


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES}))
async def test_what_reveals_a_case_is_not_there_where_all_is_well(kind: str) -> None:
    well = Case("healthy", kind, {}, captured="healthy")
    found = [values_of(fact) for fact in await facts_of(well) if not isinstance(fact, Unknown)]
    signs = [case.fields for case in CASES if case.kind == kind and case.id not in EVERYWHERE]

    assert [sign for sign in signs for values in found if sign.items() <= values.items()] == []


EVERYWHERE = ("KS-no-listen", "SG-ingress-misroute", "TRAP-quota-pods", "FS-toyota-ndots", "KI-rollout-502")
"""Cases in which the named fact is as in a healthy cluster, and a connect, a request or an Event beside it tells."""


def test_every_captured_incident_is_a_case() -> None:
    captured = {path.stem for path in Path(CAPTURED).glob("*.yaml")} - {"healthy", "system", "cni"}

    assert captured - {case.captured for case in CASES} <= {"readiness-scheme", "target-port-name"}
