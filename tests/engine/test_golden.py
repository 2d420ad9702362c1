"""Golden files: what is wrong in them, and what a rule answers otherwise."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.engine import golden
from tests.engine.texts import DROPS, NEIGHBOUR, STEAL, put

CASES = """\
- case: a tenth of the time
  facts:
    - node_cpu: {node: node1, steal_permille: 100}
  expect: found
  summary: Node node1 lost 100 permille of its time to other machines.
- case: just below
  facts:
    - node_cpu: {node: node1, steal_permille: 99}
  expect: ruled_out
- case: no helper
  facts:
    - unknown: {of: node_cpu, reason: no_helper, detail: node1}
  expect: not_checked
"""


def check(tmp_path: Path, cases: str, rule: str = STEAL, *others: str) -> list[str]:
    """Return the problems of a rule whose golden file this is, with paths cut off; ``others`` are right."""
    name = rule.split("\n", 1)[0].removeprefix("id: ")
    put(tmp_path / "rules" / "node", rule)
    put(tmp_path / "beside", *others)
    (tmp_path / "golden" / "node").mkdir(parents=True)
    (tmp_path / "golden" / "node" / f"{name}.yaml").write_text(cases, encoding="utf-8")
    problems = golden.check(tmp_path / "rules", tmp_path / "golden", beside=[tmp_path / "beside"])
    return [str(problem).rsplit("/", 1)[1] if "/" in str(problem) else str(problem) for problem in problems]


def test_a_golden_file_that_shows_everything_is_right(tmp_path: Path) -> None:
    assert check(tmp_path, CASES) == []


MISTAKES = yaml.safe_load(Path(__file__).with_name("golden_mistakes.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mistake", [pytest.param(each, id=each["to"].strip() or each["change"]) for each in MISTAKES])
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, mistake: dict[str, Any]) -> None:
    assert CASES.count(mistake["change"]) == 1
    cases = CASES.replace(mistake["change"], mistake["to"])

    found = [each.removeprefix("cpu-steal-high.yaml:") for each in check(tmp_path, cases)]

    assert found == mistake["complaints"]


def test_facts_of_a_chained_rule_are_those_of_probes(tmp_path: Path) -> None:
    cases = """\
- case: drops while the host is busy
  facts:
    - node_cpu: {node: node1, steal_permille: 100}
    - node_softnet: {node: node1, dropped: 1}
  expect: found
  summary: Node node1 drops packets while its host is busy with others.
- case: drops alone
  facts:
    - node_softnet: {node: node1, dropped: 1}
  observed: [node_cpu]
  expect: ruled_out
- case: nobody looked at steal
  facts:
    - node_softnet: {node: node1, dropped: 1}
  expect: not_checked
"""

    assert check(tmp_path, cases, NEIGHBOUR, STEAL) == []


def test_a_threshold_under_unless_is_shown_from_both_sides_the_other_way_round(tmp_path: Path) -> None:
    old, new = "  cpu-steal-high:\n", "  node_cpu:\n    steal_permille: {gte: 100, source: ours}\n"
    rule = DROPS.replace(old, new).replace("rx_dropped: {gt: 0}", "rx_dropped: {gt: 10, source: ours}")
    both = """\
    - node_interface: {node: n, name: eth1, role: uplink, device_type: vxlan, up: true, rx_dropped: DROPS}
    - node_interface: {node: n, name: eth0}
    - node_cpu: {node: n, steal_permille: STEAL}
"""
    found, ruled_out = "  expect: found\n  summary: Interface eth1 of n drops packets.\n", "  expect: ruled_out\n"

    def case(name: str, drops: int, steal: int, rest: str) -> str:
        return f"- case: {name}\n  facts:\n{both}{rest}".replace("DROPS", str(drops)).replace("STEAL", str(steal))

    unchecked = "- case: no helper\n  expect: not_checked\n"
    right = (
        case("drops", 11, 99, found) + case("steal", 11, 100, ruled_out) + case("few", 10, 99, ruled_out) + unchecked
    )

    assert check(tmp_path / "right", right, rule, STEAL) == []
    wrong = case("drops", 11, 98, found) + case("a", 9, 101, ruled_out) + unchecked
    assert check(tmp_path / "wrong", wrong, rule) == [
        f"interface-drops-rising.yaml:1: no case that is {outcome} has {field} at {value}, next to the threshold"
        for outcome, field, value in (
            ("found", "node_cpu.steal_permille", 99),
            ("ruled_out", "node_cpu.steal_permille", 100),
            ("ruled_out", "node_interface.rx_dropped", 10),
        )
    ]


def test_several_findings_are_shown_by_a_list_of_summaries(tmp_path: Path) -> None:
    several = """\
- case: two Nodes
  facts:
    - node_cpu: {node: node2, steal_permille: 300}
    - node_cpu: {node: node1, steal_permille: 300}
  expect: found
  summary:
    - Node node1 lost 300 permille of its time to other machines.
    - Node node2 lost 300 permille of its time to other machines.
"""

    assert check(tmp_path, CASES + several) == []


def test_rules_and_golden_files_are_the_same_set(tmp_path: Path) -> None:
    check(tmp_path, CASES)
    shutil.move(tmp_path / "golden" / "node", tmp_path / "golden" / "nodes")

    problems = golden.check(tmp_path / "rules", tmp_path / "golden")

    assert [str(problem).replace(f"{tmp_path}/", "") for problem in problems] == [
        "golden/nodes/cpu-steal-high.yaml:1: there is no rule rules/nodes/cpu-steal-high.yaml",
        "rules/node/cpu-steal-high.yaml:1: has no golden file golden/node/cpu-steal-high.yaml",
    ]


def test_mistakes_in_rules_are_among_the_problems(tmp_path: Path) -> None:
    assert check(tmp_path, CASES, STEAL.replace("hop: node", "hop: nodes")) == [
        'cpu-steal-high.yaml:6: unknown hop "nodes"; did you mean "node"?'
    ]


def test_the_example_of_the_documentation_is_right(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    rule, cases = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    full = re.sub(r"unless:\n.*\n.*\n", "", rule.replace("conntrack-nearly-full", "conntrack-full"))
    full = full.replace("gte: 900", "gte: 1000")

    assert check(tmp_path, cases, rule, full) == []
