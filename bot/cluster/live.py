"""A live cluster: reads through the API server, as narrow as they were asked for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import msgspec

from bot.cluster import errors, health, pages, redact
from bot.cluster.helpers import Helpers
from bot.cluster.objects import Object, Pod
from bot.cluster.port import T
from bot.cluster.refusals import Action
from bot.cluster.served import Served, path_of
from bot.cluster.transport import Transport

R = TypeVar("R")

_ONE_NAME = re.compile(r"metadata\.name==?([^,=!]+)")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?")


class Version(msgspec.Struct, frozen=True, rename="camel"):
    """The API server's own."""

    git_version: str


class ReviewStatus(msgspec.Struct, frozen=True):
    """The answer to a review."""

    allowed: bool = False


class Review(msgspec.Struct, frozen=True):
    """A SelfSubjectAccessReview, as far as it is read."""

    status: ReviewStatus


class LiveCluster:
    """A :class:`bot.cluster.port.Cluster` behind an API server."""

    def __init__(self, transport: Transport, *, helper_namespace: str, helper_labels: str) -> None:
        """Read through a transport, which is closed with this."""
        self.transport = transport
        self._helpers = Helpers(
            transport,
            namespace=helper_namespace,
            pods=lambda: self.list(Pod, namespace=helper_namespace, labels=helper_labels),
        )
        self._served = Served(transport)
        self._skipped: dict[str, pages.Skipped] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._helpers.aclose()
        await self.transport.aclose()

    @property
    def context(self) -> str:
        """The name of the kubeconfig's context, or ``in-cluster``."""
        return self.transport.credentials.context

    @property
    def notes(self) -> tuple[str, ...]:
        """Which objects could not be decoded and are missing from every list."""
        return tuple(f"{what} could not be read and is left out: {one.reason}" for what, one in self._skipped.items())

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)

    async def server_version(self) -> str:
        """Return the API server's version."""
        content = await self.transport.get("/version", Action(verb="get", permission="/version"))
        try:
            return redact.message(msgspec.json.decode(content, type=Version).git_version)[:60]
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            server = self.transport.credentials.server
            raise errors.Malformed(f"{server} is no Kubernetes API server: it does not say its version") from problem

    async def get(self, of: type[T], /, *, name: str, namespace: str = "") -> T:
        """Return one object."""
        where = f" in namespace {namespace}" if namespace else ""
        missing = errors.NotFound(f"there is no {of.__name__} {name[:253]}{where}")
        if not _NAME.fullmatch(name) or (of.resource.namespaced and not _NAME.fullmatch(namespace)):
            raise missing
        action = Action(verb="get", permission=of.resource.permission, namespace=namespace, name=name)
        for at in await self._served.places(of):
            path = f"{path_of(of, at, namespace)}/{quote(name, safe='')}"
            try:
                content = await self.transport.get(path, action)
            except errors.NotFound as problem:
                raise missing from problem
            except errors.Absent as problem:
                absent = problem
                continue
            self._served.found(of, at)
            return pages.decode_object(content, of)
        raise absent

    async def list(self, of: type[T], /, *, namespace: str = "", labels: str = "", fields: str = "") -> list[T]:
        """Return the objects of a namespace, or of all, that the selectors let through."""
        if namespace and not _NAME.fullmatch(namespace):
            return []
        if namespace and not labels and (named := _ONE_NAME.fullmatch(fields)):
            return [*await self._one(of, name=named[1], namespace=namespace)]
        action = Action(verb="list", permission=of.resource.permission, namespace=namespace)
        selectors = {key: text for key, text in (("labelSelector", labels), ("fieldSelector", fields)) if text}
        narrow = bool(namespace or selectors)

        async def read(at: str) -> list[T]:
            return await pages.read_list(
                self.transport,
                path_of(of, at, namespace),
                of,
                action=action,
                selectors=selectors,
                from_cache=narrow,
                skip=lambda one: self._skipped.update({f"{of.__name__} {one.name}": one}),
            )

        return sorted(await self._where_served(of, read), key=lambda obj: (obj.metadata.namespace, obj.metadata.name))

    async def count(self, of: type[Object], /) -> int:
        """Return how many objects of a type there are in all namespaces, as a list of one of them says."""
        action = Action(verb="list", permission=of.resource.permission)
        return await self._where_served(of, lambda at: pages.count(self.transport, path_of(of, at, ""), action))

    async def _where_served(self, of: type[Object], read: Callable[[str], Awaitable[R]]) -> R:
        """Return what is read at the first place that serves a type."""
        for at in await self._served.places(of):
            try:
                found = await read(at)
            except errors.Absent as problem:
                absent = problem
                continue
            self._served.found(of, at)
            return found
        raise absent

    async def _one(self, of: type[T], *, name: str, namespace: str) -> Sequence[T]:
        """Return an object by its name, which takes the permission to get it only; nothing if it is not there."""
        try:
            return [await self.get(of, name=name, namespace=namespace)]
        except errors.NotFound:
            return []

    async def logs(self, *, namespace: str, pod: str, container: str = "", limit_bytes: int = 65536) -> str:
        """Return the known lines (see :mod:`bot.cluster.redact`) of the beginning of a container's log."""
        if not _NAME.fullmatch(namespace) or not _NAME.fullmatch(pod):
            raise errors.NotFound(f"there is no Pod {namespace[:253]}/{pod[:253]}")
        action = Action(verb="get", permission="pods/log", namespace=namespace, name=pod)
        params = {"limitBytes": str(limit_bytes)} | ({"container": container} if container else {})
        content = await self.transport.get(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", action, params=params)
        return redact.log(content.decode(errors="replace"))

    async def checks(self) -> dict[str, bool]:
        """Return each check of the API server's ``/readyz``, and whether it passes."""
        return await health.checks(self.transport)

    async def metrics(self, *, seconds: float) -> tuple[health.Numbers, health.Numbers]:
        """Return known numbers of the API server's metrics, at the beginning and the end of so many seconds."""
        return await health.metrics(self.transport, seconds)

    async def may(self, verb: str, permission: str, *, namespace: str = "") -> bool:
        """Ask the API server whether this identity may do that (a SelfSubjectAccessReview)."""
        resource, _, group = permission.partition(".")
        plural, _, subresource = resource.partition("/")
        attributes = {
            "verb": verb,
            "group": group,
            "resource": plural,
            "subresource": subresource,
            "namespace": namespace,
        }
        of_path = {"nonResourceAttributes": {"verb": verb, "path": permission}}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": of_path if permission.startswith("/") else {"resourceAttributes": attributes},
        }
        action = Action(verb="create", permission="selfsubjectaccessreviews.authorization.k8s.io")
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        content = await self.transport.post(path, action, body=msgspec.json.encode(body))
        try:
            return msgspec.json.decode(content, type=Review).status.allowed
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise errors.Malformed(f"an answer is no SelfSubjectAccessReview: {problem}") from problem

    async def helper_nodes(self) -> dict[str, str]:
        """Return the Nodes that have a running and ready node helper."""
        return await self._helpers.nodes()

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        """Return the answer of a Node's helper to one request."""
        return await self._helpers.ask(node, request, timeout_seconds=timeout_seconds)
