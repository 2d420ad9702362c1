"""``netmedic snapshot``: everything a diagnosis reads, in one file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from rich.console import RenderableType
from rich.text import Text

from bot.cli.options import cluster_options
from bot.cli.program import Program, Where
from bot.cli.render.pieces import counted, indented, labelled, short, signed
from bot.cli.terminal import draw, progress
from bot.cli.text import clean
from bot.cluster.bundle import Bundle, write
from bot.diagnosis.report import HopStatus


@click.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it; a name that ends in .gz is packed.",
)
@cluster_options
@click.option("-n", "--namespace", "namespaces", multiple=True, metavar="NAME", help="Only these; may be repeated.")
@click.option("--symptom", default="", metavar="TEXT", help="Record what a diagnosis of it asks besides.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.pass_obj
def snapshot(
    program: Program,
    *,
    output: Path,
    kubeconfig: str,
    context: str,
    namespaces: tuple[str, ...],
    symptom: str,
    force: bool,
) -> int:
    """Write what a diagnosis reads into one file.

    Secrets are never read; environment values and arguments are kept only where they are addresses.
    `netmedic diagnose --from FILE` gives the same answers without the cluster.
    """
    if output.exists() and not force:
        raise click.ClickException(f"{output} exists. Choose another name, or say --force to overwrite it.")
    if not output.parent.is_dir():
        raise click.ClickException(f"There is no folder {output.parent} to write to.")
    where = Where(kubeconfig=kubeconfig, context=context)
    with progress() as tick:
        bundle = asyncio.run(program.record(where, namespaces=namespaces, symptom=symptom, progress=tick))
    write(bundle, output)
    draw(told(bundle, file=output, size_bytes=output.stat().st_size))
    return 0


def told(bundle: Bundle, *, file: Path, size_bytes: int) -> Iterator[RenderableType]:
    """Yield what went in and what did not."""
    objects = {
        permission: len(msgspec.json.decode(found, type=list[msgspec.Raw]))
        for permission, found in bundle.objects.items()
    }
    title = f"{clean(str(file))}: {size(size_bytes)}, {counted(sum(objects.values()), 'object')}"
    yield signed(HopStatus.OK, Text(title))
    helpers = [node for node, record in sorted(bundle.helpers.items()) if record.answers]
    yield labelled(
        {
            "Cluster": clean(f"{bundle.context} {bundle.server_version}"),
            "Namespaces": clean(", ".join(bundle.namespaces)) or "all",
            "Objects": "\n".join(
                f"{number:>6}  {clean(permission)}" for permission, number in sorted(objects.items()) if number
            ),
            "Helpers": clean(", ".join(helpers)) or "none answered: counters of Nodes are missing",
            "Notes": clean(" ".join(bundle.notes)),
        }
    )
    failures = {what: failure.detail for what, failure in sorted(bundle.unreadable.items())}
    failures |= {
        f"{node}: {request}": failure.detail
        for node, record in sorted(bundle.helpers.items())
        for request, failure in record.failures.items()
    }
    if failures:
        yield signed(
            HopStatus.NOT_CHECKED,
            Text(f"{counted(len(failures), 'read')} failed; rules that need them will say “not checked”"),
        )
        for what, why in failures.items():
            yield indented(Text(short(clean(f"{what}: {why}"))))


def size(size_bytes: int) -> str:
    """Return a size for people: ``812 bytes``, ``41.2 KiB``, ``3.0 MiB``."""
    if size_bytes < 2**10:
        return counted(size_bytes, "byte")
    return f"{size_bytes / 2**10:.1f} KiB" if size_bytes < 2**20 else f"{size_bytes / 2**20:.1f} MiB"
