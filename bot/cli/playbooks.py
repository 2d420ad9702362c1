"""``netmedic playbooks``: what netmedic can put right, and which rights that needs."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.output import write
from bot.cli.program import Program
from bot.cli.render.pieces import counted
from bot.cli.rules import FOLDER, told
from bot.diagnosis.serialise import yaml_text
from bot.engine.rules import load as load_rules
from bot.remediation.playbook import Playbook
from bot.remediation.playbooks import PlaybookErrors, load
from bot.remediation.role import roles


@click.group()
def playbooks() -> None:
    """See what can be put right, and check your own playbooks."""


@playbooks.command("list")
@click.pass_obj
def list_playbooks(program: Program) -> int:
    """List all playbooks: id, risk, whether it can be undone, title."""
    for playbook in sorted(_known(program, None).values(), key=lambda playbook: playbook.id):
        how = "by hand" if not playbook.steps else "undo" if playbook.undo == "restore" else "no undo"
        write(f"{playbook.id:<34}  {playbook.risk:<6}  {how:<7}  {playbook.title}\n")
    return 0


@playbooks.command()
@click.argument("folder", type=FOLDER, required=False)
@click.pass_obj
def lint(program: Program, *, folder: Path | None) -> int:
    """Check that playbook files can be used; every mistake is named with file and line.

    FOLDER is checked together with those in use. Exit status: 0 all right, 1 mistakes.
    """
    try:
        known = _known(program, folder)
    except PlaybookErrors as mistakes:
        return told(mistakes.problems, "")
    return told((), f"{counted(len(known), 'playbook')}, no mistakes.")


@playbooks.command()
@click.option("--name", default="netmedic-writer", show_default=True, help="Name of both.")
@click.pass_obj
def role(program: Program, *, name: str) -> int:
    """Print the ClusterRole of the identity that applies plans: what the playbooks in use need, and no more.

    With it a Role for the helper's namespace, which is the only one where Jobs are made.
    """
    made = roles(_known(program, None).values(), name=name, helper_namespace=program.settings().helper_namespace)
    write("---\n".join(yaml_text(one) for one in made))
    return 0


def _known(program: Program, folder: Path | None) -> dict[str, Playbook]:
    folders = [*program.playbooks_folders(), *([folder] if folder else [])]
    return load(folders, load_rules(*program.rules_folders()))
