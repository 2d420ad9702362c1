"""Reading rules: what is right is read, and every mistake is named with its file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.engine.rule import Join, Operator, Test
from bot.engine.rules import RuleError, load, read
from bot.facts.scope import SymptomKind
from tests.engine.texts import DROPS, NEIGHBOUR, STEAL, put


def complaints(folder: Path) -> list[str]:
    """Return the problems, with paths relative to the folder."""
    return [str(problem).removeprefix(f"{folder}/") for problem in read(folder)[1]]


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_a_rule_is_read_with_its_conditions(tmp_path: Path) -> None:
    steal, drops, neighbour = load(put(tmp_path / "node", STEAL, DROPS, NEIGHBOUR))

    assert [steal.id, drops.id, neighbour.id] == ["cpu-steal-high", "interface-drops-rising", "noisy-neighbour"]
    assert steal.symptoms == (SymptomKind.SLOW, SymptomKind.TIMEOUT)
    assert steal.when[0].tests == (Test(field="steal_permille", operator=Operator.GTE, values=(100,), source="ours"),)
    assert [(pattern.key, pattern.kind) for pattern in drops.when] == [
        ("node_interface", "node_interface"),
        ("uplink", "node_interface"),
    ]
    assert [str(test) for test in drops.when[0].tests] == [
        "up: true",
        "name: {not: lo}",
        "role: {in: [uplink, overlay]}",
        "rx_dropped: {gt: 0}",
        "device_type: {contains: VXLAN}",
    ]
    assert drops.when[1].joins == (
        Join(field="node", key="node_interface", other="node"),
        Join(field="name", key="node_interface", other="name", equal=False),
    )
    assert neighbour.reads == ("cpu-steal-high", "node_softnet")
    assert neighbour.explains == ("cpu-steal-high",)
    assert steal.path == tmp_path / "node" / "cpu-steal-high.yaml"


def test_rules_of_several_folders_are_one_book(tmp_path: Path) -> None:
    rules = load(put(tmp_path / "shipped", STEAL), put(tmp_path / "site", NEIGHBOUR))

    assert [rule.id for rule in rules] == ["cpu-steal-high", "noisy-neighbour"]


MISTAKES = yaml.safe_load(Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mistake", [pytest.param(each, id=each["mistake"]) for each in MISTAKES])
def test_a_mistake_is_named_with_its_line(tmp_path: Path, mistake: dict[str, Any]) -> None:
    right = {"cpu-steal-high": STEAL, "interface-drops-rising": DROPS, "noisy-neighbour": NEIGHBOUR}
    file = put(tmp_path, *right.values()) / f"{mistake['rule']}.yaml"
    file.write_text(changed(right[mistake["rule"]], mistake["change"], mistake["to"]), encoding="utf-8")

    found = [f"{problem.line}: {problem.message}" for problem in read(tmp_path)[1] if problem.file == file]

    assert found == mistake["complaints"]


def test_an_id_has_two_to_six_words(tmp_path: Path) -> None:
    put(tmp_path, STEAL.replace("cpu-steal-high", "steal"), STEAL.replace("cpu-steal-high", "a-b-c-d-e-f-g"))

    assert complaints(tmp_path) == [
        'a-b-c-d-e-f-g.yaml:1: id "a-b-c-d-e-f-g" must be two to six words in kebab-case',
        'steal.yaml:1: id "steal" must be two to six words in kebab-case',
    ]


def test_every_problem_of_every_file_is_in_the_error(tmp_path: Path) -> None:
    put(
        tmp_path,
        changed(STEAL, "gte: 100", "gt: 5000").replace("hop: node", "hop: nod"),
        changed(DROPS, "up: true", "up: 1"),
    )

    with pytest.raises(RuleError) as caught:
        load(tmp_path)

    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        'cpu-steal-high.yaml:6: unknown hop "nod"; did you mean "node"?\n'
        "interface-drops-rising.yaml:9: up of node_interface is true or false, not 1\n"
        'interface-drops-rising.yaml:18: reads the rule "cpu-steal-high", which was refused'
    )


def test_good_rules_are_read_beside_bad_ones(tmp_path: Path) -> None:
    put(tmp_path, STEAL, NEIGHBOUR, changed(DROPS, "up: true", "upp: true"))

    rules, problems = read(tmp_path)

    assert [rule.id for rule in rules] == ["cpu-steal-high", "noisy-neighbour"]
    assert [problem.line for problem in problems] == [9]


def test_a_rule_that_reads_a_refused_rule_is_refused(tmp_path: Path) -> None:
    put(tmp_path, changed(STEAL, "severity: warning", "severity: bad"), NEIGHBOUR)

    assert read(tmp_path)[0] == []
    assert complaints(tmp_path)[1] == 'noisy-neighbour.yaml:8: reads the rule "cpu-steal-high", which was refused'


def test_a_rule_that_reads_an_unreadable_rule_is_refused(tmp_path: Path) -> None:
    put(tmp_path, NEIGHBOUR)
    (tmp_path / "cpu-steal-high.yaml").write_text("id: [", encoding="utf-8")

    assert read(tmp_path)[0] == []
    assert complaints(tmp_path)[1] == 'noisy-neighbour.yaml:8: reads the rule "cpu-steal-high", which was refused'


def test_an_id_is_used_once(tmp_path: Path) -> None:
    rules, problems = read(put(tmp_path / "a", STEAL), put(tmp_path / "b", STEAL))

    assert [rule.path.parent.name for rule in rules] == ["a"]
    assert [str(problem) for problem in problems] == [
        f'{tmp_path}/b/cpu-steal-high.yaml:1: id "cpu-steal-high" is that of {tmp_path}/a/cpu-steal-high.yaml too'
    ]


def test_rules_that_read_each_other_are_named_as_a_circle(tmp_path: Path) -> None:
    circle = ("cpu-steal-high", "noisy-neighbour", "cpu-steal-high")
    put(tmp_path, changed(STEAL, "when:\n", "when:\n  noisy-neighbour: {}\n"), NEIGHBOUR, DROPS)

    assert read(tmp_path)[0] == []
    assert complaints(tmp_path) == [
        f"cpu-steal-high.yaml:9: rules depend on each other in a circle: {' -> '.join(circle)}",
        'interface-drops-rising.yaml:18: reads the rule "cpu-steal-high", which was refused',
        'noisy-neighbour.yaml:8: reads the rule "cpu-steal-high", which was refused',
    ]


def test_a_rule_that_negates_itself_is_a_circle(tmp_path: Path) -> None:
    unless = "unless:\n  cpu-steal-high:\n    node: {same_as: node_cpu.node}\nconcludes"
    put(tmp_path, changed(STEAL, "concludes", unless))

    assert complaints(tmp_path) == [
        "cpu-steal-high.yaml:12: rules depend on each other in a circle: cpu-steal-high -> cpu-steal-high"
    ]


def test_a_detail_that_is_one_hole_keeps_its_type_for_other_rules(tmp_path: Path) -> None:
    high = changed(NEIGHBOUR, "cpu-steal-high: {}", "cpu-steal-high: {steal_permille: {gt: 500, source: ours}}")
    text = changed(NEIGHBOUR, "cpu-steal-high: {}", "cpu-steal-high: {cpus: {gt: 1}}")

    assert complaints(put(tmp_path / "number", STEAL, high)) == []
    assert complaints(put(tmp_path / "text", STEAL, text)) == [
        "noisy-neighbour.yaml:8: gt compares a whole number, but cpus of cpu-steal-high is text"
    ]


def test_only_rules_lie_among_rules(tmp_path: Path) -> None:
    put(tmp_path / "node", STEAL)
    for name in ("README.md", "node/.gitkeep", "node/notes.txt", "node/steal.yml"):
        (tmp_path / name).write_text("words", encoding="utf-8")

    assert complaints(tmp_path) == [
        "node/notes.txt:1: only .yaml files belong here",
        "node/steal.yml:1: only .yaml files belong here",
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty file"),
        (b"# nothing but a comment\n", "empty file"),
        (b"- a list\n", "a rule must be a mapping of keys to values"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"[" * 200_000, "nested more than 20 deep"),
        (b"a: " + b"{a: " * 50_000, "nested more than 20 deep"),
        (b"a: " + b"x" * 300_000, "longer than 256 KiB"),
        (b"id: a\x00b", "not YAML: unacceptable character #x0000: control characters are not allowed"),
    ],
)
def test_a_file_that_is_no_rule_is_one_clear_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "broken-file.yaml").write_bytes(content)

    assert complaints(tmp_path) == [f"broken-file.yaml:1: {complaint}"]


def test_a_file_holds_one_rule(tmp_path: Path) -> None:
    put(tmp_path, STEAL + "---\n" + DROPS)

    [complaint] = complaints(tmp_path)

    assert complaint.startswith("cpu-steal-high.yaml:21: not YAML: expected a single document")


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken-file.yaml").write_text("id: broken-file\ntitle: [a\nhop: node\n", encoding="utf-8")

    [complaint] = complaints(tmp_path)

    assert complaint.startswith("broken-file.yaml:3: not YAML: ")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert complaints(tmp_path / "nowhere") == [f"{tmp_path}/nowhere:1: no such folder"]


def test_a_mounted_config_map_is_read_once(tmp_path: Path) -> None:
    """Kubernetes links the files of a ConfigMap to a hidden folder, which it swaps."""
    put(tmp_path / "..2026_01_01", STEAL)
    (tmp_path / "..data").symlink_to("..2026_01_01")
    (tmp_path / "cpu-steal-high.yaml").symlink_to("..data/cpu-steal-high.yaml")

    assert [rule.id for rule in load(tmp_path)] == ["cpu-steal-high"]
