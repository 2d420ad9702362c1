"""Kubernetes' label and field selectors, evaluated here instead of at the API server.

Grammar and meaning: kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.cluster.errors import Malformed
from bot.cluster.objects import Event, LabelSelector, Object, Pod
from bot.cluster.port import T

Operator = Literal["in", "notin", "exists", "!"]

_OPERATORS: dict[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}

_KEY = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<absent_key>{_KEY})"
    rf"|(?P<key>{_KEY})(?:\s*(?P<equals>==|=|!=)\s*(?P<value>{_VALUE})"
    rf"|\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|$)"
)


@dataclass(frozen=True)
class Requirement:
    """One term of a label selector."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def met_by(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels satisfy this term; a missing key satisfies ``notin``."""
        match self.operator:
            case "exists":
                return self.key in labels
            case "!":
                return self.key not in labels
            case "in":
                return self.key in labels and labels[self.key] in self.values
            case "notin":
                return self.key not in labels or labels[self.key] not in self.values


def parse_labels(selector: str) -> tuple[Requirement, ...]:
    """Return the terms of a label selector such as ``app=web,tier in (a, b),!old``; empty selects everything.

    Raises:
        Malformed: It is not a label selector.
    """
    found: list[Requirement] = []
    position = 0
    while position < len(selector) and selector.strip():
        match = _TERM.match(selector, position)
        if match is None or match.end() == position:
            raise Malformed(f"not a label selector: {selector[:100]!r}, at character {position + 1}")
        found.append(_requirement(match, selector))
        position = match.end()
    if selector.rstrip().endswith(","):
        raise Malformed(f"not a label selector: {selector[:100]!r} ends with a comma")
    return tuple(found)


def _requirement(match: re.Match[str], selector: str) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent_key"], "!")
    if match["set"]:
        values = frozenset(value.strip() for value in match["values"].split(","))
        if any(re.fullmatch(_VALUE, value) is None for value in values):
            raise Malformed(f"not a label selector: {selector[:100]!r} has a value that no label can have")
        return Requirement(match["key"], "in" if match["set"] == "in" else "notin", values)
    if match["equals"]:
        operator: Operator = "notin" if match["equals"] == "!=" else "in"
        return Requirement(match["key"], operator, frozenset({match["value"]}))
    return Requirement(match["key"], "exists")


def labels_match(requirements: Iterable[Requirement], labels: Mapping[str, str]) -> bool:
    """Tell whether labels satisfy all terms."""
    return all(requirement.met_by(labels) for requirement in requirements)


def selects(selector: LabelSelector | Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Tell whether an object's own selector matches labels; an empty one matches all.

    Of a Service, whose empty selector means "no selector at all", ask only if it has one.

    Raises:
        Malformed: It has an operator that Kubernetes does not know.
    """
    if not isinstance(selector, LabelSelector):
        return all(labels.get(key) == value for key, value in selector.items())
    if not selects(selector.match_labels, labels):
        return False
    for expression in selector.match_expressions:
        operator = _OPERATORS.get(expression.operator)
        if operator is None:
            raise Malformed(f"label selector with unknown operator {expression.operator[:40]!r}")
        if not Requirement(expression.key, operator, frozenset(expression.values)).met_by(labels):
            return False
    return True


def to_text(selector: Mapping[str, str]) -> str:
    """Return a Service's selector as a label selector: ``app=web,version=v2``."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))


def parse_fields(selector: str) -> tuple[tuple[str, bool, str], ...]:
    """Return the terms of a field selector as (field, wanted equal, value).

    Raises:
        Malformed: It is not a field selector.
    """
    found = []
    for term in filter(None, (term.strip() for term in selector.split(","))):
        match = re.fullmatch(r"([A-Za-z.]+)\s*(==|=|!=)\s*(.*)", term)
        if match is None:
            raise Malformed(f"not a field selector: {selector[:100]!r}")
        found.append((match[1], match[2] != "!=", match[3]))
    return tuple(found)


def fields_match(terms: Iterable[tuple[str, bool, str]], obj: Object) -> bool:
    """Tell whether an object satisfies all terms of a field selector.

    Raises:
        Malformed: The API server does not select this kind of object by that field.
    """
    return all((_field(obj, name) == value) is wanted for name, wanted, value in terms)


def select(objects: Iterable[T], *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
    """Return the objects that an API server would list for these arguments, in their order.

    Raises:
        Malformed: A selector is none, or cannot be evaluated here.
    """
    by_labels, by_fields = parse_labels(labels), parse_fields(fields)
    return [
        obj
        for obj in objects
        if (not namespace or not obj.resource.namespaced or obj.metadata.namespace == namespace)
        and labels_match(by_labels, obj.metadata.labels)
        and fields_match(by_fields, obj)
    ]


def _field(obj: Object, name: str) -> str:
    known = {"metadata.name": obj.metadata.name}
    if obj.resource.namespaced:
        known["metadata.namespace"] = obj.metadata.namespace
    if isinstance(obj, Pod):
        known |= {
            "spec.nodeName": obj.spec.node_name,
            "status.phase": obj.status.phase,
            "status.podIP": obj.status.pod_ip,
        }
    if isinstance(obj, Event):
        of = obj.involved_object
        known |= {"involvedObject.kind": of.kind, "involvedObject.name": of.name}
        known |= {"involvedObject.namespace": of.namespace, "reason": obj.reason, "type": obj.type}
    if name not in known:
        raise Malformed(f"field selector: {obj.resource.permission} cannot be selected by {name[:60]!r}")
    return known[name]
