from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest
import yaml

from bot.diagnosis.report import SCHEMA, Diagnosis
from bot.diagnosis.serialise import NotADiagnosis, from_json, to_builtins, to_json, to_yaml
from bot.facts.scope import Subject
from tests import diagnosis_fixtures as fixtures

EVERY = pytest.mark.parametrize("make", fixtures.ALL.values(), ids=fixtures.ALL)


@EVERY
def test_json_gives_the_same_diagnosis_back(make: Callable[[], Diagnosis]) -> None:
    assert from_json(to_json(make())) == make()


@EVERY
def test_yaml_says_the_same_as_json(make: Callable[[], Diagnosis]) -> None:
    assert yaml.safe_load(to_yaml(make())) == json.loads(to_json(make())) == to_builtins(make())


@pytest.mark.parametrize("write", [to_json, to_yaml])
def test_nothing_but_printable_ascii_is_written(write: Callable[[Diagnosis], str]) -> None:
    text = write(fixtures.hostile())

    assert {character for character in text if not " " <= character <= "~"} == {"\n"}


def test_the_schema_stands_first_and_the_order_is_that_of_the_report() -> None:
    assert list(to_builtins(fixtures.wrong_port())) == [
        "schema",
        "symptom",
        "causes",
        "also_seen",
        "ruled_out",
        "not_checked",
        "path",
        "timing",
        "access",
        "plans",
        "notes",
        "unread",
        "ways",
        "recordings",
    ]


def test_yaml_repeats_what_is_repeated() -> None:
    assert "&id" not in to_yaml(fixtures.wrong_port())


def test_a_node_is_its_own_node() -> None:
    [cause, _] = to_builtins(fixtures.noisy_neighbour())["causes"]

    assert cause["subject"] == {"kind": "Node", "namespace": "", "name": "node2", "node": "node2"}


def test_a_pod_is_on_the_node_its_evidence_says() -> None:
    cause = fixtures.POD_NOT_READY
    told = to_builtins(fixtures.diagnosis(causes=(cause,)))

    assert told["causes"][0]["subject"]["node"] == "node1"


OSLO = fixtures.changed(fixtures.WRONG_PORT, subject=Subject("OutsideHost", "", "oslo.example.net"))


@pytest.mark.parametrize(("namespaces", "told"), [("shop", "shop"), ("", ""), ("shop, pay", "")])
def test_of_a_host_outside_the_namespace_that_calls_it_is_told(namespaces: str, told: str) -> None:
    known = fixtures.diagnosis(causes=(OSLO,))
    known = dataclasses.replace(known, symptom=dataclasses.replace(known.symptom, namespace=namespaces))

    assert to_builtins(known)["causes"][0]["subject"]["namespace"] == told
    assert from_json(to_json(known)) == known


def test_the_node_of_another_pod_is_not_taken() -> None:
    cause = fixtures.changed(fixtures.POD_NOT_READY, subject=Subject("Pod", "shop", "other"))
    told = to_builtins(fixtures.diagnosis(causes=(cause,)))

    assert told["causes"][0]["subject"]["node"] == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "This is no netmedic/diagnosis/v1: Expecting value: line 1 column 1 (char 0)."),
        ("[]", "This is no netmedic/diagnosis/v1: its `schema` is null."),
        (
            '{"schema": "netmedic/diagnosis/v2"}',
            'This is no netmedic/diagnosis/v1: its `schema` is "netmedic/diagnosis/v2".',
        ),
        (f'{{"schema": "{SCHEMA}"}}', "This is no netmedic/diagnosis/v1: Object missing required field `symptom`."),
    ],
)
def test_something_else_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(NotADiagnosis) as refused:
        from_json(text)

    assert str(refused.value) == complaint


def test_a_text_nested_without_end_is_refused() -> None:
    with pytest.raises(NotADiagnosis):
        from_json("[" * 200_000)


def test_a_wrong_type_is_refused_and_named() -> None:
    told = to_builtins(fixtures.nothing_found())
    told["timing"]["seconds"] = "soon"

    with pytest.raises(NotADiagnosis) as refused:
        from_json(json.dumps(told))

    assert "Expected `float`, got `str` - at `$.timing.seconds`" in str(refused.value)
