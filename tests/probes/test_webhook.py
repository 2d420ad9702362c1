"""Admission webhooks that could not be called when Pods were created."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.cluster.objects import ValidatingWebhookConfiguration
from bot.facts.base import Reason
from bot.facts.scope import Scope
from bot.facts.webhook import AdmissionWebhook
from bot.probes.webhook import admission_webhook
from tests.probes.manifests import Manifest, endpoints, facts_of, manifest, service, unknown_of

REFUSED = 'Error creating: Internal error occurred: failed calling webhook "guard.example.com": '
CALL = 'Post "https://guard.sec.svc:443/?timeout=3s": '


def event(words: str = f'{CALL}service "guard" not found') -> Manifest:
    return {
        **manifest("Event", "e1"),
        "involvedObject": {"kind": "ReplicaSet", "namespace": "shop", "name": "web-5d8f9c"},
        "reason": "FailedCreate",
        "message": REFUSED + words,
    }


def guard(**client: Any) -> Manifest:
    called = client or {"service": {"namespace": "sec", "name": "guard"}, "caBundle": "aGVsbG8="}
    webhook = {"name": "guard.example.com", "clientConfig": called}
    return {**manifest("ValidatingWebhookConfiguration", "guard", namespace=""), "webhooks": [webhook]}


async def found_in(*manifests: Manifest) -> list[AdmissionWebhook]:
    facts = await facts_of(admission_webhook, from_manifests(*manifests))
    return [fact for fact in facts if isinstance(fact, AdmissionWebhook)]


async def test_a_webhook_whose_service_is_gone_is_told_with_the_workload_it_stops() -> None:
    [found] = await found_in(event(), guard())

    assert found == AdmissionWebhook(
        configuration="guard",
        configuration_kind="ValidatingWebhookConfiguration",
        configuration_namespace="",
        webhook="guard.example.com",
        failure_policy="Fail",
        service_namespace="sec",
        service="guard",
        service_port=443,
        service_exists=False,
        port_exists=False,
        ready_endpoints=0,
        has_ca_bundle=True,
        namespace="shop",
        workload="web",
        failure='calling webhook "guard.example.com": Post "https://guard.sec.svc:443/?timeout=3s": '
        'service "guard" not found',
        failure_kind="no-service",
    )


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (f'{CALL}service "guard" not found', "no-service"),
        (f"{CALL}x509: certificate signed by unknown authority", "certificate"),
        (f"{CALL}context deadline exceeded", "call"),
        ('Post "https://tls:443/certificate": dial tcp 10.0.0.1:443: connect: connection refused', "call"),
    ],
)
async def test_what_a_call_failed_with_is_told_in_a_word(words: str, kind: str) -> None:
    [found] = await found_in(event(words), guard())

    assert found.failure_kind == kind


async def test_its_service_and_endpoints_are_looked_at() -> None:
    behind = service("guard", namespace="sec", ports=[{"port": 443}])
    slices = endpoints("guard", ("guard-1", True), ("guard-2", False), namespace="sec")
    [found] = await found_in(event(f"{CALL}EOF"), guard(), behind, slices)

    assert (found.service_exists, found.port_exists, found.ready_endpoints) == (True, True, 1)


async def test_one_that_is_called_by_a_url_has_no_service() -> None:
    [found] = await found_in(event(f"{CALL}EOF"), guard(url="https://guard.example.com/x"))

    assert (found.service, found.has_ca_bundle) == ("", False)


async def test_a_webhook_that_nothing_failed_for_is_not_told() -> None:
    assert await found_in(guard()) == []


async def test_of_a_certificate_only_its_presence_is_kept() -> None:
    kept = msgspec.json.encode(msgspec.convert(guard(), ValidatingWebhookConfiguration))

    assert b"aGVsbG8" not in kept
    assert msgspec.json.decode(kept, type=ValidatingWebhookConfiguration).webhooks[0].client_config.has_ca_bundle


async def test_configurations_that_may_not_be_listed_are_unknown() -> None:
    permission = "validatingwebhookconfigurations.admissionregistration.k8s.io"
    missing = await unknown_of(admission_webhook, from_manifests(event(), unreadable={permission: Forbidden("no")}))

    assert missing.reason is Reason.FORBIDDEN


async def test_without_a_namespace_it_is_out_of_scope() -> None:
    missing = await unknown_of(admission_webhook, from_manifests(), Scope())

    assert missing.reason is Reason.OUT_OF_SCOPE
