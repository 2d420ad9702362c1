"""Members of a cluster that find each other by the names of a headless Service, which may wait for them to be ready."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.cluster.objects import Event, Pod, Service
from bot.cluster.port import Cluster
from bot.facts.headless import PeerNames
from bot.facts.scope import Scope
from bot.probes.headless import HEADLESS
from bot.probes.pod import readiness_failures
from bot.probes.probe import probe
from bot.probes.reading import Pods, owner_of, path_of


@probe(PeerNames, reads=(Service, Pod, Event))
async def peer_names(cluster: Cluster, scope: Scope) -> Iterable[PeerNames]:
    """Find the headless Services whose names the readinessProbes of the Pods behind them ask for."""
    found = []
    for namespace in dict.fromkeys(end.namespace for end in scope.backends):
        living = Pods(await cluster.list(Pod, namespace=namespace))
        own = {owner_of(pod) for pod in living.named(scope.backends) if not pod.ready}
        for service in await cluster.list(Service, namespace=namespace) if own else ():
            pods = [pod for pod in living.selected_by(service) if owner_of(pod) in own]
            if pods and service.spec.cluster_ip == HEADLESS:
                said = await readiness_failures(cluster, [pod for pod in pods if not pod.ready])
                if name := asked_under(service, said):
                    found.append(fact_of(service, pods, name))
    return found


def asked_under(service: Service, said: Mapping[tuple[str, str], str]) -> str:
    """Return a name under a Service that kubelet's words about a readinessProbe hold; empty if there is none."""
    name = re.compile(rf"(?<![\w.-])[\w-]+\.{re.escape(service.metadata.name)}(?![\w-])")
    return next((match[0] for words in said.values() if (match := name.search(words))), "")


def fact_of(service: Service, pods: Sequence[Pod], name: str) -> PeerNames:
    """Return what Pods ask for under their own Service, and whether it gives them names before they are ready."""
    owner = owner_of(pods[0])
    return PeerNames(
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        pods=len(pods),
        ready_pods=sum(pod.ready for pod in pods),
        publishes_not_ready=service.spec.publish_not_ready_addresses,
        name=name,
        source=f"{path_of(service)}, its Pods and their Events",
    )
