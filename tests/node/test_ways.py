"""What a helper measures on a way: rows of connects, and sizes of packets. All on the loopback."""

from __future__ import annotations

import errno
import socket

import pytest

from bot.node.collector import series as rows
from bot.node.collector.series import End, series, summary
from bot.node.collector.sizes import SMALL, STEP, Way, sizes


def end(code: int = 0, seconds: float = 0.001, *, resent: int = 0, segment: int = 0) -> End:
    return End(code, seconds, resent, segment)


def test_a_row_of_connects_to_an_open_port_is_open_and_tells_the_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "SPACING_SECONDS", 0.001)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as there:
        port = there.getsockname()[1]
        found = series({"here": ("127.0.0.1", port)})["here"]

    assert isinstance(found, dict)
    assert (found["tried"], found["open"], found["resent"], found["error"]) == (20, 20, 0, "")
    # The loopback's MTU is 65536, and a segment 40 less, but never more than 65483 less its options.
    assert int(str(found["segment"])) > 32_000


def test_what_answered_while_this_process_had_no_cpu_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    really, calls = rows.answered, iter((False, True))
    monkeypatch.setattr(rows, "answered", lambda *known: really(*known) if next(calls) else None)
    monkeypatch.setattr(rows, "CONNECTS", 1)
    monkeypatch.setattr(rows, "PATIENCE_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as there:
        found = series({"here": ("127.0.0.1", there.getsockname()[1])})["here"]

    assert isinstance(found, dict)
    assert (found["open"], found["silent"]) == (1, 0)


def test_a_port_that_refuses_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "SPACING_SECONDS", 0.001)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = series({"here": ("127.0.0.1", taken.getsockname()[1])})["here"]

    assert isinstance(found, dict)
    assert (found["refused"], found["silent"]) == (20, 0)


def test_a_connect_that_was_begun_again_is_lost_and_has_no_time() -> None:
    row = [end(), end(seconds=0.003), end(seconds=1.2, resent=1), end(errno.ETIMEDOUT, 1.4, resent=1)]

    found = summary(row)

    assert (found["tried"], found["open"], found["resent"], found["silent"]) == (4, 3, 1, 1)
    assert (found["median_us"], found["worst_us"]) == (2000, 3000)


def test_an_icmp_error_is_named() -> None:
    found = summary([end(errno.EHOSTUNREACH), end(errno.ECONNREFUSED)])

    assert (found["unreachable"], found["refused"], found["error"]) == (1, 1, "EHOSTUNREACH")


def test_all_sizes_arrive_on_the_loopback() -> None:
    found = sizes(["127.0.0.1"])["127.0.0.1"]

    assert found == {"device": "lo", "limit": 65535, "passed": 65535, "failed": 0, "told": False}


class Narrow(Way):
    """A way that carries packets up to a size, and answers so many at once."""

    def __init__(self, carries: int, *, limit: int = 1500, answers_at_once: int = 1000) -> None:
        super().__init__("127.0.0.1")
        self.limit, self.carries, self.left = limit, carries, answers_at_once

    def arrives(self, *tried: int) -> set[int]:
        found = set()
        for size in tried:
            if size <= self.carries and self.left:
                found.add(size)
                self.left -= 1
        self.answers += len(found)
        return found

    def again(self, *tried: int) -> set[int]:
        self.left += 1
        return self.arrives(*tried)


@pytest.mark.parametrize("carries", [SMALL, 1349, 1350, 1499])
def test_the_largest_size_is_found(carries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.node.collector.sizes.RATION_SECONDS", 0)

    found = Narrow(carries).measured()

    passed, failed = int(str(found["passed"])), int(str(found["failed"]))

    assert passed <= carries < failed <= passed + STEP


def test_a_way_that_carries_all_costs_two_answers() -> None:
    way = Narrow(1500)

    found = way.measured()

    assert (found["passed"], found["failed"], way.answers) == (1500, 0, 2)


def test_answers_that_are_used_up_do_not_look_like_a_limit() -> None:
    # The first small packet is answered, and from then on only what is waited for.
    found = Narrow(1500, answers_at_once=0).measured()

    assert found["failed"] == 0


def test_silence_is_no_size() -> None:
    found = Narrow(0).measured()

    assert (found["passed"], found["failed"]) == (0, 0)
