"""A diagnosis as JSON and YAML, and back from JSON. The form is documented in ``docs/diagnosis.schema.json``.

Output is ASCII: everything else is escaped, so no character of a cluster can act on a terminal or break an encoding.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from bot.diagnosis.report import SCHEMA, Cause, Diagnosis
from bot.facts.base import Value
from bot.facts.pod import PodState
from bot.facts.scope import Subject

if TYPE_CHECKING:
    Dumper = yaml.SafeDumper
else:  # libyaml writes the same text five times faster, where PyYAML was built with it
    Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Builtins = dict[str, Any]

OUTSIDE_HOST = "OutsideHost"


class NotADiagnosis(ValueError):
    """The text is no diagnosis of a version that is understood here."""


def to_builtins(diagnosis: Diagnosis) -> Builtins:
    """Return a diagnosis as mappings, lists and scalars, always in the same order: the schema's name first."""
    told: Builtins = json.loads(json.dumps(msgspec.to_builtins(diagnosis)))  # tuples become lists, as in a document
    for findings, shown in ((diagnosis.causes, told["causes"]), (diagnosis.also_seen, told["also_seen"])):
        for finding, as_builtins in zip(findings, shown, strict=True):
            as_builtins["subject"]["node"] = node_of(finding)
            as_builtins["subject"]["namespace"] = namespace_of(finding, diagnosis)
    return {"schema": told.pop("schema"), **told}


def namespace_of(cause: Cause, diagnosis: Diagnosis) -> str:
    """Return the namespace of a finding's subject; of a host outside, that of the Pods that call it, if it is one."""
    if cause.subject.kind != OUTSIDE_HOST or ", " in diagnosis.symptom.namespace:
        return cause.subject.namespace
    return diagnosis.symptom.namespace


def node_of(cause: Cause) -> str:
    """Return the Node a finding's subject is on; empty where it is on none, or nothing says so."""
    subject = cause.subject
    if subject.kind == "Node":
        return subject.name
    told: list[Value | None] = [cause.details.get("node")]
    told += [
        item.value.get("node")
        for item in cause.evidence
        if item.fact == PodState.kind
        and subject == Subject("Pod", str(item.value.get("namespace")), str(item.value.get("name")))
    ]
    return next((node for node in told if isinstance(node, str)), "")


def to_json(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as JSON text, indented, ending in a line feed."""
    return json.dumps(to_builtins(diagnosis), indent=2) + "\n"


def to_yaml(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as one YAML document."""
    return yaml_text(to_builtins(diagnosis))


def yaml_text(document: object) -> str:
    """Return builtins as YAML in the order they have, without anchors; text of several lines as a block."""
    try:
        return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=100)
    except UnicodeEncodeError:  # half a character, which libyaml cannot take
        return yaml.dump(document, Dumper=_Thorough, sort_keys=False, width=100)


def from_json(text: str | bytes) -> Diagnosis:
    """Return the diagnosis that :func:`to_json` wrote; fields of a later edition of the same schema are left out.

    Raises:
        NotADiagnosis: The text is not JSON, names another schema, or has fields missing or of the wrong type.
    """
    try:
        told = json.loads(text)
        check_schema(told)
        return outside_of_namespaces(msgspec.convert(told, Diagnosis))
    except (ValueError, RecursionError) as problem:
        raise NotADiagnosis(f"This is no {SCHEMA}: {problem}.") from problem


def outside_of_namespaces(diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis whose hosts outside are in no namespace: :func:`namespace_of` only says who calls them."""

    def placed(cause: Cause) -> Cause:
        subject = cause.subject
        return (
            replace(cause, subject=Subject(OUTSIDE_HOST, "", subject.name)) if subject.kind == OUTSIDE_HOST else cause
        )

    causes, also_seen = tuple(map(placed, diagnosis.causes)), tuple(map(placed, diagnosis.also_seen))
    return replace(diagnosis, causes=causes, also_seen=also_seen)


def check_schema(told: object) -> None:
    """Refuse anything but a mapping that names the schema of this version."""
    schema = told.get("schema") if isinstance(told, dict) else None
    if schema != SCHEMA:
        raise ValueError(f"its `schema` is {json.dumps(schema)[:60]}")


class _ForPeople(yaml.representer.SafeRepresenter):
    """YAML for people: repeated values are repeated, not referred to."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


class _Plain(_ForPeople, Dumper):
    """By libyaml, where it is there."""


class _Thorough(_ForPeople, yaml.SafeDumper):
    """By PyYAML itself."""


_Plain.add_representer(str, _Plain.represent_text)
_Thorough.add_representer(str, _Thorough.represent_text)
