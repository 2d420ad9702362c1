"""What Nodes' kernels are made of, and how their tunnels are set up."""

from __future__ import annotations

import pytest

from bot.cluster.errors import Malformed
from bot.facts.platform import ConntrackTimeouts, KernelModule, NodeTunnel
from bot.probes.platform import modules_of, tunnels_of
from bot.probes.sysctl import timeouts_of
from tests.node.samples import link, sample, vxlan

TIMEOUTS = {
    "tcp_timeout_established": "86400",
    "tcp_timeout_close_wait": "3600",
    "tcp_timeout_time_wait": "120",
    "udp_timeout": "30",
    "udp_timeout_stream": "120",
    "tcp_be_liberal": "0",
}


def test_each_part_of_the_kernel_is_told() -> None:
    found = modules_of(sample(modules=[{"ip_vs": "absent", "vxlan": "built-in"}]))

    assert found == [
        KernelModule(node="node1", module="ip_vs", state="absent"),
        KernelModule(node="node1", module="vxlan", state="built-in"),
    ]


def test_a_helper_of_before_cannot_tell_what_is_built_in() -> None:
    with pytest.raises(Malformed, match="older netmedic"):
        modules_of(sample(modules=[["vxlan"]]))


def test_a_tunnel_is_told_with_what_it_rests_on() -> None:
    links = [link(2, "eth0"), vxlan(4, "flannel.1")]

    found = tunnels_of(sample(links=[links], addresses=[[{"index": 2, "ip": "10.231.0.11", "prefix_length": 24}]]))

    assert found == [
        NodeTunnel(
            node="node1",
            name="flannel.1",
            vni=1,
            port=8472,
            local="10.231.0.11",
            local_is_held=True,
            carrier="eth0",
            carrier_up=True,
            learning=False,
            external=False,
        )
    ]


def test_a_tunnel_from_an_address_that_is_gone_shows() -> None:
    links = [link(2, "eth0", up=False), vxlan(4, "flannel.1", local="10.231.0.99")]

    [fact] = tunnels_of(sample(links=[links], addresses=[[]]))

    assert isinstance(fact, NodeTunnel)
    assert (fact.local_is_held, fact.carrier_up) == (False, False)


def test_timeouts_are_seconds() -> None:
    values = {f"netfilter/nf_conntrack_{name}": value for name, value in TIMEOUTS.items()}

    found = timeouts_of(sample(settings=[{"values": values, "missing": {}}]))

    assert found == [
        ConntrackTimeouts(
            node="node1",
            established_seconds=86400,
            close_wait_seconds=3600,
            time_wait_seconds=120,
            udp_seconds=30,
            udp_stream_seconds=120,
            liberal=False,
        )
    ]
