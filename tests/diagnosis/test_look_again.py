"""What passes by itself is looked at once more before it is blamed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.memory import MemoryCluster
from bot.diagnosis import diagnose as module
from bot.diagnosis.diagnose import LOOKED_TWICE, Diagnose
from bot.diagnosis.report import Diagnosis
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.probes import PROBES
from tests.probes.manifests import Manifest, deployment, event, manifest, pod, service
from tests.test_incidents import RULES

LEAVING = pod("web-1", owner=("Deployment", "web"), deleted=True)
UNREADY = pod(
    "web-2",
    owner=("Deployment", "web"),
    ready=False,
    containers=[{"name": "main", "readinessProbe": {"httpGet": {"port": 8080, "scheme": "HTTPS"}}}],
    statuses=[{"name": "main", "state": {"running": {"startedAt": "2026-01-01T11:59:00Z"}}}],
)
FAILED = event("Unhealthy", "Readiness probe failed: server gave HTTP response to HTTPS client", about=("Pod", "web-2"))


def seen(*pods: Manifest) -> MemoryCluster:
    workload = {**deployment(replicas=1), "status": {}}
    return from_manifests(manifest("Namespace", "shop", namespace=""), service(), workload, *pods)


class Rollout:
    """A live cluster: its clock goes on, and each look sees its next state."""

    def __init__(self, *states: MemoryCluster) -> None:
        self.states = list(states)
        self.looks = 0

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def server_version(self) -> str:
        self.looks += 1
        return await self.state.server_version()

    @property
    def state(self) -> MemoryCluster:
        return self.states[min(self.looks, len(self.states)) - 1]

    def __getattr__(self, name: str) -> object:
        return getattr(self.state, name)


@pytest.fixture(scope="module")
def diagnose() -> Diagnose:
    return Diagnose(book=RuleBook(load(RULES), PlainEngine()), probes=PROBES)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PASSING_SECONDS", 0.0)


async def asked(diagnose: Diagnose, cluster: object) -> Diagnosis:
    found = await diagnose(cluster, "nobody reaches web in shop")  # type: ignore[arg-type]
    assert isinstance(found, Diagnosis)
    return found


async def test_what_follows_a_rollout_is_blamed_once_it_shows(diagnose: Diagnose) -> None:
    rollout = Rollout(seen(LEAVING), seen(UNREADY, FAILED))
    found = await asked(diagnose, rollout)

    assert [cause.rule for cause in found.causes] == ["service-pods-not-ready"]
    assert LOOKED_TWICE in found.notes
    assert rollout.looks == 2


async def test_a_rollout_that_goes_on_is_blamed_after_the_second_look(diagnose: Diagnose) -> None:
    rollout = Rollout(seen(LEAVING))
    found = await asked(diagnose, rollout)

    assert [cause.rule for cause in found.causes] == ["workload-awaits-pods"]
    assert rollout.looks == 2


async def test_other_faults_are_looked_at_once(diagnose: Diagnose) -> None:
    rollout = Rollout(seen(UNREADY, FAILED))
    found = await asked(diagnose, rollout)

    assert (rollout.looks, LOOKED_TWICE in found.notes) == (1, False)


async def test_nothing_passes_in_a_recording(diagnose: Diagnose) -> None:
    found = await asked(diagnose, seen(LEAVING))

    assert [cause.rule for cause in found.causes] == ["workload-awaits-pods"]
    assert LOOKED_TWICE not in found.notes


async def test_controllers_are_blamed_where_nobody_takes_note_of_what_is_gone(diagnose: Diagnose) -> None:
    behind = from_manifests(manifest("Namespace", "shop", namespace=""), service(), deployment(replicas=1), LEAVING)
    rollout = Rollout(behind)
    found = await asked(diagnose, rollout)

    assert [cause.rule for cause in found.causes] == ["controllers-leave-pods-missing"]
    assert rollout.looks == 2
