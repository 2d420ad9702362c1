from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.cli.program import Where
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.diagnosis.serialise import from_json, to_builtins
from bot.facts.scope import Subject
from tests import diagnosis_fixtures as fixtures
from tests.cli.fakes import FakeProgram, run
from tests.cli.golden_files import same_as_golden
from tests.cli.ptys import on_terminal

WEB = Ambiguous(word="web", candidates=(Subject("Service", "shop", "web"), Subject("Service", "blog", "web\x1b[2J")))


@pytest.mark.parametrize(
    ("diagnosis", "status"),
    [
        (fixtures.nothing_found(), 0),
        (fixtures.diagnosis(not_checked=fixtures.NOT_CHECKED), 0),
        (fixtures.diagnosis(also_seen=(fixtures.UNENFORCED,), ruled_out=(), not_checked=fixtures.NOT_CHECKED), 0),
        (fixtures.diagnosis(causes=(fixtures.changed(fixtures.WRONG_PORT, category="no-fault"),)), 0),
        (fixtures.wrong_port(), 1),
        (fixtures.diagnosis(causes=(fixtures.changed(fixtures.WRONG_PORT, category="not-network"),)), 1),
        (fixtures.nothing_checked(), 2),
        (fixtures.diagnosis(ruled_out=()), 2),
        (fixtures.diagnosis(unread=("not allowed to list pods",)), 2),
        (fixtures.diagnosis(causes=(fixtures.WRONG_PORT,), unread=("not allowed to list pods",)), 1),
    ],
)
@pytest.mark.parametrize("output", ["text", "json", "yaml"])
def test_exit_status(diagnosis: Diagnosis, status: int, output: str) -> None:
    assert run(FakeProgram(answers=[diagnosis]), "diagnose", "web", "-o", output).exit_code == status


def test_text_is_all_that_a_pipe_gets() -> None:
    result = run(FakeProgram(answers=[fixtures.wrong_port()]), "diagnose", "web")

    assert same_as_golden(result.stdout, "wrong_port.txt")
    assert result.stderr == ""


def test_json_is_all_that_a_pipe_gets() -> None:
    result = run(FakeProgram(answers=[fixtures.wrong_port()]), "diagnose", "web", "-o", "json")

    assert same_as_golden(result.stdout, "wrong_port.json")
    assert from_json(result.stdout) == fixtures.wrong_port()
    assert result.stderr == ""


def test_yaml_says_the_same() -> None:
    result = run(FakeProgram(answers=[fixtures.wrong_port()]), "diagnose", "web", "-o", "yaml")

    assert yaml.safe_load(result.stdout) == to_builtins(fixtures.wrong_port())


