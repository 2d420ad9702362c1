"""Who serves an Ingress, and where its paths lead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from bot.cluster.manifests import from_manifests
from bot.cluster.objects import Ingress
from bot.facts.ingress import IngressRoute, IngressState
from bot.facts.scope import Scope, Subject
from bot.probes.ingress import ingress_route, ingress_state
from tests.probes.manifests import Manifest, facts_of, manifest, service

PLACE = Scope(namespaces=("shop",))
WEB = service("web", ports=[{"port": 80, "name": "http"}])
PAY = service("pay", ports=[{"port": 8080}])
HOST = "app.example.com"


def backend(name: str, port: int | str = 80) -> Manifest:
    return {"service": {"name": name, "port": {"name": port} if isinstance(port, str) else {"number": port}}}


def ingress(
    name: str = "front",
    paths: Mapping[str, Manifest] | None = None,
    *,
    host: str = HOST,
    path_type: str = "Prefix",
    address: bool = True,
    namespace: str = "shop",
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Manifest:
    routes = [{"path": path, "pathType": path_type, "backend": to} for path, to in (paths or {}).items()]
    made = manifest("Ingress", name, namespace=namespace)
    made["metadata"]["annotations"] = dict(annotations or {})
    made["spec"] = {"rules": [{"host": host, "http": {"paths": routes}}], **spec}
    made["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}] if address else []}}
    return made


def ingress_class(name: str = "nginx", *, default: bool = False) -> Manifest:
    made = manifest("IngressClass", name, namespace="")
    made["metadata"]["annotations"] = {"ingressclass.kubernetes.io/is-default-class": str(default).lower()}
    return {**made, "spec": {"controller": f"example.com/{name}"}}


async def state(*manifests: Manifest, scope: Scope = PLACE) -> IngressState:
    [found] = await facts_of(ingress_state, from_manifests(*manifests), scope)
    assert isinstance(found, IngressState)
    return found


async def routes(*manifests: Manifest, scope: Scope = PLACE) -> list[IngressRoute]:
    found = await facts_of(ingress_route, from_manifests(WEB, PAY, *manifests), scope)
    return [fact for fact in found if isinstance(fact, IngressRoute)]


async def asked(scope: Scope, *manifests: Manifest) -> list[str]:
    return [fact.path for fact in await routes(*manifests, scope=scope) if fact.asked]


def at(path: str, host: str = HOST) -> Scope:
    return Scope(namespaces=("shop",), url_host=host, url_path=path)


async def test_an_ingress_that_is_served() -> None:
    found = await state(ingress(paths={"/": backend("web")}, ingressClassName="nginx"), ingress_class())

    assert found == IngressState(
        namespace="shop",
        name="front",
        class_name="nginx",
        class_annotated=False,
        class_exists=True,
        controller="example.com/nginx",
        classes="nginx",
        default_class="",
        has_address=True,
        class_has_address=False,
        host="",
        asked_host="",
        narrow_path="",
        near_host="",
        path="",
        path_routed=True,
        paths="/",
    )


async def test_a_class_that_does_not_exist() -> None:
    found = await state(ingress(ingressClassName="ngnix", address=False), ingress_class(), ingress_class("traefik"))

    assert (found.class_name, found.class_exists, found.controller) == ("ngnix", False, "")
    assert (found.classes, found.has_address) == ("nginx, traefik", False)


async def test_a_class_that_is_only_annotated() -> None:
    found = await state(ingress(annotations={"kubernetes.io/ingress.class": "nginx"}))

    assert (found.class_name, found.class_annotated, found.class_exists, found.classes) == (
        "nginx",
        True,
        False,
        "none",
    )


async def test_the_default_class_serves_an_ingress_without_one() -> None:
    found = await state(ingress(), ingress_class("nginx", default=True), ingress_class("traefik"))

    assert (found.class_name, found.default_class) == ("", "nginx")


async def test_another_ingress_of_the_class_shows_that_its_controller_works() -> None:
    front, back = ingress("front", address=False, ingressClassName="nginx"), ingress("back", ingressClassName="nginx")
    other = {**back, "metadata": {"name": "back", "namespace": "other"}}

    assert (await state(front, other, ingress_class())).class_has_address
    assert not (await state(front, ingress_class())).class_has_address


async def test_only_the_ingress_that_was_named_is_looked_at() -> None:
    named = Scope(namespaces=("shop",), subjects=frozenset({Subject("Ingress", "shop", "back")}))

    assert (await state(ingress("front"), ingress("back"), scope=named)).name == "back"


async def test_without_ingresses_there_is_nothing_to_tell() -> None:
    assert await facts_of(ingress_state, from_manifests(WEB), PLACE) == []
    assert await routes() == []


async def test_a_path_that_leads_to_a_service() -> None:
    assert await routes(ingress(paths={"/": backend("web", "http")})) == [
        IngressRoute(
            namespace="shop",
            ingress="front",
            host=HOST,
            path="/",
            asked=True,
            service="web",
            port="http",
            service_exists=True,
            port_exists=True,
            service_type="ClusterIP",
            service_ports="80 (http)",
            applied_service="",
            changed=False,
            namesake="",
            rival="",
            rival_service="",
        )
    ]


@pytest.mark.parametrize(
    ("to", "exists", "port"),
    [
        (backend("gone"), False, False),
        (backend("web", 8080), True, False),
        (backend("web", "https"), True, False),
        (backend("pay", 8080), True, True),
    ],
    ids=["no such Service", "no such number", "no such name", "all there"],
)
async def test_service_and_port_of_a_path(to: Manifest, exists: bool, port: bool) -> None:
    [found] = await routes(ingress(paths={"/": to}))

    assert (found.service_exists, found.port_exists) == (exists, port)


async def test_the_port_of_a_name_outside_is_not_looked_up() -> None:
    [found] = await routes(ingress(paths={"/": backend("far", 443)}), service("far", selector={}, type="ExternalName"))

    assert found.port_exists


async def test_a_default_backend_is_a_route_without_a_path() -> None:
    [found] = await routes(ingress(defaultBackend=backend("web")))

    assert (found.host, found.path, found.service, found.asked) == ("", "", "web", True)


TWO = ingress(paths={"/": backend("web"), "/pay": backend("pay", 8080)})


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("", ["/", "/pay"]),
        ("/pay", ["/pay"]),
        ("/pay/", ["/pay"]),
        ("/pay/now", ["/pay"]),
        ("/payments", ["/"]),
        ("/else", ["/"]),
    ],
)
async def test_the_longest_prefix_by_elements_takes_a_path(path: str, takes: list[str]) -> None:
    assert await asked(at(path), TWO) == takes


async def test_an_exact_path_takes_itself_only() -> None:
    exact = ingress(paths={"/pay": backend("pay", 8080)}, path_type="Exact")

    assert await asked(at("/pay"), exact) == ["/pay"]
    assert await asked(at("/pay/now"), exact) == []
    assert not (await state(exact, scope=at("/pay/now"))).path_routed


async def test_what_no_path_takes_goes_to_the_default_backend() -> None:
    front = ingress(paths={"/pay": backend("pay")}, defaultBackend=backend("web"))

    assert await asked(at("/else"), front) == [""]
    assert (await state(front, scope=at("/else"))).path_routed


async def test_rules_for_other_hosts_are_not_asked() -> None:
    assert await asked(at("", "other.example.com"), TWO) == []
    assert await asked(at("/", "a.example.com"), ingress(host="*.example.com", paths={"/": backend("web")})) == ["/"]
    assert await asked(at("/", "a.example.com"), ingress(host="", paths={"/": backend("web")})) == ["/"]


def applied(paths: Mapping[str, Manifest]) -> dict[str, str]:
    return {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(ingress(paths=paths))}


@pytest.mark.parametrize(
    ("host", "near"),
    [("app.exmaple.com", "app.exmaple.com"), ("app.example.com", ""), ("app2.example.com", ""), ("*.example.com", "")],
)
async def test_a_rule_for_a_host_that_is_misspelt_is_meant(host: str, near: str) -> None:
    found = await state(ingress(paths={"/pay": backend("pay")}, host=host), scope=at("/pay"))

    assert (found.asked_host, found.near_host) == (HOST, near)
    assert found.path_routed is (host != "app2.example.com")


async def test_a_path_that_was_applied_with_another_service_was_changed() -> None:
    before = {"/": backend("web"), "/pay": backend("pay")}
    one, two = await routes(
        ingress(paths={"/": backend("web"), "/pay": backend("web")}, annotations=applied(before)), scope=PLACE
    )

    assert (one.applied_service, one.changed) == ("web", False)
    assert (two.applied_service, two.changed) == ("pay", True)


async def test_a_path_that_was_not_applied_was_not_changed() -> None:
    [found] = await routes(ingress(paths={"/new": backend("web")}, annotations=applied({"/": backend("pay")})))

    assert (found.applied_service, found.changed) == ("", False)


@pytest.mark.parametrize("text", ["{", "[1]", "null", '{"spec": 7}', "[" * 5000])
async def test_what_was_applied_and_cannot_be_read_tells_nothing(text: str) -> None:
    [found] = await routes(
        ingress(paths={"/": backend("web")}, annotations={"kubectl.kubernetes.io/last-applied-configuration": text})
    )

    assert found.applied_service == ""


async def test_a_service_called_like_the_path_is_told_where_another_is_meant() -> None:
    one, two = await routes(ingress(paths={"/pay/v1": backend("web"), "/web": backend("web")}))

    assert (one.namesake, two.namesake) == ("pay", "")


async def test_two_ingresses_with_the_same_path_are_rivals() -> None:
    there = ingress("back", {"/": backend("other")}, namespace="other")
    same, other = ingress("twin", {"/": backend("web")}), ingress("pair", {"/": backend("pay")}, ingressClassName="x")
    front = ingress(paths={"/": backend("web")})

    assert [(fact.rival, fact.rival_service) for fact in await routes(front, there)] == [("other/back", "other")]
    assert {fact.rival for fact in await routes(front, same, other)} == {""}


async def test_of_two_rivals_one_tells_of_both() -> None:
    front, back = ingress(paths={"/pay": backend("web")}), ingress("back", {"/pay": backend("pay")})

    facts = await routes(front, back)
    assert [(fact.ingress, fact.rival, fact.rival_service) for fact in facts] == [
        ("back", "shop/front", "web"),
        ("front", "", ""),
    ]


async def test_a_canary_is_no_rival() -> None:
    canary = ingress("back", {"/": backend("pay")}, annotations={"nginx.ingress.kubernetes.io/canary": "true"})

    assert {fact.rival for fact in await routes(ingress(paths={"/": backend("web")}), canary)} == {""}


def test_of_annotations_only_what_is_known_is_kept() -> None:
    made = ingress(
        annotations={
            "token": "hunter2",
            "kubernetes.io/ingress.class": "hunter2!",
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                {**ingress(), "metadata": {"annotations": {"auth": "hunter2"}}, "stringData": "hunter2"}
            ),
        }
    )
    kept = msgspec.convert(made, Ingress)

    assert "hunter2" not in str(kept)
    assert b"hunter2" not in msgspec.json.encode(kept)
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Ingress) == kept


@pytest.mark.parametrize(
    ("paths", "narrow"),
    [(("/", "/pay/v2"), "/pay/v2"), (("/", "/pay"), ""), (("/", "/cart"), ""), (("/pay/v2",), "/pay/v2")],
)
async def test_a_path_that_begins_like_the_asked_one_is_too_narrow(paths: tuple[str, ...], narrow: str) -> None:
    found = await state(ingress(paths={path: backend("web") for path in paths}), scope=at("/pay/cart"))

    assert found.narrow_path == narrow
