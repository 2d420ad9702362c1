"""``netmedic helper``: the node helper's manifest."""

from __future__ import annotations

import click

from bot.cli.output import write
from bot.cli.program import Program
from bot.diagnosis.serialise import yaml_text
from bot.node.manifest import manifest as objects


@click.group()
def helper() -> None:
    """Install the node helper, which shows what Nodes count."""


@helper.command(
    epilog="\b\nExample:\n  netmedic helper manifest --image python:3.12-slim | kubectl apply -f -",
)
@click.option("--image", required=True, help="Any image with python3 3.11 or newer.")
@click.option(
    "-n", "--namespace", default="", metavar="NAME", help="Namespace of the helper.  [default: as set, netmedic]"
)
@click.pass_obj
def manifest(program: Program, *, image: str, namespace: str) -> int:
    """Print the helper as YAML; nothing is sent.

    It runs on every Node with hostNetwork, as nobody, without capabilities, host paths or a token.
    """
    settings = program.settings()
    made = objects(image=image, namespace=namespace or settings.helper_namespace, labels=settings.helper_labels)
    write("".join(f"---\n{yaml_text(item)}" for item in made))
    return 0
