from __future__ import annotations

import asyncio
import errno
import json
import socket
from datetime import UTC, datetime, timedelta

import pytest

from bot.cluster.errors import Absent, Forbidden, Malformed, NotFound, TimedOut, Unreachable
from bot.cluster.objects import CiliumNode, Deployment, EndpointSlice, Event, HTTPRoute, IPPool, Node, Pod, Service
from bot.cluster.refusals import words
from bot.cluster.transport import Limits
from tests.cluster.api import Api, breaks_off, drips, hangs, page, says, status

PODS = "/api/v1/namespaces/shop/pods"
ALL_PODS = "/api/v1/pods"
V1, V1BETA1 = (f"/apis/discovery.k8s.io/{version}/endpointslices" for version in ("v1", "v1beta1"))

IMPATIENT = Limits(read_seconds=0.2, request_seconds=0.3)


async def test_a_wide_list_is_read_page_by_page_and_sorted(api: Api) -> None:
    api.on(ALL_PODS, page("b", "c", more="token/1"), page("a"))

    async with api.cluster() as cluster:
        found = await cluster.list(Pod)

    assert [pod.metadata.name for pod in found] == ["a", "b", "c"]
    assert api.asked == [f"{ALL_PODS}?limit=500", f"{ALL_PODS}?limit=500&continue=token%2F1"]


@pytest.mark.parametrize(
    ("namespace", "selectors", "query"),
    [
        ("shop", {}, ""),
        ("", {"labels": "app in (a,b)"}, "&labelSelector=app+in+%28a%2Cb%29"),
        ("", {"fields": "spec.nodeName=node1"}, "&fieldSelector=spec.nodeName%3Dnode1"),
    ],
)
async def test_a_narrow_list_is_taken_from_the_servers_memory(
    namespace: str, selectors: dict[str, str], query: str, api: Api
) -> None:
    path = PODS if namespace else ALL_PODS
    api.on(path, page("a"))

    async with api.cluster() as cluster:
        await cluster.list(Pod, namespace=namespace, **selectors)

    assert api.asked == [f"{path}?resourceVersion=0{query}"]


@pytest.mark.parametrize(("metadata", "number"), [({}, 1), ({"continue": "x", "remainingItemCount": 9_999}, 10_000)])
async def test_objects_are_counted_without_reading_them(metadata: dict[str, object], number: int, api: Api) -> None:
    api.on(ALL_PODS, says(json.dumps({"metadata": metadata, "items": [{"metadata": {"name": "a"}}]})))

    async with api.cluster() as cluster:
        assert await cluster.count(Pod) == number

    assert api.asked == [f"{ALL_PODS}?limit=1"]


async def test_a_server_that_keeps_the_number_to_itself_is_told_of(api: Api) -> None:
    api.on(ALL_PODS, says(json.dumps({"metadata": {"continue": "x"}, "items": [{}]})))

    async with api.cluster() as cluster:
        with pytest.raises(Malformed, match="does not say how many pods there are"):
            await cluster.count(Pod)


async def test_a_list_that_expires_is_read_again_from_the_start(api: Api) -> None:
    api.on(PODS, page("old", more="1"), status(410, "too old resource version"), page("a", more="2"), page("b"))

    async with api.cluster() as cluster:
        found = await cluster.list(Pod, namespace="shop")

    assert [pod.metadata.name for pod in found] == ["a", "b"]


async def test_a_list_that_expires_twice_is_given_up(api: Api) -> None:
    api.on(PODS, page("a", more="1"), status(410), page("a", more="2"), status(410))

    async with api.cluster() as cluster:
        with pytest.raises(TimedOut, match="pods changed faster than it could be read"):
            await cluster.list(Pod, namespace="shop")


async def test_a_list_without_an_end_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cluster.pages.MAX_PAGES", 3)
    api.on(PODS, page("a", more="again"))

    async with api.cluster() as cluster:
        with pytest.raises(Malformed, match="has no end"):
            await cluster.list(Pod, namespace="shop")


