"""A shop in a namespace of a real cluster: a server, its Service, and the client that calls it."""

from __future__ import annotations

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
        {probe}
        securityContext: {{capabilities: {{add: [NET_ADMIN]}}}}
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
        env: [{{name: WEB_URL, value: "{url}"}}]
"""


def shop(namespace: str, nodes: tuple[str, ...], **different: str) -> str:
    """Return the manifest of a shop: one that works, but for what is different."""
    port = different.pop("ready_port", "8080")
    values = {
        "replicas": "1",
        "selector": "{app: web}",
        "target_port": "8080",
        "probe": f"readinessProbe: {{tcpSocket: {{port: {port}}}, periodSeconds: 1, timeoutSeconds: 10}}",
        "spec": "type: ClusterIP",
        "client": "enableServiceLinks: false",
        "url": "http://web/",
        "web_node": nodes[0],
        "client_node": nodes[1],
        **different,
    }
    return SHOP.format(namespace=namespace, **values)


POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: wall, namespace: {namespace}}}
spec: {spec}
"""


def policy(namespace: str, spec: str) -> str:
    """Return the manifest of a NetworkPolicy."""
    return POLICY.format(namespace=namespace, spec=spec)


VISITOR = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: visitor
        image: testbed/nettools:1
        command: [sh, -c, "{does}"]
"""
CALLS = "while true; do curl -s -o /dev/null -m 3 {url}; sleep 1; done"


def visitor(name: str, namespace: str, *, calls: str = "") -> str:
    """Return the manifest of a client: one that calls an address once a second, or one that waits."""
    does = CALLS.format(url=calls) if calls else "sleep 3600"
    return VISITOR.format(name=name, namespace=namespace, does=does)
