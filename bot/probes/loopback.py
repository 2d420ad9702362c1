"""Pods whose containers call each other over the loopback address: whether anything listens where they call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence

from bot.cluster.errors import ClusterError, NoHelper
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.base import Fact
from bot.facts.loopback import LoopbackSetting
from bot.facts.scope import Scope, Subject
from bot.node.ways import is_reachable
from bot.probes.addresses import READS
from bot.probes.callers import Callers
from bot.probes.configuration import Setting
from bot.probes.node import INSTALL
from bot.probes.podview import inside
from bot.probes.probe import Unreadable, probe
from bot.probes.reading import owner_of

MOST = 4
"""Workloads that are looked into (ours)."""
WORDS_LENGTH = 100
OFFERS = re.compile(r"(?i)listen|bind|metric|admin|health|probe|debug|pprof|stats|trac|agent|otel|jaeger|zipkin")
"""Names of settings that say where something itself listens, or that it works without (ours)."""


@probe(LoopbackSetting, reads=READS, helper=True)
async def loopback_setting(cluster: Cluster, scope: Scope) -> Iterable[Fact | Unreadable]:
    """Compare the ports that workloads call on the loopback address with those that a Pod of theirs listens on."""
    callers = await Callers.of(cluster, scope)
    called = {
        (setting.owner, setting.port): (role, setting)
        for role, setting in callers.within
        if role != "other" and not OFFERS.search(setting.where)
    }
    owners = list(dict.fromkeys(setting.owner for _, setting in called.values()))[:MOST]
    if not owners:
        return []
    helpers = await cluster.helper_nodes()
    if not helpers:
        raise NoHelper(f"no node helper runs in this cluster; {INSTALL}")
    pods = [pod for owner in owners if (pod := await pod_of(cluster, owner))]
    found = await asyncio.gather(*(listening(cluster, pod) for pod in pods))
    facts: list[Fact | Unreadable] = []
    for pod, ports in zip(pods, found, strict=True):
        if isinstance(ports, ClusterError):
            facts.append(Unreadable(of=LoopbackSetting, subject=pod.spec.node_name, error=ports))
            continue
        own = [item for item in called.values() if item[1].owner == owner_of(pod)]
        facts += [fact_of(role, setting, pod, ports) for role, setting in own]
    return facts


async def pod_of(cluster: Cluster, owner: Subject) -> Pod | None:
    """Return a running Pod of a workload."""
    pods = await cluster.list(Pod, namespace=owner.namespace)
    return next((pod for pod in pods if is_reachable(pod) and owner_of(pod) == owner), None)


async def listening(cluster: Cluster, pod: Pod) -> list[int] | ClusterError:
    """Return the TCP ports that a Pod listens on, those of its loopback address too, or why it cannot be entered."""
    try:
        sample = await inside(cluster, pod).sample()
        return sorted({listener.port for listener in sample.last(sample.series.listeners)})
    except ClusterError as problem:
        return problem


def fact_of(role: str, setting: Setting, pod: Pod, ports: Sequence[int]) -> LoopbackSetting:
    """Return whether a Pod listens where one of its settings calls."""
    return LoopbackSetting(
        namespace=setting.owner.namespace,
        workload=setting.owner.name,
        workload_type=setting.owner.kind,
        role=role,
        pod=pod.metadata.name,
        node=pod.spec.node_name,
        where=setting.where,
        port=setting.port,
        listened=setting.port in ports,
        listens=", ".join(map(str, ports))[:WORDS_LENGTH] or "none",
        source=f"{setting.source}, and the sockets in it",
    )
