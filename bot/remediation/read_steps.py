"""Reading the steps of a playbook file. Every mistake is noted with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import yaml

from bot.engine.documents import Document, quote, unknown
from bot.node.collector.modules import SHOWS
from bot.remediation.read_fields import (
    keys,
    of_object,
    optional_seconds,
    path_of,
    plain,
    seconds,
    settings_of,
    template,
    typed,
    value_of,
)
from bot.remediation.steps import (
    Advice,
    Allow,
    Condition,
    Create,
    Isolate,
    NodesHave,
    Patch,
    Precondition,
    ReplacePod,
    Restart,
    Step,
    Sysctl,
    TracksTwice,
)
from bot.remediation.sysctls import KEY

VERSION = re.compile(r"\d+\.\d+")
WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")


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


def _patch(document: Document, node: yaml.Node) -> Patch | None:
    found = keys(document, node, "a step", ("patch", "set"), ("inside", "within_seconds"))
    if not found:
        return None
    of = of_object(document, found["patch"].node, "patch")
    settings = settings_of(document, found["set"])
    if of is None:
        return None
    inside = document.text(found["inside"].node, "inside") if "inside" in found else ""
    if inside and of.kinds != ("ConfigMap",):
        document.problem(found["inside"].line, "inside is for a ConfigMap, whose values are documents")
    if inside and any(not isinstance(part, str) for setting in settings for part in setting.path.way):
        document.problem(found["set"].line, "a path inside a document has keys only, no [field=value]")
    return Patch(of=of, settings=settings, inside=inside, within_seconds=optional_seconds(document, found))


def _restart(document: Document, node: yaml.Node) -> Restart | None:
    found = keys(document, node, "a step", ("restart", "within_seconds"))
    of = of_object(document, found["restart"].node, "restart", WORKLOADS) if found else None
    return Restart(of=of, within_seconds=seconds(document, found["within_seconds"].node)) if of else None


def _create(document: Document, node: yaml.Node) -> Create | None:
    found = keys(document, node, "a step", ("create", "content"), ("set",))
    of = of_object(document, found["create"].node, "create") if found else None
    if of is None:
        return None
    content = plain(found["content"].node)
    if not isinstance(content, dict) or not content or {"apiVersion", "kind", "metadata"} & content.keys():
        document.problem(found["content"].line, "content is what an object has besides apiVersion, kind and metadata")
        return None
    if "{cause" in str(content):
        document.problem(found["content"].line, "content has no holes: what a cause says goes under set")
    return Create(of=of, content=content, settings=settings_of(document, found["set"]) if "set" in found else ())


def _allow(document: Document, node: yaml.Node) -> Allow | None:
    ends = ("client_namespace", "client", "target_namespace", "target", "protocol", "port")
    found = keys(document, node, "a step", ("allow",))
    of = keys(document, found["allow"].node, "allow", ends) if found else {}
    return Allow(**{end: template(document, of[end].node, end) for end in ends}) if of else None


def _isolate(document: Document, node: yaml.Node) -> Isolate | None:
    found = keys(document, node, "a step", ("isolate",))
    of = keys(document, found["isolate"].node, "isolate", ("namespace",)) if found else {}
    return Isolate(namespace=template(document, of["namespace"].node, "namespace")) if of else None


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
    kind, value = typed(document, "to", found["to"])
    return Sysctl(
        node=template(document, of["node"].node, "node"),
        key=key,
        was=value_of(document, found["was"].node, "number"),
        value=value,
        type=kind,
    )


STEPS: Mapping[str, Callable[[Document, yaml.Node], Step | None]] = {
    "patch": _patch,
    "restart": _restart,
    "create": _create,
    "allow": _allow,
    "isolate": _isolate,
    "replace_pod": _replace_pod,
    "sysctl": _sysctl,
}


def advice(document: Document, node: yaml.Node) -> Advice:
    """Return what a person has to do."""
    found = keys(document, node, "advice", ("because", "commands"), ("provider_ticket",))
    if not found:
        return Advice()
    commands = document.items(found["commands"].node, "commands")
    return Advice(
        because=template(document, found["because"].node, "because"),
        provider_ticket=(
            template(document, found["provider_ticket"].node, "provider_ticket") if "provider_ticket" in found else ""
        ),
        commands=tuple(template(document, command, "a command", other_braces=True) for command in commands),
    )


def precondition(document: Document, node: yaml.Node) -> Condition | None:
    """Return what has to be so before anything is planned, None after a mistake."""
    told = document.mapping(node, "a precondition")
    if "nodes_have" in told:
        return _nodes_have(document, node)
    if "tracks_twice" in told:
        return _tracks_twice(document, node)
    return _object_reads(document, node)


def _nodes_have(document: Document, node: yaml.Node) -> NodesHave | None:
    found = keys(document, node, "a precondition", ("nodes_have",))
    parts = ("kernel", "kubelet", "modules", "cnis")
    told = keys(document, found["nodes_have"].node, "nodes_have", (), parts) if found else {}
    if not told:
        return None
    versions = {key: document.text(told[key].node, key) for key in ("kernel", "kubelet") if key in told}
    for key, version in versions.items():
        if version and not VERSION.fullmatch(version):
            document.problem(told[key].line, f"{quote(version)} is no version, such as '5.13'")
    words = {
        key: tuple(document.text(item, key) for item in document.items(told[key].node, key))
        for key in ("modules", "cnis")
        if key in told
    }
    for module in words.get("modules", ()):
        if module not in SHOWS:
            document.problem(told["modules"].line, unknown("part of the kernel", module, SHOWS))
    return NodesHave(
        kernel=versions.get("kernel", ""),
        kubelet=versions.get("kubelet", ""),
        modules=words.get("modules", ()),
        cnis=words.get("cnis", ()),
    )


def _tracks_twice(document: Document, node: yaml.Node) -> TracksTwice | None:
    found = keys(document, node, "a precondition", ("tracks_twice",))
    told = keys(document, found["tracks_twice"].node, "tracks_twice", ("node", "entries")) if found else {}
    return TracksTwice(**{key: template(document, told[key].node, key) for key in told}) if told else None


def _object_reads(document: Document, node: yaml.Node) -> Precondition | None:
    found = keys(document, node, "a precondition", ("object",), ("inside", "is", "is_not"))
    of = of_object(document, found["object"].node, "object") if found else None
    if of is None:
        return None
    fields = {
        key: tuple(
            (path_of(document, text, entry.line), value_of(document, entry.node, ""))
            for text, entry in document.mapping(found[key].node, key).items()
        )
        for key in ("is", "is_not")
        if key in found
    }
    inside = document.text(found["inside"].node, "inside") if "inside" in found else ""
    return Precondition(of=of, inside=inside, fields=fields.get("is", ()), not_fields=fields.get("is_not", ()))
