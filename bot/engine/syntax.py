"""What one rule file shows by itself: its keys, its words, the shape of its conditions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

import yaml

from bot.engine.documents import Document, Entry, Problem, quote, scalar, unknown
from bot.engine.holes import HOLE
from bot.engine.rule import (
    HOPS,
    ORDERINGS,
    SUBJECT_FIELDS,
    Confidence,
    Join,
    Operator,
    Pattern,
    Rule,
    Severity,
    Test,
)
from bot.facts.base import Value
from bot.facts.categories import CATEGORIES
from bot.facts.scope import SymptomKind

REQUIRED = (
    "id",
    "title",
    "category",
    "severity",
    "confidence",
    "hop",
    "when",
    "concludes",
    "summary",
    "refuted_by",
    "remedy",
    "docs",
)
OPTIONAL = ("symptoms", "unless", "explains", "playbook", "passes")
JOINS = ("same_as", "differs_from")
OPERATORS = (*(each for each in Operator if each is not Operator.EQUALS), *JOINS)

ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){1,5}")
KEY = re.compile(r"([a-z][a-z0-9_-]*)(?: as ([a-z][a-z0-9_]*))?")
FIELD = re.compile(r"[a-z][a-z0-9_]*")
LINK = re.compile(r"https://[a-z0-9.-]+\.[a-z]+(/\S*)?")
PLAIN_NUMBERS = (0, 1)
"""Numbers that say "none", "any" and "more than one", and need no source."""

Word = TypeVar("Word", bound=StrEnum)


class Place(NamedTuple):
    """Where something stands in a rule: ``("when", key, field)``."""

    section: str
    key: str = ""
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A rule and the lines of its parts, as far as the file could be understood."""

    rule: Rule
    lines: Mapping[Place, int]
    problems: tuple[Problem, ...]

    def problem(self, place: Place, message: str) -> Problem:
        """Return a mistake at a part of the rule."""
        line = self.lines.get(place) or self.lines.get(Place(place.section, place.key)) or 1
        return Problem(self.rule.path, line, message)


def parse(document: Document) -> Parsed:
    """Return the rule of a file; what is missing or wrong in it is empty, and among the problems."""
    return _Parser(document).parse()


