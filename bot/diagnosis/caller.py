"""Who calls, where the words leave it open: the workload of the text that is configured to call the other one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.cluster.objects import Pod, Service
from bot.diagnosis.inventory import Home, Inventory, subject_of
from bot.diagnosis.lookup import Found
from bot.diagnosis.surroundings import Surroundings, around
from bot.facts.scope import Subject, SymptomKind
from bot.probes.reading import owner_of

IT = re.compile(
    r"\b(?:reach|reaches|call|calls|get|connect to|connects to|talk to|talks to) (?:it|them)\b", re.IGNORECASE
)


async def told_apart(
    here: Surroundings, there: Surroundings, *, text: str, kind: SymptomKind, namespace: str, inventory: Inventory
) -> tuple[Surroundings, Surroundings, str]:
    """Return both ends, and a note where a caller was recognised that the words did not call one.

    ``web times out, till says`` names both and not which is which; ``till times out`` names a workload that nobody can
    call, for want of a Service.
    """
    space = namespace or next((item.metadata.namespace for item in (*there.services, *there.workloads)), "")
    if here.found or not there.found or not space:
        return here, there, ""
    home = await inventory.home(space)
    named = [item for item in named_in(text, home) if item not in there.subjects()]
    for subject in named:
        other = await around(Found(subjects=(subject,)), inventory)
        if calls(other.pods, there):
            return other, there, note(subject, there)
        if not there.services and other.services and calls(there.pods, other):
            return there, other, note(owner_of(there.pods[0]), other)
    if there.services or there.host or kind is not SymptomKind.TIMEOUT:
        return here, there, ""
    called = [item for item in home.services if calls(there.pods, Surroundings(services=[item]))]
    if len(called) != 1:
        return here, there, ""
    other = await around(Found(subjects=(subject_of(called[0]),)), inventory)
    return there, other, note(owner_of(there.pods[0]), other)


def named_in(text: str, home: Home) -> Iterable[Subject]:
    """Return the workloads of a namespace whose whole name stands in a text."""
    for item in home.workloads:
        if re.search(rf"(?<![\w./-]){re.escape(item.metadata.name)}(?![\w/-]|\.\w)", text, re.IGNORECASE):
            yield subject_of(item)


def calls(pods: Sequence[Pod], target: Surroundings) -> bool:
    """Tell whether Pods are configured with an address of one of a target's Services, or of its host outside."""
    addresses = ((pod, one.host) for pod in pods for box in pod.spec.containers for one in box.addresses)
    return any(
        host == target.host or any(means(host, pod, service) for service in target.services)
        for pod, host in addresses
        if host
    )


def means(host: str, pod: Pod, service: Service) -> bool:
    """Tell whether a host is a Service to a Pod."""
    own = service.metadata
    labels = host.lower().split(".")
    where = labels[1] if len(labels) > 1 else pod.metadata.namespace
    return host == service.spec.cluster_ip or (labels[0], where) == (own.name, own.namespace)


def note(caller: Subject, target: Surroundings) -> str:
    """Return what a reader has to know about how the words were understood."""
    called = next((str(subject_of(item)) for item in target.services), target.host)
    return f"{caller} was read as who calls: it is configured to call {called}."


async def what_it_is(here: Surroundings, *, text: str, namespace: str, inventory: Inventory) -> Surroundings:
    """Return the one other workload of a text that says no more than that ``it`` cannot be reached."""
    space = namespace or next((item.metadata.namespace for item in here.workloads), "")
    home = await inventory.home(space) if space else None
    others = [item for item in named_in(text, home) if item not in here.subjects()] if home else []
    return await around(Found(subjects=(others[0],)), inventory) if len(others) == 1 else Surroundings()
