"""Making plans: a cause and its playbook become exact changes, tried by the API server in a dry run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.port import Cluster
from bot.cluster.writer import Refused, Writer
from bot.diagnosis.report import Cause, Diagnosis
from bot.remediation.changes import NoPlan, recorded, target_of, tried
from bot.remediation.fieldpath import NoSuchField
from bot.remediation.holes import NothingToFill, fill
from bot.remediation.plan import Change, Check, Plan
from bot.remediation.playbook import Playbook, Undo
from bot.remediation.values import WrongValue

log = logging.getLogger(__name__)

OFFLINE = "there is no connection to a cluster that could try it"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """The plans for one diagnosis, and why there are no others."""

    plans: tuple[Plan, ...]
    notes: tuple[str, ...]
    """Plans that could not be made, or not be tried, and why."""

    def attached_to(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return the diagnosis with these plans and notes."""
        return replace(
            diagnosis,
            plans=(*diagnosis.plans, *(plan.report() for plan in self.plans)),
            notes=(*diagnosis.notes, *self.notes),
        )


async def propose(
    diagnosis: Diagnosis,
    playbooks: Mapping[str, Playbook],
    *,
    cluster: Cluster,
    writer: Writer | None,
    expires_seconds: int,
    incident: str = "",
) -> Proposal:
    """Return a plan for each cause that has a playbook."""
    plans: dict[str, Plan] = {}
    notes: list[str] = []
    for cause in diagnosis.causes:
        playbook = playbooks.get(cause.playbook)
        if playbook is None:
            continue
        try:
            plan = await make(
                cause, playbook, cluster=cluster, writer=writer, expires_seconds=expires_seconds, incident=incident
            )
        except NoPlan as reason:
            notes.append(f"No plan {playbook.id} for {cause.subject}: {reason}.")
            continue
        plans.setdefault(plan.hash, plan)
        if plan.unchecked and writer is not None:
            notes.append(f"Plan {playbook.id} was not tried and cannot be approved: {plan.unchecked}.")
    return Proposal(plans=tuple(plans.values()), notes=tuple(dict.fromkeys(notes)))


async def make(
    cause: Cause,
    playbook: Playbook,
    *,
    cluster: Cluster,
    writer: Writer | None,
    expires_seconds: int,
    incident: str = "",
) -> Plan:
    """Return the plan of one playbook for one cause.

    Without a writer, or where it may not or cannot try the changes, the plan has no dry run and says so.

    Raises:
        NoPlan: With the reason.
    """
    try:
        changes, diff, unchecked = await _changes(cause, playbook, cluster=cluster, writer=writer)
        blast_radius = _printable(fill(playbook.blast_radius, cause))
        same = {detail: cause.details[detail] for detail in playbook.confirm.same}
    except (NothingToFill, WrongValue, NoSuchField) as problem:
        raise NoPlan(str(problem)) from problem
    except KeyError as problem:
        raise NoPlan(f"the diagnosis does not say what details.{problem.args[0]} is") from problem
    now = cluster.now()
    return Plan(
        playbook=playbook.id,
        title=playbook.title,
        rule=cause.rule,
        finding=_printable(cause.summary),
        risk=playbook.risk,
        context=cluster.context,
        incident=incident,
        blast_radius=blast_radius,
        changes=changes,
        diff=diff,
        unchecked=unchecked,
        check=Check(
            rules=playbook.confirm.rules,
            answers=playbook.confirm.answers,
            subject=cause.subject,
            same=same,
            within_seconds=playbook.confirm.within_seconds,
        ),
        reversible=playbook.undo is Undo.RESTORE,
        made=now,
        expires=now + timedelta(seconds=expires_seconds),
    ).sealed()


async def _changes(
    cause: Cause, playbook: Playbook, *, cluster: Cluster, writer: Writer | None
) -> tuple[tuple[Change, ...], str, str]:
    """Return the changes, their diff, and why they were not tried, if so: a plan is tried as a whole or not at all."""
    steps = [(step, target_of(step, cause)) for step in playbook.steps]
    if len({target for _, target in steps}) < len(steps):
        raise NoPlan("two of its steps change the same object")
    if writer is not None and writer.context != cluster.context:
        raise NoPlan(f"it was diagnosed in {cluster.context}, and changes would go to {writer.context}")
    unchecked = OFFLINE
    if writer is not None:
        try:
            made = [await tried(step, target, cause, writer) for step, target in steps]
        except (NotFound, Refused) as problem:
            raise NoPlan(str(problem)) from problem
        except ClusterError as problem:
            log.warning("no dry run of %s: %s", playbook.id, problem)
            unchecked = str(problem)
        else:
            return tuple(change for change, _ in made), "\n".join(diff for _, diff in made), ""
    return tuple([await recorded(step, target, cause, cluster) for step, target in steps]), "", unchecked


def _printable(value: str) -> str:
    """Return text of the cluster without characters that act on whoever reads it, such as line feeds or bidi marks."""
    return "".join(character if character.isprintable() else " " for character in value)
