"""What the documents say of the command line is so."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.cli.app import cli
from tests.cli.fakes import FakeProgram, run

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "cli.md"
HEADING = "## Commands\n\nThe texts below are what `--help` says; a test holds them to it.\n"
CODE = re.compile(r"^```[^\n]*\n(.*?)^```|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
# "/netmedic web" is what people type in Slack: a path has something before its last slash.
COMMAND_LINE = re.compile(r"\s*(\$ )?([A-Z_]+=\S+ )*(\S+/)?netmedic ")
ENDS_A_COMMAND = {"|", "||", "&&", ";", ">", ">>", "<", "#", "2>"}


def commands(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, in the order of the help."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield (*names, name)


def reference() -> str:
    """Return the part of the page that is made from the commands."""
    return HEADING + "".join(
        f"\n### netmedic {' '.join(names)}\n\n```\n{run(FakeProgram(), *names, '--help').stdout}```\n"
        for names in commands(cli)
    )


def test_every_command_is_documented_as_it_is() -> None:
    """``UPDATE_GOLDEN=1`` writes it anew."""
    before = REFERENCE.read_text(encoding="utf-8").partition(HEADING)[0]
    if os.environ.get("UPDATE_GOLDEN") == "1":
        REFERENCE.write_text(before + reference(), encoding="utf-8")

    assert REFERENCE.read_text(encoding="utf-8") == before + reference()


def documents() -> list[Path]:
    """Return every page, and the modules that tell people what to type."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    return sorted(page for page in (*pages, *(ROOT / "bot").rglob("*.py")) if page.is_file())


def written(text: str, *, anywhere: bool) -> Iterator[list[str]]:
    """Yield every command line that begins with ``netmedic``, in words; ``anywhere``: also in blocks of code."""
    for block, inline in CODE.findall(text):
        for line in (block.splitlines() if anywhere else []) + [inline]:
            if found := COMMAND_LINE.match(line):
                yield words(line[found.end() :])


def words(line: str) -> list[str]:
    """Return a command line's words up to a pipe; brackets round what may be left out are taken off."""
    try:
        found = shlex.split(re.sub(r"[\[\]…]", " ", line), comments=True)
    except ValueError:
        found = line.split()
    end = next((number for number, word in enumerate(found) if word in ENDS_A_COMMAND), len(found))
    return found[:end]


def mistakes(line: list[str]) -> Iterator[str]:
    """Yield what a command line names and netmedic does not have."""
    command: click.Command = cli
    rest = list(line)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        if rest[0].isupper() or not rest[0].isascii():
            return
        choices = [command.get_command(click.Context(command), name) for name in rest[0].split("|")]
        if None in choices:
            yield f"no command {rest[0]!r}"
            return
        command, rest = choices[0] or command, rest[1:]
    context = click.Context(command)
    flags = {flag for parameter in command.get_params(context) for flag in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        flag = word.partition("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", flag) and flag not in flags:
            yield f"no option {flag!r}"


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_there_is(page: Path) -> None:
    lines = list(written(page.read_text(encoding="utf-8"), anywhere=page.suffix == ".md"))

    assert [f"netmedic {' '.join(line)}: {mistake}" for line in lines for mistake in mistakes(line)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`netmedic diagnose SYMPTOM [--explain]`", []),
        ("`netmedic diagnoze web`", ["no command 'diagnoze'"]),
        ("`netmedic diagnose web --explian`", ["no option '--explian'"]),
        ("```\n$ netmedic rules lint mine --fix\n```", ["no option '--fix'"]),
        ("```\nnetmedic helper manifest --image x | kubectl apply --server-side -f -\n```", []),
        ("`netmedic rules list|show|test`", []),
        ("`KUBECONFIG=x .venv/bin/netmedic diagnoze`", ["no command 'diagnoze'"]),
        ("`kubectl -n netmedic get pods`", []),
        ("`netmedic` is a bot, netmedic frobnicates in prose", []),
    ],
)
def test_what_is_looked_for_is_found(text: str, expected: list[str]) -> None:
    assert [mistake for line in written(text, anywhere=True) for mistake in mistakes(line)] == expected
