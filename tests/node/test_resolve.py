"""Names asked of a DNS server, and several connects to one address."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.node.collector import resolve as module
from bot.node.collector.proc import Problem
from bot.node.collector.reach import reach
from bot.node.collector.request import checked
from bot.node.collector.resolve import TYPES, Question, addresses, query, question, resolve

Reply = Callable[[bytes], bytes | None]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_SECONDS", 0.01)
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], tuple[str, int]]]:
    """A DNS server on loopback that replies as a function says."""
    servers: list[socket.socket] = []

    def start(reply: Reply) -> tuple[str, int]:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        servers.append(server)

        def run() -> None:
            while True:
                try:
                    content, client = server.recvfrom(4096)
                except OSError:
                    return
                if (answer := reply(content)) is not None:
                    server.sendto(answer, client)

        threading.Thread(target=run, daemon=True).start()
        host, port = server.getsockname()
        return host, port

    yield start
    for server in servers:
        server.close()


def replying(*, code: int = 0, ip: str = "") -> Reply:
    """Answer A queries with an address, and all with a code."""

    def reply(content: bytes) -> bytes:
        number, body = content[:2], content[12:]
        is_a = body[-4:-2] == struct.pack("!H", TYPES["A"])
        records = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + socket.inet_aton(ip) if ip and is_a else b""
        return number + struct.pack("!HHHHH", 0x8000 | code, 1, 1 if records else 0, 0, 0) + body + records

    return reply


def ask(server: tuple[str, int], name: str = "web.shop") -> dict[str, dict[str, object]]:
    found = resolve([Question("asked", server, name)])["asked"]
    assert isinstance(found, dict)
    return found


def test_each_type_is_asked_several_times_and_the_addresses_are_told(serve: Callable[[Reply], tuple[str, int]]) -> None:
    found = ask(serve(replying(ip="10.96.0.7")))

    assert (found["A"]["codes"], found["A"]["addresses"]) == ({"NOERROR": 5}, ["10.96.0.7"])
    assert (found["AAAA"]["codes"], found["AAAA"]["addresses"]) == ({"NOERROR": 5}, [])


def test_a_code_is_told_by_its_name(serve: Callable[[Reply], tuple[str, int]]) -> None:
    assert ask(serve(replying(code=3)))["A"]["codes"] == {"NXDOMAIN": 5}


def test_silence_has_no_times(serve: Callable[[Reply], tuple[str, int]]) -> None:
    found = ask(serve(lambda _: None))

    assert (found["A"]["asked"], found["A"]["times_us"], found["A"]["codes"]) == (5, [], {})


def test_an_answer_to_another_query_is_none(serve: Callable[[Reply], tuple[str, int]]) -> None:
    found = ask(serve(lambda content: bytes([content[0] ^ 1, content[1]]) + content[2:]))

    assert found["A"]["codes"] == {}


def test_a_refusal_is_told_at_once() -> None:
    free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    free.bind(("127.0.0.1", 0))
    server = free.getsockname()
    free.close()

    found = ask(server)

    assert (found["A"]["times_us"], found["A"]["error"]) == ([], "Connection refused")


def test_a_query_holds_the_name_as_it_stands() -> None:
    assert query(7, "web.shop", 28) == b"\0\7\1\0\0\1\0\0\0\0\0\0\3web\4shop\0\0\x1c\0\1"


@given(st.binary(max_size=200))
def test_no_answer_of_a_server_breaks_the_reading(content: bytes) -> None:
    assert len(addresses(content, 1)) <= len(content)


def test_a_name_that_points_at_itself_ends() -> None:
    header = struct.pack("!HHHHHH", 1, 0x8000, 1, 1, 0, 0)

    assert addresses(header + b"\xc0\x0c" * 50, 1) == []


@pytest.mark.parametrize("text", ["10.0.0.1:53/web.shop", "[2001:db8::1]:53/_a.web.shop.", "10.0.0.1:53/a"])
def test_a_question_is_a_server_and_a_name(text: str) -> None:
    assert checked(["resolve", text]) == ["resolve", text]


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1:53",
        "10.0.0.1:53/",
        "10.0.0.1/web",
        "dns:53/web",
        "127.0.0.1:53/web",
        "10.0.0.1:53/we b",
        "10.0.0.1:53/web..shop",
        "10.0.0.1:53/" + "a" * 64,
        "10.0.0.1:53/" + "a." * 127,
    ],
)
def test_anything_else_is_no_question(text: str) -> None:
    with pytest.raises(Problem):
        question(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["resolve"],
        ["resolve", *[f"10.0.0.1:53/n{n}" for n in range(49)]],
        ["reach", "10.0.0.1:80"],
        ["reach", "--times", "9", "10.0.0.1:80"],
        ["reach", "--times", "0", "10.0.0.1:80"],
        ["reach", "--times", "4"],
        ["reach", "--times", "4", *[f"10.0.0.1:{port}" for port in range(1, 34)]],
    ],
)
def test_more_than_the_limits_is_refused(arguments: list[str]) -> None:
    with pytest.raises(Problem):
        checked(arguments)


def test_each_address_is_connected_to_several_times() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = reach({"here": server.getsockname()[:2]}, 3)["here"]

    assert isinstance(found, dict)
    assert found["results"] == {"open": 3}
