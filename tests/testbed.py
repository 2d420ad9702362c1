"""The real test cluster: found, or started and removed again. See ``../shared/testbed/README.md``.

``python -m tests.testbed COMMAND [WORD ...]`` runs a command with one: several that need it share it that way.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.node.manifest import manifest
from bot.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent

UP_SECONDS = 600
"""The first ``up`` makes root file systems and images, which takes a minute and a half on a quiet machine."""
COMMAND_SECONDS = 240


class CannotStart(Exception):
    """There is no test bed here, for this reason."""


@dataclass(frozen=True)
class TestBed:
    """A running test cluster."""

    __test__ = False

    script: Path
    home: Path
    status: Mapping[str, Any]

    @property
    def kubeconfig(self) -> str:
        return str(self.status["kubeconfig"])

    @property
    def features(self) -> frozenset[str]:
        """``policy`` and ``outside``, where it was started with them."""
        return frozenset(name for name, value in self.status["options"].items() if value is True)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(machine["name"] for machine in self.status["machines"] if machine["role"] == "node")

    @property
    def environment(self) -> dict[str, str]:
        """What programs find it by: netmedic and kubectl, these tests, and the incident laboratory."""
        return {
            "KUBECONFIG": self.kubeconfig,
            "KUBECTL": str(self.status["kubectl"]),
            "NETMEDIC_TESTBED": str(self.script),
            "TESTBED": str(self.script),
            "TESTBED_HOME": str(self.home),
        }

    def install_helper(self, *, tier: int = 1) -> None:
        """Have this version of the node helper on every Node."""
        settings = Settings()
        place = {"namespace": settings.helper_namespace, "labels": settings.helper_labels}
        self.apply(*manifest(image="testbed/nettools:1", tier=tier, **place))
        self.kubectl(
            "-n", settings.helper_namespace, "rollout", "status", "daemonset/netmedic-helper", "--timeout=200s"
        )

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl and return what it writes."""
        command = [str(self.status["kubectl"]), "--kubeconfig", self.kubeconfig, *arguments]
        return _run(command, stdin=stdin, seconds=COMMAND_SECONDS)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.kubectl(*arguments, "-o", "json"))

    def apply(self, *objects: Mapping[str, Any] | str) -> None:
        """Create or change objects: mappings, or YAML texts."""
        for text in objects:
            self.kubectl("apply", "-f", "-", stdin=text if isinstance(text, str) else json.dumps(text))

    def exec(self, machine: str, *command: str) -> str:
        """Run a command on a node, in a place outside, or on the master."""
        return self._testbed("exec", machine, "--", *command)

    def import_image(self, root: Path, name: str) -> None:
        """Make a directory an image on all nodes."""
        self._testbed("image", str(root), name)

    @contextlib.contextmanager
    def namespace(self, prefix: str = "test") -> Iterator[str]:
        """Give a new namespace, and delete it afterwards."""
        name = f"{prefix}-{uuid.uuid4().hex[:6]}"
        self.kubectl("create", "namespace", name)
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")

    @contextlib.contextmanager
    def fault(self, name: str, machine: str, *options: str) -> Iterator[None]:
        """Have a fault, and switch it off afterwards."""
        try:
            # One that is refused may be half on.
            self._testbed("fault", name, machine, "on", *options)
            yield
        finally:
            self._testbed("fault", name, machine, "off")

    def _testbed(self, *arguments: str) -> str:
        return _run(
            [str(self.script), *arguments], environment={"TESTBED_HOME": str(self.home)}, seconds=COMMAND_SECONDS
        )


@contextlib.contextmanager
def running() -> Iterator[TestBed]:
    """Give the test bed that runs in ``TESTBED_HOME``, which is left as it is, or one that lives as long as this.

    Raises:
        CannotStart: There is none, for a reason that is worth reading.
    """
    script = Path(os.environ.get("NETMEDIC_TESTBED") or REPOSITORY.parent / "shared" / "testbed" / "testbed")
    if not script.is_file():
        raise CannotStart(f"no test bed at {script}; NETMEDIC_TESTBED names another")
    if os.geteuid() != 0:
        raise CannotStart("the test bed needs root")
    home = Path(os.environ.get("TESTBED_HOME") or f"/tmp/testbed-{os.getuid()}")  # the test bed's own default
    if home.exists():
        status = _status(script, home)
        if status.get("up"):
            yield TestBed(script, home, status)
            return
    with tempfile.TemporaryDirectory(prefix="netmedic-testbed-", ignore_cleanup_errors=True) as folder:
        environment = {"TESTBED_HOME": folder, "TESTBED_PORT": str(_free_port())}
        try:
            try:
                _run([str(script), "up", "--policy", "--outside"], environment=environment, seconds=UP_SECONDS)
            except CommandFailed as problem:
                raise CannotStart(f"the test bed does not start: {problem}") from problem
            yield TestBed(script, Path(folder), _status(script, Path(folder)))
        finally:
            _run([str(script), "down", "--purge"], environment=environment, seconds=COMMAND_SECONDS)


class CommandFailed(Exception):
    """A command of the test bed ended with another status than 0."""


def _status(script: Path, home: Path) -> dict[str, Any]:
    text = _run([str(script), "status", "--json"], environment={"TESTBED_HOME": str(home)}, seconds=COMMAND_SECONDS)
    status: dict[str, Any] = json.loads(text)
    return status


def _run(command: list[str], *, seconds: float, stdin: str = "", environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **(environment or {})},
        )
    except subprocess.TimeoutExpired as problem:
        raise CommandFailed(f"{' '.join(command)[:200]} did not end within {seconds:g} s") from problem
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(command)[:200]}: {done.stderr.strip()[-500:]}")
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Run a command with a test cluster that has the node helper, and end as it ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the cluster is removed
    try:
        with running() as bed:
            bed.install_helper()
            done = subprocess.run(sys.argv[1:], env={**os.environ, **bed.environment}, check=False)
    except CannotStart as problem:
        sys.exit(f"netmedic: no test cluster: {problem}")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
