"""Init containers that Pods have not got beyond."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.cluster.manifests import from_manifests
from bot.facts.initcontainer import InitAddress, InitContainer
from bot.probes.initcontainers import init_address, init_container
from tests.probes.manifests import Manifest, facts_of, manifest, pod, service

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
STARTED = "2026-01-01T11:59:20Z"
WAIT: Manifest = {"name": "wait", "env": [{"name": "DB_HOST", "value": "db-primary"}]}
RUNNING: Manifest = {"name": "wait", "state": {"running": {"startedAt": STARTED}}}
FAILED: Manifest = {
    "name": "wait",
    "restartCount": 5,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 1}},
}
ENDED: Manifest = {"name": "copy", "state": {"terminated": {"exitCode": 0}}}
SIDECAR: Manifest = {"name": "proxy", "restartPolicy": "Always"}


def starting(*statuses: Manifest, containers: tuple[Manifest, ...] = (WAIT,), phase: str = "Pending") -> Manifest:
    made = pod(ready=False, phase=phase, owner=("StatefulSet", "web"))
    made["metadata"]["creationTimestamp"] = "2026-01-01T11:58:00Z"
    made["spec"]["initContainers"] = list(containers)
    made["status"]["initContainerStatuses"] = list(statuses)
    return made


async def facts(probe: Any, *manifests: Manifest) -> list[Any]:
    objects = (service(), service("db"), manifest("Namespace", "shop", namespace=""), *manifests)
    return list(await facts_of(probe, from_manifests(*objects, now=NOW)))


async def test_one_that_runs_is_told_with_its_hosts() -> None:
    [found] = await facts(init_container, starting(RUNNING))

    assert isinstance(found, InitContainer)
    assert (found.pod, found.service, found.workload, found.container) == ("web-1", "web", "web", "wait")
    assert (found.state, found.seconds, found.configured_hosts) == ("has run for 40 s", 40, "db-primary")


async def test_one_that_fails_is_told_since_the_pod_was_made() -> None:
    [found] = await facts(init_container, starting(FAILED))

    assert (found.state, found.seconds, found.restarts) == ("has ended with exit code 1, 5 restarts", 120, 5)


async def test_those_that_ended_and_sidecars_hold_nothing_up() -> None:
    sidecar = {**RUNNING, "name": "proxy"}
    copy = {"name": "copy"}

    assert await facts(init_container, starting(sidecar, ENDED, containers=(SIDECAR, copy))) == []
    [found] = await facts(init_container, starting(sidecar, ENDED, RUNNING, containers=(SIDECAR, copy, WAIT)))
    assert found.container == "wait"


async def test_one_that_has_not_started_and_a_pod_beyond_them_are_left_out() -> None:
    pulling = {"name": "wait", "state": {"waiting": {"reason": "PodInitializing"}}}

    assert await facts(init_container, starting(pulling)) == []
    assert await facts(init_container, starting()) == []
    assert await facts(init_container, starting(RUNNING, phase="Running")) == []


async def test_its_addresses_are_compared_with_the_services() -> None:
    script = {"name": "wait", "command": ["sh", "-c", "until nslookup db; do sleep 1; done; nc -z -w1 cache 6379"]}

    [missing] = await facts(init_address, starting(RUNNING))
    assert isinstance(missing, InitAddress)
    assert (missing.host, missing.where, missing.resolves_to) == ("db-primary", "DB_HOST", "no-service")
    assert (missing.service_namespace, missing.service, missing.nearest) == ("shop", "db-primary", "db")
    db, cache = await facts(init_address, starting(RUNNING, containers=(script,)))
    assert (db.host, db.resolves_to, cache.host, cache.resolves_to) == ("db", "service", "cache", "no-service")
    assert await facts(init_address, starting(ENDED, containers=({**WAIT, "name": "copy"},))) == []