async def test_nulls_and_numbers_in_quotes_read_as_the_api_means_them(api: Api) -> None:
    ports = [{"port": "80", "targetPort": "http", "name": None}]
    spec = {"selector": None, "ports": ports, "type": None}
    api.on("/api/v1/services", page("web", spec=spec, more=""))
    api.on("/apis/apps/v1/deployments", says({"items": None, "metadata": None}))

    async with api.cluster() as cluster:
        [service] = await cluster.list(Service)
        deployments = await cluster.list(Deployment)

    assert (service.spec.selector, service.spec.type, service.spec.ports[0].port) == ({}, "ClusterIP", 80)
    assert deployments == []
    assert cluster.notes == ()


async def test_an_object_that_cannot_be_decoded_is_left_out_and_told_of_once(api: Api) -> None:
    good, bad = ({"metadata": {"name": name, "namespace": "shop"}} for name in ("good", "bad\x1b"))
    bad["spec"] = {"nodeName": ["node1"]}  # type: ignore[dict-item]
    api.on(PODS, says({"items": [bad, good, "?"], "metadata": {"continue": "1"}}), page("other"))

    async with api.cluster() as cluster:
        for _ in range(2):
            found = await cluster.list(Pod, namespace="shop")

    assert [pod.metadata.name for pod in found] == ["other"]
    assert cluster.notes == (
        "Pod shop/bad could not be read and is left out: Pod: Expected `str`, got `array` - at `$.spec.nodeName`",
        "Pod (no name) could not be read and is left out: Pod: Expected `object`, got `str`",
    )


@pytest.mark.parametrize(
    "body", ["", "<html>", "{", "[]", '"a"', "null", '{"items": "x"}', '{"items": 5}', b"\xff\xfe", "[" * 5000]
)
async def test_what_is_no_list_is_malformed(api: Api, body: str | bytes) -> None:
    api.on(PODS, says(body))

    async with api.cluster() as cluster:
        with pytest.raises(Malformed):
            await cluster.list(Pod, namespace="shop")


async def test_one_object_is_read_with_nulls(api: Api) -> None:
    api.on("/api/v1/nodes/node1", says({"metadata": {"name": "node1", "labels": None}, "spec": None}))

    async with api.cluster() as cluster:
        node = await cluster.get(Node, name="node1")

    assert (node.metadata.name, node.metadata.labels, node.spec.pod_cidr) == ("node1", {}, "")


async def test_an_object_that_does_not_exist_is_not_found(api: Api) -> None:
    api.on(f"{PODS}/web", status(404, 'pods "web" not found', name="web"))

    async with api.cluster() as cluster:
        with pytest.raises(NotFound, match=r"^there is no Pod web in namespace shop$"):
            await cluster.get(Pod, name="web", namespace="shop")


@pytest.mark.parametrize("name", ["", "..", "../nodes", "a b", "a/b", "x" * 300, "a?b", "ä"])
async def test_a_name_that_no_object_can_have_is_not_asked_for(api: Api, name: str) -> None:
    async with api.cluster() as cluster:
        with pytest.raises(NotFound):
            await cluster.get(Pod, name=name, namespace="shop")
        with pytest.raises(NotFound):
            await cluster.get(Pod, name="web", namespace=name)

    assert api.asked == []


async def test_a_list_by_name_in_a_namespace_takes_the_permission_to_get_only(api: Api) -> None:
    api.on(f"{PODS}/web", says({"metadata": {"name": "web", "namespace": "shop"}}))
    api.on(f"{PODS}/none", status(404, name="none"))

    async with api.cluster() as cluster:
        [pod] = await cluster.list(Pod, namespace="shop", fields="metadata.name=web")
        missing = await cluster.list(Pod, namespace="shop", fields="metadata.name=none")

    assert (pod.metadata.name, missing) == ("web", [])


async def test_endpoint_slices_are_read_as_v1beta1_where_v1_is_not_served_and_v1_is_not_tried_again(api: Api) -> None:
    api.on(V1BETA1, page("web", endpoints=[{"topology": {"kubernetes.io/hostname": "node1"}}]))

    async with api.cluster() as cluster:
        for _ in range(2):
            [found] = await cluster.list(EndpointSlice)

    assert found.endpoints[0].node_name == "node1"
    assert [path.partition("?")[0] for path in api.asked] == [V1, V1BETA1, V1BETA1]


