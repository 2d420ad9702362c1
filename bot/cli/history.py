"""``netmedic history``, ``netmedic replay`` and ``netmedic audit``: what was, and whether today's rules agree."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta

import click

from bot.cli.output import write
from bot.cli.program import Program
from bot.cli.text import clean
from bot.remediation.history import replay as judge_anew
from bot.remediation.plan import SHORT_HASH
from bot.store.audit import first_broken

BROKEN = 1
SYMPTOM = 60
DAYS = click.option("--since", "days", type=click.IntRange(1, 3650), default=30, show_default=True, metavar="DAYS")


@click.command()
@DAYS
@click.pass_obj
def history(program: Program, *, days: int) -> int:
    """List incidents, newest first, with their plans and how these ended."""

    async def work() -> None:
        async with program.store() as store:
            since = datetime.now(UTC) - timedelta(days=days)
            for incident in [one for one in await store.latest_incidents(1000) if one.created >= since]:
                write(f"{incident.created:%Y-%m-%d %H:%M}  {incident.state:<5}  {clean(incident.symptom)[:SYMPTOM]}\n")
                for plan in await store.plans_of([incident.id]):
                    write(f"    plan {plan.hash[:SHORT_HASH]}  {plan.playbook}  {plan.state.in_words}\n")

    asyncio.run(work())
    return 0


@click.command()
@DAYS
@click.pass_obj
def replay(program: Program, *, days: int) -> int:
    """Judge the facts of stored diagnoses with today's rules, and show what moves.

    Exit status: 0 nothing moves, 1 something does.
    """

    async def work() -> int:
        async with program.store() as store:
            since = datetime.now(UTC) - timedelta(days=days)
            told = await judge_anew(store, program.rule_book(), since=since)
        moved = [each for each in told if each.gone or each.new]
        for each in moved:
            write(f"{each.made:%Y-%m-%d %H:%M}  {clean(each.symptom)[:SYMPTOM]}\n")
            write("".join(f"  - {clean(name)}\n" for name in each.gone))
            write("".join(f"  + {clean(name)}\n" for name in each.new))
        write(f"{len(told)} diagnoses judged anew, {len(moved)} of them differ.\n")
        return BROKEN if moved else 0

    return asyncio.run(work())


@click.command()
@click.pass_obj
def audit(program: Program) -> int:
    """Print the audit trail as JSON lines, and check that nothing in it was altered.

    Exit status: 0 it is whole, 1 an entry was altered or is missing.
    """

    async def work() -> int:
        async with program.store() as store:
            trail = await store.audit_trail()
        for entry in trail:
            write(json.dumps({**dataclasses.asdict(entry), "at": entry.at.isoformat()}, sort_keys=True) + "\n")
        if broken := first_broken(trail):
            raise click.ClickException(f"Entry {broken} of the audit trail was altered, or follows one that is gone.")
        return 0

    return asyncio.run(work())
