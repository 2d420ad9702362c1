"""What is known of network faults, and the rules that find it: ``tests/coverage``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.diagnosis.diagnose import observed_kinds
from bot.diagnosis.judge import judge
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.engine.verdict import Outcome
from bot.facts import FACT_TYPES, Fact, fields_of
from bot.facts.scope import Scope, SymptomKind
from bot.probes import PROBES

COVERAGE = Path(__file__).parent / "coverage"
RULES = {rule.id: rule for rule in load(Path(__file__).parent.parent / "rules")}

CATEGORIES = {
    "dns-cluster": {"dns-cluster", "not-network"},
    "external-traffic": {"external-traffic"},
    "kube-proxy": {"kube-proxy"},
    "conntrack-nat": {"conntrack-nat", "host-tcp-stack"},
    "cni-ipam": {"cni-ipam"},
    "overlay-routing": {"overlay-routing", "mtu", "impairment"},
    "host-tcp-stack": {"host-tcp-stack", "packet-drops", "not-network"},
    "service-ports": {"service-ports", "dns-client"},
    "impairment": {"impairment", "network-policy", "overlay-routing"},
}
"""Categories of rules that are as right as the catalogue's own, where they differ from it."""


def rows() -> list[dict[str, Any]]:
    topics = yaml.safe_load((COVERAGE / "detection.yaml").read_text())
    return [row for topic in topics for row in topic["rows"]]


def incidents() -> list[tuple[str, str, list[str]]]:
    table = yaml.safe_load((COVERAGE / "incidents.yaml").read_text())
    return [(category, name, ids) for category, cases in table.items() for name, ids in cases.items()]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["look_for"])
def test_what_is_known_to_look_for_has_a_rule_or_a_reason(row: dict[str, Any]) -> None:
    assert set(row.get("rules", ())) <= set(RULES)
    assert bool(row.get("rules")) != bool(row.get("no_rule"))


@pytest.mark.parametrize(
    ("category", "name", "ids"), incidents(), ids=lambda part: part if isinstance(part, str) else ""
)
def test_an_incident_has_a_rule_of_its_category(category: str, name: str, ids: list[str]) -> None:
    assert set(ids) <= set(RULES), name
    assert bool(ids) == (category != "no-fault")
    assert {RULES[rule].category for rule in ids} <= {category} | CATEGORIES.get(category, set())


def test_a_rule_that_finds_an_incident_says_what_is_wrong_and_what_would_refute_it() -> None:
    for rule_id in {rule for _, _, ids in incidents() for rule in ids}:
        rule = RULES[rule_id]

        assert rule.details, rule_id
        assert rule.refuted_by, rule_id
        assert rule.remedy or rule.playbook, rule_id


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook(RULES.values(), PlainEngine())


def fact(kind: str, given: dict[str, Any]) -> Fact:
    zero = {name: declared() for name, declared in fields_of(FACT_TYPES[kind]).items()}
    assert set(given) <= set(zero)
    return FACT_TYPES[kind](**zero | given)


def simulated() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((COVERAGE / "facts_only.yaml").read_text())
    return found


@pytest.mark.parametrize("case", simulated(), ids=lambda case: case["incident"])
def test_the_facts_of_an_incident_that_no_test_bed_shows_have_one_right_cause(
    book: RuleBook, case: dict[str, Any]
) -> None:
    facts = [fact(kind, given) for item in case["facts"] for kind, given in item.items()]
    verdicts = book.evaluate(facts, observed_kinds(PROBES))
    judgement = judge(verdicts, Scope(kind=SymptomKind(case["kind"]), cluster_wide=True))

    assert [cause.rule for cause in judgement.causes] == [case["cause"]]


def lookalikes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((COVERAGE / "lookalikes.yaml").read_text())
    return found


@pytest.mark.parametrize("pair", lookalikes(), ids=lambda pair: f"{pair['rule']}: {pair['symptom']}")
def test_the_facts_that_separate_faults_that_look_alike(book: RuleBook, pair: dict[str, Any]) -> None:
    def outcome(items: list[dict[str, Any]]) -> Outcome:
        facts = [fact(kind, given) for item in items for kind, given in item.items()]
        verdicts = book.evaluate(facts, observed_kinds(PROBES))
        return next(verdict.outcome for verdict in verdicts if verdict.rule.id == pair["rule"])

    assert outcome(pair["proven_by"]) is Outcome.FOUND
    assert outcome(pair["ruled_out_by"]) is Outcome.RULED_OUT
