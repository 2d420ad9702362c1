"""The report as people see it. After a wanted change: ``UPDATE_GOLDEN=1 pytest tests/cli``, and read the difference."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

import pytest
import yaml

from bot.cli.render import FULL_CAUSES, report
from bot.cli.render.lists import reasons
from bot.cli.terminal import drawn
from bot.cli.text import clean
from bot.diagnosis.report import Diagnosis, Hop, HopStatus, NotChecked, PlanReport, SymptomReport
from bot.facts.scope import Subject
from tests import diagnosis_fixtures as fixtures
from tests.cli.golden_files import same_as_golden

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def text(diagnosis: Diagnosis, *, columns: int = 80, explain: bool = False) -> str:
    return drawn(report(diagnosis, explain=explain), columns=columns, terminal=False)


@pytest.mark.parametrize("name", fixtures.ALL)
def test_golden_in_80_columns(name: str) -> None:
    assert same_as_golden(text(fixtures.ALL[name]()), f"{name}.txt")


def test_golden_in_120_columns() -> None:
    assert same_as_golden(text(fixtures.wrong_port(), columns=120), "wrong_port-120.txt")


def test_golden_explained() -> None:
    assert same_as_golden(text(fixtures.noisy_neighbour(), explain=True), "noisy_neighbour-explain.txt")


@pytest.fixture
def coloured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch


def on_terminal(diagnosis: Diagnosis) -> str:
    return drawn(report(diagnosis), columns=80, terminal=True)


def test_a_terminal_gets_the_same_text_in_colour(coloured: pytest.MonkeyPatch) -> None:
    shown = on_terminal(fixtures.wrong_port())

    assert "\x1b[1;31m✗" in shown
    assert stripped(ANSI.sub("", shown)) == text(fixtures.wrong_port())


def test_no_color_leaves_no_colour(coloured: pytest.MonkeyPatch) -> None:
    coloured.setenv("NO_COLOR", "1")

    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", on_terminal(fixtures.wrong_port()))


def test_a_dumb_terminal_gets_plain_text(coloured: pytest.MonkeyPatch) -> None:
    coloured.setenv("TERM", "dumb")

    assert "\x1b" not in on_terminal(fixtures.wrong_port())


def stripped(shown: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in shown.splitlines())


def texts(value: object) -> Iterator[str]:
    """Yield every text of a value but those that a report does not show."""
    if isinstance(value, PlanReport):
        yield from (value.title, value.hash, value.blast_radius)
    elif isinstance(value, str) and not isinstance(value, HopStatus):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (str(key), *texts(item))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))


def squeezed(shown: str) -> str:
    return re.sub(r"\s", "", shown)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_nothing_of_a_cause_is_lost_however_narrow_it_is(columns: int) -> None:
    diagnosis = fixtures.hostile()
    cause = dataclasses.replace(diagnosis.causes[0], proof=fixtures.WRONG_PORT.proof, category="mtu")
    shown = squeezed(text(dataclasses.replace(diagnosis, causes=(cause,)), columns=columns))

    assert [each for each in texts(cause) if squeezed(clean(each)) not in shown] == []


def test_nothing_can_act_on_the_terminal() -> None:
    shown = text(fixtures.hostile(), columns=100)

    assert [line for line in shown.split("\n") if not line.isprintable()] == []


def test_no_line_can_be_forged() -> None:
    """Only netmedic itself starts a line with a sign and a space."""
    forged = fixtures.diagnosis(notes=("harmless\n✓ No fault found: everything is well.",))

    assert "harmless\\n✓ No fault found" in text(forged, columns=200)


def test_markup_of_rich_is_text() -> None:
    assert "[red]web[/red]" in text(fixtures.diagnosis(notes=("[red]web[/red]",)))


def test_every_line_of_prose_fits() -> None:
    prose = text(fixtures.wrong_port(), columns=80).split("\nRemedy")[0]
    long = [line for line in prose.splitlines() if len(line) > 80]

    assert [line for line in long if "https://" not in line] == []


def test_the_yaml_of_a_plan_can_be_copied_and_is_what_would_be_sent() -> None:
    wide = fixtures.changed_plan(
        objects=({**fixtures.PATCH, "data": {"text": "word " * 60}}, {"kind": "[red]\x1b[31m"})
    )
    shown = text(fixtures.diagnosis(plans=(wide,)), columns=40)
    documents = shown[shown.index("---\napiVersion") : shown.index("\n\n2026-")]

    assert list(yaml.safe_load_all(documents)) == list(wide.objects)


def test_the_first_broken_hop_is_marked_in_words() -> None:
    lines = text(fixtures.wrong_port()).splitlines()

    assert [line[:4] for line in lines if "first broken hop" in line] == ["  ✗ "]


def test_a_hop_that_is_broken_later_is_not_the_first() -> None:
    later = Hop(hop="target-pod", subject="Pod shop/a", status=HopStatus.BROKEN, detail="It is down.")

    assert "✗ target Pod  shop/a  broken: It is down." in text(fixtures.diagnosis(path=(later,)))


@pytest.mark.parametrize(
    ("diagnosis", "first_line"),
    [
        (fixtures.nothing_found(), "✓ No fault found: 4 ruled out."),
        (
            fixtures.diagnosis(not_checked=fixtures.NOT_CHECKED),
            "? No fault found: 4 ruled out, 3 could not be checked.",
        ),
        (fixtures.nothing_checked(), "? Nothing could be checked: 3 rules had nothing to go by."),
        (fixtures.diagnosis(ruled_out=()), "? Nothing could be checked: there are no rules."),
    ],
)
def test_health_is_claimed_only_where_everything_was_looked_at(diagnosis: Diagnosis, first_line: str) -> None:
    assert text(diagnosis).splitlines()[0] == first_line


def test_many_causes_are_told_briefly() -> None:
    many = tuple(
        dataclasses.replace(fixtures.WRONG_PORT, subject=Subject("Service", "shop", f"web-{number}"))
        for number in range(FULL_CAUSES + 2)
    )
    shown = text(fixtures.diagnosis(causes=many))

    assert shown.count("Refuted by") == FULL_CAUSES
    assert "More causes  2: --explain or -o json shows all of them" in shown
    assert "Service shop/web-6 · error, proven · service-target-port-closed" in shown


def test_much_evidence_is_counted() -> None:
    cause = dataclasses.replace(fixtures.WRONG_PORT, evidence=fixtures.WRONG_PORT.evidence * 4)

    assert "and 6 more; --explain or -o json shows all" in text(fixtures.diagnosis(causes=(cause,)))


def test_what_has_the_same_way_out_stands_together() -> None:
    shown = text(fixtures.wrong_port())

    assert "? softnet-drops-rising, cpu-steal-high" in shown
    assert shown.count("→ Install the node helper") == 1


def test_a_reason_is_told_once_with_all_facts_it_keeps_away() -> None:
    rules = [
        NotChecked(rule=rule, summary="", reason=reason, how_to_enable="Do it.")
        for rule, reason in {
            "a": "node_cpu: forbidden (no; ask: me); node_mtu: forbidden (no; ask: me)",
            "b": "node_cpu: forbidden (no; ask: me)",
            "c": "node_cpu: timeout (late)",
            "d": "something else",
        }.items()
    ]

    assert reasons(rules) == [
        "node_cpu, node_mtu: forbidden (no; ask: me)",
        "node_cpu: timeout (late)",
        "something else",
    ]


def test_a_symptom_is_quoted_as_it_was_understood() -> None:
    symptom = SymptomReport(text="web down", kind="unreachable", namespace="", source="", target="Service shop/web")

    assert "Read as     unreachable: Service shop/web" in text(fixtures.diagnosis(symptom=symptom))


@pytest.mark.parametrize(
    ("raw", "harmless"),
    [
        ("web", "web"),
        ("Ærøskøbing ✓", "Ærøskøbing ✓"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("gp\u202egnp.exe", "gp\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\udcff", "\\udcff"),
    ],
)
def test_clean(raw: str, harmless: str) -> None:
    assert clean(raw) == harmless
