"""Faults of a real cluster that its test bed does not have by itself; each goes when its context ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from tests.remediation.shop import policy
from tests.testbed import CommandFailed, TestBed

Fault = Callable[[TestBed, str], AbstractContextManager[None]]
"""What breaks a shop, by cluster and namespace."""


def no_fault(_bed: TestBed, _namespace: str) -> AbstractContextManager[None]:
    return nullcontext()


def switched(name: str, *options: str, of: str = "") -> Fault:
    """Return a fault of the test bed, on the server's Node unless it says of what."""
    return lambda bed, _: bed.fault(name, of or bed.nodes[0], *options)


def in_pod(*command: str) -> Fault:
    """Return what a command does inside the server's Pod; it ends with the Pod."""

    @contextmanager
    def fault(bed: TestBed, namespace: str) -> Iterator[None]:
        bed.kubectl("-n", namespace, "exec", "deploy/web", "--", *command)
        yield

    return fault


def patched(of: str, name: str, *, wrong: str, right: str) -> Fault:
    """Return a change of an object of the cluster's DNS."""

    @contextmanager
    def fault(bed: TestBed, _namespace: str) -> Iterator[None]:
        try:
            bed.kubectl("-n", "kube-system", "patch", of, name, "-p", wrong)
            yield
        finally:
            bed.kubectl("-n", "kube-system", "patch", of, name, "-p", right)

    return fault


DNS_SELECTOR = patched(
    "service",
    "kube-dns",
    wrong='{"spec": {"selector": {"k8s-app": "coredns"}}}',
    right='{"spec": {"selector": {"k8s-app": "kube-dns"}}}',
)
DNS_SCALED_DOWN = patched(
    "deployment", "kube-dns", wrong='{"spec": {"replicas": 0}}', right='{"spec": {"replicas": 1}}'
)

DESK_ASKS = (
    "{podSelector: {matchLabels: {k8s-app: kube-dns}}, policyTypes: [Ingress], ingress: "
    "[{from: [{podSelector: {matchLabels: {app: desk}}}]}]}"
)


NAME_LABEL = "kubernetes.io/metadata.name"


@contextmanager
def named_namespaces(bed: TestBed, namespace: str) -> Iterator[None]:
    """Have the label by which a NetworkPolicy names a namespace; API servers from 1.21 on set it themselves."""
    try:
        for name in (namespace, "kube-system"):
            bed.kubectl("label", "--overwrite", "namespace", name, f"{NAME_LABEL}={name}")
        yield
    finally:
        bed.kubectl("label", "namespace", "kube-system", f"{NAME_LABEL}-")


@contextmanager
def dns_walled_off(bed: TestBed, namespace: str) -> Iterator[None]:
    """Have a NetworkPolicy that admits nobody to the DNS servers."""
    with named_namespaces(bed, namespace):
        try:
            bed.apply(policy("kube-system", DESK_ASKS))
            yield
        finally:
            bed.kubectl("-n", "kube-system", "delete", "networkpolicy", "wall", "--ignore-not-found")


@contextmanager
def cordoned(bed: TestBed, namespace: str) -> Iterator[None]:
    """Let the server's only Node take no Pods, and the server need one."""
    node = bed.nodes[0]
    try:
        bed.kubectl("cordon", node)
        bed.kubectl("-n", namespace, "delete", "pod", "-l", "app=web", "--wait=true")
        yield
    finally:
        bed.kubectl("uncordon", node)


@contextmanager
def hanging_kube_proxy(bed: TestBed, namespace: str) -> Iterator[None]:
    """Hang the kube-proxy of the client's Node, and have its rules lead to a Pod that is gone."""
    node = bed.nodes[1]
    try:
        bed.exec(node, "pkill", "-STOP", "-x", "kube-proxy")
        bed.kubectl("-n", namespace, "delete", "pod", "-l", "app=web", "--wait=true")
        bed.kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=90s")
        yield
    finally:
        with suppress(CommandFailed):  # none is left that hangs
            bed.exec(node, "pkill", "-CONT", "-x", "kube-proxy")


