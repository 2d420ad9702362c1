from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.cluster import exec as pod_exec
from bot.cluster.credentials import Credentials
from bot.cluster.errors import ClusterError, Forbidden, Malformed, NoHelper, TimedOut, Unreachable
from bot.cluster.helpers import KEPT
from bot.node.requests import HELPER_COMMAND
from tests.cluster.api import Answer, Api, says, status

HELPERS = "/api/v1/namespaces/netmedic/pods"
EXEC = f"{HELPERS}/helper-1/exec"
V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"

SUCCESS = {"metadata": {}, "status": "Success"}

Program = Callable[[web.WebSocketResponse], Awaitable[None]]


def helper(name: str = "helper-1", node: str = "node1", *, ready: str = "True", **metadata: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "metadata": {"name": name, "namespace": "netmedic", **metadata},
        "spec": {"nodeName": node},
        "status": {"phase": "Running", "conditions": conditions},
    }


def helpers(*pods: dict[str, Any]) -> Answer:
    return says({"items": list(pods)})


def runs(program: Program, *, protocols: tuple[str, ...] = (V5, V4)) -> Answer:
    """Answer an exec with what a program does on the stream."""

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.WebSocketResponse(protocols=protocols)
        await stream.prepare(request)
        await program(stream)
        await stream.close()
        return stream

    return answer


def writes(*pieces: tuple[int, bytes], end: dict[str, Any] | None = SUCCESS) -> Program:
    async def program(stream: web.WebSocketResponse) -> None:
        for channel, piece in pieces:
            await stream.send_bytes(bytes([channel]) + piece)
        if end is not None:
            await stream.send_bytes(b"\x03" + json.dumps(end).encode())

    return program


def session(*lines: bytes, end: dict[str, Any] | None = None) -> Program:
    """Answer a line for each that is asked, with its number in place of N; then end."""

    async def program(stream: web.WebSocketResponse) -> None:
        for line in lines:
            asked = await stream.receive_bytes()
            assert asked[0] == 0
            number, *words = json.loads(asked[1:])
            text = line.replace(b"N", str(number).encode()).replace(b"WORDS", " ".join(words).encode())
            await stream.send_bytes(b"\x01" + text + b"\n")
        if end is None:
            await stream.receive()  # the other side hangs up
        else:
            await stream.send_bytes(b"\x03" + json.dumps(end).encode())

    return program


