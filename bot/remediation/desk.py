"""What a plan is made with: the cluster that is read, the one that would be changed, and the cause."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from bot.cluster.port import Cluster
from bot.cluster.writer import Target, Writer, resource_of
from bot.diagnosis.report import Cause
from bot.remediation.holes import fill
from bot.remediation.look import Sleep
from bot.remediation.plan import Change
from bot.remediation.steps import Of
from bot.remediation.values import DNS_LABEL, DNS_NAME, shown


class NoPlan(Exception):
    """The playbook cannot be filled in for this cause. The text says why, for people; it has no full stop."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where one plan is made."""

    cause: Cause
    cluster: Cluster
    writer: Writer | None
    """None: nothing is tried."""
    made: datetime
    job_namespace: str
    """Where Jobs on Nodes run: that of the node helper, whose image they use."""
    sleep: Sleep = asyncio.sleep
    """Between looks at what goes on."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """One change of a plan."""

    change: Change
    diff: str = ""
    """Of the live object against a dry run; empty without one."""
    kept_by: str = ""
    """Who would undo the change: a tool that keeps the object as a repository has it."""
    foreseen: tuple[str, ...] = ()
    """Sentences about its effect."""


def target_of(of: Of, cause: Cause) -> Target:
    """Return the object a step is about, its namespace and name held to what Kubernetes allows.

    Raises:
        NoPlan: They are not, or the cause is about another kind of object.
        NothingToFill: The cause does not name it.
    """
    about_subject = len(of.kinds) > 1 or "{cause.subject.name}" in of.name
    if about_subject and cause.subject.kind not in of.kinds:
        raise NoPlan(f"it is for a {' or '.join(of.kinds)}, and the fault is at {cause.subject}")
    return checked(
        Target(
            api_version=of.api_version,
            kind=cause.subject.kind if about_subject else of.kinds[0],
            namespace=fill(of.namespace, cause),
            name=fill(of.name, cause),
        )
    )


def checked(target: Target) -> Target:
    """Return the target, if its names are names.

    Raises:
        NoPlan: They are not.
    """
    if not DNS_NAME.fullmatch(target.name):
        raise NoPlan(f"{shown(target.name)} is no name of a {target.kind}")
    if resource_of(target).namespaced and not DNS_LABEL.fullmatch(target.namespace):
        raise NoPlan(f"{shown(target.namespace)} is no name of a namespace")
    return target
