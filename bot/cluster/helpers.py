"""The node helpers of a live cluster: which Nodes have one, and asking them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.cluster import errors, exec, meter  # noqa: A004 - the subject's own name
from bot.cluster.credentials import Credentials
from bot.cluster.objects import Pod
from bot.cluster.session import Session
from bot.cluster.transport import Transport
from bot.node.requests import HELPER_COMMAND

IN_FLIGHT = 200
"""Requests answered together (ours): each may be a WebSocket of the API server, and nothing else is shared by Nodes."""
KEPT = 50
"""Sessions that are open though nobody asks (ours): a diagnosis asks a few Nodes often, or all of them once."""
REST_SECONDS = 5.0
"""How long (ours): the next question of a diagnosis comes within two."""
NO_SUCH_REQUEST = "2"
"""The exit status of a program that does not know a request."""


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
        self._sessions: dict[str, Session] = {}
        self._without_session: set[str] = set()

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
        async with self._turns:
            try:
                return await self._asked(used, pod, request, timeout_seconds)
            except exec.Refused as problem:
                if problem.status != 401:  # noqa: PLR2004 - unauthorized
                    raise exec.refusal(problem, namespace=self._namespace, pod=pod, credentials=used) from problem
            renewed = await self._transport.renewed(used)
            try:
                return await self._asked(renewed, pod, request, timeout_seconds)
            except exec.Refused as problem:
                raise exec.refusal(problem, namespace=self._namespace, pod=pod, credentials=renewed) from problem

    async def _asked(self, credentials: Credentials, pod: str, request: tuple[str, ...], seconds: float) -> bytes:
        """Ask in the Pod's session, or alone where its program, being older, has none."""
        namespace = self._namespace
        if pod not in self._without_session:
            session = self._session(credentials, pod)
            try:
                return await session.ask(request, timeout_seconds=seconds)
            except exec.Failed as problem:
                if not session.over or problem.code != NO_SUCH_REQUEST:
                    raise
                self._without_session.add(pod)
            finally:
                session.rest(REST_SECONDS if len(self._sessions) <= KEPT else 0)
        command = (*HELPER_COMMAND, *request)
        return await exec.run(credentials, namespace=namespace, pod=pod, command=command, timeout_seconds=seconds)

    def _session(self, credentials: Credentials, pod: str) -> Session:
        found = self._sessions.get(pod)
        if found is None or found.over:
            self._sessions = {other: session for other, session in self._sessions.items() if not session.over}
            command = (*HELPER_COMMAND, "session")
            found = Session(credentials, namespace=self._namespace, pod=pod, command=command)
            self._sessions[pod] = found
        return found

    async def aclose(self) -> None:
        """End the sessions."""
        await asyncio.gather(*(session.aclose() for session in self._sessions.values()))