UNKNOWN = {"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "2"}]}}


async def alone(api: Api, program: Answer, *, seconds: float = 20.0) -> bytes:
    """Run the program once."""
    api.on(EXEC, program)
    async with api.cluster() as cluster:
        return await pod_exec.run(
            cluster.transport.credentials,
            namespace="netmedic",
            pod="helper-1",
            command=(*HELPER_COMMAND, "sample", "--seconds", "3"),
            timeout_seconds=seconds,
        )


async def ask(api: Api, program: Answer, *, seconds: float = 20.0) -> bytes:
    """Ask in a session."""
    api.on(HELPERS, helpers(helper()))
    api.on(EXEC, program)
    async with api.cluster() as cluster:
        return await cluster.ask_helper("node1", ("sample", "--seconds", "3"), timeout_seconds=seconds)


@pytest.mark.parametrize("protocols", [(V5, V4), (V4,)])
async def test_the_answer_is_what_the_fixed_program_writes(api: Api, protocols: tuple[str, ...]) -> None:
    program = writes((1, b'{"a":'), (1, b""), (2, b"warning"), (9, b"?"), (1, b"1}"))

    answer = await alone(api, runs(program, protocols=protocols))

    assert answer == b'{"a":1}'
    assert api.requests[-1].query.getall("command") == [*HELPER_COMMAND, "sample", "--seconds", "3"]
    assert "stdin" not in api.requests[-1].query
    assert api.requests[-1].headers["sec-websocket-protocol"] == f"{V5},{V4}"


async def test_a_program_that_fails_is_malformed_with_its_last_words_and_status(api: Api) -> None:
    causes = [{"reason": "ExitCode", "message": "2"}]
    end = {"status": "Failure", "reason": "NonZeroExitCode", "message": "command failed", "details": {"causes": causes}}

    with pytest.raises(Malformed) as problem:
        await alone(api, runs(writes((1, b"half"), (2, b"no such\nrequest\x1b[0m token=hunter2"), end=end)))

    assert str(problem.value) == (
        "The node helper netmedic/helper-1: the program ended with status 2: no such request [0m token=***"
    )


async def test_a_program_that_cannot_be_started_is_malformed(api: Api) -> None:
    end = {"status": "Failure", "reason": "InternalError", "message": "exec: python3: not found"}

    with pytest.raises(Malformed, match=r"the program could not be run: exec: python3: not found$"):
        await alone(api, runs(writes(end=end)))


async def test_a_flood_is_cut_off(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_exec, "MAX_ANSWER_BYTES", 2**20)

    with pytest.raises(Malformed, match=r"helper-1 answered more than 1 MiB$"):
        await alone(api, runs(writes(*[(1, b"x" * 60000)] * 100)))


async def test_one_huge_message_is_cut_off(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_exec, "MAX_ANSWER_BYTES", 2**20)

    with pytest.raises(Malformed, match=r"helper-1 broke the exec protocol"):
        await alone(api, runs(writes((1, b"x" * 2**21))))


async def test_of_a_flood_of_errors_the_end_is_kept(api: Api) -> None:
    with pytest.raises(Malformed, match=r"the program could not be run: y[y ]{240,250} the end$"):
        await alone(api, runs(writes(*[(2, b"y" * 60000)] * 20, (2, b" the end"), end={"status": "Failure"})))


async def test_a_program_that_hangs_is_late(api: Api) -> None:
    async def hang(stream: web.WebSocketResponse) -> None:
        await stream.send_bytes(b"\x01half")
        await asyncio.Event().wait()

    with pytest.raises(TimedOut, match=r"helper-1 gave no whole answer within 0.2 s$"):
        await alone(api, runs(hang), seconds=0.2)


async def test_a_handshake_that_hangs_is_late(api: Api) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(TimedOut):
        await alone(api, hang, seconds=0.2)


async def test_an_answer_without_an_end_is_not_taken_for_a_whole_one(api: Api) -> None:
    with pytest.raises(Unreachable, match=r"broke off before the program ended$"):
        await alone(api, runs(writes((1, b"{}"), end=None)))


async def test_a_server_of_another_protocol_is_malformed(api: Api) -> None:
    with pytest.raises(Malformed, match="speaks another exec protocol"):
        await alone(api, runs(writes((1, b"{}")), protocols=("channel.k8s.io",)))


async def test_an_end_that_is_no_status_is_malformed(api: Api) -> None:
    async def program(stream: web.WebSocketResponse) -> None:
        await stream.send_bytes(b"\x03command terminated")

    with pytest.raises(Malformed, match="is no Status"):
        await alone(api, runs(program))


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (403, Forbidden, "not allowed to create pods/exec helper-1 in namespace netmedic"),
        (403, Forbidden, "; to check: kubectl auth can-i create pods --subresource=exec -n netmedic"),
        (500, Unreachable, "failed (500) to create pods/exec"),
        (400, Malformed, "answered 400 to create pods/exec"),
    ],
)
async def test_a_refused_exec_says_why(api: Api, code: int, kind: type[ClusterError], text: str) -> None:
    with pytest.raises(kind) as problem:
        await ask(api, status(code))

    assert text in str(problem.value)


async def test_an_answer_that_is_no_websocket_is_malformed_or_unreachable(api: Api) -> None:
    with pytest.raises(ClusterError):
        await ask(api, says("<html>"))


async def test_refused_credentials_are_renewed(api: Api) -> None:
    api.on(HELPERS, helpers(helper()))
    api.on(EXEC, status(401), runs(session(b"N 0 {}")))

    async with api.cluster(authorization="Bearer old") as cluster:
        answer = await cluster.ask_helper("node1", ("sample",))

    assert answer == b"{}"
    assert [request.headers["authorization"] for request in api.requests] == [
        "Bearer old",
        "Bearer old",
        "Bearer renewed",
    ]


async def test_a_helper_that_was_replaced_is_looked_up_again(api: Api) -> None:
    api.on(HELPERS, helpers(helper()), helpers(helper("helper-2")))
    api.on(f"{HELPERS}/helper-2/exec", runs(session(b"N 0 {}")))

    async with api.cluster() as cluster:
        answer = await cluster.ask_helper("node1", ("sample",))

    assert answer == b"{}"


