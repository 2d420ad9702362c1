"""What an identity really may do: everything that changes something is tried on the API server, in a dry run."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.testbed import TestBed

Right = tuple[str, str]
"""A verb, and a resource: ``patch``, ``deployments.apps``."""
NAMED = {"update": "PUT", "patch": "PATCH", "delete": "DELETE"}
"""Requests that name an object; the others are about a collection, or a part of an object."""
COLLECTION = {"create": "POST", "deletecollection": "DELETE"}
VERBS = frozenset(NAMED | COLLECTION)
AT_ONCE = 8
TOKEN_SECONDS = 1200
ABSENT = "netmedic-attack"
"""No object has this name."""


@dataclass(frozen=True)
class Identity:
    """An account's own token, and what the API server answers to it."""

    http: aiohttp.ClientSession
    url: str

    async def status(self, method: str, path: str, **headers: str) -> int:
        """Return the status of a request; where it would change something, of a dry run."""
        query = {} if method == "GET" else {"dryRun": "All"}
        # A deletion is sent its options in the body: then the query is not read.
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "dryRun": ["All"]} if method == "DELETE" else {}
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self.http.request(
            method, self.url + path, params=query, data=json.dumps(body), headers={"Content-Type": kind, **headers}
        ) as answer:
            return answer.status

    async def may(self, method: str, path: str, **headers: str) -> bool:
        """Tell whether a request is let through, whatever comes of it."""
        return await self.status(method, path, **headers) not in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}

    async def rights(self, namespace: str) -> dict[Right, bool]:
        """Return what is let through of all verbs that change something, in a namespace and beside namespaces."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def tried(right: Right, method: str, path: str) -> tuple[Right, bool]:
            async with limit:
                return right, await self.may(method, path)

        attempts = [attempt async for attempt in self._attempts(namespace)]
        return dict(await asyncio.gather(*(tried(*each) for each in attempts)))

    async def _attempts(self, namespace: str) -> AsyncIterator[tuple[Right, str, str]]:
        groups = (await self._get("/apis"))["groups"]
        versions = (version["groupVersion"] for group in groups for version in group["versions"])
        for root in ("/api/v1", *(f"/apis/{version}" for version in versions)):
            group = root.removeprefix("/api").removeprefix("s/").rpartition("/")[0]
            for resource in (await self._get(root))["resources"]:
                base = f"{root}/namespaces/{namespace}" if resource["namespaced"] else root
                for attempt in _requests(resource, base):
                    verb, method, path = attempt
                    yield (verb, f"{resource['name']}.{group}".rstrip(".")), method, path

    async def _get(self, path: str) -> Any:
        async with self.http.get(self.url + path) as answer:
            assert answer.status == HTTPStatus.OK, await answer.text()
            return await answer.json()


def _requests(resource: dict[str, Any], base: str) -> Iterator[tuple[str, str, str]]:
    name, _, part = resource["name"].partition("/")
    for verb in sorted(VERBS & set(resource["verbs"])):
        if verb in NAMED or part:
            yield verb, NAMED.get(verb) or COLLECTION[verb], f"{base}/{name}/{ABSENT}" + (f"/{part}" if part else "")
        else:
            yield verb, COLLECTION[verb], f"{base}/{name}"


@asynccontextmanager
async def identity(test_bed: TestBed, namespace: str, account: str) -> AsyncIterator[Identity]:
    """Give a ServiceAccount with a fresh token of its own."""
    cluster = cluster_of(test_bed)
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    wanted = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": TOKEN_SECONDS},
    }
    made = json.loads(test_bed.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(wanted)))
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=authority))
    headers = {"Authorization": f"Bearer {made['status']['token']}"}
    async with aiohttp.ClientSession(connector=trusted, headers=headers) as http:
        yield Identity(http, cluster["server"])


def cluster_of(test_bed: TestBed) -> dict[str, str]:
    """Return the cluster of the kubeconfig."""
    [only] = yaml.safe_load(Path(test_bed.kubeconfig).read_text())["clusters"]
    cluster: dict[str, str] = only["cluster"]
    return cluster
