"""What durable_rules does wrong never reaches a diagnosis. Each test is one way in which it crashed, hung or lied."""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bot.engine.book import RuleBook
from bot.engine.compiler import Program, exact
from bot.engine.durable import DurableEngine
from bot.engine.limits import MAX_KEYS, MAX_LITERALS, MAX_PATTERNS, Limits
from bot.engine.matching import MAX_MATCHES, Matches, Record
from bot.engine.plain import PlainEngine
from bot.engine.process import Worker
from bot.engine.rule import Join, Operator, Pattern, Rule, Test
from bot.engine.verdict import Outcome
from bot.facts import Fact
from tests.engine import WITHOUT, generate
from tests.engine.generate import COLLIDING, One, Two

native = pytest.importorskip("bot.engine.native", reason=WITHOUT, exc_type=ImportError)

Match = Callable[[Sequence[Rule], Sequence[Record]], Matches]
SAME_NAME = Pattern(key="b", kind="two", joins=(Join(field="name", key="a", other="name"),))
ONE = Pattern(key="a", kind="one")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def engine(worker: Worker) -> DurableEngine:
    return DurableEngine(worker)


@pytest.fixture
def match(engine: DurableEngine) -> Match:
    """Both engines, which agree, and the worker lives."""

    def match(rules: Sequence[Rule], records: Sequence[Record]) -> Matches:
        found = engine.compile(rules)(records)

        assert engine.take_notes() == ()
        assert found == PlainEngine().compile(rules)(records)
        return found

    return match


def records(*facts: tuple[str, str, int]) -> list[Record]:
    """Return records of kind, name and count."""
    return [
        Record(number, kind, {"node": "n1", "name": name, "count": count, "size": 0, "up": False})
        for number, (kind, name, count) in enumerate(facts)
    ]


def numbers(matches: Matches) -> list[tuple[int, ...]]:
    return [match.numbers for match in matches.found]


def fnv(text: str) -> int:
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def test_names_with_the_same_hash_are_two_names(match: Match) -> None:
    """A join of them reads out of bounds."""
    first, second = COLLIDING
    rule = generate.rule("rule-0", when=[ONE, SAME_NAME])

    found = match([rule], records(("one", first, 0), ("two", second, 0), ("two", first, 0)))

    assert fnv(first) == fnv(second)
    assert numbers(found) == [(0, 2)]


def test_facts_with_names_of_the_same_hash_are_two_facts(match: Match) -> None:
    """An id of the same hash is a fact that was seen already."""
    found = match([generate.rule("rule-0", when=[ONE])], records(*(("one", name, 0) for name in COLLIDING)))

    assert numbers(found) == [(0,), (1,)]


def test_every_join_ends_with_an_equality_of_symbols() -> None:
    """A join whose last condition is false, or may collide, reads out of bounds."""
    for seed in range(50):
        rules = generate.rules(random.Random(seed))
        for key in (key for rule in Program(rules).definition.values() for key in rule["all"]):
            [(name, expression)] = key.items()
            if name != "p0":
                [(field, other)] = expression["$and"][-1].items()

                assert field == "one" or field.startswith("s_")
                assert re.fullmatch(r"one|s_[a-z]+", *other.values())


def test_a_join_that_is_only_an_inequality_works(match: Match) -> None:
    differs = Pattern(key="b", kind="two", joins=(Join(field="name", key="a", other="name", equal=False),))

    found = match(
        [generate.rule("rule-0", when=[ONE, differs])],
        records(("one", "x", 0), ("two", "x", 0), ("two", "y", 0), *(("two", name, 0) for name in COLLIDING)),
    )

    assert numbers(found) == [(0, 2), (0, 3), (0, 4)]


def test_no_text_of_the_cluster_reaches_the_engine() -> None:
    for seed in range(50):
        draw = random.Random(seed)
        program = Program(generate.rules(draw))
        for _, properties in program.encode(generate.records(draw, most=20)):
            assert all(re.fullmatch(r"k|one|[sn]_[a-z]+|w\d+", name) for name in properties)
            assert all(type(value) is int or re.fullmatch(r"s\d{6}", str(value)) for value in properties.values())


