"""The helper's manifest: what it asks of a cluster, and that its code runs as it is mounted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.node.collector.recorder import RING
from bot.node.manifest import MOUNT, manifest
from bot.node.requests import HELPER_COMMAND
from bot.settings import Settings

LABELS = Settings().helper_labels


def objects() -> dict[str, dict[str, Any]]:
    made = manifest(image="example.net/python:3", namespace="netmedic", labels=LABELS)
    return {one["kind"]: one for one in made}


def test_the_pod_has_no_right_beyond_the_nodes_network() -> None:
    spec = objects()["DaemonSet"]["spec"]["template"]["spec"]
    [container] = spec["containers"]

    assert spec["hostNetwork"] is True
    assert not {"hostPID", "hostIPC", "serviceAccountName"} & set(spec)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not any("hostPath" in volume for volume in spec["volumes"])
    assert "ports" not in container


def test_the_recording_is_bounded_memory_of_the_pod() -> None:
    spec = objects()["DaemonSet"]["spec"]["template"]["spec"]
    [writable] = [mount for mount in spec["containers"][0]["volumeMounts"] if not mount.get("readOnly")]
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == writable["name"]]

    assert writable["mountPath"] == RING.rpartition("/")[0]
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "8Mi"}


def test_its_pods_carry_the_labels_they_are_found_by() -> None:
    daemonset = objects()["DaemonSet"]

    labels = daemonset["spec"]["template"]["metadata"]["labels"]
    assert ",".join(f"{key}={value}" for key, value in labels.items()) == LABELS
    assert daemonset["spec"]["selector"]["matchLabels"] == labels


def test_the_namespace_admits_host_networking() -> None:
    labels = objects()["Namespace"]["metadata"]["labels"]

    assert labels == {"pod-security.kubernetes.io/enforce": "privileged"}


def test_the_code_runs_as_it_is_mounted(tmp_path: Path) -> None:
    made = objects()
    volumes = made["DaemonSet"]["spec"]["template"]["spec"]["volumes"]
    [volume] = [volume for volume in volumes if "configMap" in volume]
    for item in volume["configMap"]["items"]:
        path = tmp_path / item["path"]
        path.parent.mkdir(exist_ok=True)
        path.write_text(made["ConfigMap"]["data"][item["key"]])
    command = [sys.executable, *(str(tmp_path) if word == MOUNT else word for word in HELPER_COMMAND[1:]), "version"]

    ended = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, timeout=30, check=True)

    assert json.loads(ended.stdout)["request"] == ["version"]


def test_changed_code_restarts_the_pods() -> None:
    template = objects()["DaemonSet"]["spec"]["template"]

    assert len(template["metadata"]["annotations"]["netmedic/collector"]) == 16


def pod_at(tier: int) -> dict[str, Any]:
    made = manifest(image="example.net/python:3", namespace="netmedic", labels=LABELS, tier=tier)
    [daemonset] = [one for one in made if one["kind"] == "DaemonSet"]
    spec: dict[str, Any] = daemonset["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize(
    ("tier", "added"),
    [(1, None), (2, ["NET_ADMIN", "NET_RAW"]), (3, ["NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE"])],
)
def test_each_tier_adds_its_capabilities_and_nothing_else(tier: int, added: list[str] | None) -> None:
    spec = pod_at(tier)
    [container] = spec["containers"]
    [least] = pod_at(1)["containers"]

    assert container["securityContext"]["capabilities"].pop("add", None) == added
    assert container == least


def test_only_tier_3_sees_the_nodes_processes() -> None:
    assert [tier for tier in (1, 2, 3) if "hostPID" in pod_at(tier)] == [3]


def test_capabilities_come_with_root_alone() -> None:
    """Another user would have them in its bounding set, and never in effect."""
    users = [pod_at(tier)["securityContext"] for tier in (1, 2, 3)]

    assert [(user["runAsNonRoot"], user["runAsUser"]) for user in users] == [(True, 65532), (False, 0), (False, 0)]
    assert {user["seccompProfile"]["type"] for user in users} == {"RuntimeDefault"}
