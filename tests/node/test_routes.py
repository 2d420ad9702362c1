"""Routes and neighbours, as bytes of the kernel."""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector import routes
from bot.node.collector.proc import Problem
from bot.node.collector.read import Json


def attribute(number: int, content: bytes) -> bytes:
    length = 4 + len(content)
    return struct.pack("=HH", length, number) + content + b"\0" * (-length % 4)


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def route(length: int, *attributes: bytes, kind: int = 1, family: int = socket.AF_INET) -> dict[str, Json] | None:
    return routes.route_of(routes.ROUTE.pack(family, length, 0, 0, 254, 3, 0, kind, 0) + b"".join(attributes))


def neighbour(state: int, *attributes: bytes) -> dict[str, Any]:
    return routes.neighbour_of(routes.NEIGHBOUR.pack(socket.AF_INET, 3, state, 0, 1) + b"".join(attributes))


def test_a_route_names_network_interface_and_next_hop() -> None:
    found = route(
        24, attribute(1, packed("10.244.2.0")), attribute(4, struct.pack("=I", 3)), attribute(5, packed("10.244.2.0"))
    )

    assert found == {
        "to": "10.244.2.0/24",
        "type": "unicast",
        "table": 254,
        "index": 3,
        "via": "10.244.2.0",
        "metric": 0,
    }


def test_the_default_route_has_no_network() -> None:
    found = route(0, attribute(4, struct.pack("=I", 2)), family=socket.AF_INET6)

    assert found is not None
    assert found["to"] == "::/0"


@pytest.mark.parametrize(("kind", "type_"), [(6, "blackhole"), (7, "unreachable"), (8, "prohibit")])
def test_a_route_to_nowhere_says_so(kind: int, type_: str) -> None:
    found = route(24, attribute(1, packed("10.0.0.0")), kind=kind)

    assert found is not None
    assert (found["type"], found["index"]) == (type_, 0)


@pytest.mark.parametrize("kind", [2, 3, 5])
def test_local_broadcast_and_multicast_addresses_are_no_routes(kind: int) -> None:
    assert route(32, attribute(1, packed("10.0.0.1")), kind=kind) is None


@pytest.mark.parametrize(("state", "name"), [(2, "reachable"), (32, "failed"), (128, "permanent"), (66, "66")])
def test_a_neighbour_has_a_mac_and_a_state(state: int, name: str) -> None:
    found = neighbour(state, attribute(1, packed("10.244.2.0")), attribute(2, bytes.fromhex("0a580af40200")))

    assert found == {"index": 3, "ip": "10.244.2.0", "mac": "0a:58:0a:f4:02:00", "state": name}


def test_more_than_an_answer_holds_is_a_problem() -> None:
    with pytest.raises(Problem, match="5001 routes are too many for an answer"):
        routes.bounded([{}] * 5001, "routes")


@given(body=st.binary(max_size=120))
def test_any_bytes_give_a_route_a_neighbour_or_a_problem(body: bytes) -> None:
    for parse in (routes.route_of, routes.neighbour_of):
        try:
            found = parse(body)
        except Problem:
            continue

        assert found is None or isinstance(found["index"], int)