async def test_a_helper_that_is_replaced_while_it_answers_is_asked_again(api: Api) -> None:
    killed = {"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "137"}]}}
    api.on(HELPERS, helpers(helper()), helpers(helper("helper-2")))
    api.on(EXEC, runs(session(end=killed)))
    api.on(f"{HELPERS}/helper-2/exec", runs(session(b"N 0 {}")))

    async with api.cluster() as cluster:
        answer = await cluster.ask_helper("node1", ("sample",))

    assert answer == b"{}"


async def test_a_helper_that_fails_and_is_still_there_is_not_asked_again(api: Api) -> None:
    with pytest.raises(Malformed):
        await ask(api, runs(writes(end={"status": "Failure"})))

    assert [request.path for request in api.requests] == [HELPERS, EXEC, HELPERS]


async def test_a_helper_that_goes_away_while_it_answers_leaves_none(api: Api) -> None:
    api.on(HELPERS, helpers(helper()), helpers())
    api.on(EXEC, runs(writes(end=None)))

    async with api.cluster() as cluster:
        with pytest.raises(NoHelper):
            await cluster.ask_helper("node1", ("sample",))


async def test_a_node_without_a_helper_has_none(api: Api) -> None:
    api.on(HELPERS, helpers(helper(node="node2")))

    async with api.cluster() as cluster:
        with pytest.raises(NoHelper, match=r"^no node helper runs on Node node1$"):
            await cluster.ask_helper("node1", ("sample",))


async def test_helpers_are_running_ready_and_not_on_their_way_out(api: Api) -> None:
    gone = helper("b", "node2", deletionTimestamp="2026-01-01T00:00:00Z")
    api.on(HELPERS, helpers(helper(), gone, helper("c", "node3", ready="False")))

    async with api.cluster() as cluster:
        found = await cluster.helper_nodes()

    assert found == {"node1": "helper-1"}
    assert api.asked == [f"{HELPERS}?resourceVersion=0&labelSelector=app%3Dhelper"]


WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""


def answers_once_and_says_no_goodbye(there: socket.socket, tls: ssl.SSLContext) -> bytes:
    """Serve one exec, then be deaf; return what a connection that ends leaves to read, as a sign that it ended."""
    connection, _ = there.accept()
    connection.settimeout(20)
    with tls.wrap_socket(connection, server_side=True) as stream:
        request = b""
        while b"\r\n\r\n" not in request:
            request += stream.recv(4096)
        [key] = [
            line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        ]
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID, usedforsecurity=False).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        stream.sendall(head + b"Sec-WebSocket-Accept: %b\r\nSec-WebSocket-Protocol: %b\r\n\r\n" % (accept, V5.encode()))
        end = b"\x03" + json.dumps(SUCCESS).encode()
        stream.sendall(bytes([0x82, len(end)]) + end)
        with socket.socket(fileno=stream.detach()) as raw:
            raw.settimeout(20)
            while rest := raw.recv(4096):
                pass
            return rest


