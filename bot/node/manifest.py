"""The node helper as Kubernetes objects. At tier 1: without root, capabilities, host paths or a token.

docs/node-helper.md says what each tier may do, and why it takes that.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

COLLECTOR = Path(__file__).parent / "collector"
# `python3 /netmedic` runs this; the package beside it is found whatever else is on the path.
ENTRY = "import sys\n\nfrom collector.answer import main\n\nsys.exit(main(sys.argv[1:]))\n"
NAME = "netmedic-helper"
MOUNT = "/netmedic"
RECORDING = "/run/netmedic"
"""Where the flight recorder's ring is: memory, 3.6 MB."""
# Any user but root; it owns nothing.
USER = 65532
# Kubernetes hands added capabilities to root alone: another user has them in its bounding set, and never in effect.
ROOT = 0
CAPABILITIES: dict[int, tuple[str, ...]] = {
    1: (),
    2: ("NET_ADMIN", "NET_RAW"),
    # setns(2) takes SYS_ADMIN; opening the namespace of another container's process takes SYS_PTRACE.
    3: ("NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE"),
}


def manifest(*, image: str, namespace: str, labels: str, tier: int = 1) -> list[dict[str, Any]]:
    """Return Namespace, ConfigMap with the collector's code, and DaemonSet.

    ``image`` is any that has python3 of 3.11 or newer; ``labels`` are the Pods', written ``key=value,key=value``.
    """
    pairs, code = labels_of(labels), code_of_collector()
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": namespace,
                # hostNetwork is beyond the baseline standard; nothing else of the Pods is.
                "labels": {"pod-security.kubernetes.io/enforce": "privileged"},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": NAME, "namespace": namespace, "labels": pairs},
            "data": code,
        },
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": NAME, "namespace": namespace, "labels": pairs},
            "spec": {
                "selector": {"matchLabels": pairs},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
                "template": {
                    # Pods restart when the code changes: a mounted ConfigMap alone would reach them a minute later.
                    "metadata": {"labels": pairs, "annotations": {"netmedic/collector": digest(code)}},
                    "spec": pod_spec(image, code, tier=tier),
                },
            },
        },
    ]


def labels_of(labels: str) -> dict[str, str]:
    """Return labels by key."""
    return dict(pair.split("=", 1) for pair in labels.split(","))


def code_of_collector() -> dict[str, str]:
    """Return the collector's files by their keys in a ConfigMap."""
    code = {"__main__.py": ENTRY} | {path.name: path.read_text() for path in sorted(COLLECTOR.glob("[!_]*.py"))}
    return code | {"package.py": (COLLECTOR / "__init__.py").read_text()}


def pod_spec(image: str, code: dict[str, str], *, tier: int, config_map: str = NAME) -> dict[str, Any]:
    """Return what runs on each Node."""
    user = ROOT if CAPABILITIES[tier] else USER
    return {
        "hostNetwork": True,
        **({"hostPID": True} if tier == 3 else {}),  # noqa: PLR2004 - tier
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {
            "runAsNonRoot": user != ROOT,
            "runAsUser": user,
            "runAsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "helper",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["python3", "-I", "-S", "-B", MOUNT, "idle"],
                "env": [
                    {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                    {"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
                ],
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]}
                    | ({"add": list(CAPABILITIES[tier])} if CAPABILITIES[tier] else {}),
                },
                "resources": {
                    "requests": {"cpu": "10m", "memory": "32Mi"},
                    "limits": {"cpu": "500m", "memory": "128Mi"},
                },
                "volumeMounts": [
                    {"name": "code", "mountPath": MOUNT, "readOnly": True},
                    {"name": "recording", "mountPath": RECORDING},
                ],
            }
        ],
        "volumes": [
            {"name": "code", "configMap": {"name": config_map, "items": items(code)}},
            {"name": "recording", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}},
        ],
    }


def items(code: dict[str, str]) -> list[dict[str, str]]:
    """Return where each file of the ConfigMap is mounted: the package in a folder, the entry beside it."""
    places = {"__main__.py": "__main__.py", "package.py": "collector/__init__.py"}
    return [{"key": name, "path": places.get(name, f"collector/{name}")} for name in sorted(code)]


def digest(code: dict[str, str]) -> str:
    """Return what tells one version of the code from another."""
    return hashlib.sha256("\0".join(f"{name}\0{code[name]}" for name in sorted(code)).encode()).hexdigest()[:16]
