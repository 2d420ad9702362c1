from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.cli.completion import SHELLS
from tests.cli.fakes import FakeProgram, run

COMPLETING = """
from pathlib import Path
from bot.cli.app import cli
from tests.cli.fakes import FakeProgram

cli(obj=FakeProgram(folders=(Path("tests/cli/rules"),)))
"""


def test_the_helper_is_printed_as_yaml() -> None:
    result = run(FakeProgram(), "helper", "manifest", "--image", "example.org/python:3.12", "-n", "tools")
    objects = list(yaml.safe_load_all(result.stdout))

    assert result.exit_code == 0
    assert [each["kind"] for each in objects] == ["Namespace", "ConfigMap", "DaemonSet"]
    assert objects[2]["metadata"]["namespace"] == "tools"
    assert objects[2]["spec"]["template"]["spec"]["containers"][0]["image"] == "example.org/python:3.12"


def test_code_in_the_manifest_is_readable() -> None:
    result = run(FakeProgram(), "helper", "manifest", "--image", "python")

    assert "  __main__.py: |\n    import sys\n" in result.stdout


def test_the_helper_needs_an_image() -> None:
    assert run(FakeProgram(), "helper", "manifest").exit_code == 2


def test_serve_serves() -> None:
    program = FakeProgram()
    result = run(program, "serve")

    assert (result.exit_code, program.served) == (0, True)


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_a_script(shell: str) -> None:
    result = run(FakeProgram(), "completion", shell)

    assert result.exit_code == 0
    assert f"_NETMEDIC_COMPLETE={shell}_complete" in result.stdout


def completions(*words: str) -> list[str]:
    """Return what bash would offer for the last of the words."""
    ended = subprocess.run(
        [sys.executable, "-c", COMPLETING],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        cwd=Path(__file__).parents[2],
        env={
            **os.environ,
            "_NETMEDIC_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["netmedic", *words]),
            "COMP_CWORD": str(len(words)),
        },
    )
    return [line.partition(",")[2] for line in ended.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("d",), ["diagnose", "doctor"]),
        (("diagnose", "web", "--ex"), ["--explain"]),
        (("diagnose", "web", "-o", ""), ["text", "json", "yaml"]),
        (("rules", "show", "conn"), ["conntrack-nearly-full"]),
    ],
)
def test_shells_complete(words: tuple[str, ...], offered: list[str]) -> None:
    assert completions(*words) == offered
