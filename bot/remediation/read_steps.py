"""Reading the steps of a playbook file. Every mistake is noted with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import yaml

from bot.cluster.writer import WRITABLE, Json
from bot.engine.documents import Document, Entry, quote, unknown
from bot.facts.base import Value
from bot.remediation.fieldpath import FieldPath
from bot.remediation.holes import broken, holes
from bot.remediation.steps import (
    Advice,
    Allow,
    Create,
    Of,
    Patch,
    Precondition,
    ReplacePod,
    Restart,
    Setting,
    Step,
    Sysctl,
)
from bot.remediation.sysctls import KEY
from bot.remediation.values import DEPENDS_ON_OBJECT, TYPES, WrongValue

WITHIN_SECONDS = range(5, 901)
"""Shorter than one look, or longer than anybody watches (ours)."""
WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")
NO_WRITE = frozenset({"Event", "EndpointSlice", "Job", "Pod"})
"""Kinds that a patch or a creation makes no sense of: others make them, and make them again."""


def step(document: Document, node: yaml.Node) -> Step | None:
    """Return one step, None after a mistake."""
    found = document.mapping(node, "a step")
    known = [verb for verb in STEPS if verb in found]
    if len(known) == 1:
        return STEPS[known[0]](document, node)
    for key, entry in found.items():
        if key not in STEPS:
            document.problem(entry.line, unknown("step", key, STEPS))
            return None
    document.problem(node, "a step does one thing" if known else f"a step needs one of {', '.join(sorted(STEPS))}")
    return None


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


def _of(document: Document, node: yaml.Node, what: str, kinds: Iterable[str] = ()) -> Of | None:
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


def _patch(document: Document, node: yaml.Node) -> Patch | None:
    found = keys(document, node, "a step", ("patch", "set"), ("inside", "within_seconds"))
    if not found:
        return None
    of = _of(document, found["patch"].node, "patch")
    settings = _settings(document, found["set"])
    if of is None:
        return None
    inside = document.text(found["inside"].node, "inside") if "inside" in found else ""
    if inside and of.kinds != ("ConfigMap",):
        document.problem(found["inside"].line, "inside is for a ConfigMap, whose values are documents")
    if inside and any(not isinstance(part, str) for setting in settings for part in setting.path.way):
        document.problem(found["set"].line, "a path inside a document has keys only, no [field=value]")
    return Patch(of=of, settings=settings, inside=inside, within_seconds=_optional_seconds(document, found))


def _optional_seconds(document: Document, found: Mapping[str, Entry]) -> int:
    return seconds(document, found["within_seconds"].node) if "within_seconds" in found else 0


def _restart(document: Document, node: yaml.Node) -> Restart | None:
    found = keys(document, node, "a step", ("restart", "within_seconds"))
    of = _of(document, found["restart"].node, "restart", WORKLOADS) if found else None
    return Restart(of=of, within_seconds=seconds(document, found["within_seconds"].node)) if of else None


def _create(document: Document, node: yaml.Node) -> Create | None:
    found = keys(document, node, "a step", ("create", "content"), ("set",))
    of = _of(document, found["create"].node, "create") if found else None
    if of is None:
        return None
    content = _plain(found["content"].node)
    if not isinstance(content, dict) or not content or {"apiVersion", "kind", "metadata"} & content.keys():
        document.problem(found["content"].line, "content is what an object has besides apiVersion, kind and metadata")
        return None
    if "{cause" in str(content):
        document.problem(found["content"].line, "content has no holes: what a cause says goes under set")
    return Create(of=of, content=content, settings=_settings(document, found["set"]) if "set" in found else ())


def _plain(node: yaml.Node) -> Json:
    found: Json = yaml.safe_load(yaml.serialize(node))
    return found


def _allow(document: Document, node: yaml.Node) -> Allow | None:
    ends = ("client_namespace", "client", "target_namespace", "target", "protocol", "port")
    found = keys(document, node, "a step", ("allow",))
    of = keys(document, found["allow"].node, "allow", ends) if found else {}
    return Allow(**{end: template(document, of[end].node, end) for end in ends}) if of else None


def _replace_pod(document: Document, node: yaml.Node) -> ReplacePod | None:
    found = keys(document, node, "a step", ("replace_pod",))
    if not found:
        return None
    told = document.mapping(found["replace_pod"].node, "replace_pod")
    if "name" in told:
        of = keys(document, found["replace_pod"].node, "replace_pod", ("namespace", "name"))
        names = {key: template(document, entry.node, key) for key, entry in of.items()}
        return ReplacePod(namespaces=(names["namespace"],), name=names["name"]) if of else None
    of = keys(document, found["replace_pod"].node, "replace_pod", ("namespaces", "workloads", "node"))
    if not of:
        return None
    namespaces, workloads = (
        tuple(template(document, item, key) for item in document.items(of[key].node, key))
        for key in ("namespaces", "workloads")
    )
    return ReplacePod(namespaces=namespaces, workloads=workloads, node=template(document, of["node"].node, "node"))


def _sysctl(document: Document, node: yaml.Node) -> Sysctl | None:
    found = keys(document, node, "a step", ("sysctl", "was", "to"))
    of = keys(document, found["sysctl"].node, "sysctl", ("node", "key")) if found else {}
    if not of:
        return None
    key = document.text(of["key"].node, "key")
    if key and not KEY.fullmatch(key):
        document.problem(of["key"].line, f"{quote(key)} is no sysctl of the network, such as net.ipv4.ip_forward")
    kind, value = _typed(document, "to", found["to"])
    return Sysctl(
        node=template(document, of["node"].node, "node"),
        key=key,
        was=_value(document, found["was"].node, "number"),
        value=value,
        type=kind,
    )


STEPS: Mapping[str, Callable[[Document, yaml.Node], Step | None]] = {
    "patch": _patch,
    "restart": _restart,
    "create": _create,
    "allow": _allow,
    "replace_pod": _replace_pod,
    "sysctl": _sysctl,
}


def _settings(document: Document, entry: Entry) -> tuple[Setting, ...]:
    found = tuple(_setting(document, path, each) for path, each in document.mapping(entry.node, "set").items())
    if not found:
        document.problem(entry.line, "set must name at least one field")
    return found


def _setting(document: Document, text: str, entry: Entry) -> Setting:
    path = path_of(document, text, entry.line)
    kind, value = _typed(document, text, entry)
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


def _typed(document: Document, what: str, entry: Entry) -> tuple[str, Value]:
    """Return a type and a value of it, as ``{port: 8080}`` has them."""
    typed = document.mapping(entry.node, f"the value of {what}")
    if len(typed) != 1:
        document.problem(entry.line, f"{what} needs a type and a value, such as {{port: 8080}}")
        return "", ""
    [(kind, (line, node))] = typed.items()
    if kind not in TYPES:
        document.problem(line, unknown("type of value", kind, TYPES))
    return kind, _value(document, node, kind)


def _value(document: Document, node: yaml.Node, kind: str) -> Value:
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


def advice(document: Document, node: yaml.Node) -> Advice:
    """Return what a person has to do."""
    found = keys(document, node, "advice", ("because", "commands"))
    if not found:
        return Advice()
    commands = document.items(found["commands"].node, "commands")
    return Advice(
        because=template(document, found["because"].node, "because"),
        commands=tuple(template(document, command, "a command", other_braces=True) for command in commands),
    )


def precondition(document: Document, node: yaml.Node) -> Precondition | None:
    """Return an object and how it has to read, None after a mistake."""
    found = keys(document, node, "a precondition", ("object",), ("inside", "is", "is_not"))
    of = _of(document, found["object"].node, "object") if found else None
    if of is None:
        return None
    fields = {
        key: tuple(
            (path_of(document, text, entry.line), _value(document, entry.node, ""))
            for text, entry in document.mapping(found[key].node, key).items()
        )
        for key in ("is", "is_not")
        if key in found
    }
    inside = document.text(found["inside"].node, "inside") if "inside" in found else ""
    return Precondition(of=of, inside=inside, fields=fields.get("is", ()), not_fields=fields.get("is_not", ()))
