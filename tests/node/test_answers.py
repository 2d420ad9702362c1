"""What a helper's bytes are taken for, and what they are not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.errors import Absent, ClusterError, Forbidden, Malformed
from bot.node.answers import REINSTALL, decode
from bot.node.requests import sample_request
from bot.node.sampled import Sample
from tests.node.samples import CAPTURED, answer, sample


def read(content: bytes) -> Sample:
    return decode(content, Sample, node="node1", request=sample_request())


def test_a_captured_answer_is_understood() -> None:
    found = read(json.dumps(CAPTURED).encode())

    assert found.host_ip == "10.231.0.11"
    assert len(found.all(found.series.net_dev)) == 7
    assert found.last(found.series.conntrack_max) == 262144
    assert found.where(found.series.net_dev) == "node1:/proc/net/dev"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (answer("node2"), "the helper on node1 answered for Node 'node2'"),
        (answer(version=0), f"the helper on node1 is of an older netmedic (0); {REINSTALL}"),
        (answer(schema="netmedic/helper/v0"), f"the helper on node1 is of an older netmedic (1); {REINSTALL}"),
        (answer(request=["version"]), "the helper on node1 answered another request: 'version'"),
        (
            answer(error="this is not the Node's network namespace"),
            "the helper on node1 could not look: this is not the Node's network namespace",
        ),
        (b"", "the helper on node1 gave no valid answer: Input data was truncated"),
        (answer()[:-20], "the helper on node1 gave no valid answer: Input data was truncated"),
        (
            b"Traceback (most recent call last)",
            "the helper on node1 gave no valid answer: JSON is malformed: invalid character (byte 0)",
        ),
        (
            answer(started_at="0001-01-01T00:00:00+00:00"),
            "the helper on node1 gave no valid answer: the Node's clock is not set",
        ),
    ],
)
def test_an_answer_that_is_not_to_be_trusted_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Malformed) as problem:
        read(content)

    assert str(problem.value) == why


@pytest.mark.parametrize(
    "series",
    [
        {"net_dev": [{"eth0": [1, 2, 3]}]},
        {"net_dev": [{"eth0": [-1] * 16}]},
        {"net_dev": [{"eth0": [2**63] * 16}]},
        {"stat": [{"cpu": [1, 2]}]},
        {"softnet": [{}]},
        {"softnet": [{"cpu0": [1, 2, 3]}]},
        {"conntrack_stat": [[{"drop": 1}]]},
        {"conntrack_stat": [[]]},
    ],
)
def test_counters_of_another_shape_are_refused(series: dict[str, object]) -> None:
    with pytest.raises(Malformed, match="gave no valid answer"):
        read(answer(series=series))


@given(content=st.binary(max_size=300) | st.integers(0, 200_000).map(lambda deep: b'{"a":' * deep))
def test_any_bytes_are_an_answer_or_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        read(content)


@pytest.mark.parametrize(
    ("why", "error"),
    [
        ("ENOENT: No such file or directory", Absent),
        ("EACCES: Permission denied", Forbidden),
        ("EPERM: Operation not permitted", Forbidden),
        ("the text is cut off", Malformed),
    ],
)
def test_a_value_that_could_not_be_read_is_named_with_its_reason(why: str, error: type[ClusterError]) -> None:
    found = sample(conntrack_max=why)

    with pytest.raises(error) as problem:
        found.last(found.series.conntrack_max)

    assert str(problem.value) == f"node1:/proc/sys/net/netfilter/nf_conntrack_max: {why}"


def test_one_look_is_not_enough_for_growth() -> None:
    found = sample(conntrack_count=[7])

    with pytest.raises(Malformed, match="1 readings are too few"):
        found.all(found.series.conntrack_count)
