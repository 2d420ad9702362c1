"""The node helpers of a live cluster: which Nodes have one, and asking them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from bot.cluster import errors, exec, meter  # noqa: A004 - the subject's own name
from bot.cluster.objects import Pod
from bot.cluster.transport import Transport
from bot.node.requests import HELPER_COMMAND

IN_FLIGHT = 200
"""Streams open together (ours): each is a WebSocket of the API server, and nothing else is shared by two Nodes."""
IN_FLIGHT_ON_A_NODE = 12
"""Each is a process in the helper Pod as well, of some 8 MB of its own (ours): all fit the Pod's 128 MiB."""


class Helpers:
    """The node helper Pods of a cluster."""

    def __init__(self, transport: Transport, *, namespace: str, pods: Callable[[], Awaitable[Sequence[Pod]]]) -> None:
        """Ask through a transport; ``pods`` lists the helper Pods."""
        self._transport = transport
        self._namespace = namespace
        self._pods = pods
        self._by_node: dict[str, str] = {}
        self._listed = 0
        self._listing = asyncio.Lock()
        self._turns = asyncio.Semaphore(IN_FLIGHT)
        self._turns_of: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(IN_FLIGHT_ON_A_NODE)
        )

    async def nodes(self) -> dict[str, str]:
        """Return the Nodes that have a running and ready node helper, and its Pod."""
        running = (pod for pod in await self._pods() if pod.status.phase == "Running" and pod.ready and pod.alive)
        self._by_node = {pod.spec.node_name: pod.metadata.name for pod in running}
        self._listed += 1
        return dict(sorted(self._by_node.items()))

    async def ask(self, node: str, request: tuple[str, ...], *, timeout_seconds: float) -> bytes:
        """Return the answer of a Node's helper to one request."""
        listed = self._listed
        if node not in self._by_node:
            await self._list_again(listed)
        asked, listed = self._by_node.get(node), self._listed
        try:
            return await self._exec(node, request, timeout_seconds)
        except (errors.NotFound, errors.Malformed, errors.Unreachable):
            await self._list_again(listed)
            if self._by_node.get(node) == asked:
                raise
        return await self._exec(node, request, timeout_seconds)  # its Pod was replaced meanwhile

    async def _list_again(self, listed: int) -> None:
        """List the Pods, unless somebody did since: thousands that fail together need it once."""
        async with self._listing:
            if self._listed == listed:
                await self.nodes()

    async def _exec(self, node: str, request: tuple[str, ...], timeout_seconds: float) -> bytes:
        pod = self._by_node.get(node)
        if pod is None:
            raise errors.NoHelper(f"no node helper runs on Node {node}")
        used = self._transport.credentials
        meter.count(helper_requests=1)
        async with self._turns_of[node], self._turns:
            try:
                return await exec.run(
                    used,
                    namespace=self._namespace,
                    pod=pod,
                    command=(*HELPER_COMMAND, *request),
                    timeout_seconds=timeout_seconds,
                )
            except exec.Refused as problem:
                if problem.status != 401:  # noqa: PLR2004 - unauthorized
                    raise exec.refusal(problem, namespace=self._namespace, pod=pod, credentials=used) from problem
            renewed = await self._transport.renewed(used)
            try:
                return await exec.run(
                    renewed,
                    namespace=self._namespace,
                    pod=pod,
                    command=(*HELPER_COMMAND, *request),
                    timeout_seconds=timeout_seconds,
                )
            except exec.Refused as problem:
                raise exec.refusal(problem, namespace=self._namespace, pod=pod, credentials=renewed) from problem