def test_no_two_symbols_have_the_same_hash() -> None:
    hashes = {fnv(f"s{number:06d}") for number in range(0, 1_000_000, 7)}

    assert len(hashes) == len(range(0, 1_000_000, 7))


def test_every_fact_of_a_kind_has_every_field_rules_read() -> None:
    """A comparison with a field that is missing reads memory that was never written."""
    for seed in range(50):
        draw = random.Random(seed)
        program = Program(generate.rules(draw))
        by_kind: dict[object, set[frozenset[str]]] = {}
        for _, properties in program.encode(generate.records(draw, most=20)):
            by_kind.setdefault(properties["k"], set()).add(frozenset(properties))

        assert all(len(fields) == 1 for fields in by_kind.values())


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_what_negates_comes_first_in_any_order(match: Match, order: tuple[int, ...]) -> None:
    """A negation that is asserted late does not cancel what fired, or cancels other rules as well."""
    unless = Pattern(key="u", kind="three", joins=(Join(field="name", key="a", other="name"),))
    rules = [
        generate.rule("rule-0", when=[ONE, SAME_NAME], unless=[unless]),
        generate.rule("rule-1", when=[ONE]),
        generate.rule("rule-2", when=[Pattern(key="a", kind="three")]),
    ]
    facts = records(("one", "x", 0), ("two", "x", 0), ("three", "x", 0), ("one", "y", 0))

    found = match(rules, [facts[place] for place in order])

    assert [(each.rule, each.numbers) for each in found.found] == [
        ("rule-1", (0,)),
        ("rule-1", (3,)),
        ("rule-2", (2,)),
    ]


def test_copies_that_negate_are_sent_before_everything_else() -> None:
    unless = Pattern(key="u", kind="two", joins=(Join(field="name", key="a", other="name"),))
    program = Program([generate.rule("rule-0", when=[ONE], unless=[unless])])

    sent = program.encode(records(("one", "x", 0), ("two", "x", 0), ("one", "y", 0), ("two", "y", 0)))

    assert [number for number, _ in sent] == [1, 3, 0, 2]


@pytest.mark.parametrize("field", ["id", "sid", "kind", "k", "one", "m"])
def test_a_field_may_have_a_name_the_engine_uses_itself(match: Match, field: str) -> None:
    """A join on id or sid reads freed memory."""
    join = Pattern(key="b", kind="two", joins=(Join(field=field, key="a", other=field),))
    facts = [Record(0, "one", {field: "x"}), Record(1, "two", {field: "x"}), Record(2, "two", {field: "000000"})]

    assert numbers(match([generate.rule("rule-0", when=[ONE, join])], facts)) == [(0, 1)]


def test_long_texts_are_told_apart(match: Match) -> None:
    """The engine keeps lengths in 16 bits: 65,536 letters are an empty text."""
    names = ["", "y" * 65_536, "abc", "abc" + "z" * 65_536, "x" * 10_000_000]
    facts = records(*((kind, name, 0) for name in names for kind in ("one", "two")))
    rules = [
        generate.rule("rule-0", when=[ONE, SAME_NAME]),
        generate.rule("rule-1", when=[name_is(names[0])]),
        generate.rule("rule-2", when=[name_is(names[2])]),
    ]

    found = match(rules, facts)

    assert [(each.rule, each.numbers) for each in found.found] == [
        *(("rule-0", (place, place + 1)) for place in range(0, 10, 2)),
        ("rule-1", (0,)),
        ("rule-2", (4,)),
    ]


def name_is(name: str) -> Pattern:
    return Pattern(key="a", kind="one", tests=(Test(field="name", operator=Operator.EQUALS, values=(name,)),))


@pytest.mark.parametrize("name", generate.TEXTS)
def test_a_hostile_text_equals_itself_and_nothing_else(match: Match, name: str) -> None:
    facts = records(("one", name, 0), *(("two", text, 0) for text in generate.TEXTS))

    found = match(
        [generate.rule("rule-0", when=[ONE, SAME_NAME]), generate.rule("rule-1", when=[name_is(name)])], facts
    )

    assert [each.numbers for each in found.found] == [(0, generate.TEXTS.index(name) + 1), (0,)]


