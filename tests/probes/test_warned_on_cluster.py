"""What a real kubelet says of Pods is read and understood."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.cluster.connect import connect
from bot.facts.limits import ObjectWarning
from bot.facts.scope import Scope, Subject
from bot.probes.warned import object_warning
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

LOOKS = 60
"""One a second: the Events come some seconds after the Pod started."""
TOO_MANY = [f"{letter}.example.net" for letter in "abcde"]
"""With the cluster's own three more than kubelet takes (6 in Kubernetes 1.20, pkg/apis/core/validation)."""


def ailing() -> dict[str, Any]:
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 3}
    container = {"name": "main", "image": "testbed/busybox:1", "command": ["sleep", "600"], "livenessProbe": never}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "ailing"},
        "spec": {
            "containers": [container],
            "dnsConfig": {"searches": TOO_MANY},
            "terminationGracePeriodSeconds": 0,
        },
    }


async def test_what_kubelet_warns_of_is_known_by_its_reason(test_bed: TestBed) -> None:
    with test_bed.namespace("warned") as namespace:
        pod = ailing()
        pod["metadata"]["namespace"] = namespace
        test_bed.apply(pod)
        scope = Scope(namespaces=(namespace,), backends=(Subject("Pod", namespace, "ailing"),))
        found: dict[str, ObjectWarning] = {}
        async with await connect(kubeconfig=test_bed.kubeconfig) as cluster:
            for _ in range(LOOKS):
                facts = await object_warning.observe(cluster, scope)
                found = {fact.reason: fact for fact in facts if isinstance(fact, ObjectWarning)}
                if {"Unhealthy", "DNSConfigForming"} <= set(found):
                    break
                await asyncio.sleep(1)

    assert found["Unhealthy"].says.startswith("Liveness probe failed:")
    assert found["DNSConfigForming"].says.startswith("Search Line limits were exceeded")
    assert {fact.object_kind for fact in found.values()} == {"Pod"}
