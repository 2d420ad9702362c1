"""Faults of a real cluster, each with the playbook that removes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.remediation import faults
from tests.remediation.faults import Fault, in_pod, no_fault, switched, webhook
from tests.remediation.shop import policy, shop

CALL = ("curl", "-sS", "-o", "/dev/null", "--max-time", "3", "http://web/")


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A fault and what is expected of its remedy."""

    rule: str
    playbook: str
    symptom: str = "till cannot reach web in namespace {namespace}"
    shop: dict[str, str] = field(default_factory=dict)
    """What is different from a shop that works."""
    policy: str = ""
    """The spec of a NetworkPolicy."""
    fault: Fault = no_fault
    ask: tuple[str, ...] = CALL
    """What the client's Pod runs to try it."""
    undo: bool = True
    """It can be undone."""
    again: tuple[str, ...] = ()
    """What kubectl does before the undo is felt: it hits new Pods only."""
    returns: bool = True
    """The fault is back after the undo."""
    tier: int = 1
    """The node helper's, that is needed to see it."""
    always: bool = False
    """Also in the short run."""

    def manifest(self, namespace: str, nodes: tuple[str, ...]) -> str:
        """Return the shop, and what stands in its way from the beginning."""
        return shop(namespace, nodes, **self.shop)

    def wall(self, namespace: str) -> str:
        """Return the NetworkPolicy that stands in the way, if any."""
        return policy(namespace, self.policy) if self.policy else ""


NEW_SERVER = ("delete", "pod", "-l", "app=web", "--wait=true")

ALONE = (
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: "
    "[{from: [{podSelector: {matchLabels: {app: desk}}}]}]}"
)
NOBODY = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}"
MUTE = "{podSelector: {matchLabels: {app: till}}, policyTypes: [Egress]}"
DESK_ONLY = (
    "{podSelector: {matchLabels: {app: till}}, policyTypes: [Egress], egress: "
    "[{to: [{podSelector: {matchLabels: {app: desk}}}]}, "
    "{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]}]}"
)
OTHER_PORT = (
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: "
    "[{from: [{podSelector: {}}], ports: [{port: 9090}]}]}"
)
NO_DNS = "{podSelector: {matchLabels: {app: till}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}"

CANNOT_RESOLVE = "till cannot resolve names in namespace {namespace}"

SERVICES = (
    Remedy(
        rule="service-target-port-closed",
        playbook="fix-service-target-port",
        shop={"target_port": "9999"},
        always=True,
    ),
    Remedy(
        rule="service-selects-no-pods",
        playbook="fix-service-selector",
        shop={"selector": "{app: web, version: v2}"},
    ),
    Remedy(rule="service-scaled-to-zero", playbook="scale-up-from-zero", shop={"replicas": "0"}),
    Remedy(rule="service-port-name-unresolved", playbook="fix-service-port-name", shop={"target_port": "htp"}),
    # Undone, the Pods that are ready stay: a rollout replaces none of them by one that is not.
    Remedy(
        rule="service-pods-not-ready",
        playbook="fix-readiness-port",
        shop={"ready_port": "9999"},
        returns=False,
        always=True,
    ),
    Remedy(
        rule="service-publishes-pods-not-ready",
        playbook="publish-ready-pods-only",
        symptom="till sometimes gets connection refused from web in namespace {namespace}",
        shop={"spec": "publishNotReadyAddresses: true"},
        fault=faults.slow_starter,
        ask=(
            "sh",
            "-c",
            "for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -sS -o /dev/null -m 3 http://web/ || exit 1; done",
        ),
    ),
    Remedy(
        rule="node-port-without-local-endpoint",
        playbook="serve-on-every-node",
        symptom="nodePort 31987 of web in namespace {namespace} does not answer on {other_node}",
        shop={"spec": "type: NodePort\n  externalTrafficPolicy: Local", "target_port": "8080, nodePort: 31987"},
        ask=("curl", "-sS", "-o", "/dev/null", "--max-time", "3", "http://{other_address}:31987/"),
    ),
)

POLICIES = (
    Remedy(rule="network-policy-denies-client", playbook="allow-connection", policy=ALONE, always=True),
    Remedy(rule="network-policy-denies-ingress", playbook="allow-connection", policy=NOBODY),
    # It resolves no name either, which is another cause.
    Remedy(
        rule="network-policy-denies-egress",
        playbook="allow-connection",
        policy=MUTE,
        shop={"client": "enableServiceLinks: true"},
        ask=("sh", "-c", "curl -sS -o /dev/null --max-time 3 http://$WEB_SERVICE_HOST/"),
    ),
    Remedy(rule="network-policy-egress-misses-target", playbook="allow-connection", policy=DESK_ONLY),
    Remedy(rule="network-policy-denies-port", playbook="allow-connection", policy=OTHER_PORT),
    Remedy(rule="network-policy-blocks-dns", playbook="allow-dns", policy=NO_DNS, fault=faults.named_namespaces),
    Remedy(
        rule="network-policy-shuts-off-dns",
        playbook="allow-dns",
        symptom=CANNOT_RESOLVE,
        fault=faults.dns_walled_off,
    ),
)