def test_numbers_beyond_what_is_exact_are_still_compared(match: Match) -> None:
    """It saturates at 2^63 and reads floats wrong; a join of 2^53 and 2^53 + 1 would be one."""
    above = Pattern(key="a", kind="one", tests=(Test(field="count", operator=Operator.GT, values=(2**53 - 1,)),))
    same = Pattern(key="b", kind="two", joins=(Join(field="count", key="a", other="count"),))
    counts = (2**53 - 1, 2**53, 2**53 + 1, 10**40, -(10**40))
    facts = records(*((kind, "x", count) for count in counts for kind in ("one", "two")))

    found = match([generate.rule("rule-0", when=[above]), generate.rule("rule-1", when=[ONE, same])], facts)

    assert [each.numbers for each in found.found if each.rule == "rule-0"] == [(2,), (4,), (6,)]
    assert [each.numbers for each in found.found if each.rule == "rule-1"] == [(n, n + 1) for n in range(0, 10, 2)]


def test_numbers_are_cut_where_no_rule_can_tell() -> None:
    assert [exact(value) for value in (10**40, 2**53 - 1, -(10**40), True)] == [2**53, 2**53 - 1, -(2**53), 1]


def test_as_many_rules_as_are_allowed_fire_on_one_fact(match: Match) -> None:
    """With 65 a fact is refused."""
    rules = [generate.rule(f"rule-{n}", when=[count_above(n)]) for n in range(MAX_PATTERNS)]

    found = match(rules, records(("one", "x", MAX_PATTERNS)))

    assert len(found.found) == MAX_PATTERNS


def count_above(count: int, kind: str = "one") -> Pattern:
    return Pattern(key="a", kind=kind, tests=(Test(field="count", operator=Operator.GT, values=(count,)),))


def refused(rules: Sequence[Rule]) -> list[str]:
    limits = Limits()
    return [f"{rule.id}: {message}" for rule in rules for _, message in limits.add(rule)]


def test_more_rules_on_one_fact_are_refused() -> None:
    rules = [generate.rule(f"rule-{n}", when=[count_above(n)]) for n in range(MAX_PATTERNS + 2)]

    assert refused(rules) == [
        f"rule-{n}: more than {MAX_PATTERNS} conditions on one could hold for one fact" for n in (60, 61)
    ]


def test_rules_that_exclude_each_other_do_not_count_together(match: Match) -> None:
    rules = [generate.rule(f"rule-{n}", when=[name_is(f"name-{n}")]) for n in range(200)]

    assert refused(rules) == []
    assert numbers(match(rules, records(("one", "name-150", 0)))) == [(0,)]


def test_as_many_values_as_are_allowed_load(match: Match) -> None:
    """With 513 it never finishes loading."""
    rules = [generate.rule(f"rule-{n}", when=[name_is(f"name-{n}")]) for n in range(MAX_LITERALS)]

    assert numbers(match(rules, records(("one", "name-499", 0)))) == [(0,)]
    assert refused([*rules, generate.rule("rule-500", when=[name_is("name-500")])]) == [
        "rule-500: more than 500 different values are compared with fields named name"
    ]


def test_as_many_keys_as_are_allowed_match(match: Match) -> None:
    """With 17 it fails while it runs."""
    unless = Pattern(key="u", kind="two", joins=(Join(field="name", key="k0", other="name"),))
    keys = [
        Pattern(
            key=f"k{n}",
            kind="one",
            tests=(Test(field="count", operator=Operator.EQUALS, values=(n,)),),
            joins=(Join(field="name", key="k0", other="name"),) * bool(n),
        )
        for n in range(MAX_KEYS)
    ]
    rule = generate.rule("rule-0", when=keys[:-1], unless=[unless])

    assert refused([rule]) == []
    facts = records(*(("one", "x", n) for n in range(MAX_KEYS)), ("two", "y", 0))
    assert numbers(match([rule], facts)) == [tuple(range(MAX_KEYS - 1))]
    assert refused([generate.rule("rule-0", when=keys, unless=[unless])]) == [
        f"rule-0: when and unless have more than {MAX_KEYS} keys: split the rule"
    ]


def test_a_product_of_unrelated_facts_is_cut_by_both_engines_alike(match: Match, worker: Worker) -> None:
    rule = generate.rule("rule-0", when=[ONE, Pattern(key="b", kind="two")])
    side = int(MAX_MATCHES**0.5) + 1

    found = match([rule], records(*((kind, "x", n) for kind in ("one", "two") for n in range(side))))

    assert len(found.found) == MAX_MATCHES
    assert found.cut == frozenset({"rule-0"})
    assert worker.pid == 0


