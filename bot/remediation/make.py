"""Making plans: a cause and its playbook become exact changes, tried by the API server in a dry run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.port import Cluster
from bot.cluster.writer import Refused, Writer
from bot.diagnosis.report import Cause, Diagnosis
from bot.remediation import inner
from bot.remediation.allow import allowed
from bot.remediation.changes import patched, restarted
from bot.remediation.commands import command
from bot.remediation.creations import created, replaced
from bot.remediation.desk import Desk, Made, NoPlan, target_of
from bot.remediation.fieldpath import FieldPath, NoSuchField
from bot.remediation.holes import NothingToFill, fill
from bot.remediation.isolate import isolated
from bot.remediation.look import Sleep
from bot.remediation.plan import Check, Plan
from bot.remediation.platform import hold_memory, hold_nodes
from bot.remediation.playbook import Playbook, Undo
from bot.remediation.steps import (
    Allow,
    Condition,
    Create,
    Isolate,
    NodesHave,
    Patch,
    Precondition,
    ReplacePod,
    Restart,
    Step,
    Sysctl,
    TracksTwice,
)
from bot.remediation.sysctls import set_on_node
from bot.remediation.values import WrongValue, shown

log = logging.getLogger(__name__)

OFFLINE = "there is no connection to a cluster that could try it"
KEPT = "{keeper} keeps the object as its repository has it and would undo the change; make this change there"
JOB_NAMESPACE = "netmedic"
"""The node helper's, unless it is set otherwise."""


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
    job_namespace: str = JOB_NAMESPACE,
) -> Proposal:
    """Return a plan for each cause that has a playbook."""
    plans: dict[str, Plan] = {}
    notes: list[str] = []
    for cause in diagnosis.causes:
        reasons: list[str] = []
        for playbook in ways(cause, playbooks):
            try:
                plan = await make(
                    cause,
                    playbook,
                    cluster=cluster,
                    writer=writer,
                    expires_seconds=expires_seconds,
                    incident=incident,
                    job_namespace=job_namespace,
                )
            except NoPlan as reason:
                reasons.append(f"No plan {playbook.id} for {cause.subject}: {reason}.")
                continue
            plans.setdefault(plan.hash, plan)
            if not playbook.steps:
                notes += reasons  # why it is left to a person
            if plan.unchecked and writer is not None:
                notes.append(f"Plan {playbook.id} cannot be applied from here: {plan.unchecked.rstrip('.')}.")
            break
        else:
            notes += reasons
    return Proposal(plans=tuple(plans.values()), notes=tuple(dict.fromkeys(notes)))


def ways(cause: Cause, playbooks: Mapping[str, Playbook]) -> list[Playbook]:
    """Return the playbooks for a cause in the order in which they are tried; clusters differ in what fits."""
    if cause.playbook not in playbooks:
        return []
    others = [each for each in playbooks.values() if each.instead_of == cause.playbook and cause.rule in each.remedies]
    return [playbooks[cause.playbook], *others]


async def make(
    cause: Cause,
    playbook: Playbook,
    *,
    cluster: Cluster,
    writer: Writer | None,
    expires_seconds: int,
    incident: str = "",
    job_namespace: str = JOB_NAMESPACE,
    sleep: Sleep = asyncio.sleep,
) -> Plan:
    """Return the plan of one playbook for one cause.

    Without a writer, or where it may not or cannot try the changes, the plan has no dry run and says so.

    Raises:
        NoPlan: With the reason.
    """
    desk = Desk(
        cause=cause, cluster=cluster, writer=writer, made=cluster.now(), job_namespace=job_namespace, sleep=sleep
    )
    try:
        made, unchecked = await _changes(playbook, desk)
        blast_radius = _printable(fill(playbook.blast_radius, cause))
        same = {detail: cause.details[detail] for detail in playbook.confirm.same}
        commands = tuple(_printable(command(template, cause)) for template in playbook.advice.commands)
        because = _printable(fill(playbook.advice.because, cause))
        ticket_node = _printable(fill(playbook.advice.provider_ticket, cause))
    except (NothingToFill, WrongValue, NoSuchField) as problem:
        raise NoPlan(str(problem)) from problem
    except KeyError as problem:
        raise NoPlan(f"the diagnosis does not say what details.{problem.args[0]} is") from problem
    return Plan(
        playbook=playbook.id,
        title=playbook.title,
        rule=cause.rule,
        finding=_printable(cause.summary),
        risk=playbook.risk,
        context=cluster.context,
        incident=incident,
        blast_radius=blast_radius,
        changes=tuple(each.change for each in made),
        diff="\n".join(each.diff for each in made if each.diff),
        unchecked=unchecked if playbook.steps else because,
        foreseen=tuple(dict.fromkeys(sentence for each in made for sentence in each.foreseen)),
        commands=commands,
        ticket_node=ticket_node,
        docs=playbook.docs,
        check=Check(
            rules=playbook.confirm.rules,
            answers=playbook.confirm.answers,
            subject=cause.subject,
            same=same,
            within_seconds=playbook.confirm.within_seconds,
        ),
        reversible=playbook.undo is Undo.RESTORE,
        made=desk.made,
        expires=desk.made + timedelta(seconds=expires_seconds),
    ).sealed()


