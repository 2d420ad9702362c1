"""Reading playbook files. Every mistake is named with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from bot.engine.documents import Document, Entry, Problem, quote, read_documents, unknown
from bot.engine.rule import Rule
from bot.engine.verdict import Outcome
from bot.facts import FACT_TYPES, fields_of
from bot.remediation import read_fields, read_steps
from bot.remediation.holes import Hole
from bot.remediation.playbook import Confirm, Playbook, Risk, Undo
from bot.remediation.steps import Advice

KEYS = ("id", "title", "remedies", "risk", "blast_radius", "steps", "confirm", "undo", "docs")
OPTIONAL = ("advice", "instead_of", "preconditions")
ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+){1,5}")


class PlaybookErrors(Exception):
    """Playbook files with mistakes; the text names each with its file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def load(folders: Iterable[Path], rules: Iterable[Rule]) -> dict[str, Playbook]:
    """Return the playbooks of folders by id, checked against the rules they remedy.

    Raises:
        PlaybookErrors: Something is wrong with them.
    """
    documents, problems = read_documents(folders)
    found: dict[str, Playbook] = {}
    for document in documents:
        playbook = read(document)
        problems += document.problems
        if playbook is None:
            continue
        if playbook.id in found:
            problems.append(Problem(document.file, 1, f"{quote(playbook.id)} is also in {found[playbook.id].path}"))
        found[playbook.id] = playbook
    if problems:
        raise PlaybookErrors(problems)
    by_id = {rule.id: rule for rule in rules}
    for playbook in found.values():
        if playbook.instead_of and playbook.instead_of not in found:
            problems.append(Problem(playbook.path, 1, unknown("playbook", playbook.instead_of, found)))
        problems += (Problem(playbook.path, 1, message) for message in disagreements(playbook, by_id))
    problems += (
        Problem(rule.path, 1, unknown("playbook", rule.playbook, found))
        for rule in by_id.values()
        if rule.playbook and rule.playbook not in found
    )
    if problems:
        raise PlaybookErrors(problems)
    return found


def disagreements(playbook: Playbook, rules: Mapping[str, Rule]) -> Iterable[str]:
    """Yield what a playbook and the rules do not agree on."""
    for rule_id in (*playbook.remedies, *playbook.confirm.rules):
        if rule_id not in rules:
            yield unknown("rule", rule_id, rules)
    for rule_id in playbook.remedies:
        if rule_id in rules:
            yield from _misfits(playbook, rules[rule_id])
    for rule in rules.values():
        if rule.playbook == playbook.id and rule.id not in playbook.remedies:
            yield f"it is the playbook of rule {rule.id}, which is not under remedies"


def _misfits(playbook: Playbook, rule: Rule) -> Iterable[str]:
    """Yield what a playbook wants of a rule that it remedies, and the rule does not give."""
    if rule.playbook != (playbook.instead_of or playbook.id):
        yield f"it remedies {rule.id}, whose playbook is {quote(rule.playbook) if rule.playbook else 'not given'}"
    for hole in sorted(playbook.holes, key=str):
        if hole.of == "details" and hole.field not in rule.details:
            yield f"{hole}: {unknown(f'detail of {rule.id}', hole.field, rule.details)}"
        if hole.of == "facts" and (problem := _no_such_fact(hole)):
            yield f"{hole}: {problem}"
    for detail in playbook.confirm.same:
        if detail not in rule.details:
            yield f"same: {unknown(f'detail of {rule.id}', detail, rule.details)}"


def _no_such_fact(hole: Hole) -> str:
    kind, _, field = hole.field.partition(".")
    if kind not in FACT_TYPES:
        return unknown("kind of fact", kind, FACT_TYPES)
    fields = fields_of(FACT_TYPES[kind])
    return "" if field in fields else unknown(f"field of {kind}", field, fields)


def read(document: Document) -> Playbook | None:
    """Return the playbook in a file, None after a mistake."""
    keys = read_fields.keys(document, document.root, "a playbook", KEYS, OPTIONAL)
    if document.problems:
        return None
    name = document.text(keys["id"].node, "id")
    if name and (name != document.file.stem or not ID.fullmatch(name)):
        document.problem(keys["id"].line, f"id must be the file's name, in kebab-case: {quote(document.file.stem)}")
    docs = document.text(keys["docs"].node, "docs")
    if docs and not docs.startswith("https://"):
        document.problem(keys["docs"].line, "docs must be an https link")
    playbook = Playbook(
        id=name,
        instead_of=document.text(keys["instead_of"].node, "instead_of") if "instead_of" in keys else "",
        title=document.text(keys["title"].node, "title"),
        remedies=_words(document, keys["remedies"].node, "remedies"),
        risk=Risk(document.choice(keys["risk"].node, "risk", list(Risk)) or Risk.HIGH),
        blast_radius=read_fields.template(document, keys["blast_radius"].node, "blast_radius"),
        steps=tuple(filter(None, (read_steps.step(document, node) for node in _items(document, keys, "steps")))),
        confirm=_confirm(document, keys["confirm"].node),
        undo=Undo(document.choice(keys["undo"].node, "undo", list(Undo)) or Undo.NONE),
        docs=docs,
        path=document.file,
        advice=read_steps.advice(document, keys["advice"].node) if "advice" in keys else Advice(),
        preconditions=tuple(
            filter(None, (read_steps.precondition(document, node) for node in _items(document, keys, "preconditions")))
        ),
    )
    if not playbook.steps and not playbook.advice.commands and not document.problems:
        document.problem(keys["steps"].line, "steps must have at least one step, or advice a command")
    return None if document.problems else playbook


def _items(document: Document, keys: Mapping[str, Entry], key: str) -> list[yaml.Node]:
    return document.items(keys[key].node, key) if key in keys else []


def _words(document: Document, node: yaml.Node, what: str) -> tuple[str, ...]:
    words = tuple(document.text(item, what) for item in document.items(node, what))
    if not words:
        document.problem(node, f"{what} must not be empty")
    return words


def _confirm(document: Document, node: yaml.Node) -> Confirm:
    keys = document.mapping(node, "confirm")
    optional = {key: keys.pop(key) for key in ("same",) if key in keys}
    needed = ("rules", "answers", "within_seconds")
    for key, entry in keys.items():
        if key not in needed:
            document.problem(entry.line, unknown("key of confirm", key, (*needed, "same")))
    for key in needed:
        if key not in keys:
            document.problem(node, f"confirm needs {quote(key)}")
    if not keys.keys() >= set(needed):
        return Confirm(rules=(), answers=Outcome.RULED_OUT, same=(), within_seconds=0)
    answers = document.choice(keys["answers"].node, "answer", (Outcome.FOUND, Outcome.RULED_OUT))
    return Confirm(
        rules=_words(document, keys["rules"].node, "rules"),
        answers=Outcome(answers or Outcome.RULED_OUT),
        same=_words(document, optional["same"].node, "same") if optional else (),
        within_seconds=read_fields.seconds(document, keys["within_seconds"].node),
    )
