"""Faults of a namespace on a real cluster, each with the playbook that removes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from tests.testbed import TestBed

SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web, version: v1}}}}
    spec:
      terminationGracePeriodSeconds: 0
      nodeSelector: {{kubernetes.io/hostname: {web_node}}}
      containers:
      - name: web
        image: testbed/nettools:1
        command: [python3, -m, http.server, "8080"]
        ports: [{{name: http, containerPort: 8080}}]
        readinessProbe: {{tcpSocket: {{port: {ready_port}}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {namespace}}}
spec:
  {spec}
  selector: {selector}
  ports:
  - {{name: http, port: 80, targetPort: {target_port}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: till, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: till}}}}
  template:
    metadata: {{labels: {{app: till}}}}
    spec:
      terminationGracePeriodSeconds: 0
      nodeSelector: {{kubernetes.io/hostname: {client_node}}}
      {client}
      containers:
      - name: till
        image: testbed/nettools:1
        command: [sleep, "3600"]
        env: [{{name: WEB_URL, value: "http://web/"}}]
"""

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: wall, namespace: {namespace}}}
spec: {spec}
"""

WEBHOOK = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: {namespace}}}
webhooks:
- name: check.{namespace}.example.com
  clientConfig: {{service: {{name: checker, namespace: {namespace}, path: /}}}}
  rules: [{{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}}]
  namespaceSelector: {{matchLabels: {{kubernetes.io/test: {namespace}}}}}
  sideEffects: None
  timeoutSeconds: 2
  admissionReviewVersions: [v1]
"""

CHECKER = """
apiVersion: v1
kind: Service
metadata: {{name: checker, namespace: {namespace}}}
spec: {{selector: {{app: checker}}, ports: [{{port: 443}}]}}
"""

Fault = Callable[[TestBed, str], AbstractContextManager[None]]


def no_fault(_bed: TestBed, _namespace: str) -> AbstractContextManager[None]:
    return nullcontext()


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
    ask: tuple[str, ...] = ("curl", "-sS", "-o", "/dev/null", "--max-time", "3", "http://web/")
    """What the client's Pod runs to try it."""
    whole_cluster: bool = False
    """Others must not be at work meanwhile."""
    undo: bool = True
    """It can be undone, and the fault is back then."""
    always: bool = False
    """Also in the short run."""

    def manifest(self, namespace: str, nodes: tuple[str, ...]) -> str:
        values = {
            "namespace": namespace,
            "replicas": "1",
            "selector": "{app: web}",
            "target_port": "8080",
            "ready_port": "8080",
            "spec": "type: ClusterIP",
            "client": "enableServiceLinks: false",
            "web_node": nodes[0],
            "client_node": nodes[1],
            **self.shop,
        }
        return SHOP.format(**values)


@contextmanager
def webhook(bed: TestBed, namespace: str, *, service: bool) -> Iterator[None]:
    """Have a webhook that nothing answers, and a workload that needs a new Pod."""
    try:
        if service:
            bed.apply(CHECKER.format(namespace=namespace))
        bed.kubectl("label", "namespace", namespace, f"kubernetes.io/test={namespace}")
        bed.apply(WEBHOOK.format(namespace=namespace))
        bed.kubectl("-n", namespace, "delete", "pod", "-l", "app=web", "--wait=true")
        yield
    finally:
        bed.kubectl("delete", "validatingwebhookconfiguration", namespace, "--ignore-not-found")


@contextmanager
def dns_selector(bed: TestBed, _namespace: str) -> Iterator[None]:
    """Let the DNS Service select nothing."""
    right = '{"spec": {"selector": {"k8s-app": "kube-dns"}}}'
    try:
        bed.kubectl("-n", "kube-system", "patch", "service", "kube-dns", "-p", right.replace("kube-dns", "coredns"))
        yield
    finally:
        bed.kubectl("-n", "kube-system", "patch", "service", "kube-dns", "-p", right)


