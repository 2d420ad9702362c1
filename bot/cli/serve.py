"""``netmedic serve``: the Slack bot."""

from __future__ import annotations

import asyncio

import click

from bot.cli.program import Program


@click.command()
@click.pass_obj
def serve(program: Program) -> int:
    """Answer in Slack until stopped.

    Tokens and all else come from settings: see docs/slack.md. `netmedic doctor` says what is missing.
    """
    asyncio.run(program.serve())
    return 0
