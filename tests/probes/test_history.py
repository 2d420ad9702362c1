"""What the flight recorders say of the last minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from bot.cluster.errors import Malformed
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Meta, Node
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.history import ConntrackHistory, DropCorrelation, DropHistory, LossHistory, StealHistory
from bot.facts.scope import Scope
from bot.node.requests import recall_request
from bot.probes.history import (
    conntrack_history,
    drop_correlation,
    drop_history,
    loss_history,
    pearson_permille,
    steal_history,
)
from bot.probes.probe import Probe
from tests.node.recordings import answer, totals

CALM, BURST = 20, 10
"""Steps of each, in turn, twice: 60 steps, the last burst ends now."""
SHAPE = ([0] * CALM + [1] * BURST) * 2


def columns(*, drops: Sequence[int], steal: Sequence[int]) -> dict[str, Sequence[int]]:
    still = [0] * len(drops)
    return {
        "net.eth0.rx_packets": totals([100] * len(drops)),
        "net.eth0.tx_packets": totals([100] * len(drops)),
        "net.eth0.rx_drop": totals(drops),
        "net.eth0.tx_drop": totals(still),
        "cpu.all": totals([200] * len(drops)),
        "cpu.steal": totals(steal),
        "cpu.softirq": totals(still),
    }


NOISY = columns(drops=[30 * on for on in SHAPE], steal=[80 * on for on in SHAPE])


async def observe(probe: Probe, recorded: Mapping[str, Sequence[int | None]]) -> list[Fact]:
    helper = Helper(pod="helper", answers={recall_request(): answer(recorded)})
    made = MemoryCluster([Node(metadata=Meta(name="node1"))], helpers={"node1": helper})
    return await probe.observe(made, Scope(cluster_wide=True))


async def test_drops_are_placed_in_time() -> None:
    [fact] = await observe(drop_history, NOISY)

    assert fact == DropHistory(
        node="node1",
        interface="eth0",
        seconds=60,
        steps=60,
        dropped=600,
        steps_with_drops=20,
        first_seconds_ago=39,
        last_seconds_ago=0,
        worst_step_dropped=30,
    )
    assert fact.source == "node1: flight recorder"


async def test_drops_that_are_over_are_still_seen() -> None:
    [fact] = await observe(drop_history, columns(drops=[7] * 5 + [0] * 55, steal=[0] * 60))

    assert isinstance(fact, DropHistory)
    assert (fact.dropped, fact.first_seconds_ago, fact.last_seconds_ago) == (35, 59, 55)


async def test_an_interface_without_drops_is_a_fact_too() -> None:
    [fact] = await observe(drop_history, columns(drops=[0] * 20, steal=[0] * 20))

    assert isinstance(fact, DropHistory)
    assert (fact.dropped, fact.steps_with_drops, fact.first_seconds_ago) == (0, 0, 0)


@pytest.mark.parametrize(("ticks", "counted"), [(19, 0), (20, 20)])
async def test_a_step_with_a_tenth_of_its_time_stolen_counts(ticks: int, counted: int) -> None:
    [fact] = await observe(steal_history, columns(drops=[0] * 20, steal=[ticks] * 20))

    assert isinstance(fact, StealHistory)
    assert fact.steps_with_steal == counted


async def test_steal_is_reported_with_its_worst_second() -> None:
    [fact] = await observe(steal_history, columns(drops=[0] * 20, steal=[0] * 10 + [100] + [0] * 9))

    assert fact == StealHistory(
        node="node1",
        seconds=20,
        steps=20,
        steal_permille=25,
        worst_steal_permille=500,
        worst_seconds_ago=9,
        steps_with_steal=1,
    )


async def test_steal_that_jumps_back_is_left_out() -> None:
    made = columns(drops=[0] * 20, steal=[0] * 20) | {"cpu.steal": [9000] * 10 + [500] * 11}

    [fact] = await observe(steal_history, made)

    assert isinstance(fact, StealHistory)
    assert (fact.steps, fact.worst_steal_permille) == (19, 0)


async def test_the_connection_table_is_reported_at_its_fullest() -> None:
    made = {
        "conntrack.count": [100] * 10 + [990] + [100] * 9,
        # The limit was lowered meanwhile: the fill counts, not the number.
        "conntrack.max": [1000] * 20,
        "conntrack.lost": [5] * 11 + [12] * 9,
    }

    [fact] = await observe(conntrack_history, made)

    assert fact == ConntrackHistory(
        node="node1",
        seconds=19,
        steps=20,
        peak_entries=990,
        max_entries=1000,
        peak_permille=990,
        peak_seconds_ago=9,
        lost=7,
    )


async def test_drops_in_the_seconds_of_steal_correlate() -> None:
    found = await observe(drop_correlation, NOISY)

    assert found[0] == DropCorrelation(
        node="node1",
        interface="eth0",
        signal="steal",
        steps=60,
        steps_with_drops=20,
        correlation_permille=1000,
        signal_with_drops_permille=400,
        signal_without_drops_permille=0,
    )
    assert [fact.signal for fact in found if isinstance(fact, DropCorrelation)] == ["steal", "softirq"]


async def test_drops_at_other_times_than_steal_do_not_correlate() -> None:
    made = columns(drops=[30 * on for on in SHAPE], steal=[80 * (1 - on) for on in SHAPE])

    fact, softirq = await observe(drop_correlation, made)

    assert isinstance(fact, DropCorrelation)
    assert isinstance(softirq, DropCorrelation)
    assert (fact.correlation_permille, softirq.correlation_permille) == (-1000, 0)


async def test_without_drops_there_is_nothing_to_correlate() -> None:
    assert await observe(drop_correlation, columns(drops=[0] * 30, steal=[50] * 30)) == []


async def test_seconds_without_packets_do_not_count() -> None:
    made = dict(NOISY) | {f"net.eth0.{way}_packets": totals([0] * 40 + [50] * 20) for way in ("rx", "tx")}

    [fact, *_] = await observe(drop_correlation, made)

    assert isinstance(fact, DropCorrelation)
    # The 20 last steps, and the 10 of the first burst: what is dropped was a packet.
    assert fact.steps == 30


async def test_what_was_not_recorded_is_unknown() -> None:
    [fact] = await observe(conntrack_history, NOISY)

    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.ABSENT, "the flight recorder on node1 has no conntrack.count")


async def test_a_helper_that_cannot_recall_is_unknown() -> None:
    why = Malformed("the helper on node1 ended with status 2")
    helper = Helper(pod="helper", failures={recall_request(): why})
    made = MemoryCluster([Node(metadata=Meta(name="node1"))], helpers={"node1": helper})

    [fact] = await drop_history.observe(made, Scope(cluster_wide=True))

    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.subject) == (Reason.MALFORMED, "node1")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([0.0, 1.0] * 5, [0, 10] * 5, 1000),
        ([0.0, 1.0] * 5, [10, 0] * 5, -1000),
        ([0.0, 1.0] * 5, [7] * 10, 0),
        ([0.0] * 10, [0, 10] * 5, 0),
        # Nine samples are too few.
        ([0.0, 1.0, 0.0] * 3, [0, 10, 0] * 3, 0),
    ],
)
def test_correlation_needs_samples_and_change(one: list[float], other: list[int], expected: int) -> None:
    assert pearson_permille(one, other) == expected


async def test_losses_that_no_interface_shows_are_placed_in_time() -> None:
    backlog = totals([4 * on for on in SHAPE])

    [fact] = await observe(loss_history, {**NOISY, "softnet.dropped": backlog})

    assert fact == LossHistory(
        node="node1",
        what="backlog",
        seconds=60,
        steps=60,
        lost=80,
        steps_with_losses=20,
        first_seconds_ago=39,
        last_seconds_ago=0,
        worst_step_lost=4,
    )


async def test_a_counter_of_32_bits_that_wrapped_lost_little() -> None:
    wrapped = [(2**32 - 30 + 2 * step) % 2**32 for step in range(61)]

    [fact] = await observe(loss_history, {**NOISY, "conntrack.lost": wrapped})

    assert isinstance(fact, LossHistory)
    assert (fact.what, fact.lost, fact.worst_step_lost) == ("conntrack", 120, 2)


async def test_a_recording_of_an_older_helper_tells_no_losses() -> None:
    [fact] = await observe(loss_history, NOISY)

    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.ABSENT, "the flight recorder on node1 has no losses")


async def test_drops_that_came_with_waiting_for_disks_are_held_against_it() -> None:
    waits = totals([900_000 * on for on in SHAPE])

    found = await observe(drop_correlation, {**NOISY, "pressure.io": waits})

    [io] = [fact for fact in found if isinstance(fact, DropCorrelation) and fact.signal == "io_pressure"]
    assert (io.correlation_permille, io.signal_with_drops_permille, io.signal_without_drops_permille) == (1000, 900, 0)
