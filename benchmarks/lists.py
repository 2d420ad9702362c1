"""Listing all Pods of a large cluster: netmedic's adapter against the generated models of the ``kubernetes`` package.

Run: ``python -m benchmarks.lists [--pods 50000]``. Both read the same pages of 500 from a server on loopback and keep
every Pod; each run is a process of its own, of which the time of the list and the peak of memory are told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PODS = 20_000


def pod(number: int) -> dict[str, Any]:
    """Return a Pod as an API server has it: with what netmedic does not read, too."""
    name, node = f"web-{number // 50}-7f79b94d55-{number:05}", f"node-{number % 500}"
    at = "2026-01-01T00:00:00Z"
    container = {
        "name": "web",
        "image": "registry.example.com/shop/web:1.2.3",
        "command": ["/usr/bin/web", "--listen=:8080"],
        "env": [{"name": f"SETTING_{each}", "value": f"value of setting {each}"} for each in range(10)],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
        "volumeMounts": [
            {"name": "token", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
        ],
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
    }
    fields: dict[str, Any] = {f"f:field{each}": {".": {}, "f:type": {}, "f:status": {}} for each in range(20)}
    return {
        "metadata": {
            "name": name,
            "generateName": name[:-5],
            "namespace": f"team-{number % 40}",
            "uid": f"00000000-0000-0000-0000-{number:012}",
            "resourceVersion": str(number),
            "creationTimestamp": at,
            "labels": {"app": f"web-{number // 50}", "pod-template-hash": "7f79b94d55", "team": f"team-{number % 40}"},
            "annotations": {"example.com/checksum": "0123456789abcdef" * 4},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": name[:-6],
                    "uid": f"00000000-0000-0000-0001-{number // 50:012}",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
            "managedFields": [
                {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": at, "fieldsV1": fields}
            ],
        },
        "spec": {
            "volumes": [{"name": "token", "secret": {"secretName": "default-token-abcde", "defaultMode": 420}}],
            "containers": [container],
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "default",
            "nodeName": node,
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": at}
                for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "hostIP": f"10.0.{number % 500 // 250}.{number % 250}",
            "podIP": f"10.{100 + number // 65536}.{number // 256 % 256}.{number % 256}",
            "podIPs": [{"ip": f"10.{100 + number // 65536}.{number // 256 % 256}.{number % 256}"}],
            "startTime": at,
            "containerStatuses": [
                {
                    "name": "web",
                    "state": {"running": {"startedAt": at}},
                    "lastState": {},
                    "ready": True,
                    "restartCount": 0,
                    "image": container["image"],
                    "imageID": "registry.example.com/shop/web@sha256:" + "0123456789abcdef" * 4,
                    "containerID": "containerd://" + "0123456789abcdef" * 4,
                    "started": True,
                }
            ],
            "qosClass": "Burstable",
        },
    }


def serve(pods: int) -> None:
    """Serve lists of Pods in pages, and say on which port."""
    bodies = [json.dumps(pod(number)) for number in range(pods)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            start, limit = int(query.get("continue", ["0"])[0]), int(query.get("limit", [str(pods)])[0])
            more = str(start + limit) if start + limit < pods else ""
            metadata = json.dumps({"resourceVersion": "1", "continue": more})
            items = ",".join(bodies[start : start + limit])
            body = f'{{"kind":"PodList","apiVersion":"v1","metadata":{metadata},"items":[{items}]}}'.encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


def with_netmedic(url: str) -> tuple[float, list[str]]:
    """Return seconds and the names of all Pods."""
    from bot.cluster.credentials import Credentials  # noqa: PLC0415 - each process imports what it measures
    from bot.cluster.live import LiveCluster  # noqa: PLC0415
    from bot.cluster.objects import Pod  # noqa: PLC0415
    from bot.cluster.transport import Transport  # noqa: PLC0415

    async def read() -> tuple[float, list[str]]:
        credentials = Credentials(context="benchmark", server=url)

        async def renew() -> Credentials:
            return credentials

        async with LiveCluster(Transport(credentials, renew=renew), helper_namespace="", helper_labels="") as cluster:
            started = time.perf_counter()
            found = await cluster.list(Pod)
            return time.perf_counter() - started, [one.metadata.name for one in found if one.ready]

    return asyncio.run(read())


def with_kubernetes(url: str) -> tuple[float, list[str]]:
    """Return seconds and the names of all Pods."""
    from kubernetes import client  # noqa: PLC0415 - each process imports what it measures

    configuration = client.Configuration()
    configuration.host = url
    api = client.CoreV1Api(client.ApiClient(configuration))
    found: list[Any] = []
    started = time.perf_counter()
    more = None
    while more is None or more:
        page = api.list_pod_for_all_namespaces(limit=500, _continue=more)
        found += page.items
        more = getattr(page.metadata, "_continue", None) or ""
    seconds = time.perf_counter() - started
    ready = (one for one in found if any(c.type == "Ready" and c.status == "True" for c in one.status.conditions))
    return seconds, [one.metadata.name for one in ready]


CLIENTS = {"netmedic": with_netmedic, "kubernetes": with_kubernetes}


def measure(client: str, url: str) -> None:
    """Print what one client took, as JSON."""
    seconds, names = CLIENTS[client](url)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "pods": len(set(names))}))


def run(client: str, url: str, *, pods: int) -> tuple[float, float]:
    """Return seconds and peak megabytes of a client in a process of its own.

    Raises:
        SystemExit: It did not read all Pods.
    """
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.lists", "--client", client, "--url", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    told = json.loads(done.stdout)
    if told["pods"] != pods:
        sys.exit(f"{client} read {told['pods']} Pods of {pods}")
    return told["seconds"], told["peak_mb"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=PODS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.pods)
    if options.client:
        return measure(options.client, options.url)
    command = [sys.executable, "-m", "benchmarks.lists", "--serve", "--pods", str(options.pods)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            table(url, pods=options.pods, repeat=options.repeat)
        finally:
            server.terminate()
    return None


def table(url: str, *, pods: int, repeat: int) -> None:
    """Print the medians of both clients, and their ratio."""
    print(f"{pods} Pods of {len(json.dumps(pod(0))) / 1000:.1f} kB in pages of 500; medians of {repeat}")
    print(f"{'client':<12} {'seconds':>8} {'peak MB':>8}")
    medians = {}
    for client in CLIENTS:
        runs = [run(client, url, pods=pods) for _ in range(repeat)]
        medians[client] = statistics.median(one[0] for one in runs), statistics.median(one[1] for one in runs)
        print(f"{client:<12} {medians[client][0]:>8.2f} {medians[client][1]:>8.0f}")
    (seconds, peak), (baseline_seconds, baseline_peak) = medians["netmedic"], medians["kubernetes"]
    faster, smaller = baseline_seconds / seconds, baseline_peak / peak
    print(f"netmedic is {faster:.1f} times faster and takes {smaller:.1f} times less memory.")


if __name__ == "__main__":
    main()
