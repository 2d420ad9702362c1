"""Which tier a diagnosis had: what the helpers on the path may do, not whether they run."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from bot.cluster import errors
from bot.cluster.memory import Helper, MemoryCluster
from bot.diagnosis.access import NEXT_TIER, access_of
from bot.facts.scope import Scope
from bot.node.requests import VERSION_REQUEST

EVERYWHERE = Scope()


def helper(node: str, tier: int | None = None) -> Helper:
    answer = {
        "schema": "netmedic/helper/v1",
        "version": 1,
        "request": ["version"],
        "node": node,
        "host_ip": "10.0.0.1",
        "started_at": "2026-01-01T12:00:00+00:00",
        "took_ms": 1,
    } | ({} if tier is None else {"tier": tier})
    return Helper(pod=f"helper-{node}", answers={VERSION_REQUEST: json.dumps(answer).encode()})


async def told(helpers: Mapping[str, Helper], scope: Scope = EVERYWHERE) -> tuple[int, str]:
    access = await access_of(MemoryCluster(helpers=helpers), scope, server_version="v1.30.0")
    return access.tier, access.next_tier


@pytest.mark.parametrize("tier", [1, 2, 3])
async def test_the_helpers_say_their_tier(tier: int) -> None:
    assert await told({"node1": helper("node1", tier)}) == (tier, NEXT_TIER[tier])


async def test_a_helper_that_says_none_has_tier_1() -> None:
    assert (await told({"node1": helper("node1")}))[0] == 1


async def test_the_lowest_tier_on_the_path_counts() -> None:
    helpers = {"node1": helper("node1", 3), "node2": helper("node2", 2), "node3": helper("node3", 1)}

    assert (await told(helpers, Scope(named_nodes=("node1", "node2"))))[0] == 2
    assert (await told(helpers))[0] == 1


async def test_without_helpers_the_first_tier_is_what_comes_next() -> None:
    assert await told({}) == (0, NEXT_TIER[0])


async def test_helpers_that_may_not_be_asked_are_no_tier() -> None:
    denied = errors.Forbidden("create pods/exec in namespace netmedic is forbidden")

    tier, next_tier = await told({"node1": Helper(pod="helper", failures={VERSION_REQUEST: denied})})

    assert tier == 0
    assert next_tier == (
        "Node helpers run and may not be asked: create pods/exec in namespace netmedic is forbidden. " + NEXT_TIER[0]
    )


async def test_helpers_that_are_late_are_no_tier() -> None:
    late = errors.TimedOut("no answer within 10 s")

    tier, next_tier = await told({"node1": Helper(pod="helper", failures={VERSION_REQUEST: late})})

    assert (tier, next_tier) == (0, f"Node helpers run and gave no answer: no answer within 10 s. {NEXT_TIER[0]}")


async def test_a_recording_of_an_older_netmedic_is_of_tier_1() -> None:
    assert (await told({"node1": Helper(pod="helper")}))[0] == 1
