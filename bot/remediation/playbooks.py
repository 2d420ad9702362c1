"""Reading playbook files. Every mistake is named with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from bot.cluster.writer import WRITABLE
from bot.engine.documents import Document, Entry, Problem, quote, read_documents, unknown
from bot.engine.rule import Rule
from bot.engine.verdict import Outcome
from bot.facts.base import Value
from bot.remediation.fieldpath import FieldPath
from bot.remediation.holes import broken, holes
from bot.remediation.playbook import Confirm, Patch, Playbook, Risk, Setting, Undo
from bot.remediation.values import TYPES, WrongValue

KEYS = ("id", "title", "remedies", "risk", "blast_radius", "steps", "confirm", "undo", "docs")
WITHIN_SECONDS = range(5, 901)
"""Shorter than one look, or longer than anybody watches (ours)."""
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
    if rule.playbook != playbook.id:
        yield f"it remedies {rule.id}, whose playbook is {quote(rule.playbook) if rule.playbook else 'not given'}"
    for hole in sorted(playbook.holes, key=str):
        if hole.of == "details" and hole.field not in rule.details:
            yield f"{hole}: {unknown(f'detail of {rule.id}', hole.field, rule.details)}"
    for detail in playbook.confirm.same:
        if detail not in rule.details:
            yield f"same: {unknown(f'detail of {rule.id}', detail, rule.details)}"


def read(document: Document) -> Playbook | None:
    """Return the playbook in a file, None after a mistake."""
    keys = _keys(document, document.root, "a playbook", KEYS)
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
        title=document.text(keys["title"].node, "title"),
        remedies=_words(document, keys["remedies"].node, "remedies"),
        risk=Risk(document.choice(keys["risk"].node, "risk", list(Risk)) or Risk.HIGH),
        blast_radius=_template(document, keys["blast_radius"].node, "blast_radius"),
        steps=tuple(filter(None, (_patch(document, node) for node in document.items(keys["steps"].node, "steps")))),
        confirm=_confirm(document, keys["confirm"].node),
        undo=Undo(document.choice(keys["undo"].node, "undo", list(Undo)) or Undo.NONE),
        docs=docs,
        path=document.file,
    )
    if not playbook.steps and not document.problems:
        document.problem(keys["steps"].line, "steps must have at least one step")
    return None if document.problems else playbook


def _keys(document: Document, node: yaml.Node, what: str, wanted: Iterable[str]) -> dict[str, Entry]:
    """Return the keys of a mapping that must have exactly these."""
    options = tuple(wanted)
    found = document.mapping(node, what)
    for key, entry in found.items():
        if key not in options:
            document.problem(entry.line, unknown(f"key of {what}", key, options))
    for key in options:
        if key not in found:
            document.problem(node, f"{what} needs {quote(key)}")
    return found if found.keys() >= set(options) else {}


def _words(document: Document, node: yaml.Node, what: str) -> tuple[str, ...]:
    words = tuple(document.text(item, what) for item in document.items(node, what))
    if not words:
        document.problem(node, f"{what} must not be empty")
    return words


def _template(document: Document, node: yaml.Node, what: str) -> str:
    text = document.text(node, what)
    for piece in broken(text):
        document.problem(
            node,
            f"{quote(piece)} is no hole; holes are {{cause.subject.kind}}, {{cause.subject.namespace}}, "
            "{cause.subject.name} and {cause.details.FIELD}",
        )
    return text


def _patch(document: Document, node: yaml.Node) -> Patch | None:
    keys = _keys(document, node, "a step", ("patch", "set"))
    if not keys:
        return None
    of = document.mapping(keys["patch"].node, "patch")
    types = _types(document, of) if {"apiVersion", "kind"} <= of.keys() else []
    namespaced = all(WRITABLE[of_type].namespaced for of_type in types)
    of = _keys(document, keys["patch"].node, "patch", ("apiVersion", "kind", *(("namespace",) * namespaced), "name"))
    settings = tuple(
        _setting(document, path, entry) for path, entry in document.mapping(keys["set"].node, "set").items()
    )
    if not settings:
        document.problem(keys["set"].line, "set must name at least one field")
    if not of or not types:
        return None
    return Patch(
        api_version=types[0][0],
        kinds=tuple(kind for _, kind in types),
        namespace=_template(document, of["namespace"].node, "namespace") if namespaced else "",
        name=_template(document, of["name"].node, "name"),
        settings=settings,
    )


def _types(document: Document, of: Mapping[str, Entry]) -> list[tuple[str, str]]:
    """Return the apiVersion and each kind of a target; a pair that is not known is a mistake."""
    version = document.text(of["apiVersion"].node, "apiVersion")
    kinds = of["kind"].node
    nodes = document.items(kinds, "kind") if isinstance(kinds, yaml.SequenceNode) else [kinds]
    found: list[tuple[str, str]] = []
    for node in nodes:
        pair = version, document.text(node, "kind")
        if pair in WRITABLE:
            found.append(pair)
        elif all(pair):
            known = [" ".join(known) for known in WRITABLE]
            document.problem(node, unknown("type of object", " ".join(pair), known))
    return found if len(found) == len(nodes) else []


def _setting(document: Document, text: str, entry: Entry) -> Setting:
    path = FieldPath((), "")
    try:
        path = FieldPath.parse(text)
    except ValueError as problem:
        document.problem(entry.line, str(problem))
    if any(isinstance(part, str) and "{" in part for part in (*path.way, path.key)):
        document.problem(entry.line, "a hole cannot be a key of a path, only the value in [field=value]")
    typed = document.mapping(entry.node, f"the value of {text}")
    if len(typed) != 1:
        document.problem(entry.line, f"{text} needs a type and a value, such as {{port: 8080}}")
        return Setting(path=path, type="", value="")
    [(kind, (line, node))] = typed.items()
    if kind not in TYPES:
        document.problem(line, unknown("type of value", kind, TYPES))
    setting = Setting(path=path, type=kind, value=_typed(document, node, kind))
    for template in setting.templates:
        for piece in broken(template):
            document.problem(line, f"{quote(piece)} is no hole such as {{cause.details.FIELD}}")
    return setting


def _typed(document: Document, node: yaml.Node, kind: str) -> Value:
    """Return a value; one without holes is tried at once, except where it depends on the object."""
    value = document.value(node, kind)
    if value is None:
        return ""
    if kind in TYPES and kind != "label_values" and not any(holes(str(value))):
        try:
            TYPES[kind](value, None)
        except WrongValue as problem:
            document.problem(node, str(problem))
    return value


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
    seconds = document.value(keys["within_seconds"].node, "within_seconds")
    if not isinstance(seconds, int) or seconds not in WITHIN_SECONDS:
        document.problem(
            keys["within_seconds"].line, f"within_seconds must be {WITHIN_SECONDS.start} to {WITHIN_SECONDS.stop - 1}"
        )
    return Confirm(
        rules=_words(document, keys["rules"].node, "rules"),
        answers=Outcome(answers or Outcome.RULED_OUT),
        same=_words(document, optional["same"].node, "same") if optional else (),
        within_seconds=int(seconds or 0) if isinstance(seconds, int) else 0,
    )
