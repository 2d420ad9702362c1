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
@click.option(
    "--tier",
    type=click.IntRange(1, 3),
    help="1: counters and connects. 2: also rules, tracked connections and ICMP. 3: also from inside Pods."
    "  [default: as set, 1]",
)
@click.pass_obj
def manifest(program: Program, *, image: str, namespace: str, tier: int | None) -> int:
    """Print the helper as YAML; nothing is sent.

    At tier 1 it runs on every Node with hostNetwork, as nobody, without capabilities, host paths or a token. What
    higher tiers take, and why: docs/node-helper.md.
    """
    settings = program.settings()
    made = objects(
        image=image,
        namespace=namespace or settings.helper_namespace,
        labels=settings.helper_labels,
        tier=tier or settings.helper_tier,
    )
    write("".join(f"---\n{yaml_text(item)}" for item in made))
    return 0
