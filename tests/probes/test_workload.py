"""Workloads that should provide a Service's Pods."""

from __future__ import annotations

import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.service import Workload
from bot.probes.workload import workload
from tests.probes.manifests import Manifest, deployment, facts_of, service, unknown_of


async def found_for(*manifests: Manifest) -> list[Workload]:
    facts = await facts_of(workload, from_manifests(service(), *manifests))
    return [fact for fact in facts if isinstance(fact, Workload)]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_a_workload_whose_template_the_service_selects_is_found(kind: str) -> None:
    [found] = await found_for(deployment(replicas=0, kind=kind), deployment("db", kind=kind))

    assert found == Workload(
        namespace="shop", name="web", type=kind, service="web", wanted_replicas=0, ready_replicas=1
    )


async def test_a_workload_without_a_number_wants_one_replica() -> None:
    [found] = await found_for(deployment())

    assert found.wanted_replicas == 1


async def test_a_daemonset_wants_as_many_as_nodes_fit() -> None:
    status = {"desiredNumberScheduled": 3, "numberReady": 2}
    [found] = await found_for({**deployment(kind="DaemonSet"), "status": status})

    assert (found.type, found.wanted_replicas, found.ready_replicas) == ("DaemonSet", 3, 2)


async def test_the_template_counts_and_not_the_labels_of_the_workload_itself() -> None:
    item = deployment("web", labels={"app": "other"})
    item["metadata"]["labels"] = {"app": "web"}

    assert await found_for(item) == []


async def test_a_workload_of_another_namespace_provides_nothing() -> None:
    item = deployment()
    item["metadata"]["namespace"] = "other"

    assert await found_for(item) == []


async def test_a_refused_list_is_unknown() -> None:
    cluster = from_manifests(service(), unreadable={"deployments.apps": Forbidden("list deployments.apps")})
    missing = await unknown_of(workload, cluster)

    assert missing.reason is Reason.FORBIDDEN
