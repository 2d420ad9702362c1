from __future__ import annotations

from typing import Any

import pytest

from bot.node.roles import is_up, roles, uplink_of
from tests.node.samples import HOST_IP, link, sample, vxlan

ADDRESSES = [[{"index": 2, "ip": HOST_IP, "prefix_length": 24}]]


def roles_of(*links: dict[str, Any]) -> dict[str, str]:
    found = sample(links=[list(links)], addresses=ADDRESSES)
    return roles(found.last(found.series.links), found.last(found.series.addresses), found.host_ip)


def test_each_interface_of_a_flannel_node_has_its_role() -> None:
    found = roles_of(
        link(1, "lo", arp_type=772),
        link(2, "eth0", kind="veth"),
        vxlan(3, "flannel.1"),
        link(4, "cni0", kind="bridge"),
        link(5, "veth1", kind="veth", master=4),
        link(6, "dummy0", kind="dummy"),
    )

    assert found == {
        "lo": "loopback",
        "eth0": "uplink",
        "flannel.1": "overlay",
        "cni0": "bridge",
        "veth1": "pod",
        "dummy0": "other",
    }


def test_what_an_uplink_is_made_of_is_uplink() -> None:
    bond = roles_of(
        link(2, "bond0", kind="bond"), link(3, "ens1", master=2), link(4, "ens2", master=2), link(5, "ens3")
    )
    vlan = roles_of(link(2, "ens1.7", kind="vlan", link=3), link(3, "ens1"))

    assert bond == {"bond0": "uplink", "ens1": "uplink", "ens2": "uplink", "ens3": "other"}
    assert vlan == {"ens1.7": "uplink", "ens1": "uplink"}


def test_a_pod_on_the_bridge_that_holds_the_nodes_address_stays_a_pod() -> None:
    found = roles_of(link(2, "br0", kind="bridge"), link(3, "ens1", master=2), link(4, "veth1", kind="veth", master=2))

    assert found == {"br0": "uplink", "ens1": "uplink", "veth1": "pod"}


def test_no_interface_with_the_nodes_address_is_no_uplink() -> None:
    found = sample(links=[[link(1, "eth0")]], addresses=[[]])

    assert uplink_of(found.last(found.series.links), (), found.host_ip) is None


@pytest.mark.parametrize(
    ("up", "operstate", "expected"),
    [(True, "up", True), (True, "unknown", True), (True, "down", False), (False, "up", False)],
)
def test_up_means_packets_can_pass(up: bool, operstate: str, expected: bool) -> None:
    found = sample(links=[[link(2, "eth0", up=up, operstate=operstate)]])

    assert is_up(found.last(found.series.links)[0]) is expected
