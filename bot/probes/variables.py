"""Addresses in the environment of workloads that name variables which are not set before them."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import Container, Pod
from bot.cluster.port import Cluster
from bot.facts.client import UnresolvedVariable
from bot.facts.scope import Scope, Subject
from bot.probes.addresses import READS
from bot.probes.callers import workloads_by_role
from bot.probes.probe import probe
from bot.probes.reading import path_of


@probe(UnresolvedVariable, reads=READS)
async def unresolved_variable(cluster: Cluster, scope: Scope) -> Iterable[UnresolvedVariable]:
    """Find references that stay as they are written, in one Pod of each workload of the symptom."""
    groups = await workloads_by_role(cluster, scope)
    return [
        fact_of(owner, role, pod, container, told)
        for owner, (role, pods) in groups.items()
        for pod in pods[:1]
        for container in (*pod.spec.containers, *pod.spec.init_containers)
        for told in container.unresolved
    ]


def fact_of(owner: Subject, role: str, pod: Pod, container: Container, told: str) -> UnresolvedVariable:
    """Return one reference; ``told`` is as :func:`bot.cluster.addresses.unresolved` writes it."""
    variable, _, rest = told.partition(": ")
    reference, _, place = rest.partition(", ")
    return UnresolvedVariable(
        namespace=owner.namespace,
        workload=owner.name,
        workload_type=owner.kind,
        role=role,
        container=container.name,
        variable=variable,
        reference=reference,
        place=place,
        source=path_of(pod),
    )