async def test_a_type_that_is_not_served_at_all_is_absent(api: Api) -> None:
    async with api.cluster() as cluster:
        with pytest.raises(Absent, match=r"does not serve endpointslices.discovery.k8s.io \(404"):
            await cluster.list(EndpointSlice)
        with pytest.raises(Absent):
            await cluster.get(EndpointSlice, name="web", namespace="shop")


APIS = {"groups": [{"versions": [{"groupVersion": "apps/v1"}, {"groupVersion": "projectcalico.org/v3"}]}]}


async def test_one_request_tells_which_optional_apis_are_there(api: Api) -> None:
    pools = "/apis/projectcalico.org/v3/ippools"
    api.on("/apis", says(APIS))
    api.on(pools, page("pool", spec={"cidr": "10.244.0.0/16", "ipipMode": "Always"}))

    async with api.cluster() as cluster:
        [found] = await cluster.list(IPPool)
        for of in (CiliumNode, HTTPRoute):
            with pytest.raises(Absent, match="the cluster does not serve"):
                await cluster.list(of)

    assert found.spec.ipip_mode == "Always"
    assert [path.partition("?")[0] for path in api.asked] == ["/apis", pools]


async def test_a_server_that_does_not_say_what_it_serves_is_asked_for_each(api: Api) -> None:
    api.on("/apis", status(403))
    api.on("/apis/cilium.io/v2/ciliumnodes", page("node1"))

    async with api.cluster() as cluster:
        [found] = await cluster.list(CiliumNode)

    assert found.metadata.name == "node1"


async def test_the_checks_of_a_server_that_is_not_ready_are_read_all_the_same(api: Api) -> None:
    api.on("/readyz", says("[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n", status=500))

    async with api.cluster() as cluster:
        found = await cluster.checks()

    assert found == {"ping": True, "etcd": False}


async def test_known_numbers_are_read_twice(api: Api) -> None:
    name = "apiserver_dropped_requests_total"
    api.on("/metrics", says(f"{name} 1\ngo_threads 9\n"), says(f"{name} 4\n"))

    async with api.cluster() as cluster:
        found = await cluster.metrics(seconds=0)

    assert found == ({name: 1.0}, {name: 4.0})


async def test_whether_a_path_may_be_read_is_asked_as_a_path(api: Api) -> None:
    api.on("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", says({"status": {"allowed": True}}))

    async with api.cluster() as cluster:
        allowed = await cluster.may("get", "/metrics")

    assert allowed


async def test_a_refused_version_is_not_taken_for_one_that_is_not_served(api: Api) -> None:
    api.on(V1, status(403))
    api.on(V1BETA1, page("web"))

    async with api.cluster() as cluster:
        with pytest.raises(Forbidden):
            await cluster.list(EndpointSlice)


async def test_a_refusal_names_verb_resource_and_scope_and_how_to_check(api: Api) -> None:
    api.on(PODS, status(403, "forbidden: User hunter2"))
    api.on("/api/v1/pods", status(403))

    async with api.cluster() as cluster:
        with pytest.raises(Forbidden) as narrow:
            await cluster.list(Pod, namespace="shop")
        with pytest.raises(Forbidden) as wide:
            await cluster.list(Pod)

    assert str(narrow.value) == (
        "not allowed to list pods in namespace shop; to check: kubectl auth can-i list pods -n shop"
    )
    assert str(wide.value) == "not allowed to list pods; to check: kubectl auth can-i list pods -A"


async def test_refused_credentials_are_renewed_once_for_all_who_were_refused(api: Api) -> None:
    refused = asyncio.Barrier(2)

    async def by_token(request: object) -> object:
        if request.headers["authorization"] == "Bearer old":  # type: ignore[attr-defined]
            await refused.wait()
            return await status(401)(request)  # type: ignore[arg-type]
        return await page("a")(request)  # type: ignore[arg-type]

    api.on(PODS, by_token)  # type: ignore[arg-type]

    async with api.cluster(authorization="Bearer old") as cluster:
        found = await asyncio.gather(*(cluster.list(Pod, namespace="shop") for _ in range(2)))

    assert [[pod.metadata.name for pod in pods] for pods in found] == [["a"], ["a"]]
    assert len(api.requests) == 4


