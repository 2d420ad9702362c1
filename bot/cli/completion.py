"""``netmedic completion``: the script that makes a shell complete commands, options and rule ids."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from bot.cli.output import write

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog="""\b
Where it goes:
  bash   netmedic completion bash > ~/.local/share/bash-completion/completions/netmedic
  zsh    netmedic completion zsh > "${fpath[1]}/_netmedic"
  fish   netmedic completion fish > ~/.config/fish/completions/netmedic.fish
"""
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> int:
    """Print the script that makes a shell complete commands, options and rule ids."""
    script = get_completion_class(shell)
    assert script is not None  # noqa: S101 - click has these three
    root = ctx.find_root()
    write(script(root.command, {}, "netmedic", "_NETMEDIC_COMPLETE").source() + "\n")
    return 0
