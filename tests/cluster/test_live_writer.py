from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.cluster.credentials import Credentials
from bot.cluster.errors import Absent, ClusterError, Forbidden, Malformed, NotFound, TimedOut, Unreachable
from bot.cluster.live_writer import LiveWriter
from bot.cluster.writer import MAYBE_CHANGED, Conflict, Operation, Refused, Target
from tests.cluster.api import Answer, Api, breaks_off, hangs, says, status

WEB = Target(api_version="v1", kind="Service", namespace="shop", name="web")
PATH = "/api/v1/namespaces/shop/services/web"
OBJECT = {"kind": "Service", "metadata": {"name": "web", "resourceVersion": "7"}}
CHANGE = [
    Operation(op="replace", path="/spec/ports/0/targetPort", value=8080),
    Operation(op="remove", path="/spec/externalName"),
]
RBAC = 'services "web" is forbidden: User "system:serviceaccount:netmedic:writer" cannot patch resource "services"'


@pytest.fixture
async def writer(api: Api) -> AsyncIterator[LiveWriter]:
    async with api.cluster(authorization="Bearer secret") as cluster:
        writer = LiveWriter.beside(cluster)
        yield writer
        await writer.close()


async def patch(writer: LiveWriter, *, dry_run: bool = False) -> dict[str, Any]:
    return await writer.patch(WEB, CHANGE, resource_version="7", dry_run=dry_run)


async def no_others(refused: Credentials) -> Credentials:
    return refused


def hears(heard: list[Any]) -> Answer:
    """Answer with the object, and keep what was asked."""

    async def answer(request: web.Request) -> web.StreamResponse:
        heard.append((request.method, request.path_qs, dict(request.headers), await request.text()))
        return web.json_response(OBJECT)

    return answer


async def test_an_object_is_read_whole(api: Api, writer: LiveWriter) -> None:
    api.on(PATH, says({**OBJECT, "spec": {"unknown": {"to": "us"}}}))

    assert await writer.read(WEB) == {**OBJECT, "spec": {"unknown": {"to": "us"}}}
    assert api.requests[0].headers["authorization"] == "Bearer secret"


async def test_a_change_is_a_json_patch_pinned_to_a_version_under_our_name(api: Api, writer: LiveWriter) -> None:
    heard: list[Any] = []
    api.on(PATH, hears(heard))

    await patch(writer)
    await patch(writer, dry_run=True)

    (method, path, headers, body), (_, dry_path, _, dry_body) = heard
    assert (method, path) == ("PATCH", f"{PATH}?fieldManager=netmedic")
    assert dry_path == f"{PATH}?fieldManager=netmedic&dryRun=All"
    assert headers["Content-Type"] == "application/json-patch+json"
    assert json.loads(body) == [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"},
        {"op": "replace", "path": "/spec/ports/0/targetPort", "value": 8080},
        {"op": "remove", "path": "/spec/externalName"},
    ]
    assert dry_body == body


async def test_a_deletion_is_of_one_very_object_and_tried_by_its_body(api: Api, writer: LiveWriter) -> None:
    heard: list[Any] = []
    api.on(PATH, hears(heard))

    await writer.delete(WEB, uid="u1", dry_run=False)
    await writer.delete(WEB, uid="u1", dry_run=True)

    (method, path, _, body), (_, dry_path, _, dry_body) = heard
    assert (method, path, dry_path) == ("DELETE", PATH, PATH)
    assert json.loads(body)["preconditions"] == {"uid": "u1"}
    assert "dryRun" not in json.loads(body)
    assert json.loads(dry_body)["dryRun"] == ["All"]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (Target(api_version="apps/v1", kind="Deployment", namespace="shop", name="web"),
         "/apis/apps/v1/namespaces/shop/deployments/web"),
        (Target(api_version="v1", kind="Node", name="node1"), "/api/v1/nodes/node1"),
        (Target(api_version="v1", kind="Service", namespace="a/b", name="../secrets?x#y"),
         "/api/v1/namespaces/a%2Fb/services/..%2Fsecrets%3Fx%23y"),
    ],
)  # fmt: skip
async def test_a_name_cannot_lead_to_another_place(api: Api, writer: LiveWriter, target: Target, path: str) -> None:
    with pytest.raises(Absent):
        await writer.read(target)

    assert [request.raw_path for request in api.requests] == [path]


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (status(409, "the object has been modified"), Conflict, "the object has been modified"),
        (status(422, "targetPort: Invalid value: 70000"), Refused, "(422): targetPort: Invalid value: 70000"),
        (status(400, "admission webhook \"x\" does not support dry run"), Refused, "does not support dry run"),
        (status(403, RBAC), Forbidden, "not allowed to patch services web in namespace shop"),
        (status(403, 'admission webhook "policy" denied the request: no'), Refused, "denied the request: no"),
        (status(403, "exceeded quota: small"), Refused, "exceeded quota: small"),
        (status(404, 'services "web" not found', name="web"), NotFound, "there is no such object to patch"),
        (status(404), Absent, "does not serve services"),
        (status(429, "too many requests"), TimedOut, "too busy (429)"),
        (status(500, "failed calling webhook"), Unreachable, "failed (500)"),
        (status(503), TimedOut, "too busy (503)"),
        (says("<html>"), Malformed, "answered no JSON"),
        (says([]), Malformed, "answered no object"),
        (says({"kind": "Status"}), Malformed, "answered no object"),
        (breaks_off, Unreachable, "cannot be asked to patch services web in namespace shop"),
    ],
)  # fmt: skip
async def test_every_refusal_says_what_it_means(
    api: Api, writer: LiveWriter, answer: Answer, error: type[ClusterError], text: str
) -> None:
    api.on(PATH, answer)

    with pytest.raises(error) as raised:
        await patch(writer)
    assert text in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_a_change_is_sent_once_however_the_server_answers(api: Api, writer: LiveWriter) -> None:
    api.on(PATH, status(429, headers={"retry-after": "0"}), says(OBJECT))

    with pytest.raises(TimedOut):
        await patch(writer)
    assert len(api.requests) == 1


async def test_refused_credentials_are_renewed_once(api: Api, writer: LiveWriter) -> None:
    api.on(PATH, status(401), says(OBJECT), status(401))

    assert await patch(writer) == OBJECT
    assert [request.headers["authorization"] for request in api.requests] == ["Bearer secret", "Bearer renewed"]
    with pytest.raises(Unreachable, match="does not accept the credentials of context test"):
        await patch(writer)
    assert len(api.requests) == 4


async def test_an_answer_that_never_comes_is_not_waited_for(api: Api) -> None:
    writer = LiveWriter(Credentials(context="test", server=api.url), renew=no_others, request_seconds=0.05)
    api.on(PATH, hangs)

    with pytest.raises(MAYBE_CHANGED, match=r"gave no answer within 0\.05 s"):
        await patch(writer)
    await writer.close()


async def test_a_server_that_is_not_there_is_said_to_be_unreachable() -> None:
    writer = LiveWriter(Credentials(context="test", server="http://127.0.0.1:1"), renew=no_others)

    with pytest.raises(Unreachable, match=r"cannot be asked to get services web in namespace shop: Connect"):
        await writer.read(WEB)
    await writer.close()