async def test_credentials_that_stay_refused_say_what_to_do(api: Api) -> None:
    api.on(PODS, status(401))

    async with api.cluster() as cluster:
        with pytest.raises(Unreachable) as problem:
            await cluster.list(Pod, namespace="shop")

    assert str(problem.value) == (
        f"The API server {api.url} does not accept the credentials of context test (401): they are expired or wrong. "
        "Log in again, then try: kubectl --context test get nodes"
    )
    assert len(api.requests) == 2


@pytest.mark.parametrize("code", [429, 503])
async def test_a_busy_server_is_asked_again_when_it_says(api: Api, code: int) -> None:
    api.on(PODS, status(code, headers={"retry-after": "0"}), page("a"))

    async with api.cluster() as cluster:
        [pod] = await cluster.list(Pod, namespace="shop")

    assert pod.metadata.name == "a"


@pytest.mark.parametrize("headers", [{"retry-after": "0"}, {"retry-after": "3600"}, {"retry-after": "soon"}, {}])
async def test_a_server_that_stays_busy_is_given_up(api: Api, headers: dict[str, str]) -> None:
    api.on(PODS, status(429, headers=headers))

    async with api.cluster(limits=Limits(retry_seconds=0.3)) as cluster:
        with pytest.raises(TimedOut, match=r"is too busy \(429\) to list pods in namespace shop; ask again"):
            await cluster.list(Pod, namespace="shop")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, Malformed), (405, Absent), (418, Malformed), (500, Unreachable), (502, Unreachable), (504, TimedOut)],
)
async def test_other_refusals_have_their_kind_and_the_servers_words_cut(
    api: Api, code: int, kind: type[Exception]
) -> None:
    api.on(PODS, status(code, "token=hunter2 " + "words " * 100))

    async with api.cluster() as cluster:
        with pytest.raises(kind) as problem:
            await cluster.list(Pod, namespace="shop")

    assert "hunter2" not in str(problem.value)
    assert len(str(problem.value)) < 400


async def test_the_body_of_an_answer_that_is_no_status_is_not_shown(api: Api) -> None:
    api.on(PODS, says("<html>password hunter2</html>", status=500))

    async with api.cluster() as cluster:
        with pytest.raises(Unreachable) as problem:
            await cluster.list(Pod, namespace="shop")

    assert (
        str(problem.value) == f"The API server {api.url} failed (500) to list pods in namespace shop: no reason given"
    )


@pytest.mark.parametrize("answer", [hangs, drips])
async def test_a_server_that_stalls_is_given_up(api: Api, answer: object) -> None:
    api.on(PODS, answer)  # type: ignore[arg-type]

    async with api.cluster(limits=IMPATIENT) as cluster:
        with pytest.raises(TimedOut, match=r"gave no answer in time \(list pods in namespace shop\)"):
            await cluster.list(Pod, namespace="shop")


async def test_an_answer_that_breaks_off_is_asked_for_once_more(api: Api) -> None:
    api.on(PODS, breaks_off, page("a"))

    async with api.cluster() as cluster:
        [pod] = await cluster.list(Pod, namespace="shop")

    assert pod.metadata.name == "a"


async def test_an_answer_that_keeps_breaking_off_is_unreachable(api: Api) -> None:
    api.on(PODS, breaks_off)

    async with api.cluster() as cluster:
        with pytest.raises(Unreachable, match="broke off its answer twice"):
            await cluster.list(Pod, namespace="shop")


async def test_a_flood_is_cut_off(api: Api) -> None:
    api.on(PODS, says(b" " * 4000))

    async with api.cluster(limits=Limits(body_bytes=1000)) as cluster:
        with pytest.raises(Malformed, match="answered more than"):
            await cluster.list(Pod, namespace="shop")


