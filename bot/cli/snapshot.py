"""``netmedic snapshot``: everything a diagnosis reads, in one file."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterable, Iterator
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
from bot.cluster.disguise import disguised, words_of
from bot.cluster.pseudonyms import Pseudonyms
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
@click.option(
    "--pseudonyms", is_flag=True, help="Replace names and addresses; what they have to do with each other stays."
)
@click.option(
    "--names",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --pseudonyms: write down, for you alone, what stands for what.",
)
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
    pseudonyms: bool,
    names: Path | None,
    force: bool,
) -> int:
    """Write what a diagnosis reads into one file.

    Secrets are never read; environment values and arguments are kept only where they are addresses.
    `netmedic diagnose --from FILE` gives the same answers without the cluster, with --pseudonyms too.
    """
    if names and not pseudonyms:
        raise click.UsageError("--names needs --pseudonyms.")
    for file in (output, names) if names else (output,):
        if file.exists() and not force:
            raise click.ClickException(f"{file} exists. Choose another name, or say --force to overwrite it.")
        if not file.parent.is_dir():
            raise click.ClickException(f"There is no folder {file.parent} to write to.")
    where = Where(kubeconfig=kubeconfig, context=context)
    with progress() as tick:
        bundle = asyncio.run(program.record(where, namespaces=namespaces, symptom=symptom, progress=tick))
    if pseudonyms:
        bundle, used = disguised(bundle, secret=secrets.token_bytes(32), vocabulary=vocabulary(program.rules_folders()))
        if names:
            write_names(used, names)
    write(bundle, output)
    draw(told(bundle, file=output, size_bytes=output.stat().st_size))
    return 0


def vocabulary(folders: Iterable[Path]) -> set[str]:
    """Return the words of rules: they say what things are, and nobody's names."""
    texts = (file.read_text() for folder in folders for file in sorted(folder.rglob("*.yaml")))
    return {word for text in texts for word in words_of(text)}


def write_names(used: Pseudonyms, file: Path) -> None:
    """Write down what stands for what, readable by its owner only."""
    content = msgspec.json.encode({"words": used.words, "addresses": used.addresses})
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(msgspec.json.format(content, indent=1))
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be written: {problem.strerror}.") from problem


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
