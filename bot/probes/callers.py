"""Who calls in a symptom, what it is configured with, and which of that concerns what it reaches for."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.addresses import HERE
from bot.cluster.errors import ClusterError
from bot.cluster.objects import Pod
from bot.cluster.port import Cluster
from bot.facts.base import Reason
from bot.facts.scope import Scope, Subject
from bot.probes.configuration import Setting, settings_of
from bot.probes.planned import planned
from bot.probes.probe import CannotTell
from bot.probes.reading import Pods, owner_of
from bot.probes.survey import Surveyed


@dataclass(frozen=True, kw_only=True)
class Callers:
    """The settings of workloads by the part they play, and the Services and workloads that are reached for."""

    scope: Scope
    settings: Sequence[tuple[str, Setting]]
    """Role and setting: ``client``, ``backend``, or ``other`` for who was not named."""
    targets: Sequence[Subject]
    within: Sequence[tuple[str, Setting]]
    """The same of what they call in their own Pods, over the loopback address."""
    refused: Mapping[Subject, ClusterError]
    """Workloads whose ConfigMaps could not be read, and why."""

    @classmethod
    async def of(cls, cluster: Cluster, scope: Scope) -> Callers:
        """Read what the workloads of a symptom are configured with.

        Raises:
            CannotTell: None was named.
        """
        groups = await workloads_by_role(cluster, scope)
        found = await asyncio.gather(*(settings_of(cluster, owner, members) for owner, (_, members) in groups.items()))
        read = list(zip(groups.items(), found, strict=True))
        every = [(role, each) for (_, (role, _)), (found, _) in read for each in found]
        settings = [(role, each) for role, each in every if each.host != HERE]
        within = [(role, each) for role, each in every if each.host == HERE]
        refused = {owner: problem for (owner, _), (_, problem) in read if problem}
        callers = {owner for owner, (role, _) in groups.items() if role == "client"}
        workloads = [item for item in scope.workloads if item not in callers] if scope.clients else []
        return cls(
            scope=scope, settings=settings, targets=(*scope.services, *workloads), within=within, refused=refused
        )

    def is_about_target(self, setting: Setting, place: Surveyed) -> bool:
        """Tell whether an address may be how a workload reaches what the symptom says it reaches for."""
        if self.scope.outside_host:
            return setting.host == self.scope.outside_host
        name, targets = place.name_of(setting), {(item.namespace, item.name) for item in self.targets}
        words = [item.name for item in self.targets] + [name.partition(".")[0] for name in self.scope.missing]
        if name and (name.namespace, name.name) == (setting.owner.namespace, setting.owner.name):
            return False  # what it calls itself
        if not words or (name and (name.namespace, name.name) in targets) or self.is_only_one(setting):
            return True
        if name and place.service(name):
            return False
        near = place.nearest(name, setting.owner.namespace) if name else None
        if near and (near.namespace, near.name) in targets:
            return True
        named = {*runs_of_words(setting.where), *runs_of_words(setting.host)}
        return any(letters(word) in named for word in words)

    def is_only_one(self, setting: Setting) -> bool:
        """Tell whether a client is configured with one address at all."""
        counts = Counter(each.owner for role, each in self.settings if role == "client")
        return counts[setting.owner] == 1


async def workloads_by_role(cluster: Cluster, scope: Scope) -> dict[Subject, tuple[str, list[Pod]]]:
    """Return the workloads of a symptom with the part they play, and their Pods, or those that are about to be made.

    Raises:
        CannotTell: None was named.
    """
    ends = (*scope.clients, *scope.backends, *scope.services)
    namespaces = dict.fromkeys((*(subject.namespace for subject in ends), *scope.namespaces))
    if scope.cluster_wide or not namespaces:
        raise CannotTell(Reason.OUT_OF_SCOPE, "the symptom names no workload whose configuration to look at")
    pods = Pods([pod for namespace in namespaces for pod in await cluster.list(Pod, namespace=namespace)])
    backends = [*pods.named(scope.backends), *await planned(cluster, scope, pods)]
    by_role = {"client": pods.named(scope.clients), "backend": backends, "other": []}
    if not scope.clients and not scope.services:
        # What nobody reaches through a Service is a caller itself.
        by_role = {"client": by_role["backend"]}
    elif not scope.clients:
        by_role["other"] = [pod for place in namespaces for pod in pods.of(place)]
    return grouped(by_role)


def grouped(by_role: dict[str, list[Pod]]) -> dict[Subject, tuple[str, list[Pod]]]:
    """Return the Pods of each workload, with the first role that it plays."""
    groups: dict[Subject, tuple[str, list[Pod]]] = {}
    for role, members in by_role.items():
        for pod in members:
            first, group = groups.setdefault(owner_of(pod), (role, []))
            if first == role:
                group.append(pod)
    return groups


def letters(text: str) -> str:
    """Return a name without what separates its words, which variables write differently."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def runs_of_words(text: str) -> Iterator[str]:
    """Yield each run of words in a name: of ``MY_WEB_ADDR`` ``my``, ``myweb``, ``mywebaddr``, ``web`` and so on."""
    words = [word for word in re.split(r"[^a-z0-9]+", text.lower()) if word]
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            yield "".join(words[start:end])