async def test_an_answer_that_claims_to_be_packed_and_is_not_is_an_error(api: Api) -> None:
    api.on(PODS, says(b"plain", headers={"content-encoding": "gzip"}))

    async with api.cluster() as cluster:
        with pytest.raises(Unreachable, match="cannot be asked to list pods"):
            await cluster.list(Pod, namespace="shop")


@pytest.mark.parametrize("server", ["http://127.0.0.1:1", "http://localhost:1"])
async def test_nobody_at_the_address_is_unreachable(api: Api, server: str) -> None:
    async with api.cluster(server=server) as cluster:
        with pytest.raises(Unreachable, match=f"^The API server {server} cannot be reached: Connection refused$"):
            await cluster.list(Pod)


def test_what_went_wrong_at_the_bottom_is_told() -> None:
    lookup = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    several = ExceptionGroup("unhandled errors", [ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed")])
    wrapped = RuntimeError("outer")
    wrapped.__cause__ = several

    assert words(lookup) == "its name cannot be looked up: Name or service not known"
    assert words(wrapped) == "Connection refused"
    assert words(TimeoutError()) == "TimeoutError"


async def test_logs_hold_known_lines_only(api: Api) -> None:
    api.on(f"{PODS}/web/log", says("password hunter2\nI1 x.go:1] Using ipvs Proxier\n\xff"))

    async with api.cluster() as cluster:
        log = await cluster.logs(namespace="shop", pod="web", container="main", limit_bytes=100)

    assert log == "I1 x.go:1] Using ipvs Proxier\n"
    assert api.asked == [f"{PODS}/web/log?limitBytes=100&container=main"]


async def test_the_version_is_the_servers(api: Api) -> None:
    api.on("/version", says({"gitVersion": "v1.20.2", "major": "1"}), says("welcome to nginx"))

    async with api.cluster() as cluster:
        version = await cluster.server_version()
        with pytest.raises(Malformed, match="is no Kubernetes API server"):
            await cluster.server_version()

    assert version == "v1.20.2"


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("pods", ("", "pods", "")),
        ("pods/exec", ("", "pods", "exec")),
        ("endpointslices.discovery.k8s.io", ("discovery.k8s.io", "endpointslices", "")),
        ("deployments/scale.apps", ("apps", "deployments", "scale")),
    ],
)
async def test_what_is_allowed_is_asked_of_the_server(
    api: Api, permission: str, expected: tuple[str, str, str]
) -> None:
    reviews = []

    async def review(request: object) -> object:
        reviews.append(await request.json())  # type: ignore[attr-defined]
        return await says({"status": {"allowed": True}}, status=201)(request)  # type: ignore[arg-type]

    api.on("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)  # type: ignore[arg-type]

    async with api.cluster() as cluster:
        allowed = await cluster.may("list", permission, namespace="shop")

    [attributes] = [item["spec"]["resourceAttributes"] for item in reviews]
    assert allowed
    assert (attributes["group"], attributes["resource"], attributes["subresource"]) == expected
    assert (attributes["verb"], attributes["namespace"]) == ("list", "shop")


async def test_requests_are_paced(api: Api) -> None:
    api.on(PODS, page("a"))
    loop = asyncio.get_running_loop()

    async with api.cluster(limits=Limits(requests_per_second=20, burst=2)) as cluster:
        start = loop.time()
        for _ in range(4):
            await cluster.list(Pod, namespace="shop")
        seconds = loop.time() - start

    assert seconds > 0.09
    assert cluster.transport.requests == 4


async def test_events_are_masked_as_they_are_read(api: Api) -> None:
    api.on("/api/v1/events", page("e", message="token=hunter2 refused"))

    async with api.cluster() as cluster:
        [event] = await cluster.list(Event)

    assert event.message == "token=*** refused"


async def test_the_present_is_now(api: Api) -> None:
    async with api.cluster() as cluster:
        late = datetime.now(UTC) - cluster.now()

    assert abs(late) < timedelta(seconds=5)
    assert json.dumps(cluster.context) == '"test"'
