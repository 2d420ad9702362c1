"""``netmedic rules``: what netmedic knows, and whether a site's own rules are right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem
from rich.console import RenderableType
from rich.text import Text

from bot.cli.output import write
from bot.cli.program import Program
from bot.cli.render.causes import SEVERITY_STYLES
from bot.cli.render.pieces import LABEL, bullets, counted, labelled, unbroken
from bot.cli.terminal import draw
from bot.cli.text import clean, clean_lines
from bot.engine import golden
from bot.engine.documents import Problem
from bot.engine.rule import Rule
from bot.engine.rules import load, read

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def rules() -> None:
    """See the rules, and check your own."""


def ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids of rules that begin so."""
    known, _ = read(*ctx.find_root().obj.rules_folders())
    return [CompletionItem(rule.id, help=rule.title) for rule in known if rule.id.startswith(incomplete)]


@rules.command("list")
@click.pass_obj
def list_rules(program: Program) -> int:
    """List all rules: id, severity, category, title."""
    known = load(*program.rules_folders())
    widths = [max((len(part) for part in column), default=0) for column in zip(*map(columns, known), strict=True)]
    for rule in known:
        padded = [f"{part:<{width}}" for part, width in zip(columns(rule), widths, strict=True)]
        write("  ".join([*padded, rule.title]).rstrip() + "\n")
    return 0


def columns(rule: Rule) -> tuple[str, ...]:
    """Return what stands before a rule's title in the list."""
    return rule.id, rule.severity, rule.category


@rules.command()
@click.argument("rule_id", metavar="ID", shell_complete=ids)
@click.pass_obj
def show(program: Program, *, rule_id: str) -> int:
    """Show one rule: what it looks at, what it concludes, what to do."""
    known = {rule.id: rule for rule in load(*program.rules_folders())}
    if rule_id not in known:
        raise click.ClickException(f"There is no rule {rule_id}. `netmedic rules list` shows them all.")
    rule = known[rule_id]
    draw(about(rule))
    write("\n" + clean_lines(rule.path.read_text(encoding="utf-8")))
    return 0


def about(rule: Rule) -> list[RenderableType]:
    """Return what a person wants to know of a rule before its text."""
    severity = Text.assemble((rule.severity, SEVERITY_STYLES.get(rule.severity, "")), f", {rule.confidence} when found")
    return [
        Text.assemble((rule.title, "bold"), (f"  {rule.id}", LABEL)),
        labelled(
            {
                "Severity": severity,
                "Category": rule.category,
                "Hop": rule.hop,
                "Symptoms": ", ".join(rule.symptoms) or "all",
                "Reads": ", ".join(dict.fromkeys(rule.reads)),
                "Explains": bullets(rule.explains),
                "Refuted by": rule.refuted_by,
                "Remedy": rule.remedy,
                "Playbook": rule.playbook,
            }
        ),
        unbroken("Docs", rule.docs),
        unbroken("File", clean(str(rule.path))),
    ]


@rules.command()
@click.argument("folder", type=FOLDER, required=False)
@click.pass_obj
def lint(program: Program, *, folder: Path | None) -> int:
    """Check that rule files can be used; every mistake is named with file and line.

    FOLDER is checked together with the rules in use, which its rules may read. Exit status: 0 all right, 1 mistakes.
    """
    known, problems = read(*beside(program.rules_folders(), folder), *([folder] if folder else []))
    return told(problems, f"{counted(len(known), 'rule')}, no mistakes.")


@rules.command()
@click.argument("folder", type=FOLDER, required=False)
@click.option(
    "--golden",
    "golden_folder",
    type=FOLDER,
    metavar="FOLDER",
    help="Where the golden files are.  [default: ../tests/NAME beside a folder NAME of rules]",
)
@click.pass_obj
def test(program: Program, *, folder: Path | None, golden_folder: Path | None) -> int:
    """Run the golden files of rules, and check that there is one for every rule.

    FOLDER holds the rules; the shipped ones if left out. Exit status: 0 all right, 1 mistakes.
    """
    tested = folder or program.rules_folders()[0]
    shown = golden_folder or tested.resolve().parent / "tests" / tested.resolve().name
    if not shown.is_dir():
        raise click.ClickException(f"There are no golden files in {shown}. Say where they are with --golden.")
    problems = golden.check(tested, shown, beside=beside(program.rules_folders(), tested))
    own = sum(1 for _ in tested.rglob("*.yaml"))
    return told(problems, f"{counted(own, 'rule')}: every golden file is right.")


def beside(folders: Sequence[Path], folder: Path | None) -> list[Path]:
    """Return the folders in use that do not overlap with this one."""
    if folder is None:
        return list(folders)
    own = folder.resolve()
    return [
        each
        for each in folders
        if own not in (each.resolve(), *each.resolve().parents) and each.resolve() not in own.parents
    ]


def told(problems: Sequence[Problem], fine: str) -> int:
    """Say what is wrong, or that nothing is; return the exit status."""
    for problem in problems:
        write(clean(str(problem)) + "\n")
    write(f"{counted(len(problems), 'mistake')}.\n" if problems else f"{fine}\n")
    return 1 if problems else 0
