"""``netmedic serve``: the Slack bot."""

from __future__ import annotations

import asyncio
import logging

import click

from bot.cli.logs import set_up
from bot.cli.program import Program


@click.command()
@click.pass_obj
def serve(program: Program) -> int:
    """Answer in Slack until stopped.

    Tokens and all else come from settings: see docs/slack.md. `netmedic doctor` says what is missing.
    """
    set_up(logging.INFO)
    asyncio.run(program.serve())
    return 0