@pytest.mark.parametrize(("told", "longest"), [("1", 40), ("40", 40), ("100", 100), ("0", 40), ("wide", 80), ("", 80)])
def test_columns_says_how_wide(told: str, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", told)
    shown = run(FakeProgram(answers=[fixtures.nothing_found()]), "diagnose", "web").stdout

    assert longest - 10 < max(map(len, shown.splitlines())) <= longest


def test_a_failed_read_of_what_was_asked_about_is_never_told_as_no_fault() -> None:
    unread = fixtures.diagnosis(
        not_checked=fixtures.NOT_CHECKED, unread=("not allowed to list pods in namespace shop",)
    )
    shown = " ".join(run(FakeProgram(answers=[unread]), "diagnose", "web").stdout.split())

    assert shown.startswith(
        f"? Could not check what was asked ({len(unread.ruled_out)} ruled out, {len(unread.not_checked)} not checked): "
        "not allowed to list pods in namespace shop."
    )


def test_explain_shows_the_proof() -> None:
    result = run(FakeProgram(answers=[fixtures.noisy_neighbour()]), "diagnose", "node2", "--explain")

    assert same_as_golden(result.stdout, "noisy_neighbour-explain.txt")


@pytest.mark.parametrize(("name", "beginning"), [("path.png", b"\x89PNG"), ("path.svg", b"<svg ")])
def test_the_path_is_drawn_besides(name: str, beginning: bytes, tmp_path: Path) -> None:
    file = tmp_path / name
    result = run(FakeProgram(answers=[fixtures.wrong_port()]), "diagnose", "web", "--picture", str(file))

    assert file.read_bytes().startswith(beginning)
    assert same_as_golden(result.stdout, "wrong_port.txt")


def test_a_picture_that_cannot_be_written_costs_nobody_the_diagnosis(tmp_path: Path) -> None:
    file = tmp_path / "none" / "path.svg"
    result = run(FakeProgram(answers=[fixtures.wrong_port()]), "diagnose", "web", "--picture", str(file))

    assert result.exit_code == 1
    assert same_as_golden(result.stdout, "wrong_port.txt")
    assert result.stderr.startswith(f"The picture {file} was not written: ")


def test_everything_that_was_asked_arrives() -> None:
    program = FakeProgram(answers=[fixtures.nothing_found()])
    run(
        program,
        *("diagnose", "web", "is", "slow", "-n", "shop", "--context", "prod"),
        *("--kubeconfig", "/tmp/kubeconfig", "--budget", "7.5", "--thorough"),
    )

    assert program.asked == [
        {
            "where": Where(kubeconfig="/tmp/kubeconfig", context="prod"),
            "symptom": "web is slow",
            "namespace": "shop",
            "budget_seconds": 7.5,
            "thorough": True,
            "chosen": {},
        }
    ]


def test_a_snapshot_is_read_instead_of_a_cluster(tmp_path: Path) -> None:
    bundle = tmp_path / "shop.json.gz"
    bundle.touch()
    program = FakeProgram(answers=[fixtures.nothing_found()])
    run(program, "diagnose", "web", "--from", str(bundle))

    assert program.asked[0]["where"] == Where(bundle=bundle)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "Missing argument 'SYMPTOM...'"),
        (("web", "--budget", "0"), "0.0 is not in the range 0<x<=600"),
        (("web", "--budget", "nan"), "nan is not a number of seconds"),
        (("web", "-o", "xml"), "'xml' is not one of 'text', 'json', 'yaml'"),
        (("web", "--picture", "path.gif"), "path.gif has to end in .png or .svg."),
        (("web", "--from", "nowhere.json"), "'nowhere.json' does not exist"),
        (("web", "--from", __file__, "--context", "prod"), "--from reads a snapshot"),
    ],
)
def test_a_mistake_of_use_is_told_and_ends_with_2(words: tuple[str, ...], complaint: str) -> None:
    result = run(FakeProgram(), "diagnose", *words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr


def test_in_a_pipe_several_meanings_are_listed() -> None:
    result = run(FakeProgram(answers=[WEB]), "diagnose", "web is down", typed="1\n")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: “web” is not clear, it may be:\n"
        "   1  Service shop/web\n"
        "   2  Service blog/web\\x1b[2J\n"
        "Say which one is meant, for example “Service shop/web”.\n"
    )


ASKED = """
web = Ambiguous(word="web", candidates=(Subject("Service", "shop", "web"), Subject("Service", "blog", "web")))
program = FakeProgram(answers=[web, fixtures.wrong_port()])
"""


def test_on_a_terminal_the_person_is_asked(tmp_path: Path) -> None:
    code = """
try:
    cli(obj=program, args=["diagnose", "web is down", "-o", "json"])
finally:
    print(program.asked[1]["chosen"])
"""
    session = on_terminal(ASKED + code, typed="9\n2\n", stdout_to=tmp_path / "out")

    assert "“web” is not clear, it may be:\r\n   1  Service shop/web\r\n   2  Service blog/web\r\n" in session.screen
    assert "9 is not in the range 1<=x<=2" in session.screen
    assert session.stdout.endswith("{'web': Subject(kind='Service', namespace='blog', name='web')}\n")
    assert session.status == 1


def test_ctrl_c_instead_of_an_answer_ends_with_130() -> None:
    session = on_terminal(ASKED + 'cli(obj=program, args=["diagnose", "web is down"])', typed="\x03\n")

    assert session.status == 130
    assert "Traceback" not in session.screen


def test_a_terminal_shows_progress_and_then_the_report_in_colour() -> None:
    session = on_terminal('cli(obj=FakeProgram(answers=[fixtures.wrong_port()]), args=["diagnose", "web"])')

    assert "Read service_backends" in session.screen
    assert session.screen.index("Read service_backends") < session.screen.index("\x1b[1;31m✗")
    assert session.status == 1


def test_progress_does_not_get_into_a_file(tmp_path: Path) -> None:
    session = on_terminal(
        'cli(obj=FakeProgram(answers=[fixtures.wrong_port()]), args=["diagnose", "web"])', stdout_to=tmp_path / "out"
    )

    assert "Read service_backends" in session.screen
    assert same_as_golden(session.stdout, "wrong_port.txt")


def test_no_color_is_respected_on_a_terminal() -> None:
    session = on_terminal(
        'cli(obj=FakeProgram(answers=[fixtures.wrong_port()]), args=["diagnose", "web"])', env={"NO_COLOR": "1"}
    )

    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", session.screen)
