from __future__ import annotations

import pytest

from bot.cluster.writer import Json
from bot.facts.base import Value
from bot.remediation.values import DNS_LABEL, DNS_NAME, WrongValue, label_values, port, replicas, shown

SELECTOR: dict[str, Json] = {"app": "web", "version": "v2"}


@pytest.mark.parametrize("value", [1, 8080, 65535])
def test_a_port_is_taken(value: int) -> None:
    assert port(value, None) == value


@pytest.mark.parametrize("value", [0, 65536, -1, True, "8080", "http", "", "80; rm -rf /"])
def test_what_is_no_port_is_refused(value: Value) -> None:
    with pytest.raises(WrongValue, match="is no port number"):
        port(value, None)


@pytest.mark.parametrize("value", [1, 100])
def test_a_number_of_pods_is_taken(value: int) -> None:
    assert replicas(value, 0) == value


@pytest.mark.parametrize("value", [0, 101, True, "1"])
def test_what_is_no_number_of_pods_is_refused(value: Value) -> None:
    with pytest.raises(WrongValue, match="is no number of Pods from 1 to 100"):
        replicas(value, 0)


def test_labels_get_other_values() -> None:
    assert label_values("version=v1", SELECTOR) == {"app": "web", "version": "v1"}
    assert label_values("app=shop, version=", SELECTOR) == {"app": "shop", "version": ""}
    assert SELECTOR == {"app": "web", "version": "v2"}


def test_a_label_that_is_not_set_is_left_out_as_long_as_one_stays() -> None:
    assert label_values("version (not set)", SELECTOR) == {"app": "web"}
    assert label_values("app=shop, version (not set)", SELECTOR) == {"app": "shop"}
    with pytest.raises(WrongValue, match="no label would be left"):
        label_values("app (not set), version (not set)", SELECTOR)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("tier=web", "'tier=web' is no other value for one of the labels app, version"),
        ("tier (not set)", "'tier (not set)' is no other value for one of the labels app, version"),
        ("version=v1 (not set)", "'v1 (not set)' is no value of a label"),
        (
            "version (not set), version=v3",
            "there are several values for the label version, and which is meant is for a person to say",
        ),
        ("", "'' is no other value for one of the labels app, version"),
        ("version=v1,", "'' is no other value for one of the labels app, version"),
        ("version=v1 and 2 more", "'v1 and 2 more' is no value of a label"),
        ("version=v1\nadmin=true", "'v1\\nadmin=true' is no value of a label"),
        ("version={a: b}", "'{a: b}' is no value of a label"),
        (
            "version=v1, version=v3",
            "there are several values for the label version, and which is meant is for a person to say",
        ),
        (f"version={'v' * 64}", f"'{'v' * 60}\\u2026' is no value of a label"),
    ],
)
def test_what_does_not_fit_the_labels_is_refused(value: str, message: str) -> None:
    with pytest.raises(WrongValue) as raised:
        label_values(value, SELECTOR)

    assert str(raised.value) == message


def test_no_label_can_be_added_where_there_are_none() -> None:
    with pytest.raises(WrongValue, match="there are no labels to change"):
        label_values("app=web", None)


@pytest.mark.parametrize("name", ["a", "web-1", "a" * 63])
def test_names_of_kubernetes_are_taken(name: str) -> None:
    assert DNS_LABEL.fullmatch(name)
    assert DNS_NAME.fullmatch(f"{name}.example")


@pytest.mark.parametrize("name", ["", "Web", "-a", "a-", "a/b", "a\n", "a b", "..", "../x", "a?x=1", "a%2f", "é"])
def test_other_names_are_not(name: str) -> None:
    assert not DNS_LABEL.fullmatch(name)
    assert not DNS_NAME.fullmatch(name)


def test_the_length_of_a_name_is_limited() -> None:
    assert not DNS_LABEL.fullmatch("a" * 64)
    assert DNS_NAME.fullmatch("a" * 253)
    assert not DNS_NAME.fullmatch("a" * 254)


def test_a_value_in_a_message_is_ascii_and_short() -> None:
    assert shown("<!channel>\u202e\n") == "'<!channel>\\u202e\\n'"
    assert shown("x" * 61) == f"'{'x' * 60}\\u2026'"
