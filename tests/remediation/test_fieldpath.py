from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Json, Operation
from bot.remediation.fieldpath import FieldPath, Item, NoSuchField
from tests.remediation.fixtures import WEB, service

TARGET_PORT = FieldPath.parse("spec.ports[port=80].targetPort")


def test_a_path_reads_keys_items_and_quoted_keys() -> None:
    path = FieldPath.parse('metadata.items[a=1,b=x y]["example.com/owner"].name')

    assert path.way == ("metadata", "items", Item((("a", "1"), ("b", "x y"))), "example.com/owner")
    assert path.key == "name"


@pytest.mark.parametrize(
    "text",
    [
        "spec",
        "spec.ports[port=80].targetPort",
        "spec.ports[port=53,protocol=UDP].targetPort",
        'metadata.annotations["example.com/owner"]',
        "a[b=c][d=e].f",
    ],
)
def test_a_path_is_written_as_it_is_read(text: str) -> None:
    assert str(FieldPath.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no path: it begins and ends with a key"),
        ("[port=80].x", "'[port=80].x' is no path: it begins and ends with a key"),
        ("spec.ports[port=80]", "'spec.ports[port=80]' is no path: it begins and ends with a key"),
        ("spec..ports", "'spec..ports' is no path: cannot read it from '..ports' on"),
        ("spec.ports[0].x", "'spec.ports[0].x' is no path: [0] is not [field=value]"),
        ("spec.ports[a=b,c].x", "'spec.ports[a=b,c].x' is no path: [a=b,c] is not [field=value]"),
        ("spec.por ts", "'spec.por ts' is no path: cannot read it from ' ts' on"),
        ("spec/ports", "'spec/ports' is no path: cannot read it from '/ports' on"),
    ],
)
def test_what_is_no_path_is_explained(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="is no path") as raised:
        FieldPath.parse(text)

    assert str(raised.value) == message


def test_a_field_is_read_in_the_item_that_fits() -> None:
    assert TARGET_PORT.read(service()) == 9999


def test_a_missing_last_key_reads_as_none() -> None:
    assert FieldPath.parse("spec.ports[port=80].nodePort").read(service()) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec.ports[port=81].targetPort", "spec.ports[port=81]: 0 items are so, not one"),
        ("spec.ports[protocol=TCP].targetPort", "spec.ports[protocol=TCP]: 2 items are so, not one"),
        ("spec.ports[missing=1].targetPort", "spec.ports[missing=1]: 0 items are so, not one"),
        ("spec.nowhere.targetPort", "spec.nowhere: it is not there"),
        ("spec.type.name", "spec.type is no mapping"),
        ("spec.type.name.first", "spec.type.name: it is not there"),
        ("spec.selector[app=web].x", "spec.selector[app=web]: 0 items are so, not one"),
    ],
)
def test_a_way_that_does_not_exist_is_named(text: str, message: str) -> None:
    path = FieldPath.parse(text)

    for ask in (path.read, lambda obj: path.put(obj, 1), lambda obj: path.operation(obj, 1)):
        with pytest.raises(NoSuchField) as raised:
            ask(service())
        assert str(raised.value) == message


def test_putting_a_value_leaves_the_object_as_it_was() -> None:
    obj = service()

    changed = TARGET_PORT.put(obj, 8080)

    assert obj == service()
    assert TARGET_PORT.read(changed) == 8080


def test_putting_none_removes_the_field() -> None:
    changed = TARGET_PORT.put(service(), None)

    assert TARGET_PORT.read(changed) is None
    assert TARGET_PORT.put(changed, None) == changed


def test_an_operation_adds_replaces_or_removes() -> None:
    node_port = FieldPath.parse("spec.ports[port=80].nodePort")

    assert TARGET_PORT.operation(service(), 8080) == Operation(
        op="replace", path="/spec/ports/1/targetPort", value=8080
    )
    assert TARGET_PORT.operation(service(), None) == Operation(op="remove", path="/spec/ports/1/targetPort")
    assert node_port.operation(service(), 30080) == Operation(op="add", path="/spec/ports/1/nodePort", value=30080)
    with pytest.raises(NoSuchField, match="is not set"):
        node_port.operation(service(), None)


def test_a_pointer_escapes_what_has_a_meaning_in_it() -> None:
    path = FieldPath.parse('metadata.annotations["a/b~c"]')

    assert path.operation(service(), "x").path == "/metadata/annotations/a~1b~0c"


def test_an_excerpt_names_the_field_and_nothing_else() -> None:
    assert FieldPath.parse("spec.ports[port=80,protocol=TCP].targetPort").excerpt(service(), 8080) == {
        "spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]}
    }
    assert FieldPath.parse("spec.replicas").excerpt({"spec": {}}, 1) == {"spec": {"replicas": 1}}


def test_filling_changes_values_of_conditions_and_no_key() -> None:
    path = FieldPath.parse("spec.ports[port=HOLE].targetPort")

    filled = path.fill(lambda value: '80].clusterIP["' if value == "HOLE" else value)

    assert filled.way == ("spec", "ports", Item((("port", '80].clusterIP["'),)))
    assert filled.key == "targetPort"
    with pytest.raises(NoSuchField, match="0 items are so"):
        filled.put(service(), 1)


keys = st.text(st.characters(codec="utf-8", exclude_characters='"\\', exclude_categories=["C"]), min_size=1, max_size=8)
scalars = st.one_of(st.booleans(), st.integers(-10, 70000), st.text(max_size=8))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(
    items=st.lists(st.dictionaries(keys, values, max_size=4), min_size=1, max_size=5),
    key=keys,
    value=values,
    data=st.data(),
)
def test_exactly_the_named_field_changes(
    items: list[dict[str, Json]], key: str, value: Json, data: st.DataObject
) -> None:
    chosen = data.draw(st.integers(0, len(items) - 1))
    for number, item in enumerate(items):
        item["id"] = number
    obj: dict[str, Json] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
    obj["spec"] = {"items": list(items), "other": copy.deepcopy(items[0])}
    path = FieldPath.parse(f'spec.items[id={chosen}]["{key}"]')

    changed: Any = path.put(obj, value)

    before: Any = copy.deepcopy(obj)
    assert path.read(changed) == value
    before["spec"]["items"][chosen].pop(key, None)
    changed["spec"]["items"][chosen].pop(key)
    assert changed == before


@given(value=values, key=keys)
async def test_the_operation_makes_what_putting_makes(value: Json, key: str) -> None:
    path = FieldPath.parse(f'spec.ports[port=80]["{key}"]')
    writer = MemoryWriter(service())
    live = await writer.read(WEB)

    patched = await writer.patch(WEB, [path.operation(live, value)], resource_version="101", dry_run=True)

    assert patched == path.put(live, value)
