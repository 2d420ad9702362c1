"""``netmedic config``: the settings in effect."""

from __future__ import annotations

import click
import yaml

from bot.cli.output import write
from bot.cli.program import Program
from bot.configuration import in_effect


@click.group()
def config() -> None:
    """Show the settings in effect.

    docs/configuration.md says what each is for.
    """


@config.command()
@click.pass_obj
def show(program: Program) -> None:
    """Print the settings as they would stand in a file, without secrets."""
    write(yaml.safe_dump(in_effect(program.settings()), sort_keys=False, allow_unicode=True))
