"""The Pods that workloads are about to make, where those of a Service are gone and new ones are not there yet."""

from __future__ import annotations

from bot.cluster.objects import DaemonSet, Deployment, Meta, OwnerReference, Pod, StatefulSet
from bot.cluster.port import Cluster
from bot.facts.scope import Scope
from bot.probes.reading import Pods, find_services
from bot.probes.workload import AnyWorkload, provides, wanted, workloads_of


class OfDeployment(Pod, frozen=True, kw_only=True):
    """One that is read from a Deployment's template."""

    resource = Deployment.resource


class OfStatefulSet(Pod, frozen=True, kw_only=True):
    """One that is read from a StatefulSet's template."""

    resource = StatefulSet.resource


class OfDaemonSet(Pod, frozen=True, kw_only=True):
    """One that is read from a DaemonSet's template."""

    resource = DaemonSet.resource


KINDS: dict[type[AnyWorkload], type[Pod]] = {
    Deployment: OfDeployment,
    StatefulSet: OfStatefulSet,
    DaemonSet: OfDaemonSet,
}


async def planned(cluster: Cluster, scope: Scope, living: Pods) -> list[Pod]:
    """Return a Pod for each workload of the symptom's Services that should have some and has none."""
    services = [item for item in await find_services(cluster, scope) if item.spec.selector] if scope.services else []
    bare = [item for item in services if not living.selected_by(item)]
    return [
        planned_by(item)
        for namespace in dict.fromkeys(service.metadata.namespace for service in bare)
        for item in await workloads_of(cluster, namespace)
        if wanted(item) > 0 and any(provides(item, service) for service in bare)
    ]


def planned_by(item: AnyWorkload) -> Pod:
    """Return a Pod as a workload makes it, under the workload's own name: nothing runs in it, so it is not ready."""
    template = item.spec.template
    owner = OwnerReference(kind=type(item).__name__, name=item.metadata.name, controller=True)
    meta = Meta(
        name=item.metadata.name,
        namespace=item.metadata.namespace,
        labels=template.metadata.labels,
        owner_references=(owner,),
    )
    return KINDS[type(item)](metadata=meta, spec=template.spec)
