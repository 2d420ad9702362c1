"""The kernel's answers about interfaces, as bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector import netlink
from bot.node.collector.proc import Problem

CAPTURED = dict(line.split() for line in (Path(__file__).parent / "captured/netlink.hex").read_text().splitlines())
LINKS, ADDRESSES = (bytes.fromhex(CAPTURED[name]) for name in ("links", "addresses"))


def bodies(packet: bytes, kind: int) -> list[bytes]:
    return [body for found, body in netlink.messages(packet) if found == kind]


def test_a_vxlan_device_shows_its_id_port_address_and_carrier() -> None:
    links = [netlink.link_of(body) for body in bodies(LINKS, netlink.RTM_NEWLINK)]

    [flannel] = [link for link in links if link["name"] == "flannel.1"]
    [eth0] = [link for link in links if link["name"] == "eth0"]
    assert (flannel["kind"], flannel["mtu"], flannel["up"], flannel["external"]) == ("vxlan", 1450, True, False)
    assert flannel["vxlan"] == {
        "id": 1,
        "port": 8472,
        "local": "10.231.0.11",
        "link": eth0["index"],
        "learning": False,
    }


def test_a_pods_veth_shows_its_bridge_and_no_carrier_of_another_namespace() -> None:
    links = [netlink.link_of(body) for body in bodies(LINKS, netlink.RTM_NEWLINK)]

    [bridge] = [link for link in links if link["name"] == "cni0"]
    veths = [link for link in links if link["master"] == bridge["index"]]
    assert {(veth["kind"], veth["link"]) for veth in veths} == {("veth", 0)}


def test_a_port_of_a_bridge_shows_whether_it_sends_frames_back() -> None:
    links = [netlink.link_of(body) for body in bodies(LINKS, netlink.RTM_NEWLINK)]

    ports = {str(link["name"]): link["hairpin"] for link in links if "hairpin" in link}
    assert set(ports) == {link["name"] for link in links if link["master"]}
    assert set(ports.values()) == {True}


def test_a_port_of_a_bridge_shows_whether_it_is_isolated_and_forwards() -> None:
    links = [netlink.link_of(body) for body in bodies(LINKS, netlink.RTM_NEWLINK)]

    assert {(link["isolated"], link["forwards"]) for link in links if link["master"]} == {(False, True)}


@pytest.mark.parametrize(("state", "forwards"), [(0, True), (1, False), (2, False), (3, True), (4, False)])
def test_a_port_whose_link_is_down_is_not_held_back(state: int, *, forwards: bool) -> None:
    def attribute(number: int, content: bytes) -> bytes:
        length = netlink.ATTRIBUTE.size + len(content)
        return netlink.ATTRIBUTE.pack(length, number) + content + b"\0" * (-length % 4)

    port = attribute(netlink.IFLA_BRPORT_STATE, bytes([state]))
    slave = attribute(netlink.IFLA_INFO_SLAVE_KIND, b"bridge\0") + attribute(netlink.IFLA_INFO_SLAVE_DATA, port)
    body = netlink.LINK.pack(0, 1, 7, 0, 0) + attribute(netlink.IFLA_MTU, b"\xdc\x05\0\0")
    body += attribute(netlink.IFLA_LINKINFO, slave)

    assert netlink.link_of(body)["forwards"] is forwards


def test_addresses_show_their_interface() -> None:
    addresses = [netlink.address_of(body) for body in bodies(ADDRESSES, netlink.RTM_NEWADDR)]

    assert {"index": 2, "ip": "10.231.0.11", "prefix_length": 24} in addresses


@given(cut=st.integers(0, len(LINKS) - 1))
def test_a_cut_off_answer_is_a_problem_or_fewer_messages(cut: int) -> None:
    whole = list(netlink.messages(LINKS))
    found: list[tuple[int, bytes]] = []
    try:
        found += netlink.messages(LINKS[:cut])
    except Problem:
        return

    assert found == whole[: len(found)]


@given(body=st.binary(max_size=200))
def test_any_bytes_give_an_interface_or_a_problem(body: bytes) -> None:
    for parse in (netlink.link_of, netlink.address_of):
        try:
            found = parse(body)
        except Problem:
            continue

        assert json.dumps(found)


@given(data=st.data())
def test_any_changed_byte_gives_an_interface_or_a_problem(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(bodies(LINKS, netlink.RTM_NEWLINK))))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = netlink.link_of(bytes(body))
    except Problem:
        return

    assert isinstance(found["mtu"], int)


def test_a_missing_mtu_is_a_problem_and_not_zero() -> None:
    header = netlink.LINK.pack(0, 1, 2, 1, 0)

    with pytest.raises(Problem, match="a number in a netlink message is missing"):
        netlink.link_of(header)