WEBHOOKS = tuple(
    Remedy(rule=rule, playbook="ignore-failing-webhook", fault=fault, again=NEW_SERVER)
    for rule, fault in (
        ("webhook-without-endpoints", webhook(service=True)),
        ("webhook-service-missing", webhook()),
        ("webhook-url-fails", webhook(faults.BY_URL)),
        ("webhook-certificate-refused", webhook(certificate=True)),
    )
)

LOOKUPS = """
import socket
def sent():
    lines = [line.split() for line in open("/proc/net/snmp") if line.startswith("Udp:")]
    return int(dict(zip(*lines))["OutDatagrams"])
before = sent()
socket.getaddrinfo("oslo.example.net", 80)
assert sent() - before <= 2
"""
"""An outside name costs two lookups, A and AAAA."""

DNS = (
    Remedy(rule="client-dns-policy-default", playbook="use-cluster-dns", shop={"client": "dnsPolicy: Default"}),
    Remedy(
        rule="client-dns-host-network",
        playbook="use-cluster-dns-from-node-network",
        shop={"client": "hostNetwork: true"},
    ),
    Remedy(
        rule="client-dns-foreign",
        playbook="put-cluster-dns-first",
        shop={"client": "dnsPolicy: None\n      dnsConfig: {nameservers: [198.51.100.53]}"},
    ),
    Remedy(
        rule="client-short-name-not-completed",
        playbook="put-cluster-dns-first",
        shop={"client": "dnsPolicy: None\n      dnsConfig: {nameservers: [10.96.0.10]}"},
    ),
    Remedy(
        rule="search-list-multiplies-lookups",
        playbook="lower-ndots",
        symptom="till is slow to look up oslo.example.net in namespace {namespace}",
        shop={"url": "http://oslo.example.net/"},
        ask=("python3", "-c", LOOKUPS),
    ),
    # Before others that replace DNS servers, which would be blamed for three minutes.
    Remedy(
        rule="dns-server-loses-queries",
        playbook="replace-dns-server",
        symptom="lookups of till in namespace {namespace} sometimes time out",
        fault=switched("dns-slow", "percent=60", of="-"),
        ask=(
            "sh",
            "-c",
            "for _ in 1 2 3 4 5 6 7 8; do dig +tries=1 +time=2 web.{namespace}.svc.cluster.local || exit 1; done",
        ),
        undo=False,
    ),
    Remedy(
        rule="dns-service-without-endpoints",
        playbook="fix-dns-service-selector",
        symptom=CANNOT_RESOLVE,
        fault=faults.DNS_SELECTOR,
    ),
    Remedy(
        rule="dns-servers-scaled-to-zero",
        playbook="scale-up-dns",
        symptom=CANNOT_RESOLVE,
        fault=faults.DNS_SCALED_DOWN,
    ),
)

PODS = tuple(
    Remedy(
        rule=rule,
        playbook="renew-pod-network",
        tier=3,
        shop={"probe": "imagePullPolicy: IfNotPresent"},
        fault=in_pod(*command),
        undo=False,
    )
    for rule, command in (
        ("pod-interface-down", ("ip", "link", "set", "eth0", "down")),
        ("pod-default-route-missing", ("sh", "-c", "ip route del default; ip route del 10.244.0.0/16")),
        ("pod-firewall-stops-incoming", ("iptables", "-I", "INPUT", "-j", "DROP")),
    )
)

NODES = (
    Remedy(rule="pod-route-missing", playbook="replace-cni-pod", fault=switched("route-missing"), undo=False),
    Remedy(rule="overlay-device-down", playbook="replace-cni-pod", fault=switched("vxlan-down"), undo=False),
    Remedy(
        rule="node-rules-name-dead-backend",
        playbook="rewrite-service-rules",
        tier=3,
        fault=faults.hanging_kube_proxy,
        undo=False,
    ),
    Remedy(rule="reverse-path-filter-drops", playbook="loosen-reverse-path-filter", fault=switched("rp-filter")),
    Remedy(
        rule="pods-await-cordoned-node",
        playbook="uncordon-node",
        fault=faults.cordoned,
        again=NEW_SERVER,
    ),
)

REMEDIES = (*SERVICES, *POLICIES, *WEBHOOKS, *DNS, *PODS, *NODES)

OPEN_SHOP = Remedy(
    rule="namespace-partly-isolated",
    playbook="isolate-namespace",
    policy="{podSelector: {matchLabels: {app: till}}, policyTypes: [Ingress]}",
    tier=3,
)
"""One Pod is isolated, the server is open to everybody: no call fails, so it has a test of its own."""
