"""``netmedic doctor``: what works, what does not, and what to do about it."""

from __future__ import annotations

import asyncio

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.options import cluster_options
from bot.cli.program import Program, Where
from bot.cli.render.pieces import LABEL, counted, indented
from bot.cli.terminal import draw
from bot.cli.text import cleaned
from bot.diagnosis.doctor import Check, Health

MARKS = {Health.OK: ("✓", "green"), Health.WARN: ("!", "yellow"), Health.FAIL: ("✗", "bold red")}
ABOUT_COLUMNS = 38
"""The longest: ``list networkpolicies.networking.k8s.io``."""
REMEDY_COLUMN = 7


@click.command()
@cluster_options
@click.option("-n", "--namespace", default="", metavar="NAME", help="Check the permissions in this one alone.")
@click.pass_obj
def doctor(program: Program, *, kubeconfig: str, context: str, namespace: str) -> int:
    """Check what netmedic can reach and may read, and what is set up.

    Exit status: 0 all is well or only optional things are missing, 1 something has to be mended.
    """
    checks = asyncio.run(examined(program, Where(kubeconfig=kubeconfig, context=context), namespace=namespace))
    numbers = {health: sum(check.health is health for check in checks) for health in Health}
    draw(
        [
            Text(""),
            Text(f"{numbers[Health.OK]} ok, {counted(numbers[Health.WARN], 'warning')}, {numbers[Health.FAIL]} failed"),
        ]
    )
    return 1 if numbers[Health.FAIL] else 0


async def examined(program: Program, where: Where, *, namespace: str) -> list[Check]:
    """Return all checks; each is drawn when it is done."""
    checks = []
    async for check in program.doctor(where, namespace=namespace):
        draw([line(cleaned(check))])
        checks.append(check)
    return checks


def line(check: Check) -> RenderableType:
    """Return one check: its sign, what it is about, what was found, and below it what to do."""
    table = Table.grid(padding=(0, 1, 0, 0), pad_edge=False, expand=True)
    table.add_column(width=1)
    table.add_column(width=4)
    table.add_column(width=ABOUT_COLUMNS, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    sign, style = MARKS[check.health]
    found = Text(check.found, style=LABEL if check.health is Health.OK else "")
    table.add_row(Text(sign, style=style), Text(check.health, style=style), Text(check.about), found)
    return Group(table, indented(Text(f"→ {check.remedy}"), REMEDY_COLUMN)) if check.remedy else table