@contextmanager
def dns_scaled_down(bed: TestBed, _namespace: str) -> Iterator[None]:
    """Run no DNS server."""
    try:
        bed.kubectl("-n", "kube-system", "scale", "deployment", "kube-dns", "--replicas=0")
        yield
    finally:
        bed.kubectl("-n", "kube-system", "scale", "deployment", "kube-dns", "--replicas=1")


def switched(name: str, *options: str) -> Fault:
    """Return a fault of the test bed on the first Node."""
    return lambda bed, _: bed.fault(name, bed.nodes[0], *options)


ALONE = (
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: "
    "[{from: [{podSelector: {matchLabels: {app: desk}}}]}]}"
)
NOBODY = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}"
MUTE = "{podSelector: {matchLabels: {app: till}}, policyTypes: [Egress]}"
DESK_ONLY = (
    "{podSelector: {matchLabels: {app: till}}, policyTypes: [Egress], egress: "
    "[{to: [{podSelector: {matchLabels: {app: desk}}}]}, {to: [{namespaceSelector: {}}], ports: "
    "[{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]}"
)
OTHER_PORT = (
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: "
    "[{from: [{podSelector: {}}], ports: [{port: 9090}]}]}"
)
NO_DNS = "{podSelector: {matchLabels: {app: till}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}"

REMEDIES = (
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
        undo=False,
        always=True,
    ),
    Remedy(rule="network-policy-denies-client", playbook="allow-connection", policy=ALONE, always=True),
    Remedy(rule="network-policy-denies-ingress", playbook="allow-connection", policy=NOBODY),
    Remedy(rule="network-policy-denies-egress", playbook="allow-connection", policy=MUTE),
    Remedy(rule="network-policy-egress-misses-target", playbook="allow-connection", policy=DESK_ONLY),
    Remedy(rule="network-policy-denies-port", playbook="allow-connection", policy=OTHER_PORT),
    Remedy(rule="network-policy-blocks-dns", playbook="allow-dns", policy=NO_DNS),
    Remedy(
        rule="webhook-without-endpoints",
        playbook="ignore-failing-webhook",
        fault=lambda bed, namespace: webhook(bed, namespace, service=True),
        undo=False,
    ),
    Remedy(
        rule="webhook-service-missing",
        playbook="ignore-failing-webhook",
        fault=lambda bed, namespace: webhook(bed, namespace, service=False),
        undo=False,
    ),
    Remedy(rule="client-dns-policy-default", playbook="use-cluster-dns", shop={"client": "dnsPolicy: Default"}),
    Remedy(
        rule="client-dns-host-network",
        playbook="use-cluster-dns-from-node-network",
        shop={"client": "hostNetwork: true"},
    ),
    Remedy(
        rule="node-port-without-local-endpoint",
        playbook="serve-on-every-node",
        symptom="nodePort 31987 of web in namespace {namespace} does not answer on {other_node}",
        shop={"spec": "type: NodePort\n  externalTrafficPolicy: Local", "target_port": "8080, nodePort: 31987"},
        ask=("curl", "-sS", "-o", "/dev/null", "--max-time", "3", "http://{other_address}:31987/"),
    ),
    Remedy(
        rule="dns-service-without-endpoints",
        playbook="fix-dns-service-selector",
        symptom="till cannot resolve names in namespace {namespace}",
        fault=dns_selector,
        whole_cluster=True,
    ),
    Remedy(
        rule="dns-servers-scaled-to-zero",
        playbook="scale-up-dns",
        symptom="till cannot resolve names in namespace {namespace}",
        fault=dns_scaled_down,
        whole_cluster=True,
    ),
    Remedy(
        rule="pod-route-missing",
        playbook="replace-cni-pod",
        fault=switched("route-missing"),
        whole_cluster=True,
        undo=False,
    ),
    Remedy(
        rule="overlay-device-down",
        playbook="replace-cni-pod",
        fault=switched("vxlan-down"),
        whole_cluster=True,
        undo=False,
    ),
    Remedy(
        rule="reverse-path-filter-drops",
        playbook="loosen-reverse-path-filter",
        fault=switched("rp-filter"),
        whole_cluster=True,
    ),
)
