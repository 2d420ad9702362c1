"""Helper Pods of one diagnosis: what is started, that it is ended, and what is reaped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from bot.cluster import errors
from bot.cluster.helper_pods import DEADLINE_LABEL, RUN_LABEL, Run
from bot.cluster.memory import Helper, MemoryCluster
from bot.diagnosis.doctor import Health
from bot.diagnosis.leftovers import left
from bot.node.visit import GRACE_SECONDS, HelperSpec, reap, visit
from bot.settings import Settings

LABELS = Settings().helper_labels
SPEC = HelperSpec(image="example.net/python:3", labels=LABELS, tier=2, deadline_seconds=120)
CLUSTER = MemoryCluster(helpers={node: Helper(pod=f"helper-{node}") for node in ("node1", "node2")})


class Pods:
    """A namespace in memory."""

    namespace = "netmedic"

    def __init__(self, *runs: Run, refused: str = "") -> None:
        self.known = list(runs)
        self.created: list[tuple[str, Mapping[str, Any]]] = []
        self.gone: list[str] = []
        self.refused = refused

    async def create(self, kind: str, body: Mapping[str, Any]) -> str:
        if kind == self.refused:
            raise errors.Forbidden(f"create {kind} is forbidden")
        self.created.append((kind, body))
        return "uid-1"

    async def runs(self) -> list[Run]:
        return self.known

    async def end(self, run: str) -> None:
        self.gone.append(run)


async def test_a_run_is_a_config_map_that_owns_a_pod_on_each_node() -> None:
    pods = Pods()

    async with visit(pods, CLUSTER, ["node1", "node2", "node1"], SPEC) as notes:
        assert (notes, pods.gone) == ((), [])

    [(kind, owner), *started] = pods.created
    run = owner["metadata"]["name"]
    assert kind == "ConfigMap"
    assert owner["metadata"]["labels"] == {RUN_LABEL: run, DEADLINE_LABEL: "120"}
    assert [body["spec"]["nodeName"] for _, body in started] == ["node1", "node2"]
    assert pods.gone == [run]


async def test_its_pods_end_by_themselves_and_go_with_their_owner() -> None:
    pods = Pods()

    async with visit(pods, CLUSTER, ["node1"], SPEC):
        pass

    [(_, owner), (_, pod)] = pods.created
    [reference] = pod["metadata"]["ownerReferences"]
    [container] = pod["spec"]["containers"]
    [code] = [volume["configMap"]["name"] for volume in pod["spec"]["volumes"] if "configMap" in volume]
    assert (reference["kind"], reference["name"], reference["uid"]) == ("ConfigMap", owner["metadata"]["name"], "uid-1")
    assert (pod["spec"]["activeDeadlineSeconds"], pod["spec"]["restartPolicy"]) == (120, "Never")
    assert container["resources"]["limits"] == {"cpu": "500m", "memory": "128Mi"}
    assert container["securityContext"]["capabilities"]["add"] == ["NET_ADMIN", "NET_RAW"]
    assert code == owner["metadata"]["name"]
    assert LABELS in ",".join(f"{key}={value}" for key, value in pod["metadata"]["labels"].items())


@pytest.mark.parametrize("refused", ["ConfigMap", "Pod"])
async def test_what_cannot_be_started_is_told_and_the_diagnosis_goes_on(refused: str) -> None:
    pods = Pods(refused=refused)

    async with visit(pods, CLUSTER, ["node1"], SPEC) as notes:
        pass

    assert notes == (f"Helper Pods could not be started: create {refused} is forbidden.",)
    assert len(pods.gone) == 1


async def test_a_diagnosis_that_is_cancelled_ends_its_run() -> None:
    pods, inside = Pods(), asyncio.Event()

    async def diagnose() -> None:
        async with visit(pods, CLUSTER, ["node1"], SPEC):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(diagnose())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(pods.gone) == 1


async def test_only_runs_past_their_deadline_are_reaped() -> None:
    over = Run(name="over", age_seconds=120 + GRACE_SECONDS + 1, deadline_seconds=120)
    just = Run(name="just", age_seconds=120 + GRACE_SECONDS, deadline_seconds=120)
    pods = Pods(over, just)

    assert await reap(pods) == 1
    assert pods.gone == ["over"]


async def test_what_cannot_be_listed_is_left_alone() -> None:
    class Closed(Pods):
        async def runs(self) -> list[Run]:
            raise errors.Forbidden("list configmaps is forbidden")

    assert await reap(Closed()) == 0


def test_the_doctor_names_what_was_left_behind() -> None:
    over = Run(name="netmedic-run-1", age_seconds=600, deadline_seconds=120)
    used = Run(name="netmedic-run-2", age_seconds=6, deadline_seconds=120)

    assert (left([]).health, left([]).found) == (Health.OK, "none left behind")
    assert (left([used]).health, left([used]).found) == (Health.OK, "1 in use by diagnoses")
    assert left([over, used]).health is Health.WARN
    assert left([over, used]).found == "left behind by a process that was killed: netmedic-run-1"
