"""Addresses in the environment of workloads that name variables which are not set before them."""

from __future__ import annotations

from bot.cluster.manifests import from_manifests
from bot.facts.client import UnresolvedVariable
from bot.facts.scope import Scope, Subject
from bot.probes.variables import unresolved_variable
from tests.probes.manifests import Manifest, facts_of, pod, service

SCOPE = Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),))
URL = {"name": "BACKEND_URL", "value": "http://$(BACKEND_HOST):80/"}
HOST = {"name": "BACKEND_HOST", "value": "web"}


async def told(*env: Manifest, **box: object) -> list[tuple[str, str, str]]:
    made = pod("till-1", labels={"app": "till"}, containers=[{"name": "main", "env": list(env), **box}])
    found = await facts_of(unresolved_variable, from_manifests(service(), made), SCOPE)
    return [(fact.variable, fact.reference, fact.place) for fact in found if isinstance(fact, UnresolvedVariable)]


async def test_a_variable_that_is_set_behind_the_address_is_not_filled_in() -> None:
    assert await told(URL, HOST) == [("BACKEND_URL", "$(BACKEND_HOST)", "set behind it")]


async def test_a_variable_that_is_set_nowhere_is_not_filled_in() -> None:
    assert await told(URL) == [("BACKEND_URL", "$(BACKEND_HOST)", "set nowhere")]


async def test_a_variable_that_is_set_before_is_filled_in() -> None:
    assert await told(HOST, URL) == []


async def test_what_whole_config_maps_or_services_may_set_is_not_told() -> None:
    services = {"name": "BACKEND_URL", "value": "http://$(WEB_SERVICE_HOST):$(WEB_SERVICE_PORT)/"}

    assert await told(URL, envFrom=[{"configMapRef": {"name": "settings"}}]) == []
    assert await told(URL, HOST, envFrom=[{"configMapRef": {"name": "settings"}}]) == []
    assert await told(services) == []


async def test_what_is_no_address_or_no_reference_is_not_told() -> None:
    assert await told({"name": "GREETING", "value": "$(date)"}) == []
    assert await told({"name": "BACKEND_URL", "value": "http://$$(BACKEND_HOST)/"}) == []
