"""``netmedic doctor``: what works, what does not, and what to do about it."""

from __future__ import annotations

import asyncio

import click
from rich.console import Group, RenderableType
from rich.text import Text

from bot.cli.options import cluster_options
from bot.cli.program import Program, Where
from bot.cli.render.pieces import LABEL, counted, indented
from bot.cli.terminal import draw
from bot.cli.text import cleaned
from bot.diagnosis.doctor import Check, Health

MARKS = {Health.OK: ("✓", "green"), Health.WARN: ("!", "yellow"), Health.FAIL: ("✗", "bold red")}
ABOUT_COLUMNS = 43
"""The longest: ``get, list networkpolicies.networking.k8s.io``."""
BELOW_COLUMN = 7


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
    """Return one check: its sign, what it is about and what was found; what is not well has lines of its own."""
    sign, style = MARKS[check.health]
    head = Text.assemble((f"{sign} {check.health:<4} ", style), f"{check.about:<{ABOUT_COLUMNS}}")
    if check.health is Health.OK:
        return head.append(f" {check.found}", style=LABEL)
    below = [Text(check.found), *([Text(f"→ {check.remedy}")] if check.remedy else [])]
    head.rstrip()
    return Group(head, *(indented(text, BELOW_COLUMN) for text in below))