SLOW_STARTER = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-next, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: web, version: v2}}}}
  template:
    metadata: {{labels: {{app: web, version: v2}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: testbed/nettools:1
        command: [sleep, "3600"]
        readinessProbe: {{tcpSocket: {{port: 8080}}, periodSeconds: 1}}
"""


@contextmanager
def slow_starter(bed: TestBed, namespace: str) -> Iterator[None]:
    """Have a second server that never gets ready."""
    bed.apply(SLOW_STARTER.format(namespace=namespace))
    bed.kubectl("-n", namespace, "wait", "pod", "-l", "version=v2", "--for=condition=PodScheduled", "--timeout=60s")
    yield


WEBHOOK = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: {namespace}}}
webhooks:
- name: check.{namespace}.example.com
  clientConfig: {client}
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
spec: {{selector: {{app: checker}}, ports: [{{port: 443, targetPort: 8443}}]}}
"""

TLS_SERVER = """
apiVersion: v1
kind: Pod
metadata: {{name: checker, namespace: {namespace}, labels: {{app: checker}}}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: checker
    image: testbed/nettools:1
    command: [python3, -c, "{program}"]
    env: [{{name: PEM, value: {pem!r}}}]
    readinessProbe: {{tcpSocket: {{port: 8443}}, periodSeconds: 1, timeoutSeconds: 10}}
"""
SERVE_TLS = (
    "import os, ssl, http.server as h; open('/tmp/pem', 'w').write(os.environ['PEM'].replace('|', chr(10)));"
    " c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain('/tmp/pem');"
    " s = h.HTTPServer(('', 8443), h.SimpleHTTPRequestHandler);"
    " s.socket = c.wrap_socket(s.socket, server_side=True); s.serve_forever()"
)
CERTIFICATE = (
    "d=$(mktemp -d); openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other "
    "-keyout $d/key -out $d/crt 2>/dev/null; cat $d/key $d/crt; rm -r $d"
)

BY_SERVICE = "{{service: {{name: checker, namespace: {namespace}, path: /}}}}"
BY_URL = '{{url: "https://127.0.0.1:1/"}}'


def webhook(client: str = BY_SERVICE, *, service: bool = False, certificate: bool = False) -> Fault:
    """Return a webhook that cannot be called, and a workload that needs a new Pod."""

    @contextmanager
    def fault(bed: TestBed, namespace: str) -> Iterator[None]:
        try:
            if service or certificate:
                bed.apply(CHECKER.format(namespace=namespace))
            if certificate:
                _serve_tls(bed, namespace)
            bed.kubectl("label", "namespace", namespace, f"kubernetes.io/test={namespace}")
            bed.apply(WEBHOOK.format(namespace=namespace, client=client.format(namespace=namespace)))
            bed.kubectl("-n", namespace, "delete", "pod", "-l", "app=web", "--wait=true")
            yield
        finally:
            bed.kubectl("delete", "validatingwebhookconfiguration", namespace, "--ignore-not-found")
            if certificate:
                bed.exec("master", "ip", "route", "del", SERVICES)

    return fault


SERVICES = "10.96.0.0/16"


def _serve_tls(bed: TestBed, namespace: str) -> None:
    """Run a server whose certificate is for another name, where the API server reaches it."""
    addresses = bed.json("get", "node", bed.nodes[1])["status"]["addresses"]
    [address] = [each["address"] for each in addresses if each["type"] == "InternalIP"]
    bed.exec("master", "ip", "route", "replace", SERVICES, "via", address)  # it runs no kube-proxy
    pem = bed.exec("master", "sh", "-c", CERTIFICATE).replace("\n", "|")
    bed.apply(TLS_SERVER.format(namespace=namespace, program=SERVE_TLS, pem=pem))
    bed.kubectl("-n", namespace, "wait", "pod/checker", "--for=condition=Ready", "--timeout=120s")
