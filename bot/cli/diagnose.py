"""``netmedic diagnose``: from words to a report."""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import cluster_options
from bot.cli.output import write
from bot.cli.program import Program, Where
from bot.cli.render import report
from bot.cli.status import status_of
from bot.cli.terminal import draw, progress
from bot.cli.text import clean
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.serialise import to_json, to_yaml
from bot.facts.scope import Subject

if TYPE_CHECKING:
    from bot.diagnosis.scope import Ambiguous


class Seconds(click.FloatRange):
    """A length of time; ``nan``, which is in every range, is none."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or refuse it."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return number


WRITERS = {"json": to_json, "yaml": to_yaml}


@click.command(
    epilog="""\b
Examples:
  netmedic diagnose "web cannot reach redis in namespace shop"
  netmedic diagnose "lookups are slow on node2" --explain
  netmedic diagnose "is anything wrong?" -o json
"""
)
@click.argument("symptom", nargs=-1, required=True)
@cluster_options
@click.option("-n", "--namespace", default="", metavar="NAME", help="Where to look for the names first.")
@click.option(
    "--from",
    "bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Diagnose a snapshot instead of a cluster.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", *WRITERS]),
    default="text",
    show_default=True,
    help="json and yaml: the form of docs/diagnosis.schema.json.",
)
@click.option("--explain", is_flag=True, help="Show the whole proof of each cause.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    callback=lambda *given: drawable(given[-1]),
    help="Draw the path besides, as FILE.png or FILE.svg.",
)
@click.option(
    "--budget",
    type=Seconds(min=0, min_open=True, max=600),
    metavar="SECONDS",
    help="Time to look; what is not finished then counts as not checked. 20 unless set otherwise.",
)
@click.option("--thorough", is_flag=True, help="Hear the Nodes out even where objects alone prove the cause.")
@click.pass_obj
def diagnose(
    program: Program,
    *,
    symptom: tuple[str, ...],
    kubeconfig: str,
    context: str,
    namespace: str,
    bundle: Path | None,
    output: str,
    explain: bool,
    picture: Path | None,
    budget: float | None,
    thorough: bool,
) -> int:
    """Find out why something on the network fails.

    SYMPTOM is what you see, in your own words: who cannot reach what, and where.

    Exit status: 0 no fault found, 1 a cause found, 2 it could not run, could not check what was asked, or a name
    has several meanings.
    """
    if bundle and (context or kubeconfig):
        raise click.UsageError("--from reads a snapshot: leave --context and --kubeconfig out.")
    where = Where(kubeconfig=kubeconfig, context=context, bundle=bundle)
    found = answer(program, where, " ".join(symptom), namespace=namespace, budget_seconds=budget, thorough=thorough)
    if picture:
        save(found, picture)
    if output == "text":
        draw(report(found, explain=explain))
    else:
        write(WRITERS[output](found))
    return status_of(found)


def drawable(file: Path | None) -> Path | None:
    """Return a file's name, or refuse one whose ending is of no picture that can be made."""
    if file and file.suffix not in (".png", ".svg"):
        raise click.BadParameter(f"{file.name} has to end in .png or .svg.")
    return file


def save(found: Diagnosis, file: Path) -> None:
    """Draw the path of a diagnosis into a file."""
    from bot.pictures.path import path_picture  # noqa: PLC0415 - most runs draw nothing
    from bot.pictures.raster import CannotDraw  # noqa: PLC0415

    drawn = path_picture(found)
    try:
        file.write_bytes(drawn.svg.encode() if file.suffix == ".svg" else drawn.png)
    except (OSError, CannotDraw) as problem:
        click.echo(f"The picture {file} was not written: {problem}", err=True)


def answer(
    program: Program,
    where: Where,
    symptom: str,
    *,
    namespace: str,
    budget_seconds: float | None,
    thorough: bool = False,
) -> Diagnosis:
    """Return the diagnosis; questions on the way are put to the person at the terminal."""
    chosen: dict[str, Subject] = {}
    while True:
        with progress() as tick:
            found = asyncio.run(
                program.diagnose(
                    where,
                    symptom,
                    namespace=namespace,
                    budget_seconds=budget_seconds,
                    thorough=thorough,
                    chosen=chosen,
                    progress=lambda now: tick(now.doing, done=now.done, total=now.total),
                )
            )
        if isinstance(found, Diagnosis):
            return found
        chosen[found.word] = choose(found)


def choose(question: Ambiguous) -> Subject:
    """Return which object is meant; where nobody can be asked, say which there are."""
    asked = f"“{clean(question.word)}” is not clear, it may be:"
    numbered = [f"  {number:>2}  {clean(str(each))}" for number, each in enumerate(question.candidates, start=1)]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        hint = f"Say which one is meant, for example “{clean(str(question.candidates[0]))}”."
        raise click.ClickException("\n".join([asked, *numbered, hint]))
    click.echo("\n".join([asked, *numbered]), err=True)
    number = click.prompt("Which one", type=click.IntRange(1, len(question.candidates)), err=True)
    return question.candidates[number - 1]
