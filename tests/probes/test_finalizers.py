"""Pods that were deleted and stay."""

from __future__ import annotations

from bot.cluster.manifests import from_manifests
from bot.facts.pod import HeldPod
from bot.probes.finalizers import held_pod
from tests.probes.manifests import WEB, Manifest, facts_of, pod, service


def held(*finalizers: str, deleted: bool = True) -> Manifest:
    made = pod("web-0", owner=("StatefulSet", "web"), deleted=deleted)
    made["metadata"]["finalizers"] = list(finalizers)
    return made


async def test_a_deleted_pod_with_a_finalizer_is_held() -> None:
    assert await facts_of(held_pod, from_manifests(service(), held("a.example.com/guard")), WEB) == [
        HeldPod(
            namespace="shop",
            pod="web-0",
            workload="web",
            workload_type="StatefulSet",
            finalizers="a.example.com/guard",
            overdue_seconds=60,
        )
    ]


async def test_a_pod_that_goes_or_stays_by_itself_is_not_held() -> None:
    assert await facts_of(held_pod, from_manifests(service(), held()), WEB) == []
    assert await facts_of(held_pod, from_manifests(service(), held("a.example.com/guard", deleted=False)), WEB) == []