def test_no_thread_is_started() -> None:
    before = threading.active_count()
    run_natively([generate.rule("rule-0", when=[ONE])], records(("one", "x", 0)))

    assert threading.active_count() == before


def run_natively(rules: Sequence[Rule], facts: Sequence[Record], *, times: int = 1) -> list[list[list[int]]]:
    program = Program(rules)
    ruleset = native.Ruleset("s0", json.loads(json.dumps(program.definition)))
    return [ruleset.run(program.encode(facts), max_matches=MAX_MATCHES) for _ in range(times)]


def test_more_sessions_than_a_ruleset_can_hold_follow_each_other() -> None:
    """The 1,025th that is not deleted kills the process; so does deleting one in which nothing fired."""
    fires = run_natively([generate.rule("rule-0", when=[ONE])], records(("one", "x", 0)), times=1100)
    silent = run_natively([generate.rule("rule-0", when=[ONE])], records(("two", "x", 0)), times=1100)

    assert fires == [[[0, 0]]] * 1100
    assert silent == [[]] * 1100


def test_sessions_give_their_memory_back() -> None:
    """One that is not deleted keeps 1.7 MB."""
    rules = [generate.rule(f"rule-{n}", when=[ONE, SAME_NAME]) for n in range(20)]
    facts = records(*((kind, f"name-{n}", 0) for kind in ("one", "two") for n in range(20)))
    run_natively(rules, facts, times=50)

    before = resident_pages()
    run_natively(rules, facts, times=150)

    assert resident_pages() - before < 150 * 256, "less than 1 MiB a session"


def resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


def test_a_fact_the_engine_refuses_is_a_fault_and_not_a_fact_less() -> None:
    ruleset = native.Ruleset("s0", {"r0": {"all": [{"p0": {"$and": [{"k": "s000001"}]}}]}})

    with pytest.raises(native.Fault):
        ruleset.run([(0, {"k": "s000001", "n_count": 1e-05})], max_matches=1)


def test_a_fact_that_is_taken_for_another_is_a_fault() -> None:
    """It tells facts apart by a hash of their ids; with ids of our own this never happens."""
    ruleset = native.Ruleset("s0", {"r0": {"all": [{"p0": {"$and": [{"k": "s000001"}]}}]}})
    ruleset._assert("000001", 1, {"k": "s000001", "one": "s000002"})

    with pytest.raises(native.Fault, match="fact 1 was not taken"):
        ruleset._assert("000001", 1, {"k": "s000001", "one": "s000003"})


def test_a_definition_the_engine_refuses_is_a_fault() -> None:
    with pytest.raises(native.Fault):
        native.Ruleset("s0", {"r0": {"all": [{"p0": {"$nonsense": {"k": 1}}}]}})


def test_findings_of_one_layer_are_facts_of_the_next(engine: DurableEngine) -> None:
    """A fact that is asserted while rules fire ends the action that does it without a word."""
    first = generate.rule("rule-0", when=[ONE])
    second = generate.rule("rule-1", when=[Pattern(key="a", kind="rule-0"), SAME_NAME])
    facts: list[Fact] = [One(name="x"), Two(name="x"), One(name="y")]

    verdicts = RuleBook([first, second], engine).evaluate(facts)

    assert engine.take_notes() == ()
    assert [verdict.outcome for verdict in verdicts] == [Outcome.FOUND, Outcome.FOUND]
    assert verdicts[1].findings[0].findings == (verdicts[0].findings[0],)


def test_facts_that_no_pattern_takes_by_itself_are_not_sent() -> None:
    few = Pattern(key="a", kind="one", tests=(Test(field="count", operator=Operator.LT, values=(5,)),))
    many = Pattern(key="b", kind="one", tests=(Test(field="count", operator=Operator.GTE, values=(9,)),))
    program = Program([generate.rule("rule-0", when=[few], unless=[many])])

    sent = program.encode(records(("one", "x", 4), ("one", "x", 5), ("one", "x", 9)))

    assert [number for number, _ in sent] == [2, 0]
