"""Admission webhooks that could not be called when Pods were created."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.cluster.objects import (
    EndpointSlice,
    Event,
    MutatingWebhookConfiguration,
    Service,
    ValidatingWebhookConfiguration,
    Webhook,
)
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.scope import Scope
from bot.facts.webhook import AdmissionWebhook
from bot.probes.events import TEXT_LENGTH, events_of, text_of
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import path_of
from bot.probes.service import by_service, ready_of

FAILED = re.compile(r'failed calling webhook "([^"]{1,253})": (.*)')
"""apiserver, admission/plugin/webhook/errors: how a call that failed is told."""

CERTIFICATE = re.compile(r"x509:|certificate|tls:", re.IGNORECASE)
NO_SERVICE = re.compile(r'service "[^"]*" not found')

Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration


@probe(
    AdmissionWebhook,
    reads=(Event, ValidatingWebhookConfiguration, MutatingWebhookConfiguration, Service, EndpointSlice),
)
async def admission_webhook(cluster: Cluster, scope: Scope) -> Iterable[AdmissionWebhook]:
    """Find the configuration and Service of each webhook whose call failed for a Pod of the symptom's namespaces."""
    if not scope.namespaces:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom gives no namespace in which Pods could not be created")
    failures: dict[tuple[str, str, str], str] = {}
    for namespace in scope.namespaces:
        for event in await events_of(cluster, namespace, fields="reason=FailedCreate"):
            if match := FAILED.search(text_of(event)):
                failures[namespace, creator_of(event), match[1]] = match[0].partition(" ")[2][:TEXT_LENGTH]
    if not failures:
        return []
    configurations: Sequence[Configuration] = [
        *await cluster.list(ValidatingWebhookConfiguration),
        *await cluster.list(MutatingWebhookConfiguration),
    ]
    return [
        await fact_of(cluster, configuration, webhook, where=(namespace, workload), failure=failure)
        for (namespace, workload, name), failure in failures.items()
        for configuration in configurations
        for webhook in configuration.webhooks
        if webhook.name == name
    ]


def creator_of(event: Event) -> str:
    """Return the workload whose Pod was to be created: a Deployment's ReplicaSets are named after it and a hash."""
    name = event.involved_object.name
    return name.rpartition("-")[0] if event.involved_object.kind == "ReplicaSet" else name


async def fact_of(
    cluster: Cluster, configuration: Configuration, webhook: Webhook, *, where: tuple[str, str], failure: str
) -> AdmissionWebhook:
    """Return what there is to know of one webhook that failed."""
    called = webhook.client_config.service
    service: Service | None = None
    endpoints = 0
    if called:
        named = await cluster.list(Service, namespace=called.namespace, fields=f"metadata.name={called.name}")
        service = named[0] if named else None
        slices = by_service(await cluster.list(EndpointSlice, namespace=called.namespace))
        endpoints = len(ready_of(slices.get((called.namespace, called.name), [])))
    return AdmissionWebhook(
        configuration=configuration.metadata.name,
        configuration_kind=type(configuration).__name__,
        configuration_namespace=configuration.metadata.namespace,
        webhook=webhook.name,
        failure_policy=webhook.failure_policy,
        service_namespace=called.namespace if called else "",
        service=called.name if called else "",
        service_port=called.port if called else 0,
        service_exists=service is not None,
        port_exists=bool(called and service and any(port.port == called.port for port in service.spec.ports)),
        ready_endpoints=endpoints,
        has_ca_bundle=webhook.client_config.has_ca_bundle,
        namespace=where[0],
        workload=where[1],
        failure=failure,
        failure_kind=kind_of(failure),
        source=f"{path_of(configuration)}, Events of namespace {where[0]}",
    )


def kind_of(failure: str) -> str:
    """Return what a call failed with, in a word."""
    if NO_SERVICE.search(failure):
        return "no-service"
    # The words after the address; the address itself may hold any of them.
    return "certificate" if CERTIFICATE.search(failure.rpartition('": ')[2] or failure) else "call"
