"""Facts about admission webhooks that stand in the way of Pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class AdmissionWebhook(Fact):
    """One webhook that could not be called while a controller created a Pod of a workload.

    Source: Events (FailedCreate), the webhook's configuration, its Service and EndpointSlices.
    """

    kind: ClassVar[str] = "admission_webhook"

    configuration: str
    configuration_kind: str
    """ValidatingWebhookConfiguration or MutatingWebhookConfiguration."""
    configuration_namespace: str
    """Always empty: it has none, which a rule that names it has to say."""
    webhook: str
    failure_policy: str
    service_namespace: str
    service: str
    """Empty where it is called by a URL."""
    service_port: int
    service_exists: bool
    port_exists: bool
    ready_endpoints: int
    has_ca_bundle: bool
    namespace: str
    """Of the workload whose Pods are not created."""
    workload: str
    failure: str
    """What the API server said, from the name of the webhook on, at most 200 characters."""
    failure_kind: str
    """``certificate`` (the API server does not trust it, or it is of another name or time), ``no-service``, or
    ``call`` for anything else, such as a timeout."""
