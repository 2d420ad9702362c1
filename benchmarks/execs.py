"""Asking the node helpers of a large cluster at once: time, memory and streams open together.

Run: ``python -m benchmarks.execs``. A stand-in for an API server on loopback speaks the exec protocol of Kubernetes
(WebSocket, v5 and v4.channel.k8s.io) for 500 and for 5,000 helper Pods; each program takes 50 ms and writes an answer.
netmedic's client asks all of them, each in a session that it ends. Beside it, the same by aiohttp alone on one
session, and the stream of the ``kubernetes`` package in threads. Each run is a process of its own; results:
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import ClientSession, TCPConnector, WSMsgType, web

NAMESPACE = "netmedic"
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
PROGRAM_SECONDS = 0.05
AT_ONCE = 500
"""Streams of the baselines that are open together."""
THREADS = 200
SUCCESS = b'\x03{"metadata":{},"status":"Success"}'


def serve(pods: int, answer_bytes: int) -> None:
    """Be the API server, and print the port."""
    now = most = 0
    answer = b"\x01" + b"x" * answer_bytes

    async def run(request: web.Request) -> web.WebSocketResponse:
        nonlocal now, most
        stream = web.WebSocketResponse(protocols=PROTOCOLS)
        await stream.prepare(request)
        now, most = now + 1, max(most, now + 1)
        if "stdin" in request.query:
            number = json.loads((await stream.receive_bytes())[1:])[0]
            await asyncio.sleep(PROGRAM_SECONDS)
            await stream.send_bytes(b"\x01%d 0 %b\n" % (number, answer[1:]))
            await stream.receive()
        else:
            await asyncio.sleep(PROGRAM_SECONDS)
            await stream.send_bytes(answer)
            await stream.send_bytes(SUCCESS)
        await stream.close()
        now -= 1
        return stream

    async def listed(_request: web.Request) -> web.Response:
        items = [helper(number) for number in range(pods)]
        return web.json_response({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items})

    async def streams(_request: web.Request) -> web.Response:
        return web.json_response(most)

    async def start() -> None:
        app = web.Application()
        base = f"/api/v1/namespaces/{NAMESPACE}/pods"
        app.add_routes([web.get(base, listed), web.get(base + "/{pod}/exec", run), web.get("/streams", streams)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(start())


def helper(number: int) -> dict[str, Any]:
    """Return a helper Pod."""
    return {
        "metadata": {"name": f"helper-{number:04}", "namespace": NAMESPACE, "labels": {"app": "helper"}},
        "spec": {"nodeName": f"node-{number:04}", "containers": [{"name": "helper"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


async def ours(server: str, pods: int) -> None:
    """Ask through netmedic's live cluster."""
    from bot.cluster.credentials import Credentials  # noqa: PLC0415 - the baselines are measured without it
    from bot.cluster.live import LiveCluster  # noqa: PLC0415
    from bot.cluster.transport import Transport  # noqa: PLC0415

    credentials = Credentials(context="bench", server=server)

    async def renew() -> Credentials:
        return credentials

    transport = Transport(credentials, renew=renew)
    async with LiveCluster(transport, helper_namespace=NAMESPACE, helper_labels="app=helper") as cluster:
        nodes = await cluster.helper_nodes()
        answers = await asyncio.gather(*(cluster.ask_helper(node, ("version",), timeout_seconds=60) for node in nodes))
    check(pods, [len(answer) for answer in answers])


async def by_hand(server: str, pods: int) -> None:
    """Ask with aiohttp and nothing else."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(session: ClientSession, number: int) -> int:
        url = f"{server}/api/v1/namespaces/{NAMESPACE}/pods/helper-{number:04}/exec?command=x&stdout=true&stderr=true"
        async with turns, session.ws_connect(url, protocols=PROTOCOLS) as stream:
            size = 0
            async for frame in stream:
                if frame.type is WSMsgType.BINARY and frame.data[0] == 1:
                    size += len(frame.data) - 1
            return size

    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        check(pods, await asyncio.gather(*(one(session, number) for number in range(pods))))


async def in_threads(server: str, pods: int) -> None:
    """Ask with the ``kubernetes`` package."""
    from kubernetes.client import ApiClient, Configuration, CoreV1Api  # noqa: PLC0415 - likewise
    from kubernetes.stream import stream  # noqa: PLC0415

    configuration = Configuration()
    configuration.host = server

    def one(number: int) -> int:
        api = CoreV1Api(ApiClient(configuration))
        answer = stream(
            api.connect_get_namespaced_pod_exec,
            name=f"helper-{number:04}",
            namespace=NAMESPACE,
            command=["x"],
            stdout=True,
            stderr=True,
        )
        return len(answer)

    with ThreadPoolExecutor(THREADS) as pool:
        check(pods, list(pool.map(one, range(pods))))


def check(pods: int, sizes: list[int]) -> None:
    """Refuse to measure what did not work."""
    if len(sizes) != pods or not all(sizes):
        sys.exit(f"{len([size for size in sizes if size])} of {pods} answered")


CLIENTS: dict[str, Callable[[str, int], Awaitable[None]]] = {
    "netmedic": ours,
    "aiohttp by hand": by_hand,
    "kubernetes, threads": in_threads,
}


async def timed(client: str, server: str, pods: int) -> None:
    """Ask once, and print seconds, megabytes and streams as JSON."""
    started = time.perf_counter()
    await CLIENTS[client](server, pods)
    seconds = time.perf_counter() - started
    async with ClientSession() as session, session.get(f"{server}/streams") as response:
        streams = await response.json()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": megabytes, "streams": streams}))


def measured(client: str, pods: int, answer_bytes: int) -> dict[str, float]:
    """Return the figures of one client in a process of its own, with a server of its own."""
    me = [sys.executable, "-m", "benchmarks.execs"]
    with subprocess.Popen(
        [*me, "--serve", str(pods), "--answer-bytes", str(answer_bytes)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            command = [*me, "--client", client, "--server", f"http://127.0.0.1:{port}", "--pods", str(pods)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        finally:
            server.kill()
    if done.returncode:
        sys.exit(f"{client}: {done.stderr[-500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, help="instead of 500 and 5,000")
    parser.add_argument("--answer-bytes", type=int, default=300, help="30000: as a sample of a small Node")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--server", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.answer_bytes)
    elif options.client:
        asyncio.run(timed(options.client, options.server, options.pods))
    else:
        print("| client | helper Pods | s | MB | streams at once |\n|---|---|---|---|---|")
        for pods in [options.pods] if options.pods else [500, 5000]:
            for client in CLIENTS:
                one = measured(client, pods, options.answer_bytes)
                print(f"| {client} | {pods} | {one['seconds']:.1f} | {one['megabytes']:.0f} | {one['streams']} |")


if __name__ == "__main__":
    main()