class _Parser:
    """Reads one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.lines: dict[Place, int] = {}
        self.keys: dict[str, Entry] = {}

    def parse(self) -> Parsed:
        document, keys = self.document, self.keys
        keys |= document.mapping(document.root, "a rule")
        for key, entry in keys.items():
            self.lines[Place(key)] = entry.line
            if key not in REQUIRED + OPTIONAL:
                document.problem(entry.line, unknown("key", key, REQUIRED + OPTIONAL))
        for key in REQUIRED if isinstance(document.root, yaml.MappingNode) else ():
            if key not in keys:
                document.problem(1, f"missing key {quote(key)}")
        subject, details = self.conclusion()
        rule = Rule(
            id=self.identity(),
            title=self.title(),
            category=self.choice("category", CATEGORIES),
            severity=self.word("severity", Severity.ERROR),
            confidence=self.word("confidence", Confidence.LIKELY),
            hop=self.choice("hop", HOPS),
            symptoms=tuple(SymptomKind(word) for word in self.words("symptoms", list(SymptomKind))),
            when=self.patterns("when"),
            unless=self.patterns("unless"),
            subject=subject,
            details=details,
            explains=self.words("explains"),
            summary=self.sentence("summary"),
            refuted_by=self.text("refuted_by"),
            remedy=self.text("remedy"),
            playbook=self.text("playbook"),
            docs=self.link(),
            passes=self.truth("passes"),
            path=document.file,
        )
        return Parsed(rule=rule, lines=self.lines, problems=tuple(document.problems))

    def text(self, key: str) -> str:
        return self.document.text(self.keys[key].node, key) if key in self.keys else ""

    def truth(self, key: str) -> bool:
        return self.document.truth(self.keys[key].node, key) if key in self.keys else False

    def choice(self, key: str, options: Collection[str]) -> str:
        return self.document.choice(self.keys[key].node, key, options) if key in self.keys else ""

    def word(self, key: str, default: Word) -> Word:
        options = type(default)
        word = self.choice(key, list(options))
        return options(word) if word else default

    def words(self, key: str, options: Collection[str] | None = None) -> tuple[str, ...]:
        if key not in self.keys:
            return ()
        nodes = self.document.items(self.keys[key].node, key)
        if options is None:
            found = [self.document.text(node, key) for node in nodes]
        else:
            found = [self.document.choice(node, key, options) for node in nodes]
        return tuple(dict.fromkeys(word for word in found if word))

    def identity(self) -> str:
        name, stem = self.text("id"), self.document.file.stem
        if name and name != stem:
            self.document.problem(self.keys["id"].line, f"id is {quote(name)}, but the file is named {quote(stem)}")
        elif name and not ID.fullmatch(name):
            self.document.problem(self.keys["id"].line, f"id {quote(name)} must be two to six words in kebab-case")
        return stem

    def title(self) -> str:
        title = self.text("title")
        if title.endswith("."):
            self.document.problem(self.keys["title"].line, "title must not end in a full stop")
        return title

    def sentence(self, key: str) -> str:
        text = self.text(key)
        if text and not text.endswith("."):
            self.document.problem(self.keys[key].line, f"{key} must be a sentence that ends in a full stop")
        return text

    def link(self) -> str:
        link = self.text("docs")
        if link and not LINK.fullmatch(link):
            self.document.problem(self.keys["docs"].line, "docs must be an https link")
        return link

    def conclusion(self) -> tuple[dict[str, str], dict[str, str]]:
        if "concludes" not in self.keys:
            return {}, {}
        line, node = self.keys["concludes"]
        parts = self.document.mapping(node, "concludes")
        for key, entry in parts.items():
            if key not in ("subject", "details"):
                self.document.problem(entry.line, unknown("key of concludes", key, ("subject", "details")))
        for key in ("subject", "details"):
            if key not in parts:
                self.document.problem(line, f"missing key {quote(key)} in concludes")
        subject, details = self.texts("subject", parts), self.texts("details", parts)
        for key in subject:
            if key not in ("kind", "namespace", "name"):
                message = unknown("key of subject", key, ("kind", "namespace", "name"))
                self.document.problem(self.lines[Place("subject", key)], message)
        for key in ("kind", "name"):
            if "subject" in parts and key not in subject:
                self.document.problem(parts["subject"].line, f"missing key {quote(key)} in subject")
        for name in details:
            if name in SUBJECT_FIELDS or not FIELD.fullmatch(name):
                message = f"{quote(name)} cannot be the name of a detail: use small letters, digits and _"
                self.document.problem(self.lines[Place("details", name)], message)
        return subject, details

    def texts(self, section: str, parts: Mapping[str, Entry]) -> dict[str, str]:
        if section not in parts:
            return {}
        line, node = parts[section]
        self.lines[Place(section)] = line
        entries = self.document.mapping(node, section)
        self.lines |= {Place(section, key): entry.line for key, entry in entries.items()}
        return {key: self.document.text(entry.node, f"{section}.{key}") for key, entry in entries.items()}

    def patterns(self, section: str) -> tuple[Pattern, ...]:
        if section not in self.keys:
            return ()
        line, node = self.keys[section]
        found: dict[str, Pattern] = {}
        for written, entry in self.document.mapping(node, section).items():
            match = KEY.fullmatch(written)
            if not match:
                self.document.problem(entry.line, f"{quote(written)} must be KIND or KIND as NAME")
                continue
            kind, key = match[1], match[2] or match[1]
            if key in found:
                self.document.problem(entry.line, f"the name {quote(key)} is used twice in {section}")
                continue
            self.lines[Place(section, key)] = entry.line
            found[key] = self.pattern(section, key, kind, entry.node)
        if not found:
            self.document.problem(line, f"{section} must name at least one kind of fact")
        return tuple(found.values())

    def pattern(self, section: str, key: str, kind: str, node: yaml.Node) -> Pattern:
        conditions: list[Test | Join | None] = []
        for field, entry in self.document.mapping(node, key).items():
            self.lines[Place(section, key, field)] = entry.line
            if isinstance(entry.node, yaml.MappingNode):
                conditions.append(self.operation(field, entry.node))
            elif (value := self.document.value(entry.node, field)) is not None:
                conditions.append(Test(field=field, operator=Operator.EQUALS, values=(value,)))
        return Pattern(
            key=key,
            kind=kind,
            tests=tuple(each for each in conditions if isinstance(each, Test)),
            joins=tuple(each for each in conditions if isinstance(each, Join)),
        )

    def operation(self, field: str, node: yaml.Node) -> Test | Join | None:
        parts = self.document.mapping(node, field)
        source = parts.pop("source", None)
        if len(parts) != 1:
            self.document.problem(node, f"{field} must have exactly one operator: {', '.join(OPERATORS)}")
            return None
        [(word, entry)] = parts.items()
        if word not in OPERATORS:
            self.document.problem(entry.line, unknown("operator", word, OPERATORS))
            return None
        if source and word not in tuple(ORDERINGS):
            self.document.problem(source.line, f"{word} has no threshold that needs a source")
        if word in JOINS:
            return self.join(field, word, entry)
        operator = Operator(word)
        return Test(
            field=field,
            operator=operator,
            values=self.wanted(field, operator, entry, source),
            source=self.document.text(source.node, "source") if source else "",
        )

    def join(self, field: str, word: str, entry: Entry) -> Join | None:
        text = self.document.text(entry.node, word)
        match = HOLE.fullmatch(f"{{{text}}}")
        if match:
            return Join(field=field, key=match[1], other=match[2], equal=word == "same_as")
        if text:
            self.document.problem(entry.line, f"{word} must name KEY.FIELD, not {quote(text)}")
        return None

    def wanted(self, field: str, operator: Operator, entry: Entry, source: Entry | None) -> tuple[Value, ...]:
        what = f"{field}: {operator}"
        if operator is Operator.IN:
            values = [self.document.value(node, what) for node in self.document.items(entry.node, what)]
            if not values:
                self.document.problem(entry.line, f"{what} must list at least one value")
            return tuple(value for value in values if value is not None)
        value = scalar(entry.node)
        if operator in ORDERINGS:
            if isinstance(value, bool) or not isinstance(value, int):
                hint = "facts hold whole numbers: scale it (permille, ppm, microseconds)"
                self.document.problem(entry.line, f"{what} must compare with a whole number; {hint}")
                return ()
            if value not in PLAIN_NUMBERS and not source:
                self.document.problem(entry.line, f"the threshold {value} of {field} needs a source beside it")
        if operator is Operator.CONTAINS and not (isinstance(value, str) and value):
            self.document.problem(entry.line, f"{what} must be followed by text")
            return ()
        value = self.document.value(entry.node, what)
        return () if value is None else (value,)
