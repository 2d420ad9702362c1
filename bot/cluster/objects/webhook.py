"""Admission webhook configurations."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster.objects.base import Object, Part, Resource


class WebhookService(Part, frozen=True, kw_only=True):
    namespace: str = ""
    name: str = ""
    port: int = 443


class WebhookClient(Part, frozen=True, kw_only=True):
    """Whom the API server calls. Of its certificates only whether there are any is kept."""

    service: WebhookService | None = None
    ca_bundle: str = ""
    has_ca_bundle: bool = False

    def __post_init__(self) -> None:
        if self.ca_bundle:
            msgspec.structs.force_setattr(self, "has_ca_bundle", True)
            msgspec.structs.force_setattr(self, "ca_bundle", "")


class Webhook(Part, frozen=True, kw_only=True):
    name: str = ""
    client_config: WebhookClient = WebhookClient()
    # admissionregistration/v1: a webhook that cannot be called refuses by default.
    failure_policy: str = "Fail"
    timeout_seconds: int = 10


class ValidatingWebhookConfiguration(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(
        "admissionregistration.k8s.io", ("v1",), "validatingwebhookconfigurations", namespaced=False
    )

    webhooks: tuple[Webhook, ...] = ()


class MutatingWebhookConfiguration(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(
        "admissionregistration.k8s.io", ("v1",), "mutatingwebhookconfigurations", namespaced=False
    )

    webhooks: tuple[Webhook, ...] = ()