async def test_a_connection_ends_where_the_other_side_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A way that loses packets must not leave connections behind that wait for a goodbye."""
    monkeypatch.setattr(pod_exec, "CLOSE_SECONDS", 0.1)
    certificates = Path(__file__).with_name("tls")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates / "server.pem")
    with socket.create_server(("127.0.0.1", 0)) as there:
        credentials = Credentials(
            context="test",
            server=f"https://127.0.0.1:{there.getsockname()[1]}",
            tls=ssl.create_default_context(cafile=certificates / "ca.crt"),
        )
        served = asyncio.create_task(asyncio.to_thread(answers_once_and_says_no_goodbye, there, tls))
        answer = await pod_exec.run(
            credentials, namespace="netmedic", pod="helper-1", command=("sample",), timeout_seconds=20
        )
        left = await served

    assert (answer, left) == (b"", b"")


async def test_helpers_that_fail_together_are_listed_anew_once(api: Api) -> None:
    pods = [helper(f"helper-{number}", f"node{number}") for number in range(20)]
    api.on(HELPERS, helpers(*pods))
    async with api.cluster() as cluster:
        await cluster.helper_nodes()
        failed = await asyncio.gather(
            *(cluster.ask_helper(f"node{number}", ("version",)) for number in range(20)), return_exceptions=True
        )

    assert {type(problem).__name__ for problem in failed} == {"NotFound"}
    assert sum(path.startswith(f"{HELPERS}?") for path in api.asked) <= 3


async def test_a_node_is_asked_many_things_in_one_session(api: Api) -> None:
    api.on(HELPERS, helpers(helper()))
    api.on(EXEC, runs(session(*[b"N 0 WORDS"] * 20)))

    async with api.cluster() as cluster:
        answers = await asyncio.gather(*(cluster.ask_helper("node1", ("sample", str(n))) for n in range(20)))

    assert answers == [f"sample {n}".encode() for n in range(20)]
    [asked] = [request for request in api.requests if request.path == EXEC]
    assert asked.query.getall("command") == [*HELPER_COMMAND, "session"]
    assert asked.query["stdin"] == "true"


async def test_answers_come_in_any_order_in_any_pieces_and_to_those_who_still_wait(api: Api) -> None:
    async def program(stream: web.WebSocketResponse) -> None:
        numbers = [json.loads((await stream.receive_bytes())[1:])[0] for _ in range(3)]
        first, second, third = numbers
        for piece in (b"%d 0 thi" % third, b"rd\n%d 0 " % first, b"first\n", b"77 0 of nobody\n", b"%d" % second):
            await stream.send_bytes(b"\x01" + piece)
        await stream.send_bytes(b"\x01 0 second\n")
        await stream.receive()

    api.on(HELPERS, helpers(helper()))
    api.on(EXEC, runs(program))
    async with api.cluster() as cluster:
        answers = await asyncio.gather(*(cluster.ask_helper("node1", ("sample", str(n))) for n in range(3)))

    assert answers == [b"first", b"second", b"third"]


async def test_a_request_that_fails_or_is_late_leaves_the_session_to_the_others(api: Api) -> None:
    async def program(stream: web.WebSocketResponse) -> None:
        await stream.receive_bytes()
        bad, good = [json.loads((await stream.receive_bytes())[1:])[0] for _ in range(2)]
        await stream.send_bytes(b"\x01%d 2 no such request\x1b[0m token=hunter2\n" % bad)
        await stream.send_bytes(b"\x01%d 0 {}\n" % good)
        await stream.receive()

    api.on(HELPERS, helpers(helper()))
    api.on(EXEC, runs(program))
    async with api.cluster() as cluster:
        late = asyncio.create_task(cluster.ask_helper("node1", ("first",), timeout_seconds=0.2))
        await asyncio.sleep(0)
        bad = asyncio.create_task(cluster.ask_helper("node1", ("bad",)))
        with pytest.raises(TimedOut, match=r"helper-1 gave no whole answer within 0.2 s$"):
            await late
        good = asyncio.create_task(cluster.ask_helper("node1", ("good",)))
        with pytest.raises(Malformed, match=r"ended with status 2: no such request \[0m token=\*\*\*$"):
            await bad
        answer = await good

    assert answer == b"{}"
    assert sum(request.path == EXEC for request in api.requests) == 1


@pytest.mark.parametrize("line", [b"N", b"N zero {}", b"no answer at all"])
async def test_a_line_that_is_no_answer_ends_the_session(api: Api, line: bytes) -> None:
    with pytest.raises(Malformed, match=r"helper-1 answered what is no answer$"):
        await ask(api, runs(session(line)))


async def test_a_session_that_breaks_off_fails_who_waits_and_the_next_gets_a_new_one(api: Api) -> None:
    api.on(HELPERS, helpers(helper()))
    api.on(EXEC, runs(writes(end=None)), runs(session(b"N 0 {}")))

    async with api.cluster() as cluster:
        with pytest.raises(Unreachable, match=r"broke off before the program ended$"):
            await cluster.ask_helper("node1", ("sample",))
        answer = await cluster.ask_helper("node1", ("sample",))

    assert answer == b"{}"


async def test_a_flood_in_a_session_is_cut_off(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_exec, "MAX_ANSWER_BYTES", 2**20)

    with pytest.raises(Malformed, match=r"helper-1 answered more than 1 MiB$"):
        await ask(api, runs(writes(*[(1, b"x" * 60000)] * 100)))


async def test_an_older_program_without_sessions_is_asked_one_thing_at_a_time(api: Api) -> None:
    api.on(HELPERS, helpers(helper()))
    api.on(EXEC, runs(writes((2, b"not a request"), end=UNKNOWN)), runs(writes((1, b"{}"))), runs(writes((1, b"[]"))))

    async with api.cluster() as cluster:
        answers = [await cluster.ask_helper("node1", ("sample",)) for _ in range(2)]

    assert answers == [b"{}", b"[]"]
    asked = [request.query.getall("command")[-1] for request in api.requests if request.path == EXEC]
    assert asked == ["session", "sample", "sample"]


async def test_of_many_helpers_that_were_asked_some_keep_their_sessions(api: Api) -> None:
    count = KEPT + 10
    too_many_ended, all_ended = asyncio.Event(), asyncio.Event()
    ended = 0

    async def program(stream: web.WebSocketResponse) -> None:
        nonlocal ended
        await session(b"N 0 {}")(stream)
        ended += 1
        if ended == count - KEPT:
            too_many_ended.set()
        if ended == count:
            all_ended.set()

    api.on(HELPERS, helpers(*(helper(f"helper-{n}", f"node{n}") for n in range(count))))
    for n in range(count):
        api.on(f"{HELPERS}/helper-{n}/exec", runs(program))
    async with api.cluster() as cluster:
        for n in range(count):
            await cluster.ask_helper(f"node{n}", ("version",))
        await asyncio.wait_for(too_many_ended.wait(), 10)
        kept = count - ended
    await asyncio.wait_for(all_ended.wait(), 10)

    assert kept == KEPT
