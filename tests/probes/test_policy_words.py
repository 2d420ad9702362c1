"""NetworkPolicies in words."""

from __future__ import annotations

import pytest

from bot.cluster.objects import IpBlock, PolicyPeer
from bot.probes.policy_words import peer_in_words


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (IpBlock(cidr="10.0.0.0/8"), "10.0.0.0/8"),
        (IpBlock(cidr="0.0.0.0/0", except_=("10.0.0.0/8",)), "0.0.0.0/0 except 10.0.0.0/8"),
        (IpBlock(cidr="::/0", except_=("fd00::/8", "fe80::/10")), "::/0 except fd00::/8 and fe80::/10"),
    ],
)
def test_addresses_that_are_left_out_are_named(block: IpBlock, words: str) -> None:
    assert peer_in_words(PolicyPeer(ip_block=block)) == words
