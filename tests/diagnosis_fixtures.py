"""Diagnoses as a cluster would give them, to show and to serialise. Times and names are fixed; nothing is measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from bot.diagnosis.report import (
    Access,
    Cause,
    Diagnosis,
    Evidence,
    Hop,
    HopStatus,
    NotChecked,
    PlanReport,
    ProbeTiming,
    Proof,
    RuledOut,
    SymptomReport,
    Timing,
)
from bot.facts.base import Value
from bot.facts.scope import Subject

AT = "2026-03-02T09:15:04.512+00:00"
LATER = "2026-03-02T09:15:07.530+00:00"
HELPER = "Install the node helper: `netmedic helper manifest | kubectl apply -f -`."


def evidence(fact: str, *, source: str, at: str, **value: Value) -> Evidence:
    """Return a piece of evidence."""
    return Evidence(fact=fact, source=source, value=value, at=at)


def diagnosis(**changes: Any) -> Diagnosis:
    """Return a diagnosis that found nothing, with some fields changed."""
    return dataclasses.replace(nothing_found(), **changes)


def changed(cause: Cause, **changes: Any) -> Cause:
    """Return a finding with some fields changed."""
    return dataclasses.replace(cause, **changes)


def changed_plan(**changes: Any) -> PlanReport:
    """Return the plan with some fields changed."""
    return dataclasses.replace(PLAN, **changes)


# The facts ------------------------------------------------------------------------------------------------------------

PORT = evidence(
    "service_port",
    namespace="shop",
    name="checkout",
    port=80,
    port_name="http",
    protocol="TCP",
    target_port="9999",
    target_is_name=False,
    resolved_port=9999,
    declared=False,
    declared_ports="8080 (http)",
    only_declared_port=8080,
    listening_port=8080,
    selected_pods=2,
    source="/api/v1/namespaces/shop/services/checkout",
    at=AT,
)


def refused(pod: str, ip: str, *, same_node: bool) -> Evidence:
    """Return a connect that was refused."""
    return evidence(
        "backend_connect",
        namespace="shop",
        service="checkout",
        pod=pod,
        pod_ip=ip,
        port=9999,
        node="node1",
        same_node=same_node,
        result="refused",
        connect_us=412,
        source="node1: TCP connect",
        at=LATER,
    )


BACKENDS = evidence(
    "service_backends",
    namespace="shop",
    name="checkout",
    type="ClusterIP",
    has_selector=True,
    selector="app=checkout",
    selected_pods=2,
    ready_pods=2,
    ready_endpoints=2,
    not_ready_endpoints=0,
    source="/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
    at=AT,
)

DNS = evidence(
    "dns_service",
    namespace="kube-system",
    name="kube-dns",
    cluster_ip="10.96.0.10",
    selector="k8s-app=kube-dns",
    selected_pods=2,
    ready_endpoints=2,
    workload="coredns",
    workload_type="Deployment",
    wanted_replicas=2,
    ready_replicas=2,
    pod_labels="k8s-app=kube-dns",
    source="/api/v1/namespaces/kube-system/services/kube-dns",
    at=AT,
)

CONNTRACK = evidence(
    "node_conntrack",
    node="node1",
    entries=3112,
    max_entries=262144,
    used_permille=11,
    window_ms=3000,
    insert_failed=0,
    dropped=0,
    early_dropped=0,
    table_full_drops=0,
    source="node1:/proc/sys/net/netfilter",
    at=LATER,
)

STEAL = evidence(
    "node_cpu",
    node="node2",
    cpus=4,
    window_ms=3018,
    steal_permille=312,
    softirq_permille=188,
    idle_permille=40,
    source="node2:/proc/stat",
    at=LATER,
)

SOFTNET = evidence(
    "node_softnet",
    node="node2",
    window_ms=3018,
    processed=481223,
    dropped=5127,
    time_squeezed=902,
    worst_cpu=2,
    max_backlog=1000,
    source="node2:/proc/net/softnet_stat",
    at=LATER,
)

DROPS = evidence(
    "node_interface",
    node="node2",
    name="flannel.1",
    role="overlay",
    device_type="vxlan",
    mtu=1450,
    up=True,
    window_ms=3018,
    rx_packets=402114,
    tx_packets=398020,
    rx_dropped=5127,
    tx_dropped=0,
    rx_errors=0,
    tx_errors=0,
    rx_dropped_ppm=12590,
    tx_dropped_ppm=0,
    source="node2:/proc/net/dev",
    at=LATER,
)

# Pieces ---------------------------------------------------------------------------------------------------------------

ACCESS = Access(
    tier=1,
    context="kind-shop",
    server_version="v1.31.2",
    next_tier="Tier 2 (NET_ADMIN, NET_RAW in the helper) would show firewall rules and ICMP.",
)

TIMING = Timing(
    started="2026-03-02T09:15:03+00:00",
    seconds=4.217,
    probes=(
        ProbeTiming(probe="service_backends", seconds=0.184, facts=1, unknown=0),
        ProbeTiming(probe="backend_connect", seconds=0.871, facts=2, unknown=0),
        ProbeTiming(probe="node_counters", seconds=3.482, facts=9, unknown=1),
    ),
)

RULED_OUT = (
    RuledOut(rule="service-selects-no-pods", summary="Service selects no Pods", evidence=(BACKENDS,)),
    RuledOut(rule="dns-service-without-endpoints", summary="Nobody answers for cluster DNS", evidence=(DNS,)),
    RuledOut(rule="conntrack-full", summary="A Node's connection table is full", evidence=(CONNTRACK,)),
    RuledOut(rule="policy-not-enforced", summary="NetworkPolicies that nothing enforces", evidence=()),
)

NOT_CHECKED = (
    NotChecked(
        rule="softnet-drops-rising",
        summary="A Node drops packets before it looks at them",
        reason="node_softnet of node2: no_helper (no helper Pod runs on node2)",
        how_to_enable=HELPER,
    ),
    NotChecked(
        rule="cpu-steal-high",
        summary="A Node's CPUs are taken away",
        reason="node_cpu of node2: no_helper (no helper Pod runs on node2)",
        how_to_enable=HELPER,
    ),
    NotChecked(
        rule="kube-proxy-absent",
        summary="A Node has no kube-proxy",
        reason="kube_proxy_pod: forbidden (may not list daemonsets.apps in namespace kube-system)",
        how_to_enable="Grant the reader this permission; `netmedic doctor` lists what is missing.",
    ),
)

PATCH: Mapping[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"namespace": "shop", "name": "checkout", "resourceVersion": "48211"},
    "spec": {"ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]},
}

PLAN = PlanReport(
    playbook="fix-service-target-port",
    title="Point the Service at the port its Pods listen on",
    hash="sha256:6e1f0c9b7a24d35881f2a90c34be77aa1c50de0f6b8f2277d1d3b0a9c6e4f512",
    objects=(PATCH,),
    diff=(
        "--- live\n+++ after\n@@ -10,5 +10,5 @@\n   ports:\n   - name: http\n     port: 80\n     protocol: TCP\n"
        "-    targetPort: 9999\n+    targetPort: 8080\n"
    ),
    blast_radius="One Service; connections in flight are not cut.",
    reversible=True,
    risk="low",
)

WRONG_PORT = Cause(
    rule="service-target-port-closed",
    category="service-ports",
    title="The Service sends to a port nobody listens on",
    summary="Service shop/checkout sends to port 9999, where none of its 2 Pods listens; they listen on 8080.",
    severity="error",
    hop="service",
    subject=Subject("Service", "shop", "checkout"),
    details={"port_name": "http", "target_port": "9999", "listening_port": 8080},
    evidence=(
        PORT,
        refused("checkout-6d9f7-abcde", "10.244.0.12", same_node=True),
        refused("checkout-6d9f7-fghij", "10.244.1.7", same_node=False),
    ),
    explains=(),
    confidence="proven",
    playbook="fix-service-target-port",
    remedy="Set targetPort to the port the Pods listen on.",
    refuted_by="A connect to the target port of one of the Pods that is answered.",
    docs="https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports",
    proof=Proof(
        rule="service-target-port-closed",
        summary="Service shop/checkout sends to port 9999, where none of its 2 Pods listens; they listen on 8080.",
        evidence=(
            PORT,
            refused("checkout-6d9f7-abcde", "10.244.0.12", same_node=True),
            refused("checkout-6d9f7-fghij", "10.244.1.7", same_node=False),
        ),
    ),
)

STEAL_SUMMARY = "The host takes 31.2 % of node2's CPU time for others."
DROPS_SUMMARY = "flannel.1 on node2 dropped 5127 packets in 3 s."

NEIGHBOUR = Cause(
    rule="steal-starves-packets",
    category="cpu-steal",
    title="A noisy neighbour starves packet processing",
    summary="A noisy neighbour takes 31.2 % of node2's CPU time, and packets are dropped meanwhile.",
    severity="error",
    hop="node",
    subject=Subject("Node", "", "node2"),
    details={"node": "node2", "steal_permille": 312, "dropped": 5127},
    evidence=(STEAL, SOFTNET, DROPS),
    explains=(DROPS_SUMMARY,),
    confidence="likely",
    playbook="",
    remedy="Move the Node to a host that is not overcommitted, or the workload to other Nodes.",
    refuted_by="Drops that rise while steal is below a tenth.",
    docs="https://docs.kernel.org/filesystems/proc.html",
    proof=Proof(
        rule="steal-starves-packets",
        summary="A noisy neighbour takes 31.2 % of node2's CPU time, and packets are dropped meanwhile.",
        evidence=(SOFTNET,),
        because=(
            Proof(rule="cpu-steal-high", summary=STEAL_SUMMARY, evidence=(STEAL,)),
            Proof(rule="interface-drops-rising", summary=DROPS_SUMMARY, evidence=(DROPS,)),
        ),
    ),
)

POD_STATE = evidence(
    "pod_state",
    namespace="shop",
    name="cart-0",
    node="node1",
    ip="10.244.0.31",
    service="cart",
    workload="cart",
    workload_type="StatefulSet",
    phase="Running",
    ready=False,
    waiting_reason="",
    restarts=0,
    last_exit_reason="",
    last_exit_code=0,
    all_containers_running=True,
    readiness_probe="HTTP GET :8080/healthz",
    source="/api/v1/namespaces/shop/pods/cart-0",
    at=AT,
)

POD_NOT_READY = dataclasses.replace(
    WRONG_PORT,
    rule="pods-not-ready",
    category="rollout-endpoints",
    title="A Pod behind the Service is not ready",
    summary="Pod shop/cart-0 runs, but its readinessProbe HTTP GET :8080/healthz fails.",
    hop="target-pod",
    subject=Subject("Pod", "shop", "cart-0"),
    details={"readiness_probe": "HTTP GET :8080/healthz"},
    evidence=(POD_STATE,),
    playbook="",
    proof=Proof(rule="pods-not-ready", summary="Pod shop/cart-0 is not ready.", evidence=(POD_STATE,)),
)

UNENFORCED = dataclasses.replace(
    WRONG_PORT,
    rule="policy-not-enforced",
    category="network-policy",
    title="NetworkPolicies that nothing enforces",
    summary="3 NetworkPolicies exist, and the CNI (flannel) enforces none.",
    severity="warning",
    hop="cluster",
    subject=Subject("NetworkPolicy", "shop", "default-deny"),
    details={"policies": 3, "cni": "flannel"},
    evidence=(),
    playbook="",
    proof=Proof(rule="policy-not-enforced", summary="3 NetworkPolicies exist; none is enforced.", evidence=()),
)


def hop(hop: str, subject: str, status: HopStatus, detail: str, *, first_broken: bool = False) -> Hop:
    """Return one hop."""
    return Hop(hop=hop, subject=subject, status=status, detail=detail, first_broken=first_broken)


# Whole diagnoses ------------------------------------------------------------------------------------------------------


def nothing_found() -> Diagnosis:
    """Everything was looked at and is well."""
    return Diagnosis(
        symptom=SymptomReport(
            text="is anything wrong?", kind="unknown", namespace="", source="", target="the whole cluster"
        ),
        causes=(),
        also_seen=(),
        ruled_out=RULED_OUT,
        not_checked=(),
        path=(
            hop("name-lookup", "cluster DNS", HopStatus.OK, "2 faults ruled out"),
            hop("service", "all Services", HopStatus.OK, "4 faults ruled out"),
            hop("node", "all Nodes", HopStatus.OK, "5 faults ruled out"),
        ),
        timing=TIMING,
        access=ACCESS,
    )


def wrong_port() -> Diagnosis:
    """One proven cause with a plan; some rules could not be checked."""
    return Diagnosis(
        symptom=SymptomReport(
            text="checkout is unreachable from web in shop",
            kind="unreachable",
            namespace="shop",
            source="Pod shop/web-5c7d8-xk2lp",
            target="Service shop/checkout",
        ),
        causes=(WRONG_PORT,),
        also_seen=(UNENFORCED,),
        ruled_out=RULED_OUT[:3],
        not_checked=NOT_CHECKED,
        path=(
            hop("name-lookup", "cluster DNS", HopStatus.OK, "2 faults ruled out"),
            hop("client-pod", "Pod shop/web-5c7d8-xk2lp", HopStatus.OK, "1 fault ruled out"),
            hop("client-node", "Node node1", HopStatus.OK, "5 faults ruled out"),
            hop("service", "Service shop/checkout", HopStatus.BROKEN, WRONG_PORT.summary, first_broken=True),
            hop(
                "encapsulation",
                "Node node1 to Node node2",
                HopStatus.NOT_CHECKED,
                "0 faults ruled out, 2 could not be checked",
            ),
            hop("target-node", "Node node2", HopStatus.SUSPICIOUS, "The clock of node2 is 2 s behind."),
            hop(
                "target-pod",
                "Pod shop/checkout-6d9f7-abcde, Pod shop/checkout-6d9f7-fghij",
                HopStatus.OK,
                "1 fault ruled out",
            ),
        ),
        timing=TIMING,
        access=ACCESS,
        plans=(PLAN,),
    )


def noisy_neighbour() -> Diagnosis:
    """A chained cause that explains another finding, beside a second cause."""
    return dataclasses.replace(
        wrong_port(),
        symptom=SymptomReport(
            text="packets are lost on node2", kind="slow", namespace="", source="", target="Node node2"
        ),
        causes=(NEIGHBOUR, UNENFORCED),
        also_seen=(),
        not_checked=(),
        path=(hop("node", "Node node2", HopStatus.BROKEN, NEIGHBOUR.summary, first_broken=True),),
        plans=(),
        notes=("2 Pods could not be decoded and were left out.",),
    )


def nothing_checked() -> Diagnosis:
    """Nothing could be looked at."""
    return dataclasses.replace(
        nothing_found(),
        ruled_out=(),
        not_checked=NOT_CHECKED,
        path=(hop("service", "all Services", HopStatus.NOT_CHECKED, "nothing was looked at here"),),
        access=Access(tier=0, context="prod", server_version="v1.20.2", next_tier="The node helper would show more."),
    )


HOSTILE = "\x1b[31m[red]\r\n✓ ok\x9b2J\u202e\x00\u2028\udcff"


def hostile() -> Diagnosis:
    """A diagnosis whose every text was written by somebody who means harm."""
    poisoned: Diagnosis = _poison(wrong_port())
    return poisoned


def _poison(item: Any) -> Any:
    """Put hostile text behind every text but those of a closed set, which come from netmedic itself."""
    if isinstance(item, HopStatus):
        return item
    if isinstance(item, str):
        return f"{item} {HOSTILE}"
    if isinstance(item, Mapping):
        return {_poison(key): _poison(value) for key, value in item.items()}
    if isinstance(item, tuple | list):
        return type(item)(_poison(part) for part in item)
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        closed = {"severity", "confidence", "category", "schema", "started"}
        closed |= {"kind"} if isinstance(item, SymptomReport) else set()
        fields = {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
        return dataclasses.replace(item, **{k: v if k in closed else _poison(v) for k, v in fields.items()})
    return item


ALL = {
    "nothing_found": nothing_found,
    "wrong_port": wrong_port,
    "noisy_neighbour": noisy_neighbour,
    "nothing_checked": nothing_checked,
    "hostile": hostile,
}
