"""``netmedic serve``: the Slack bot."""

from __future__ import annotations

import asyncio
import logging

import click

from bot.cli.logs import set_up
from bot.cli.program import Program
from bot.configuration import secrets_in


@click.command()
@click.pass_obj
def serve(program: Program) -> int:
    """Answer in Slack until stopped.

    Tokens and all else come from settings: see docs/slack.md. `netmedic doctor` says what is missing.
    """
    settings = program.settings()
    set_up(logging.INFO, as_json=settings.log_format == "json", secrets=secrets_in(settings))
    asyncio.run(program.serve())
    return 0
