"""The JSON Schema, the dataclasses and what is written agree."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.diagnosis import measurements, report
from bot.diagnosis.serialise import to_json
from bot.engine.rules import Confidence, Severity
from bot.facts.base import Value
from bot.facts.categories import CATEGORIES
from bot.facts.scope import Subject, SymptomKind
from tests import diagnosis_fixtures as fixtures

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "diagnosis.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
DATACLASSES: dict[str, type] = {
    "symptom": report.SymptomReport,
    "subject": Subject,
    "evidence": report.Evidence,
    "proof": report.Proof,
    "finding": report.Cause,
    "ruled_out": report.RuledOut,
    "not_checked": report.NotChecked,
    "hop": report.Hop,
    "plan": report.PlanReport,
    "probe": report.ProbeTiming,
    "timing": report.Timing,
    "access": report.Access,
    "way": measurements.Way,
    "series": measurements.Series,
    "recording": measurements.Recording,
}
DERIVED = {("subject", "node")}
"""Fields that are worked out on writing and that no dataclass has."""

SCALARS: dict[object, str] = {str: "string", int: "integer", bool: "boolean", float: "number"}


def objects(part: Any, where: str = "$") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every object that a schema describes, with its place."""
    if isinstance(part, dict):
        if "properties" in part:
            yield where, part
        for key, below in part.items():
            yield from objects(below, f"{where}.{key}")


def shape(declared: Any) -> dict[str, Any]:
    """Return what the schema has to say of a field of this type."""
    if declared in SCALARS:
        return {"type": SCALARS[declared]}
    if isinstance(declared, type) and issubclass(declared, StrEnum):
        return {"type": "string", "enum": [str(member) for member in declared]}
    if dataclasses.is_dataclass(declared):
        name = next(name for name, dataclass in DATACLASSES.items() if dataclass is declared)
        return {"$ref": f"#/$defs/{name}"}
    if typing.get_origin(declared) is tuple:
        item = typing.get_args(declared)[0]
        return {"type": "array", "items": {"type": "object"} if typing.get_origin(item) is Mapping else shape(item)}
    assert declared == Mapping[str, Value], declared
    return {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}}


def includes(said: Any, wanted: Any) -> bool:
    """Tell whether a schema says at least what is wanted."""
    if isinstance(wanted, dict):
        return isinstance(said, dict) and all(key in said and includes(said[key], wanted[key]) for key in wanted)
    return bool(said == wanted)


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", fixtures.ALL)
def test_what_is_written_is_valid(name: str) -> None:
    told = json.loads(to_json(fixtures.ALL[name]()))

    assert [error.message for error in VALIDATOR.iter_errors(told)] == []


@pytest.mark.parametrize(("name", "dataclass"), [("", report.Diagnosis), *DATACLASSES.items()])
def test_schema_and_dataclass_have_the_same_fields_of_the_same_types(name: str, dataclass: type) -> None:
    described = SCHEMA["$defs"][name]["properties"] if name else SCHEMA["properties"]
    hints = typing.get_type_hints(dataclass)
    hints.pop("schema", None)

    assert {key for key in described if key != "schema" and (name, key) not in DERIVED} == hints.keys()
    assert [key for key, declared in hints.items() if not includes(described[key], shape(declared))] == []


def test_the_schema_names_the_version_that_is_written() -> None:
    assert SCHEMA["properties"]["schema"]["const"] == SCHEMA["title"] == report.SCHEMA


@pytest.mark.parametrize(
    ("of", "field", "values"),
    [
        ("symptom", "kind", SymptomKind),
        ("finding", "category", CATEGORIES),
        ("finding", "severity", Severity),
        ("finding", "confidence", Confidence),
    ],
)
def test_closed_sets_are_those_of_the_program(of: str, field: str, values: Iterable[str]) -> None:
    assert SCHEMA["$defs"][of]["properties"][field]["enum"] == [str(value) for value in values]


def test_every_object_is_closed_complete_and_described() -> None:
    found = dict(objects(SCHEMA))

    assert [where for where, part in found.items() if part.get("additionalProperties") is not False] == []
    assert [where for where, part in found.items() if part["required"] != list(part["properties"])] == []
    assert [where for where, part in found.items() if not part.get("description")] == []
    assert [
        f"{where}.{key}"
        for where, part in found.items()
        for key, field in part["properties"].items()
        if not field.get("description")
    ] == []


def drop_schema(told: dict[str, Any]) -> None:
    del told["schema"]


def name_no_subject(told: dict[str, Any]) -> None:
    told["causes"][0]["subject"]["name"] = ""


def invent_category(told: dict[str, Any]) -> None:
    told["causes"][0]["category"] = "gremlins"


def put_a_fraction_in_a_fact(told: dict[str, Any]) -> None:
    told["causes"][0]["evidence"][0]["value"]["port"] = 80.5


def add_a_field(told: dict[str, Any]) -> None:
    told["access"]["token"] = "secret"


@pytest.mark.parametrize(
    "spoil", [drop_schema, name_no_subject, invent_category, put_a_fraction_in_a_fact, add_a_field]
)
def test_what_is_not_as_documented_is_invalid(spoil: Callable[[dict[str, Any]], None]) -> None:
    told = json.loads(to_json(fixtures.wrong_port()))
    spoil(told)

    assert not VALIDATOR.is_valid(told)
