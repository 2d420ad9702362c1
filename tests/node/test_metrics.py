"""Metrics of programs: the few numbers that are kept, two looks at a real server, and growth."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import ClassVar

import msgspec
import pytest

from bot.node.collector.exposition import MAX_NUMBERS, numbers
from bot.node.collector.metrics import metrics, program
from bot.node.collector.proc import Problem
from bot.node.collector.request import checked
from bot.node.meters import Growth, Meter

FSYNC = "etcd_disk_wal_fsync_duration_seconds"


def test_known_numbers_are_kept_and_added_up_over_other_labels() -> None:
    text = (
        "# HELP etcd_server_has_leader Whether or not a leader exists.\n"
        "etcd_server_has_leader 1\n"
        'apiserver_request_duration_seconds_sum{verb="PUT",resource="leases"} 1.5\n'
        'apiserver_request_duration_seconds_sum{resource="pods",verb="PUT"} 2\n'
        'go_info{version="go1.15"} 1\n'
    )

    assert numbers(text) == {"etcd_server_has_leader": 1.0, "apiserver_request_duration_seconds_sum{verb=PUT}": 3.5}


@pytest.mark.parametrize(
    "line",
    [
        "etcd_server_has_leader NaN",
        "etcd_server_has_leader +Inf",
        "etcd_server_has_leader one",
        "etcd_server_has_leader",
        "etcd_server_has_leader{",
        "",
    ],
)
def test_what_is_no_number_is_left_out(line: str) -> None:
    assert numbers(line) == {}


def test_labels_are_plain_and_short_and_numbers_are_bounded() -> None:
    [name] = numbers('cilium_drop_count_total{reason="<!channel>' + "x" * 99 + '",direction="INGRESS"} 1')
    many = "\n".join(f'cilium_drop_count_total{{reason="{number}"}} 1' for number in range(MAX_NUMBERS + 5))

    assert name == "cilium_drop_count_total{direction=INGRESS,reason=__channel_" + "x" * (60 - len("<!channel>")) + "}"
    assert len(numbers(many)) == MAX_NUMBERS


@pytest.mark.parametrize("text", ["127.0.0.1:22", "127.0.0.1:x", "example.net:80", "0.0.0.0:80", "[::1]:2381", ""])
def test_only_known_ports_of_the_loopback_are_read(text: str) -> None:
    with pytest.raises(Problem):
        program(text)


@pytest.mark.parametrize("seconds", ["0", "11", "3; reboot"])
def test_a_window_is_bounded(seconds: str) -> None:
    with pytest.raises(Problem):
        checked(["metrics", "--seconds", seconds, "127.0.0.1:10249"])


def test_the_request_is_one_of_the_set() -> None:
    request = ["metrics", "--seconds", "3", "127.0.0.1:10249", "192.0.2.1:2381"]

    assert checked(request) == request


class Counting(http.server.BaseHTTPRequestHandler):
    """A program whose leader changed once more at each look."""

    looks: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self.looks.append(1)
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(f"etcd_server_leader_changes_seen_total {len(self.looks)}\n".encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Counting) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_program_is_looked_at_twice(port: int) -> None:
    found = metrics({"it": ("127.0.0.1", port)}, 0)
    answer = found["it"]

    meter = msgspec.convert(answer, Meter)

    assert Growth(meter).of("etcd_server_leader_changes_seen_total") == 1


def test_a_program_that_is_not_there_refuses(port: int) -> None:
    found = metrics({"it": ("127.0.0.1", 1)}, 0)

    assert found == {"it": {"error": "refused"}}


def test_growth_of_durations_is_a_mean_and_the_bucket_of_a_quantile() -> None:
    meter = Meter(
        window_ms=3000,
        first={f"{FSYNC}_sum": 1.0, f"{FSYNC}_count": 100.0, f"{FSYNC}_bucket{{le=0.256}}": 100.0}
        | dict.fromkeys((f"{FSYNC}_bucket{{le=0.512}}", f"{FSYNC}_bucket{{le=+Inf}}"), 100.0),
        last={
            f"{FSYNC}_sum": 4.0,
            f"{FSYNC}_count": 110.0,
            f"{FSYNC}_bucket{{le=0.256}}": 105.0,
            f"{FSYNC}_bucket{{le=0.512}}": 110.0,
            f"{FSYNC}_bucket{{le=+Inf}}": 110.0,
        },
    )
    spans = Growth(meter).spans(FSYNC)

    assert (spans.count, spans.mean_ms) == (10, 300)
    assert (spans.quantile_ms(0.5), spans.quantile_ms(0.51)) == (256, 512)


def test_a_counter_that_began_anew_did_not_grow() -> None:
    growth = Growth(Meter(first={"a": 7.0}, last={"a": 1.0}))

    assert (growth.of("a"), growth.now("a"), growth.has("b")) == (0.0, 1.0, False)
