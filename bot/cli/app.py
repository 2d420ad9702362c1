"""The command ``netmedic``: which commands there are, and how each of them may end.

Importing this costs next to nothing: a command's module is imported when it is called.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from bot import __version__, shipped
from bot.cli.status import COULD_NOT, INTERRUPTED

COMMANDS = {
    "diagnose": "Find out why something on the network fails.",
    "snapshot": "Write what a diagnosis reads into one file.",
    "rules": "See the rules, and check your own.",
    "playbooks": "See what can be put right, and check your own playbooks.",
    "plan": "Make, see, approve and apply fixes.",
    "undo": "Make the plan that puts back what PLAN changed; another person has to approve it.",
    "history": "List incidents, newest first, with their plans and how these ended.",
    "replay": "Judge the facts of stored diagnoses with today's rules, and show what moves.",
    "audit": "Print the audit trail as JSON lines, and check that nothing in it was altered.",
    "doctor": "Check what netmedic can reach and may read, and what is set up.",
    "helper": "Install the node helper, which shows what Nodes count.",
    "config": "Show the settings in effect.",
    "serve": "Answer in Slack until stopped.",
    "completion": "Print the script that makes a shell complete commands, options and rule ids.",
}
"""What each does, in the order in which people meet them. ``bot.cli.NAME`` holds the command NAME."""


class Netmedic(click.Group):
    """A group that imports its commands late, and in which every error ends as one message."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command; its module is imported now."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"bot.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, **extra: Any) -> Any:  # type: ignore[override]  # called by keyword only
        """Run the command line and exit with the status that the command returned; see :mod:`bot.cli.status`."""
        extra.setdefault("prog_name", "netmedic")
        if not extra.pop("standalone_mode", True):
            return super().main(standalone_mode=False, **extra)
        try:
            status = super().main(standalone_mode=False, **extra)
        except click.Abort:
            status = INTERRUPTED
        except click.ClickException as problem:
            problem.show()
            status = COULD_NOT
        except Exception as problem:  # noqa: BLE001 - the one place where every error ends
            status = import_module("bot.cli.errors").tell(problem)
        sys.exit(status or 0)


def _say_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        commit = shipped.commit()
        click.echo(f"netmedic {__version__}" + (f" (commit {commit})" if commit else ""))
        context.exit()


@click.group(
    "netmedic",
    cls=Netmedic,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='\b\nStart with:\n  netmedic doctor\n  netmedic diagnose "checkout cannot reach redis in namespace shop"',
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Find out why a Kubernetes cluster's network is failing, and prove it.

    It only reads, and needs no more than a kubeconfig or a snapshot of a cluster.
    """
    import_module("bot.cli.logs").set_up()
