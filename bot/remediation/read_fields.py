"""Reading what all parts of a playbook file are made of: keys, texts with holes, objects, fields and their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import yaml

from bot.cluster.writer import WRITABLE, Json
from bot.engine.documents import Document, Entry, quote, unknown
from bot.facts.base import Value
from bot.remediation.fieldpath import FieldPath
from bot.remediation.holes import broken, holes
from bot.remediation.steps import Of, Setting
from bot.remediation.values import DEPENDS_ON_OBJECT, TYPES, WrongValue

WITHIN_SECONDS = range(5, 901)
"""Shorter than one look, or longer than anybody watches (ours)."""
NO_WRITE = frozenset({"Event", "EndpointSlice", "Job", "Pod"})
"""Kinds that a patch or a creation makes no sense of: others make them, and make them again."""


def keys(
    document: Document, node: yaml.Node, what: str, wanted: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, Entry]:
    """Return the keys of a mapping that must have these, and may have others; nothing after a mistake."""
    needed = tuple(wanted)
    options = (*needed, *optional)
    found = document.mapping(node, what)
    for key, entry in found.items():
        if key not in options:
            document.problem(entry.line, unknown(f"key of {what}", key, options))
    for key in needed:
        if key not in found:
            document.problem(node, f"{what} needs {quote(key)}")
    return found if found.keys() >= set(needed) else {}


def template(document: Document, node: yaml.Node, what: str, *, other_braces: bool = False) -> str:
    """Return a text that may have holes; other braces are mistakes, unless a command may have them."""
    text = document.text(node, what)
    for piece in broken(text):
        if other_braces and not piece.startswith("{cause"):
            continue
        document.problem(
            node,
            f"{quote(piece)} is no hole; holes are {{cause.subject.kind}}, {{cause.subject.namespace}}, "
            "{cause.subject.name}, {cause.details.FIELD} and {cause.facts.KIND.FIELD}",
        )
    return text


def seconds(document: Document, node: yaml.Node) -> int:
    """Return how long to wait."""
    found = document.value(node, "within_seconds")
    if not isinstance(found, int) or found not in WITHIN_SECONDS:
        document.problem(node, f"within_seconds must be {WITHIN_SECONDS.start} to {WITHIN_SECONDS.stop - 1}")
        return WITHIN_SECONDS.start
    return found


def of_object(document: Document, node: yaml.Node, what: str, kinds: Iterable[str] = ()) -> Of | None:
    """Return the object a step is about; ``kinds`` are those that fit, all but a few if left out."""
    of = document.mapping(node, what)
    types = _types(document, of, tuple(kinds)) if {"apiVersion", "kind"} <= of.keys() else []
    namespaced = all(WRITABLE[of_type].namespaced for of_type in types)
    of = keys(document, node, what, ("apiVersion", "kind", *(("namespace",) * namespaced), "name"))
    if not of or not types:
        return None
    return Of(
        api_version=types[0][0],
        kinds=tuple(kind for _, kind in types),
        namespace=template(document, of["namespace"].node, "namespace") if namespaced else "",
        name=template(document, of["name"].node, "name"),
    )


def _types(document: Document, of: Mapping[str, Entry], fitting: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the apiVersion and each kind of a target; a pair that is not known is a mistake."""
    version = document.text(of["apiVersion"].node, "apiVersion")
    kinds = of["kind"].node
    nodes = document.items(kinds, "kind") if isinstance(kinds, yaml.SequenceNode) else [kinds]
    options = [pair for pair in WRITABLE if (pair[1] in fitting if fitting else pair[1] not in NO_WRITE)]
    found: list[tuple[str, str]] = []
    for node in nodes:
        pair = version, document.text(node, "kind")
        if pair in options:
            found.append(pair)
        elif all(pair):
            document.problem(node, unknown("type of object", " ".join(pair), [" ".join(known) for known in options]))
    return found if len(found) == len(nodes) else []


def optional_seconds(document: Document, found: Mapping[str, Entry]) -> int:
    """Return how long to wait, 0 where it is not said."""
    return seconds(document, found["within_seconds"].node) if "within_seconds" in found else 0


def plain(node: yaml.Node) -> Json:
    """Return what a node says, as it is."""
    found: Json = yaml.safe_load(yaml.serialize(node))
    return found


def settings_of(document: Document, entry: Entry) -> tuple[Setting, ...]:
    """Return the fields a step sets, and to what."""
    found = tuple(_setting(document, path, each) for path, each in document.mapping(entry.node, "set").items())
    if not found:
        document.problem(entry.line, "set must name at least one field")
    return found


def _setting(document: Document, text: str, entry: Entry) -> Setting:
    path = path_of(document, text, entry.line)
    kind, value = typed(document, text, entry)
    setting = Setting(path=path, type=kind, value=value)
    for piece in (piece for text in setting.templates for piece in broken(text)):
        document.problem(entry.line, f"{quote(piece)} is no hole such as {{cause.details.FIELD}}")
    return setting


def path_of(document: Document, text: str, line: int) -> FieldPath:
    """Return a path, an empty one after a mistake."""
    path = FieldPath((), "")
    try:
        path = FieldPath.parse(text)
    except ValueError as problem:
        document.problem(line, str(problem))
    if any(isinstance(part, str) and "{" in part for part in (*path.way, path.key)):
        document.problem(line, "a hole cannot be a key of a path, only the value in [field=value]")
    return path


def typed(document: Document, what: str, entry: Entry) -> tuple[str, Value]:
    """Return a type and a value of it, as ``{port: 8080}`` has them."""
    typed = document.mapping(entry.node, f"the value of {what}")
    if len(typed) != 1:
        document.problem(entry.line, f"{what} needs a type and a value, such as {{port: 8080}}")
        return "", ""
    [(kind, (line, node))] = typed.items()
    if kind not in TYPES:
        document.problem(line, unknown("type of value", kind, TYPES))
    return kind, value_of(document, node, kind)


def value_of(document: Document, node: yaml.Node, kind: str) -> Value:
    """Return a value; one without holes is tried at once, except where it depends on the object."""
    value = document.value(node, kind)
    if value is None:
        return ""
    if kind in TYPES and kind not in DEPENDS_ON_OBJECT and not any(holes(str(value))):
        try:
            TYPES[kind](value, None)
        except WrongValue as problem:
            document.problem(node, str(problem))
    return value