async def _changes(playbook: Playbook, desk: Desk) -> tuple[tuple[Made, ...], str]:
    """Return the changes, and why they cannot be applied, if so: a plan is tried as a whole or not at all."""
    cluster, writer = desk.cluster, desk.writer
    if writer is not None and writer.context != cluster.context:
        raise NoPlan(f"it was diagnosed in {cluster.context}, and changes would go to {writer.context}")
    unchecked = OFFLINE
    if writer is not None:
        try:
            for precondition in playbook.preconditions:
                await _hold(precondition, desk, writer)
            made = [each for step in playbook.steps for each in await _made(step, desk)]
        except (NotFound, Refused) as problem:
            raise NoPlan(str(problem)) from problem
        except ClusterError as problem:
            log.warning("no dry run of %s: %s", playbook.id, problem)
            unchecked = str(problem)
        else:
            return _distinct(made), next((KEPT.format(keeper=each.kept_by) for each in made if each.kept_by), "")
    untried = replace(desk, writer=None)
    return _distinct([each for step in playbook.steps for each in await _made(step, untried)]), unchecked


async def _made(step: Step, desk: Desk) -> list[Made]:
    """Return the changes of one step."""
    match step:
        case Allow():
            return await allowed(step, desk)
        case Isolate():
            return await isolated(step, desk)
        case Patch():
            made = await patched(step, desk)
        case Restart():
            made = await restarted(step, desk)
        case Create():
            made = await created(step, desk)
        case ReplacePod():
            made = await replaced(step, desk)
        case Sysctl():
            made = await set_on_node(step, desk)
    return [made]


def _distinct(made: Sequence[Made]) -> tuple[Made, ...]:
    """Return the changes, if each is of another object: the second would not find what its dry run saw."""
    if len({each.change.target for each in made}) < len(made):
        raise NoPlan("two of its steps change the same object")
    return tuple(made)


async def _hold(condition: Condition, desk: Desk, writer: Writer) -> None:
    """Look whether the cluster is as a playbook needs it.

    Raises:
        NoPlan: It is not.
        ClusterError: It cannot be looked at.
    """
    match condition:
        case Precondition():
            await _hold_object(condition, desk, writer)
        case NodesHave():
            await hold_nodes(condition, desk)
        case TracksTwice():
            await hold_memory(condition, desk, writer)


async def _hold_object(precondition: Precondition, desk: Desk, writer: Writer) -> None:
    target = target_of(precondition.of, desk.cause)
    live = await writer.read(target)
    if precondition.inside:
        live = inner.read(str(FieldPath(("data",), precondition.inside).read(live)))
    for path, wanted in precondition.fields:
        if (found := path.read(live)) != wanted:
            raise NoPlan(f"it needs {path} of {target} to be {shown(wanted)}, which is {shown(found)}")
    for path, unwanted in precondition.not_fields:
        if path.read(live) == unwanted:
            raise NoPlan(f"it needs {path} of {target} to be anything but {shown(unwanted)}")


def _printable(value: str) -> str:
    """Return text of the cluster without characters that act on whoever reads it, such as line feeds or bidi marks."""
    return "".join(character if character.isprintable() else " " for character in value)
