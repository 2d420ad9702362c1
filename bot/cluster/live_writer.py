"""Changing a live cluster, through the ``kubernetes`` package."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from bot import __version__
from bot.cluster import errors, identity
from bot.cluster.credentials import Credentials
from bot.cluster.live import LiveCluster
from bot.cluster.refusals import Action, error_of, status_of, words
from bot.cluster.writer import FIELD_MANAGER, Conflict, Json, Operation, Refused, Target, resource_of

if TYPE_CHECKING:
    from kubernetes.aio.client import ApiClient

Body = list[dict[str, Json]] | dict[str, Json]

REQUEST_SECONDS = 15.0
"""Admission webhooks may take 10 s by default (admissionregistration.k8s.io/v1), then some."""


class LiveWriter:
    """A :class:`bot.cluster.writer.Writer` for one API server."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        renew: Callable[[Credentials], Awaitable[Credentials]],
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """Connect at the first request.

        Args:
            credentials: Used until the server refuses them.
            renew: Gives others than those that were refused; called once for a request.
            request_seconds: For one whole answer.
        """
        self._credentials = credentials
        self._renew = renew
        self._request_seconds = request_seconds
        self._api: ApiClient | None = None

    @classmethod
    def beside(cls, cluster: LiveCluster) -> LiveWriter:
        """Return a writer with the credentials of a reader."""
        return cls(cluster.transport.credentials, renew=cluster.transport.renewed)

    async def whoami(self) -> str:
        """Return the name of the user that the API server takes us for.

        Raises:
            ClusterError: It does not tell.
        """
        return await identity.whoami(self._post)

    async def may(self, verb: str, target: Target, *, user: str, groups: Sequence[str]) -> bool:
        """Tell whether a user may do something with an object; an empty name is whoever we are.

        Raises:
            ClusterError: The API server does not tell.
        """
        resource = resource_of(target)
        attributes = {
            "verb": verb,
            "group": resource.group,
            "resource": resource.plural,
            "namespace": target.namespace,
            "name": target.name,
        }
        return await identity.may(self._post, user=user, groups=groups, attributes=attributes)

    async def as_account(self, account: str) -> LiveWriter:
        """Return a writer that is a ServiceAccount, ``namespace/name``; with none, this one.

        Its token is good for minutes; when the server refuses it, there is another.

        Raises:
            ClusterError: There is no token for it.
        """
        if not account:
            return self
        namespace, _, name = account.partition("/")

        async def renew(_: Credentials) -> Credentials:
            token = await identity.token_for(self._post, namespace=namespace, account=name)
            return identity.with_token(self._credentials, token)

        return LiveWriter(await renew(self._credentials), renew=renew, request_seconds=self._request_seconds)

    async def _post(self, path: str, body: Mapping[str, Json]) -> tuple[int, bytes]:
        return await self._send("POST", path, Action(verb="create", permission=path), dict(body))

    @property
    def context(self) -> str:
        """The name a person knows the cluster by."""
        return self._credentials.context

    async def close(self) -> None:
        """Close all connections."""
        api, self._api = self._api, None
        if api is not None:
            await api.close()  # type: ignore[no-untyped-call]

    async def read(self, target: Target) -> dict[str, Json]:
        """Return the whole object."""
        return await self._ask("GET", target, action=_action("get", target))

    async def patch(
        self, target: Target, operations: Sequence[Operation], *, resource_version: str, dry_run: bool
    ) -> dict[str, Json]:
        """Change the object by a JSON Patch; a resourceVersion in it is what the server compares with its own."""
        pinned = Operation(op="replace", path="/metadata/resourceVersion", value=resource_version)
        body = [_wire(operation) for operation in (pinned, *operations)]
        query = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return await self._ask("PATCH", target, action=_action("patch", target), query=query, body=body)

    async def create(self, target: Target, obj: Mapping[str, Json], *, dry_run: bool) -> dict[str, Json]:
        """Make an object."""
        query = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return await self._ask("POST", target, action=_action("create", target), query=query, body=dict(obj))

    async def delete(self, target: Target, *, uid: str, dry_run: bool) -> None:
        """Delete this very object; the server compares the uid."""
        body: dict[str, Json] = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
            # In the body: an API server that is sent one does not read the query, and would delete.
            **({"dryRun": ["All"]} if dry_run else {}),
        }
        await self._ask("DELETE", target, action=_action("delete", target), body=body)

    async def _ask(
        self,
        method: str,
        target: Target,
        *,
        action: Action,
        query: dict[str, str] | None = None,
        body: Body | None = None,
    ) -> dict[str, Json]:
        path = _path(target, of_one=method != "POST") + (f"?{urlencode(query)}" if query else "")
        code, content = await self._send(method, path, action, body)
        if code == HTTPStatus.UNAUTHORIZED:
            await self.close()
            self._credentials = await self._renew(self._credentials)
            code, content = await self._send(method, path, action, body)
        if not HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES:
            raise _error(code, content, action, target, who=self._who, context=self.context)
        try:
            answer = json.loads(content)
        except ValueError as problem:
            raise errors.Malformed(f"{self._who} answered no JSON to {action}") from problem
        if not isinstance(answer, dict) or not isinstance(answer.get("metadata"), dict):
            raise errors.Malformed(f"{self._who} answered no object to {action}")
        return answer

    async def _send(self, method: str, path: str, action: Action, body: Body | None) -> tuple[int, bytes]:
        # Half a second to import, and only plans need it.
        await asyncio.to_thread(importlib.import_module, "kubernetes.aio.client")
        import aiohttp  # noqa: PLC0415

        api = self._connected()
        headers = {"Accept": "application/json", "User-Agent": f"netmedic/{__version__}"}
        if self._credentials.authorization:
            headers["Authorization"] = self._credentials.authorization
        if body is not None:
            headers["Content-Type"] = "application/json-patch+json" if method == "PATCH" else "application/json"
        try:
            async with asyncio.timeout(self._request_seconds):
                response = await api.call_api(
                    method,
                    self._credentials.server + path,
                    headers,
                    body,
                    _request_timeout=aiohttp.ClientTimeout(total=None),
                )
                return int(response.status), bytes(await response.read())  # type: ignore[no-untyped-call]
        except TimeoutError as problem:
            raise errors.TimedOut(
                f"{self._who} gave no answer within {self._request_seconds:g} s ({action}). Is it overloaded?"
            ) from problem
        except (aiohttp.ClientError, OSError) as problem:
            raise errors.Unreachable(f"{self._who} cannot be asked to {action}: {words(problem)}") from problem

    def _connected(self) -> ApiClient:
        if self._api is None:
            from kubernetes.aio.client import ApiClient, Configuration  # noqa: PLC0415 - see above

            used = self._credentials
            configuration: Any = Configuration(host=used.server)
            configuration.proxy = used.proxy or None
            configuration.tls_server_name = used.tls_name or None
            self._api = ApiClient(configuration)
            if used.tls is not None:
                # The package would read certificates from files again; the reader's checks and messages serve both.
                self._api.rest_client.ssl_context = used.tls
        return self._api

    @property
    def _who(self) -> str:
        return f"The API server {self._credentials.server}"


