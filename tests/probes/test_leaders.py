"""The Leases by which components of the control plane lead."""

from __future__ import annotations

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.controlplane import LeaderLease
from bot.probes.leaders import leader_lease
from tests.probes.manifests import Manifest, facts_of, manifest, unknown_of


def lease(name: str, renewed: str) -> Manifest:
    spec = {"holderIdentity": "master_1a2b", "leaseDurationSeconds": 15, "renewTime": renewed}
    return {**manifest("Lease", name, namespace="kube-system"), "spec": spec}


@pytest.mark.parametrize(
    ("renewed", "seconds", "expired"),
    [
        ("2026-01-01T11:59:45.000000Z", 15, False),
        ("2026-01-01T11:59:44.000000Z", 16, True),
        ("", 0, False),
    ],
)
async def test_a_lease_that_was_not_renewed_in_its_time_has_expired(renewed: str, seconds: int, expired: bool) -> None:
    cluster = from_manifests(lease("kube-controller-manager", renewed), lease("cert-manager", renewed))

    [found] = await facts_of(leader_lease, cluster)

    assert isinstance(found, LeaderLease)
    assert (found.component, found.holder, found.duration_seconds) == ("kube-controller-manager", "master_1a2b", 15)
    assert (found.silent_seconds, found.expired) == (seconds, expired)


async def test_where_nobody_leads_by_a_lease_that_is_said() -> None:
    missing = await unknown_of(leader_lease, from_manifests(lease("cert-manager", "")))

    assert missing.reason is Reason.UNRECOGNISED
