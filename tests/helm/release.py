"""A release of the chart on the test cluster, from the image of this checkout."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helm.chart import CHART, REPOSITORY, Values, helm
from tests.slack.edge import APP_TOKEN, BOT_TOKEN
from tests.testbed import TestBed

CACHE = REPOSITORY / ".cache" / "image"
IMAGE = "netmedic/netmedic"
SOURCES = ("bot", "rules", "playbooks", "tools/image", "requirements-image.lock", "docs/diagnosis.schema.json")
BUILD_SECONDS, READY_SECONDS, HELM_SECONDS = 900, 240, 420
NAME = "netmedic"


def image(test_bed: TestBed) -> str:
    """Return the tag of this checkout's image, which is on every Node; it is built where the sources are new."""
    root, tag = CACHE / "rootfs", _digest(SOURCES)
    marker = CACHE / "rootfs.tag"
    if not marker.is_file() or marker.read_text() != tag:
        marker.unlink(missing_ok=True)
        build(root)
        marker.write_text(tag)
    for node in test_bed.nodes:
        if f"{IMAGE}:{tag}" not in test_bed.exec(node, "ctr", "-n", "k8s.io", "images", "ls", "-q"):
            test_bed.import_image(root, f"{IMAGE}:{tag}")
    return tag


def build(root: Path) -> None:
    """Make the image's root file system."""
    command = [sys.executable, "-m", "tools.image", str(root), "--commit", "test"]
    environment = {"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
    )
    assert done.returncode == 0, done.stderr


def _digest(names: tuple[str, ...]) -> str:
    """Return what tells one state of the sources from another."""
    total = hashlib.sha256()
    for name in names:
        path = REPOSITORY / name
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(REPOSITORY)}\0".encode() + file.read_bytes())
    return total.hexdigest()[:12]


@dataclass
class Release:
    """What helm installed, in a namespace of its own that only admits Pods of the restricted standard."""

    test_bed: TestBed
    namespace: str
    values: Values = field(default_factory=dict)

    @property
    def helper_namespace(self) -> str:
        """Made by the chart."""
        return f"{self.namespace}-helper"

    def install(self, **changes: Any) -> None:
        """Install the chart, or upgrade it with changed values, and wait until all Pods are ready."""
        self.values = {**self.values, **changes}
        self.helm("upgrade", "--install", NAME, str(CHART), "--wait", f"--timeout={READY_SECONDS}s", "--values", "-")

    def uninstall(self) -> None:
        """Remove it."""
        self.helm("uninstall", NAME, "--wait", f"--timeout={READY_SECONDS}s", "--ignore-not-found")

    def helm(self, *arguments: str) -> str:
        """Run helm and return what it writes."""
        binary = helm()
        assert binary is not None
        done = subprocess.run(
            [binary, "--kubeconfig", self.test_bed.kubeconfig, "--namespace", self.namespace, *arguments],
            input=json.dumps(self.values),
            capture_output=True,
            text=True,
            check=False,
            timeout=HELM_SECONDS,
        )
        assert done.returncode == 0, f"{done.stderr}\n{done.stdout}\n{self.troubles()}"
        return done.stdout

    def troubles(self) -> str:
        """Return what a person would look at when it does not get ready."""
        pods = self.test_bed.kubectl("-n", self.namespace, "describe", "pods")
        return pods + self.test_bed.kubectl(
            "-n", self.namespace, "logs", "--tail=40", "--all-containers", "--prefix", "--ignore-errors",
            "--selector", "app.kubernetes.io/component=bot",
        )  # fmt: skip

    def pods(self, component: str) -> list[dict[str, Any]]:
        """Return its Pods that are not on their way out."""
        namespace = self.helper_namespace if component == "helper" else self.namespace
        found = self.test_bed.json("-n", namespace, "get", "pods", "-l", f"app.kubernetes.io/component={component}")
        return [pod for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]]

    def inside(self, pod: dict[str, Any], *command: str) -> str:
        """Run a command in a Pod of it."""
        metadata = pod["metadata"]
        return self.test_bed.kubectl("-n", metadata["namespace"], "exec", metadata["name"], "--", *command)

    def everything(self) -> set[str]:
        """Return the names of all objects that carry its label, and of all that are in its namespace."""
        inside = "all,configmaps,secrets,serviceaccounts,persistentvolumeclaims,roles,rolebindings,networkpolicies,pdb"
        beside = "namespaces,clusterroles,clusterrolebindings"
        label = f"app.kubernetes.io/instance={NAME}"
        labelled = self.test_bed.kubectl("get", f"{inside},{beside}", "-A", "-o", "name", "-l", label)
        own = self.test_bed.kubectl("-n", self.namespace, "get", inside, "-o", "name")
        return set(labelled.split()) | set(own.split())


@contextmanager
def prepared(test_bed: TestBed) -> Iterator[Release]:
    """Give a release that is still to be installed: its namespace and the Secret of the Slack app are there."""
    with test_bed.namespace("bot") as namespace:
        test_bed.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
        tokens = ("--from-literal", f"bot-token={BOT_TOKEN}", "--from-literal", f"app-token={APP_TOKEN}")
        test_bed.kubectl("-n", namespace, "create", "secret", "generic", "netmedic-slack", *tokens)
        release = Release(test_bed, namespace)
        try:
            yield release
        finally:
            release.uninstall()
