"""Deployments behind the Services of a symptom that replace their Pods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.cluster.objects import Deployment, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.rollout import Rollout
from bot.facts.scope import Scope
from bot.probes.probe import probe
from bot.probes.reading import find_services, namespaces_in, owner_of, path_of
from bot.probes.workload import provides, subject_of

TEMPLATE_LABEL = "pod-template-hash"


@probe(Rollout, reads=(Service, Deployment, Pod))
async def rollout(cluster: Cluster, scope: Scope) -> Iterable[Rollout]:
    """Tell how far each Deployment behind a Service is with replacing its Pods."""
    services = await find_services(cluster, scope)
    places = namespaces_in(scope) if services else ()
    deployments = [item for place in places for item in await cluster.list(Deployment, namespace=place)]
    pods = [pod for place in places for pod in await cluster.list(Pod, namespace=place)]
    return [
        fact_of(item, service, [pod for pod in pods if owner_of(pod) == subject_of(item)])
        for service in services
        for item in deployments
        if provides(item, service)
    ]


def fact_of(item: Deployment, service: Service, pods: Sequence[Pod]) -> Rollout:
    """Return how far one Deployment is."""
    spec, status = item.spec, item.status
    serving = [container for container in spec.template.spec.containers if container.ports]
    seen = status.observed_generation >= item.metadata.generation
    return Rollout(
        namespace=item.metadata.namespace,
        workload=item.metadata.name,
        service=service.metadata.name,
        wanted_replicas=spec.replicas,
        updated_replicas=status.updated_replicas,
        available_replicas=status.available_replicas,
        paused=spec.paused,
        in_progress=not seen or min(status.updated_replicas, status.available_replicas) < spec.replicas,
        templates=len({pod.metadata.labels.get(TEMPLATE_LABEL, "") for pod in pods}),
        leaving_pods=sum(bool(pod.metadata.deletion_timestamp) for pod in pods),
        progress=next((each.reason for each in status.conditions if each.type == "Progressing"), ""),
        strategy=spec.strategy.type,
        max_unavailable=str(spec.strategy.rolling_update.max_unavailable),
        awaits_ready=all(container.readiness_probe or container.startup_probe for container in serving),
        delays_stop=bool(serving) and all(container.lifecycle.pre_stop for container in serving),
        source=f"{path_of(item)}, its Pods",
    )
