from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.fakes import FakeProgram, run
from tests.cli.golden_files import same_as_golden

RULE = (Path(__file__).parent / "rules" / "conntrack-nearly-full.yaml").read_text()
GOLDEN = """\
- case: nine tenths
  facts:
    - node_conntrack: {node: node1, used_permille: 900}
  expect: found
  summary: The connection table of node1 is nearly full.
- case: just below
  facts:
    - node_conntrack: {node: node1, used_permille: 899}
  expect: ruled_out
- case: no helper
  facts:
    - unknown: {of: node_conntrack, reason: no_helper, detail: node1}
  expect: not_checked
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rules with its golden files where they are looked for."""
    for name, text in {"rules": RULE, "tests/rules": GOLDEN}.items():
        (tmp_path / name / "node").mkdir(parents=True)
        (tmp_path / name / "node" / "conntrack-nearly-full.yaml").write_text(text)
    return tmp_path / "rules"


def test_list(folder: Path) -> None:
    result = run(FakeProgram(folders=(folder,)), "rules", "list")

    assert (result.exit_code, result.stdout) == (
        0,
        "conntrack-nearly-full  warning  conntrack-nat  A Node's connection table is nearly full\n",
    )


def test_show(folder: Path) -> None:
    result = run(FakeProgram(folders=(folder,)), "rules", "show", "conntrack-nearly-full")

    assert result.exit_code == 0
    assert same_as_golden(result.stdout.replace(str(folder), "rules"), "rule.txt")


def test_a_rule_that_is_not_there(folder: Path) -> None:
    result = run(FakeProgram(folders=(folder,)), "rules", "show", "conntrack")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: There is no rule conntrack. `netmedic rules list` shows them all.\n"


def test_lint_finds_nothing(folder: Path) -> None:
    result = run(FakeProgram(folders=(folder,)), "rules", "lint")

    assert (result.exit_code, result.stdout) == (0, "1 rule, no mistakes.\n")


def test_lint_names_file_and_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    mine = tmp_path / "own" / "my-rule.yaml"
    mine.write_text(RULE.replace("conntrack-nearly-full", "my-rule").replace("used_permille", "used_permile"))
    result = run(FakeProgram(folders=(folder,)), "rules", "lint", str(mine.parent))

    assert result.exit_code == 1
    assert result.stdout == (
        f'{mine}:9: unknown field of node_conntrack "used_permile"; did you mean "used_permille"?\n1 mistake.\n'
    )


def test_rules_of_a_site_may_read_those_in_use(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    chained = RULE.replace("id: conntrack-nearly-full", "id: my-rule").replace(
        '  node_conntrack:\n    used_permille: {gte: 900, source: "ours"}\n', "  conntrack-nearly-full: {}\n"
    )
    chained = chained.replace("{node_conntrack.node}", "{conntrack-nearly-full.node}")
    (tmp_path / "own" / "my-rule.yaml").write_text(chained)
    result = run(FakeProgram(folders=(folder,)), "rules", "lint", str(tmp_path / "own"))

    assert (result.exit_code, result.stdout) == (0, "2 rules, no mistakes.\n")


def test_the_folder_in_use_is_not_read_twice(folder: Path) -> None:
    result = run(FakeProgram(folders=(folder,)), "rules", "lint", str(folder / "node"))

    assert result.stdout == "1 rule, no mistakes.\n"


def test_golden_files_that_are_right(folder: Path) -> None:
    result = run(FakeProgram(folders=(folder,)), "rules", "test")

    assert (result.exit_code, result.stdout) == (0, "1 rule: every golden file is right.\n")


def test_golden_files_that_are_wrong(folder: Path) -> None:
    golden = folder.parent / "tests" / "rules" / "node" / "conntrack-nearly-full.yaml"
    golden.write_text(GOLDEN.replace("used_permille: 900", "used_permille: 899"))
    result = run(FakeProgram(folders=()), "rules", "test", str(folder))

    assert result.exit_code == 1
    assert f'{golden}:1: case "nine tenths": expected found, but the rule is ruled_out' in result.stdout


def test_golden_files_elsewhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tests" / "rules").rename(tmp_path / "shown")
    missing = run(FakeProgram(folders=(folder,)), "rules", "test")
    named = run(FakeProgram(folders=(folder,)), "rules", "test", "--golden", str(tmp_path / "shown"))

    assert (missing.exit_code, named.exit_code) == (2, 0)
    assert "Say where they are with --golden" in missing.stderr


def test_a_mistake_in_the_rules_in_use_is_an_error_of_the_user(folder: Path) -> None:
    (folder / "broken.yaml").write_text("id: [")
    result = run(FakeProgram(folders=(folder,)), "rules", "list")

    assert result.exit_code == 2
    assert "broken.yaml:" in result.stderr