def _wire(operation: Operation) -> dict[str, Json]:
    wired: dict[str, Json] = {"op": operation.op, "path": operation.path}
    return wired if operation.op == "remove" else {**wired, "value": operation.value}


def _action(verb: str, target: Target) -> Action:
    return Action(verb=verb, permission=resource_of(target).permission, namespace=target.namespace, name=target.name)


def _path(target: Target, *, of_one: bool = True) -> str:
    resource = resource_of(target)
    root = "/apis" if resource.group else "/api"
    place = ["namespaces", target.namespace] if resource.namespaced else []
    name = [target.name] if of_one else []
    return "/".join([root, target.api_version, *(quote(part, safe="") for part in (*place, resource.plural, *name))])


def _error(code: int, content: bytes, action: Action, target: Target, *, who: str, context: str) -> Exception:
    status = status_of(content)
    said = status.said
    # RBAC says "User ... cannot patch resource ..."; quotas and admission webhooks answer 403 too.
    rejected = code == HTTPStatus.FORBIDDEN and f"cannot {action.verb} resource" not in (status.message or "")
    if code == HTTPStatus.CONFLICT:
        if action.verb == "create" and "already exists" in (status.message or ""):
            return Conflict(f"{target} exists already")
        return Conflict(f"{target} was changed by somebody else in the meantime ({said})")
    if rejected or code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return Refused(f"{who} does not accept the change of {target} ({code}): {said}")
    return error_of(code, content, action, who=who, context=context)
