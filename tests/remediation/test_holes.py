from __future__ import annotations

import pytest

from bot.facts.scope import Subject
from bot.remediation.holes import Hole, NothingToFill, broken, fill, fill_typed, holes
from tests.remediation.fixtures import cause


def test_holes_are_found_in_order() -> None:
    text = "{cause.subject.kind} {cause.details.port} {cause.subject.name}"

    assert list(holes(text)) == [Hole("subject", "kind"), Hole("details", "port"), Hole("subject", "name")]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("no hole", []),
        ("{cause.subject.namespace}/{cause.details.port_name}", []),
        ("{cause.subject.uid}", ["{cause.subject.uid}"]),
        ("{cause.details.port.number}", ["{cause.details.port.number}"]),
        ("{cause.details.}", ["{cause.details.}"]),
        ("{details.port} {", ["{details.port}", "{"]),
        ("{{cause.details.port}}", ["{", "}"]),
        ("{cause.details.Port!r}", ["{cause.details.Port!r}"]),
    ],
)
def test_what_looks_like_a_hole_and_is_none_is_found(text: str, pieces: list[str]) -> None:
    assert broken(text) == pieces


def test_a_text_is_filled() -> None:
    assert fill("{cause.subject.namespace}/{cause.subject.name}:{cause.details.port}", cause()) == "shop/web:80"


def test_a_hole_alone_keeps_its_type() -> None:
    found = cause(details={"port": 80, "is_tcp": True, "name": "http"})

    assert fill_typed("{cause.details.port}", found) == 80
    assert fill_typed("{cause.details.is_tcp}", found) is True
    assert fill_typed("{cause.details.name}", found) == "http"
    assert fill_typed("{cause.details.port}/{cause.details.is_tcp}", found) == "80/true"
    assert fill_typed(3, found) == 3


def test_a_hole_in_a_value_stays_text() -> None:
    found = cause(details={"name": "{cause.details.secret}", "secret": "s"})

    assert fill("{cause.details.name}", found) == "{cause.details.secret}"
    assert fill_typed("{cause.details.name}", found) == "{cause.details.secret}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{cause.details.missing}", "the diagnosis does not say what details.missing is"),
        ("x {cause.details.empty}", "the diagnosis does not say what details.empty is"),
        ("{cause.subject.namespace}", "the diagnosis does not say what subject.namespace is"),
    ],
)
def test_nothing_fills_no_hole(text: str, message: str) -> None:
    found = cause(details={"empty": ""}, subject=Subject("Node", "", "node1"))

    with pytest.raises(NothingToFill) as raised:
        fill_typed(text, found)
    assert str(raised.value) == message
