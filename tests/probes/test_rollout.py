"""How far Deployments are with replacing their Pods."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.rollout import Rollout
from bot.probes.rollout import rollout
from tests.probes.manifests import Manifest, deployment, facts_of, pod, service, unknown_of

DONE = {"observedGeneration": 3, "updatedReplicas": 1, "availableReplicas": 1}


def web(status: Manifest, *containers: Manifest, **spec: Any) -> Manifest:
    made = deployment("web")
    made["metadata"]["generation"] = 3
    made["spec"] |= spec
    made["spec"]["template"]["spec"] = {"containers": list(containers)}
    return {**made, "status": status}


def of_template(name: str, template: str, *, deleted: bool = False) -> Manifest:
    labels = {"app": "web", "pod-template-hash": template}
    return pod(name, labels=labels, owner=("ReplicaSet", f"web-{template}"), deleted=deleted)


async def found_for(*manifests: Manifest) -> Rollout:
    [fact] = await facts_of(rollout, from_manifests(service(), *manifests))
    assert isinstance(fact, Rollout)
    return fact


@pytest.mark.parametrize(
    ("change", "in_progress"),
    [({}, False), ({"observedGeneration": 2}, True), ({"updatedReplicas": 0}, True), ({"availableReplicas": 0}, True)],
)
async def test_a_rollout_is_over_when_all_pods_are_new_and_available(change: Manifest, *, in_progress: bool) -> None:
    found = await found_for(web({**DONE, **change}))

    assert found.in_progress is in_progress


async def test_pods_on_their_way_out_count_as_pods_of_their_template() -> None:
    found = await found_for(web(DONE), of_template("web-1", "aaa", deleted=True), of_template("web-2", "bbb"))

    assert (found.templates, found.leaving_pods) == (2, 1)


@pytest.mark.parametrize(
    ("containers", "delays"),
    [
        ([{"name": "a", "ports": [{"containerPort": 80}]}], False),
        (
            [{"name": "a", "ports": [{"containerPort": 80}], "lifecycle": {"preStop": {"exec": {}}}}, {"name": "b"}],
            True,
        ),
        ([{"name": "a"}], False),
    ],
)
async def test_only_a_hook_of_each_container_that_serves_delays_the_stop(
    containers: list[Manifest], *, delays: bool
) -> None:
    found = await found_for(web(DONE, *containers))

    assert found.delays_stop is delays


async def test_how_it_replaces_and_what_the_controller_says_is_told() -> None:
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    found = await found_for(web({**DONE, "conditions": [condition]}, strategy=strategy))

    assert (found.strategy, found.max_unavailable, found.progress) == ("RollingUpdate", "1", "ProgressDeadlineExceeded")


async def test_a_refused_list_is_unknown() -> None:
    missing = await unknown_of(rollout, from_manifests(service(), unreadable={"pods": Forbidden("list pods")}))

    assert missing.reason is Reason.FORBIDDEN


@pytest.mark.parametrize(
    ("container", "awaits"),
    [
        ({"readinessProbe": {"tcpSocket": {"port": 80}}}, True),
        ({"startupProbe": {"tcpSocket": {"port": 80}}}, True),
        ({"livenessProbe": {"tcpSocket": {"port": 80}}}, False),
    ],
)
async def test_a_container_that_serves_is_waited_for_by_its_probes(container: Manifest, *, awaits: bool) -> None:
    serving = {"name": "a", "ports": [{"containerPort": 80}], **container}

    found = await found_for(web(DONE, serving, {"name": "sidecar"}))

    assert found.awaits_ready is awaits
