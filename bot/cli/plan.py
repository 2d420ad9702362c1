"""``netmedic plan`` and ``netmedic undo``: fixes that one person asks for and another approves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TextIO

import click

from bot.cli.options import cluster_options
from bot.cli.output import write
from bot.cli.program import Program, Where
from bot.cli.render.plans import plan as rendered
from bot.cli.terminal import draw
from bot.cli.text import clean, clean_lines
from bot.diagnosis.report import Diagnosis
from bot.pictures.ticket import provider_ticket
from bot.remediation.approval import SINGLE_OPERATOR, Denied
from bot.remediation.clerk import Clerk, NoSuchPlan
from bot.remediation.edit import text_of
from bot.remediation.plan import SHORT_HASH, Plan
from bot.store.records import PlanState, StoredPlan

REFUSED = 1
"""Exit status of a decision that does not count, and of a plan that did not end well."""


@click.group()
def plan() -> None:
    """Make, see, approve and apply fixes.

    Who you are is what the cluster's API server says; lists of approvers name you as kubernetes:NAME.
    """


@plan.command()
@click.argument("symptom", nargs=-1, required=True)
@cluster_options
@click.option("-n", "--namespace", default="", metavar="NAME", help="Where to look for the names first.")
@click.option("--rule", default="", metavar="ID", help="Only for what this rule finds, also where it is not blamed.")
@click.pass_obj
def make(
    program: Program, *, symptom: tuple[str, ...], kubeconfig: str, context: str, namespace: str, rule: str
) -> int:
    """Diagnose SYMPTOM, and keep the plans that fix it until another person approves one."""

    async def work(clerk: Clerk) -> int:
        found, proposal = await clerk.propose(" ".join(symptom), namespace=namespace, rule=rule)
        write(clean(found.headline) + "\n")
        for note in proposal.notes:
            write(clean(note) + "\n")
        for made in proposal.plans:
            _draw(made, clerk)
            if made.ticket_node:
                _tell_provider(found, made.ticket_node)
        return 0 if proposal.plans else REFUSED

    return _with(program, kubeconfig, context, work)


@plan.command()
@click.argument("name", metavar="PLAN")
@cluster_options
@click.pass_obj
def show(program: Program, *, name: str, kubeconfig: str, context: str) -> int:
    """Show a plan: the change, who feels it, the diff."""

    async def work(clerk: Clerk) -> int:
        _draw(Plan.from_json((await clerk.find(name)).content), clerk)
        return 0

    return _with(program, kubeconfig, context, work)


@plan.command()
@click.argument("name", metavar="PLAN")
@click.option("-f", "--file", type=click.File(), help="The YAML; without it an editor opens (EDITOR).")
@cluster_options
@click.pass_obj
def edit(program: Program, *, name: str, file: TextIO | None, kubeconfig: str, context: str) -> int:
    """Give a plan other values: a new plan with a hash of its own, tried again, which somebody else approves.

    Only values that the plan sets can be edited. The plan before it cannot be approved any more.
    """

    async def work(clerk: Clerk) -> int:
        stored = await clerk.find(name)
        text = file.read() if file else click.edit(text_of(Plan.from_json(stored.content)), extension=".yaml")
        if text is None:
            write("Nothing was changed.\n")
            return REFUSED
        answer = await clerk.edit(stored, text)
        if isinstance(answer, Denied):
            write(f"{clean(answer.reason)}\n")
            return REFUSED
        _draw(answer, clerk)
        return 0

    return _with(program, kubeconfig, context, work)


@plan.command()
@click.argument("name", metavar="PLAN")
@cluster_options
@click.pass_obj
def approve(program: Program, *, name: str, kubeconfig: str, context: str) -> int:
    """Say yes to a plan, and carry it out until it is confirmed or put back."""

    async def work(clerk: Clerk) -> int:
        stored = await clerk.find(name)
        answer = await clerk.approve(stored)
        if isinstance(answer, Denied):
            write(f"{clean(answer.reason)}\n")
            return REFUSED
        write(f"Approved by {clean(clerk.user)}. {clean(answer.note)}".rstrip() + "\n")
        return await _carry_out(clerk, stored)

    return _with(program, kubeconfig, context, work)


@plan.command()
@click.argument("name", metavar="PLAN")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept.")
@cluster_options
@click.pass_obj
def reject(program: Program, *, name: str, reason: str, kubeconfig: str, context: str) -> int:
    """Say no to a plan."""

    async def work(clerk: Clerk) -> int:
        answer = await clerk.reject(await clerk.find(name), reason=reason)
        denied = isinstance(answer, Denied)
        write(f"{clean(answer.reason) if isinstance(answer, Denied) else 'Rejected. Nothing was changed.'}\n")
        return REFUSED if denied else 0

    return _with(program, kubeconfig, context, work)


@plan.command()
@click.argument("name", metavar="PLAN")
@cluster_options
@click.pass_obj
def status(program: Program, *, name: str, kubeconfig: str, context: str) -> int:
    """Tell how far a plan is, and who decided."""

    async def work(clerk: Clerk) -> int:
        stored = await clerk.find(name)
        decision = await clerk.decision(stored)
        write(f"Plan {stored.hash[:SHORT_HASH]} ({stored.playbook}) is {stored.state.in_words}.\n")
        if decision is not None:
            word = "Approved" if decision.approved else "Rejected"
            reason = f": {decision.reason}" if decision.reason else ""
            write(clean(f"{word} by {decision.by} at {decision.at:%Y-%m-%d %H:%M} UTC{reason}") + "\n")
        if stored.detail:
            write(clean_lines(stored.detail) + "\n")
        return 0

    return _with(program, kubeconfig, context, work)


@click.command()
@click.argument("name", metavar="PLAN")
@cluster_options
@click.pass_obj
def undo(program: Program, *, name: str, kubeconfig: str, context: str) -> int:
    """Make the plan that puts back what PLAN changed; another person has to approve it."""

    async def work(clerk: Clerk) -> int:
        answer = await clerk.undo(await clerk.find(name))
        if isinstance(answer, Denied):
            write(f"{clean(answer.reason)}\n")
            return REFUSED
        _draw(answer, clerk)
        return 0

    return _with(program, kubeconfig, context, work)


def _draw(made: Plan, clerk: Clerk) -> None:
    draw(rendered(made.report(), number=1, of=1))
    if made.unchecked:
        write("\nIt cannot be approved: it is not applied from here.\n")
        return
    single = clerk.remedy.policy.single_operator
    who = "an approver" if single else "another person"
    write(f"\nUntil {made.expires:%H:%M} UTC {who} can say: netmedic plan approve {made.short}\n")
    if single:
        write(f"{SINGLE_OPERATOR.capitalize()}.\n")


def _tell_provider(found: Diagnosis, node: str) -> None:
    """Write the evidence about a Node for its provider, where the diagnosis has any."""
    try:
        ticket = provider_ticket(found, node)
    except LookupError as problem:
        write(f"\nNo ticket for the provider: {clean(str(problem))}\n")
        return
    write(f"\nFor the provider's ticket:\n\n{clean_lines(ticket.text)}\n")


async def _carry_out(clerk: Clerk, stored: StoredPlan) -> int:
    last: PlanState | None = None
    async for move in clerk.apply(stored):
        write(clean_lines(move.text) + "\n")
        last = move.state
    return 0 if last is PlanState.CONFIRMED else REFUSED


def _with(program: Program, kubeconfig: str, context: str, work: Callable[[Clerk], Awaitable[int]]) -> int:
    async def run() -> int:
        async with program.clerk(Where(kubeconfig=kubeconfig, context=context)) as clerk:
            return await work(clerk)

    try:
        return asyncio.run(run())
    except NoSuchPlan as problem:
        raise click.ClickException(str(problem)) from problem
