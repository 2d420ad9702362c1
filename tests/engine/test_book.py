"""What the rule book answers: found, ruled out, or not checked, and why."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from bot.engine.book import LateRuleBook, RuleBook, strata
from bot.engine.matching import MAX_MATCHES
from bot.engine.plain import PlainEngine
from bot.engine.rule import Join, Operator, Pattern, Test
from bot.engine.rules import load
from bot.engine.verdict import Outcome, Verdict
from bot.facts import Fact, Reason, Unknown
from bot.facts.node import NodeCpu, NodeInterface, NodeSoftnet
from bot.facts.scope import Subject
from tests.engine import generate
from tests.engine.generate import One, Three, Two
from tests.engine.texts import DROPS, NEIGHBOUR, STEAL, put

Evaluate = Callable[..., dict[str, Verdict]]


@pytest.fixture
def evaluate(tmp_path: Path) -> Evaluate:
    """The three rules of texts.py."""
    book = RuleBook(load(put(tmp_path, STEAL, DROPS, NEIGHBOUR)), PlainEngine())

    def evaluate(*facts: Fact, observed: Collection[str] = ()) -> dict[str, Verdict]:
        return {verdict.rule.id: verdict for verdict in book.evaluate(facts, observed)}

    return evaluate


def test_a_late_rule_book_is_read_when_there_are_facts(tmp_path: Path) -> None:
    read: list[RuleBook] = []

    def reading() -> RuleBook:
        read.append(RuleBook(load(put(tmp_path, STEAL)), PlainEngine()))
        return read[-1]

    late = LateRuleBook(reading)
    before = list(read)
    verdicts = late.evaluate([cpu("node1", 900)])

    assert before == []
    assert [verdict.rule for verdict in verdicts] == list(read[0].rules) == list(late.rules)
    assert late.take_notes() == ()


def cpu(node: str, steal_permille: int, *, cpus: int = 4) -> NodeCpu:
    return NodeCpu(
        node=node,
        cpus=cpus,
        window_ms=3000,
        steal_permille=steal_permille,
        softirq_permille=0,
        idle_permille=500,
        busiest_softirq_permille=0,
        busiest_softirq_cpu="cpu0",
        running=1,
        running_per_cpu_permille=250,
    )


def softnet(node: str, dropped: int) -> NodeSoftnet:
    return NodeSoftnet(
        node=node, window_ms=3000, processed=1000, dropped=dropped, time_squeezed=0, worst_cpu=0, max_backlog=1000
    )


def interface(
    node: str, name: str, *, role: str = "overlay", device_type: str = "vxlan", dropped: int = 0
) -> NodeInterface:
    return NodeInterface(
        node=node,
        name=name,
        role=role,
        device_type=device_type,
        up=True,
        mtu=1450,
        window_ms=3000,
        rx_packets=1000,
        tx_packets=1000,
        rx_dropped=dropped,
        tx_dropped=0,
        rx_errors=0,
        tx_errors=0,
        rx_dropped_ppm=0,
        tx_dropped_ppm=0,
        errors_ppm=0,
    )


def unknown(of: str, *, subject: str = "", reason: Reason = Reason.NO_HELPER) -> Unknown:
    return Unknown(of=of, reason=reason, subject=subject)


def test_a_finding_says_what_is_wrong_and_rests_on_its_facts(evaluate: Evaluate) -> None:
    steal = cpu("node1", 100)

    verdict = evaluate(steal)["cpu-steal-high"]

    [finding] = verdict.findings
    assert verdict.outcome is Outcome.FOUND
    assert finding.subject == Subject("Node", "", "node1")
    assert finding.details == {"node": "node1", "steal_permille": 100, "cpus": "4 CPUs"}
    assert finding.summary == "Node node1 lost 100 permille of its time to other machines."
    assert finding.facts == (steal,)
    assert finding.facts[0] is steal


def test_facts_below_the_threshold_rule_out_and_are_shown(evaluate: Evaluate) -> None:
    below = cpu("node1", 99)

    verdict = evaluate(below)["cpu-steal-high"]

    assert (verdict.outcome, verdict.looked_at, verdict.missing) == (Outcome.RULED_OUT, (below,), ())


def test_what_was_looked_at_and_gave_nothing_is_ruled_out(evaluate: Evaluate) -> None:
    assert evaluate(observed=["node_cpu"])["cpu-steal-high"].outcome is Outcome.RULED_OUT


def test_what_nobody_looked_at_is_not_checked(evaluate: Evaluate) -> None:
    verdict = evaluate()["cpu-steal-high"]

    assert verdict.outcome is Outcome.NOT_CHECKED
    assert verdict.missing == (
        Unknown(of="node_cpu", reason=Reason.OUT_OF_SCOPE, detail="nothing looked at node_cpu for this symptom"),
    )


def test_what_is_unknown_is_not_checked_even_if_observed(evaluate: Evaluate) -> None:
    missing = unknown("node_cpu")

    verdict = evaluate(missing, observed=["node_cpu"])["cpu-steal-high"]

    assert (verdict.outcome, verdict.missing) == (Outcome.NOT_CHECKED, (missing,))


def test_one_node_that_could_not_be_read_keeps_a_rule_from_being_ruled_out(evaluate: Evaluate) -> None:
    missing = unknown("node_cpu", subject="node2")

    verdict = evaluate(cpu("node1", 0), missing)["cpu-steal-high"]

    assert (verdict.outcome, verdict.missing) == (Outcome.NOT_CHECKED, (missing,))


def test_what_is_found_says_where_there_may_be_more(evaluate: Evaluate) -> None:
    missing = unknown("node_cpu", subject="node2")

    verdict = evaluate(cpu("node1", 500), missing)["cpu-steal-high"]

    assert (verdict.outcome, len(verdict.findings), verdict.missing) == (Outcome.FOUND, 1, (missing,))


def test_a_finding_is_a_fact_for_the_next_rule_and_is_explained_by_it(evaluate: Evaluate) -> None:
    drops = softnet("node1", 7)

    verdicts = evaluate(cpu("node1", 250), cpu("node2", 300), drops, softnet("node2", 0))

    [finding] = verdicts["noisy-neighbour"].findings
    assert finding.details == {"steal_permille": 250}
    assert finding.facts == (drops,)
    assert finding.findings == (verdicts["cpu-steal-high"].findings[0],)
    assert finding.explains == finding.findings


def test_a_chained_rule_lacks_what_the_rule_below_it_lacks(evaluate: Evaluate) -> None:
    missing = unknown("node_cpu", reason=Reason.FORBIDDEN)

    verdict = evaluate(missing, softnet("node1", 7))["noisy-neighbour"]

    assert (verdict.outcome, verdict.missing) == (Outcome.NOT_CHECKED, (missing,))


def test_a_chained_rule_is_not_ruled_out_while_the_rule_below_it_may_have_more(evaluate: Evaluate) -> None:
    missing = unknown("node_cpu", subject="node2")

    verdict = evaluate(cpu("node1", 250), missing, softnet("node2", 7))["noisy-neighbour"]

    assert (verdict.outcome, verdict.missing) == (Outcome.NOT_CHECKED, (missing,))


def test_a_chained_rule_that_is_ruled_out_shows_the_facts_below(evaluate: Evaluate) -> None:
    steal, drops = cpu("node1", 0), softnet("node1", 7)

    verdict = evaluate(steal, drops)["noisy-neighbour"]

    assert (verdict.outcome, verdict.looked_at) == (Outcome.RULED_OUT, (steal, drops))


def test_unless_rules_out(evaluate: Evaluate) -> None:
    dropping, uplink = interface("node1", "flannel.1", dropped=3), interface("node1", "eth0", role="uplink")

    free = evaluate(dropping, uplink, cpu("node1", 0))["interface-drops-rising"]
    blocked = evaluate(dropping, uplink, cpu("node1", 500))["interface-drops-rising"]

    assert free.outcome is Outcome.FOUND
    assert (blocked.outcome, set(blocked.looked_at)) == (Outcome.RULED_OUT, {dropping, uplink, cpu("node1", 500)})


def test_unless_of_another_object_does_not_block(evaluate: Evaluate) -> None:
    dropping, uplink = interface("node1", "flannel.1", dropped=3), interface("node1", "eth0", role="uplink")

    verdict = evaluate(dropping, uplink, cpu("node1", 0), cpu("node2", 500))["interface-drops-rising"]

    assert verdict.outcome is Outcome.FOUND


@pytest.mark.parametrize(
    ("missing", "outcome"),
    [
        ([unknown("node_cpu")], Outcome.NOT_CHECKED),
        ([unknown("node_cpu", subject="node1")], Outcome.NOT_CHECKED),
        ([unknown("node_cpu", subject="a socket")], Outcome.NOT_CHECKED),
        ([unknown("node_cpu", subject="node2")], Outcome.FOUND),
        ([], Outcome.NOT_CHECKED),
    ],
    ids=["everywhere", "on that Node", "of something", "on another Node", "not looked at"],
)
def test_an_unknown_under_unless_keeps_a_match_back(evaluate: Evaluate, missing: list[Fact], outcome: Outcome) -> None:
    facts = [interface("node1", "flannel.1", dropped=3), interface("node1", "eth0"), softnet("node2", 0)]

    verdict = evaluate(*facts, *missing)["interface-drops-rising"]

    assert verdict.outcome is outcome
    assert [each.of for each in verdict.missing] == ["node_cpu"] * (outcome is Outcome.NOT_CHECKED)


def test_an_unknown_under_unless_does_not_keep_a_rule_from_being_ruled_out(evaluate: Evaluate) -> None:
    quiet = interface("node1", "flannel.1")

    verdict = evaluate(quiet, unknown("node_cpu"))["interface-drops-rising"]

    assert (verdict.outcome, verdict.looked_at) == (Outcome.RULED_OUT, (quiet,))


def test_two_keys_never_stand_for_the_same_fact(evaluate: Evaluate) -> None:
    verdict = evaluate(interface("node1", "flannel.1", dropped=3), cpu("node1", 0))["interface-drops-rising"]

    assert verdict.outcome is Outcome.RULED_OUT


def test_contains_ignores_capitals(evaluate: Evaluate) -> None:
    dropping = interface("node1", "flannel.1", device_type="VxLAN", dropped=3)

    verdict = evaluate(dropping, interface("node1", "eth0"), cpu("node1", 0))["interface-drops-rising"]

    assert verdict.outcome is Outcome.FOUND


def test_conclusions_that_say_the_same_are_one_finding(evaluate: Evaluate) -> None:
    """Two facts that differ only in what the finding does not tell."""
    first = dataclasses.replace(cpu("node1", 250), idle_permille=1)
    second = dataclasses.replace(cpu("node1", 250), idle_permille=2)

    [finding] = evaluate(second, first)["cpu-steal-high"].findings

    assert finding.facts == (first, second)


def test_conclusions_with_other_details_are_findings_of_their_own_in_order(evaluate: Evaluate) -> None:
    findings = evaluate(cpu("node2", 300), cpu("node1", 250), cpu("node1", 150))["cpu-steal-high"].findings

    assert [(each.subject.name, each.details["steal_permille"]) for each in findings] == [
        ("node1", 150),
        ("node1", 250),
        ("node2", 300),
    ]


def test_the_same_fact_read_twice_counts_once_with_its_first_source(evaluate: Evaluate) -> None:
    later = dataclasses.replace(cpu("node1", 250), source="node1:/proc/stat", at="2026-01-01T00:00:09Z")
    earlier = dataclasses.replace(later, at="2026-01-01T00:00:01Z")

    for facts in itertools.permutations((later, earlier)):
        [finding] = evaluate(*facts)["cpu-steal-high"].findings

        assert [fact.at for fact in finding.facts] == ["2026-01-01T00:00:01Z"]


@pytest.mark.parametrize("wrong", [None, "250", True, 2.5, [1]])
def test_a_fact_that_is_not_what_its_type_says_is_unknown_not_healthy(evaluate: Evaluate, wrong: object) -> None:
    fact = dataclasses.replace(cpu("node1", 0), source="node1:/proc/stat", steal_permille=wrong)  # type: ignore[arg-type]

    verdict = evaluate(fact)["cpu-steal-high"]

    [missing] = verdict.missing
    assert (verdict.outcome, missing.reason) == (Outcome.NOT_CHECKED, Reason.MALFORMED)
    assert missing.detail == f"steal_permille holds {type(wrong).__name__} instead of int; read from node1:/proc/stat"


def test_a_hole_in_a_value_of_the_cluster_stays_text(evaluate: Evaluate) -> None:
    [finding] = evaluate(cpu("{node_cpu.cpus}", 250))["cpu-steal-high"].findings

    assert finding.summary == "Node {node_cpu.cpus} lost 250 permille of its time to other machines."


def test_there_is_one_verdict_for_each_rule_by_id(evaluate: Evaluate) -> None:
    assert list(evaluate()) == ["cpu-steal-high", "interface-drops-rising", "noisy-neighbour"]


def test_kinds_no_rule_reads_make_no_difference(evaluate: Evaluate) -> None:
    assert evaluate(One(node="x"), unknown("one")) == evaluate()


def test_a_rule_reads_only_what_earlier_layers_conclude(tmp_path: Path) -> None:
    rules = load(put(tmp_path, STEAL, DROPS, NEIGHBOUR))

    assert [[rule.id for rule in layer] for layer in strata(rules)] == [
        ["cpu-steal-high"],
        ["interface-drops-rising", "noisy-neighbour"],
    ]


def test_more_matches_than_anyone_reads_are_cut_and_said() -> None:
    """A product of facts that have nothing to do with each other."""
    rule = generate.rule("rule-0", when=[Pattern(key="a", kind="one"), Pattern(key="b", kind="two")])
    side = int(MAX_MATCHES**0.5) + 1
    facts = [make(count=n) for make in (One, Two) for n in range(side)]

    [verdict] = RuleBook([rule], PlainEngine()).evaluate(facts)

    [missing] = verdict.missing
    assert verdict.outcome is Outcome.FOUND
    assert missing.detail == "more than 10000 combinations of facts, the rest was left out; name a narrower symptom"


def test_a_search_that_finds_nothing_ends_too() -> None:
    differs = Pattern(
        key="b",
        kind="two",
        joins=(Join(field="node", key="a", other="node"), Join(field="name", key="a", other="name", equal=False)),
    )
    rule = generate.rule("rule-0", when=[Pattern(key="a", kind="one"), differs])
    facts = [make(count=n) for make in (One, Two) for n in range(1500)]

    [verdict] = RuleBook([rule], PlainEngine()).evaluate(facts)

    assert verdict.outcome is Outcome.NOT_CHECKED
    assert [each.reason for each in verdict.missing] == [Reason.TIMEOUT]


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_facts_makes_no_difference(seed: int) -> None:
    draw = random.Random(seed)
    book = RuleBook(generate.rules(draw), PlainEngine())
    facts = generate.facts(draw)

    verdicts = book.evaluate(facts)

    assert all(book.evaluate(generate.shuffled(facts, other)) == verdicts for other in range(4))


@pytest.mark.parametrize(
    ("operator", "passing"),
    [
        (Operator.GT, [901]),
        (Operator.GTE, [900, 901]),
        (Operator.LT, [899]),
        (Operator.LTE, [899, 900]),
        (Operator.EQUALS, [900]),
        (Operator.NOT, [899, 901]),
        (Operator.IN, [900]),
    ],
)
def test_each_operator_draws_its_line(operator: Operator, passing: list[int]) -> None:
    test = Test(field="count", operator=operator, values=(900,))

    assert [value for value in (899, 900, 901) if test.holds(value)] == passing


def test_unless_sees_the_facts_of_all_kinds_of_a_diagnosis() -> None:
    """A fact that satisfies `when` can also be the one that `unless` forbids."""
    same = Pattern(key="other", kind="one", joins=(Join(field="node", key="a", other="node"),))
    rule = generate.rule("rule-0", when=[Pattern(key="a", kind="one")], unless=[same])

    [verdict] = RuleBook([rule], PlainEngine()).evaluate([One(), Three()])

    assert verdict.outcome is Outcome.RULED_OUT
