"""What all commands have in common: starting, ending, errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from pydantic import ValidationError

from bot import __version__
from bot.__main__ import Netmedic
from bot.cli.app import COMMANDS, cli
from bot.cli.program import Program
from bot.cluster.errors import Forbidden, Unreachable
from bot.diagnosis.cleaning import SymptomError
from bot.settings import Settings, load
from tests import diagnosis_fixtures as fixtures
from tests.cli.fakes import FakeProgram, run

HEAVY = {
    "kubernetes",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "httpx",
    "rich",
    "pydantic",
    "msgspec",
    "yaml",
    "asyncio",
}

LIGHT = """
import json, sys
import bot.cli.app
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

PIPED = """
from tests import diagnosis_fixtures as fixtures
from tests.cli.fakes import FakeProgram
from bot.cli.app import cli

cli(obj=FakeProgram(answers=[fixtures.wrong_port()]), args=["diagnose", "x"])
"""

INTERRUPTED = """
import os, signal
from bot.cli.app import cli
from tests.cli.fakes import FakeProgram

class Slow(FakeProgram):
    async def serve(self):
        import asyncio
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)

cli(obj=Slow(), args=["serve"])
"""


def python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=30, check=False, cwd=Path.cwd()
    )


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    loaded = set(json.loads(python(LIGHT).stdout))

    assert loaded & HEAVY == set()


def test_version() -> None:
    result = run(FakeProgram(), "--version")

    assert (result.exit_code, result.stdout) == (0, f"netmedic {__version__}\n")


def test_every_command_can_be_loaded_and_explains_itself() -> None:
    for name in COMMANDS:
        result = run(FakeProgram(), name, "--help")

        assert result.exit_code == 0
        assert result.stdout.startswith(f"Usage: netmedic {name}")


def test_the_list_of_commands_says_what_each_says_itself() -> None:
    for name, about in COMMANDS.items():
        command = cli.get_command(click.Context(cli), name)

        assert command is not None
        assert (command.help or "").partition("\n")[0] == about


def test_no_command_shows_the_help() -> None:
    assert "Usage: netmedic [OPTIONS] COMMAND" in run(FakeProgram()).output


def test_an_unknown_command_is_a_mistake_of_use() -> None:
    result = run(FakeProgram(), "diagnoze", "web")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "No such command 'diagnoze'" in result.stderr


@pytest.mark.parametrize(
    "problem",
    [
        Unreachable("https://10.0.0.1:6443 refused the connection. Is the API server running?"),
        Forbidden("may not list services in namespace shop"),
        SymptomError("The symptom is empty. Say in one sentence who cannot reach what."),
    ],
)
def test_a_users_error_is_one_message_and_no_traceback(problem: Exception) -> None:
    result = run(FakeProgram(answers=[problem]), "diagnose", "web")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {problem}\n"


def test_an_error_out_of_parallel_work_is_the_error_itself() -> None:
    group = ExceptionGroup("unhandled", [ExceptionGroup("", [Unreachable("No way.")]), Unreachable("No way.")])

    assert run(FakeProgram(answers=[group]), "diagnose", "web").stderr == "Error: No way.\n"


def test_text_of_a_cluster_in_an_error_cannot_act() -> None:
    result = run(FakeProgram(answers=[Unreachable("\x1b[2Jgone\r")]), "diagnose", "web")

    assert result.stderr == "Error: \\x1b[2Jgone\\r\n"


def test_a_bug_has_a_number_and_the_same_bug_the_same_one() -> None:
    first = run(FakeProgram(answers=[KeyError("token=s3cret")]), "diagnose", "web")
    second = run(FakeProgram(answers=[KeyError("another")]), "diagnose", "web")

    assert first.exit_code == 2
    assert first.stderr == second.stderr
    assert first.stderr.startswith("Error: netmedic failed (KeyError, bug ")
    assert "Traceback" not in first.stderr
    assert "s3cret" not in first.stderr


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMEDIC_DEBUG", "1")

    assert "Traceback" in run(FakeProgram(answers=[KeyError("x")]), "diagnose", "web").stderr


def test_a_wrong_setting_is_named_without_its_value() -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings(budget_seconds=-1, slack={"bot_token": ["xoxb-s3cret"]})  # type: ignore[arg-type]
    result = run(FakeProgram(answers=[wrong.value]), "diagnose", "web")

    assert (
        "The setting budget_seconds (NETMEDIC_BUDGET_SECONDS) is wrong: Input should be greater than 0" in result.stderr
    )
    assert "NETMEDIC_SLACK__BOT_TOKEN" in result.stderr
    assert "s3cret" not in result.stderr


def test_a_list_that_is_no_json_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMEDIC_APPROVERS", "U1")
    result = run(FakeProgram(), "helper", "manifest", "--image", "python")

    assert result.exit_code == 2
    assert 'field "approvers"' in result.stderr
    assert 'Lists are written as JSON, such as ["U1"].' in result.stderr


def test_a_settings_file_that_is_no_yaml_is_named_with_the_line_and_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("slack: {bot_token: xoxb-s3cret\n")
    with pytest.raises(yaml.YAMLError) as wrong:
        load(file)
    result = run(FakeProgram(answers=[wrong.value]), "diagnose", "web")

    assert result.stderr.startswith(f"Error: {file}:2: ")
    assert "s3cret" not in result.stderr


def test_a_file_that_is_not_there_is_named() -> None:
    missing = FileNotFoundError(2, "No such file or directory", "/etc/netmedic.yaml")

    assert run(FakeProgram(answers=[missing]), "diagnose", "web").stderr == (
        "Error: /etc/netmedic.yaml: No such file or directory.\n"
    )


def test_ctrl_c_ends_with_130_and_no_traceback() -> None:
    ended = python(INTERRUPTED)

    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr


def test_an_installation_that_lacks_a_part_does_not_end_as_if_a_cause_was_found() -> None:
    ended = python("import sys; sys.modules['bot.cli.text'] = None; from bot.__main__ import main; main()", "doctor")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "bot.cli.text" in ended.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-c", PIPED], stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False, cwd=Path.cwd()
    )
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_stdout_will_do(encoding: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PIPED],
        capture_output=True,
        timeout=30,
        check=False,
        cwd=Path.cwd(),
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )

    assert (ended.returncode, ended.stderr) == (1, b"")
    assert ended.stdout.decode(encoding).startswith("✗ " if encoding == "utf-8" else "x ")


def test_the_real_program_is_what_the_commands_need() -> None:
    program: Program = Netmedic()

    assert isinstance(program, Netmedic)


def test_calling_it_as_a_function_gives_the_status_back() -> None:
    program = FakeProgram(answers=[fixtures.nothing_found()])

    assert cli.main(args=["diagnose", "web", "-o", "json"], obj=program, standalone_mode=False) == 0
