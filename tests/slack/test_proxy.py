"""Slack behind a proxy whose certificate only an own CA vouches for: the Web API, the WebSocket and replies."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.slack.edge import Edge
from tests.slack.fake_slack import FakeWorkspace

HOST = "slack.test"
SUBJECT_ALTERNATIVE = f"subjectAltName=DNS:{HOST}"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA, and a certificate of it for the host."""
    if not shutil.which("openssl"):
        pytest.skip("making certificates needs openssl")
    folder = tmp_path_factory.mktemp("certificates")
    new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    commands = (
        (*new, "-x509", "-subj", "/CN=our CA", "-keyout", "ca.key", "-out", "ca.pem"),
        (*new, "-subj", f"/CN={HOST}", "-keyout", "host.key", "-out", "host.csr"),
        *[("openssl", "x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")],
    )
    (folder / "extensions").write_text(SUBJECT_ALTERNATIVE)
    sign = (*commands[2], "-days", "2", "-extfile", "extensions", "-out", "host.pem")
    for command in (*commands[:2], sign):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
    """Pass on what comes, both ways."""
    there, back = await asyncio.open_connection(host, port)
    await asyncio.gather(pipe(reader, back), pipe(there, writer))


@asynccontextmanager
async def proxy(edge: Edge, certificates: Path) -> AsyncIterator[tuple[int, list[str]]]:
    """Give the port of a proxy that leads to the host alone, and what it was asked for."""
    asked: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "host.pem", certificates / "host.key")
    plain = int(edge.url.rpartition(":")[2])

    async def to_edge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join(reader, writer, "127.0.0.1", plain)

    host = await asyncio.start_server(to_edge, "127.0.0.1", 0, ssl=context)
    secure = host.sockets[0].getsockname()[1]

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode()
        asked.append(request)
        assert request.startswith(f"CONNECT {HOST}:443 ")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await join(reader, writer, "127.0.0.1", secure)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    async with host, server:
        yield server.sockets[0].getsockname()[1], asked


@asynccontextmanager
async def started(port: int, ca: Path | None) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a bot behind the proxy."""
    environment = {**os.environ, "HTTPS_PROXY": f"http://127.0.0.1:{port}", "PYTHONWARNINGS": "ignore"}
    environment |= {"SSL_CERT_FILE": str(ca)} if ca else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.slack.proxied_bot", f"https://{HOST}"),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_everything_goes_over_the_proxy_and_its_ca_is_trusted(certificates: Path) -> None:
    async with Edge(FakeWorkspace()) as edge, proxy(edge, certificates) as (port, asked):
        edge.url = f"https://{HOST}"
        async with started(port, certificates / "ca.pem") as process:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
            await edge.slash("help")
            await edge.until_whispered("I find out why a Kubernetes network fails.")
            await edge.slash("web cannot reach checkout")
            await edge.until_said("asks: *web cannot reach checkout*\\n🔴")

    assert len(asked) >= 2


async def test_without_the_ca_it_says_what_to_check(certificates: Path) -> None:
    async with Edge(FakeWorkspace()) as edge, proxy(edge, certificates) as (port, _):
        edge.url = f"https://{HOST}"
        async with started(port, None) as process:
            _, said = await asyncio.wait_for(process.communicate(), 60)

    assert b"Check the network, HTTPS_PROXY and SSL_CERT_FILE." in said
