"""What only all rules together show: whether what a rule reads exists, and whether rules depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from bot.engine.documents import TYPE_WORDS, Problem, quote, unknown
from bot.engine.holes import broken, holes, only_hole
from bot.engine.kinds import CLUSTER_SCOPED, NAMESPACED, is_kind, meant
from bot.engine.limits import Limits
from bot.engine.rule import ORDERINGS, SUBJECT_FIELDS, Join, Operator, Pattern, Rule, Test, in_words
from bot.engine.syntax import Parsed, Place
from bot.facts import FACT_TYPES, fields_of
from bot.facts.base import Value

Fields = Mapping[str, type[str] | type[int] | type[bool]]


def check(parsed: Iterable[Parsed], *, unreadable: Iterable[str] = ()) -> tuple[list[Rule], list[Problem]]:
    """Return the rules that are right, by id, and every problem of the others.

    ``unreadable`` are the ids of rules whose files could not be parsed at all.
    """
    problems: list[Problem] = []
    known: dict[str, Parsed] = {}
    for each in parsed:
        if each.rule.id in known:
            other = known[each.rule.id].rule.path
            problems += [*each.problems, each.problem(Place("id"), f"id {quote(each.rule.id)} is that of {other} too")]
        else:
            known[each.rule.id] = each
    checker, rules = _Checker(known, refused=set(unreadable) - set(known)), []
    for rule_id in checker.order():
        found = list(checker.check(known[rule_id]))
        problems += found
        if not found:
            rules.append(known[rule_id].rule)
    return sorted(rules, key=lambda rule: rule.id), sorted(problems)


class _Checker:
    """Checks rules one after the other, those that are read first."""

    def __init__(self, known: Mapping[str, Parsed], *, refused: set[str]) -> None:
        self.known = known
        self.fields: dict[str, Fields] = {kind: fields_of(fact_type) for kind, fact_type in FACT_TYPES.items()}
        self.refused = refused
        self.circles: dict[str, str] = {}
        """The id of a rule that reads itself in the end, and the message."""
        self.limits = Limits()

    def order(self) -> list[str]:
        """Return all ids, each after those it reads; rules that depend on each other come as if they did not."""
        graph = {
            each: [kind for kind in self.known[each].rule.reads if kind in self.known] for each in sorted(self.known)
        }
        while True:
            try:
                return list(TopologicalSorter(graph).static_order())
            except CycleError as error:
                circle = list(reversed(error.args[1][1:]))
                first = circle.index(min(circle))
                circle = circle[first:] + circle[:first]
                self.circles[circle[0]] = " -> ".join([*circle, circle[0]])
                self.refused |= set(circle)
                for each in circle:
                    graph[each] = [read for read in graph[each] if read not in circle]

    def check(self, parsed: Parsed) -> Iterator[Problem]:
        """Give every problem of a rule, and remember what its findings offer."""
        rule, count = parsed.rule, 0
        for problem in (*parsed.problems, *self.semantics(parsed)):
            count += 1
            yield problem
        if not count and rule.id not in self.refused:
            for place, message in self.limits.add(rule):
                count += 1
                yield parsed.problem(place, message)
        if count:
            self.refused.add(rule.id)
        self.fields[rule.id] = self.finding_fields(rule)

    def semantics(self, parsed: Parsed) -> Iterator[Problem]:
        rule = parsed.rule
        if rule.id in self.circles:
            place = next(Place(s, p.key) for s, p in patterns(rule) if p.kind in self.circles[rule.id].split(" -> "))
            yield parsed.problem(place, f"rules depend on each other in a circle: {self.circles[rule.id]}")
        for section, pattern in patterns(rule):
            place = Place(section, pattern.key)
            if pattern.kind in self.refused and rule.id not in self.circles:
                yield parsed.problem(place, f"reads the rule {quote(pattern.kind)}, which was refused")
            if pattern.kind not in self.fields:
                if pattern.kind not in self.known and pattern.kind not in self.refused:
                    yield parsed.problem(place, self.unknown_kind(pattern.kind))
                continue
            for test in pattern.tests:
                yield from self.test(parsed, Place(section, pattern.key, test.field), pattern, test)
            for join in pattern.joins:
                yield from self.join(parsed, Place(section, pattern.key, join.field), pattern, join)
            if section == "unless" and not any(join.equal for join in pattern.joins):
                yield parsed.problem(place, f"{quote(pattern.key)} under unless must be joined to when by a same_as")
        yield from self.texts(parsed)
        yield from self.subject(parsed)
        for explained in rule.explains:
            if explained not in [pattern.kind for pattern in rule.when if pattern.kind in self.known]:
                yield parsed.problem(Place("explains"), f"explains {quote(explained)}, which is no rule read in when")

    def unknown_kind(self, kind: str) -> str:
        if "-" in kind:
            return unknown("rule", kind, self.known)
        return unknown("kind of fact", kind, list(FACT_TYPES))

    def test(self, parsed: Parsed, place: Place, pattern: Pattern, test: Test) -> Iterator[Problem]:
        fields = self.fields[pattern.kind]
        if test.field not in fields:
            yield parsed.problem(place, unknown(f"field of {pattern.kind}", test.field, fields))
            return
        declared = fields[test.field]
        is_what = f"{test.field} of {pattern.kind} is {TYPE_WORDS[declared]}"
        needed = int if test.operator in ORDERINGS else str if test.operator is Operator.CONTAINS else declared
        if declared is not needed:
            yield parsed.problem(place, f"{test.operator} compares {TYPE_WORDS[needed]}, but {is_what}")
            return
        for value in test.values:
            if type(value) is not declared:
                yield parsed.problem(place, f"{is_what}, not {written(value)}")

    def join(self, parsed: Parsed, place: Place, pattern: Pattern, join: Join) -> Iterator[Problem]:
        when = {each.key: each for each in parsed.rule.when}
        if join.field not in self.fields[pattern.kind]:
            yield parsed.problem(place, unknown(f"field of {pattern.kind}", join.field, self.fields[pattern.kind]))
        elif join.key not in when:
            yield parsed.problem(place, unknown("key of when", join.key, when))
        elif place.section == "when" and list(when).index(join.key) >= list(when).index(pattern.key):
            yield parsed.problem(place, f"{quote(join.key)} is not a key before {quote(pattern.key)}")
        elif (other := self.fields.get(when[join.key].kind)) is None:
            return
        elif join.other not in other:
            yield parsed.problem(place, unknown(f"field of {when[join.key].kind}", join.other, other))
        elif other[join.other] is not self.fields[pattern.kind][join.field]:
            mine, theirs = TYPE_WORDS[self.fields[pattern.kind][join.field]], TYPE_WORDS[other[join.other]]
            yield parsed.problem(place, f"{join.field} is {mine}, but {join.key}.{join.other} is {theirs}")

    def texts(self, parsed: Parsed) -> Iterator[Problem]:
        rule = parsed.rule
        when = {pattern.key: pattern.kind for pattern in rule.when}
        unless = {pattern.key for pattern in rule.unless}
        for place, text in placed_texts(rule):
            for piece in broken(text):
                yield parsed.problem(place, f"unknown placeholder {quote(piece)}; write {{KEY.FIELD}}")
            for hole in holes(text):
                if hole.key not in when:
                    where = "is under unless" if hole.key in unless else "is not in when"
                    yield parsed.problem(place, f"unknown placeholder {{{hole.key}.{hole.field}}}; {hole.key} {where}")
                elif when[hole.key] in self.fields and hole.field not in self.fields[when[hole.key]]:
                    fields = self.fields[when[hole.key]]
                    yield parsed.problem(place, unknown(f"field of {when[hole.key]}", hole.field, fields))

    def subject(self, parsed: Parsed) -> Iterator[Problem]:
        subject, place = parsed.rule.subject, Place("subject", "kind")
        if "kind" not in subject or broken(subject["kind"]):
            return
        kind, computed = subject["kind"], bool(holes(subject["kind"]))
        if not computed and not is_kind(kind):
            yield parsed.problem(place, f"{quote(kind)} is not written like a kind of object")
        elif not computed and meant(kind):
            yield parsed.problem(place, f"unknown kind of object {quote(kind)}; did you mean {quote(meant(kind))}?")
        elif "namespace" not in subject and (computed or kind in NAMESPACED):
            yield parsed.problem(place, f"the subject is a {kind}: add its namespace")
        elif "namespace" in subject and kind in CLUSTER_SCOPED:
            yield parsed.problem(Place("subject", "namespace"), f"a {kind} has no namespace")

    def finding_fields(self, rule: Rule) -> Fields:
        """Return the fields another rule can match on."""
        kinds = {pattern.key: pattern.kind for pattern in rule.when}
        found: dict[str, type[str] | type[int] | type[bool]] = dict.fromkeys(SUBJECT_FIELDS, str)
        for name, text in rule.details.items():
            hole = only_hole(text)
            source = self.fields.get(kinds.get(hole.key, ""), {}) if hole else {}
            found[name] = source.get(hole.field, str) if hole else str
        return found


def patterns(rule: Rule) -> Iterator[tuple[str, Pattern]]:
    """Give every pattern with the name of its section."""
    yield from (("when", pattern) for pattern in rule.when)
    yield from (("unless", pattern) for pattern in rule.unless)


def placed_texts(rule: Rule) -> Sequence[tuple[Place, str]]:
    """Return the texts that may have holes, with their places."""
    return (
        *((Place("subject", key), text) for key, text in rule.subject.items()),
        *((Place("details", key), text) for key, text in rule.details.items()),
        (Place("summary"), rule.summary),
    )


def written(value: Value) -> str:
    """Return a value of a rule file as it was written, with what it is."""
    return f"the text {quote(value)}" if isinstance(value, str) else in_words(value)
