"""Who is configured to call the Services of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.scope import Scope
from bot.facts.service import ServiceUse
from bot.probes.use import service_use
from tests.probes.manifests import WEB, Manifest, facts_of, manifest, pod, service, unknown_of

EVERYWHERE = Scope(cluster_wide=True)


def caller(host: str, *, namespace: str = "shop", labels: dict[str, str] | None = None) -> Manifest:
    container = {"name": "main", "env": [{"name": "WEB_ADDR", "value": f"{host}:80"}]}
    return pod(
        "till-1", namespace=namespace, labels=labels or {}, owner=("StatefulSet", "till"), containers=[container]
    )


async def use(*manifests: Manifest, **fields: Any) -> ServiceUse:
    [found] = await facts_of(service_use, from_manifests(service(**fields), *manifests), EVERYWHERE)
    assert isinstance(found, ServiceUse)
    return found


@pytest.mark.parametrize("host", ["web", "web.shop", "web.shop.svc.cluster.local", "10.96.0.7"])
async def test_a_workload_that_is_configured_with_a_service_calls_it(host: str) -> None:
    found = await use(caller(host))

    assert (found.callers, found.example, found.idle) == (1, "StatefulSet shop/till", False)


async def test_a_short_name_means_the_callers_own_namespace() -> None:
    found = await use(caller("web", namespace="other"))

    assert (found.callers, found.idle) == (0, True)


async def test_who_stands_behind_a_service_is_no_caller_of_it() -> None:
    found = await use(caller("web", labels={"app": "web"}))

    assert (found.callers, found.idle) == (0, True)


async def test_a_service_is_not_idle_where_others_outside_may_call_it() -> None:
    path = {"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    ingress = {**manifest("Ingress", "front"), "spec": {"rules": [{"http": {"paths": [path]}}]}}

    assert (await use(ingress)).from_outside
    assert not (await use(ingress)).idle
    assert (await use(type="NodePort")).from_outside


@pytest.mark.parametrize(("config_map", "idle"), [("settings", False), ("kube-root-ca.crt", True)])
async def test_settings_that_were_not_read_may_name_it(config_map: str, *, idle: bool) -> None:
    taking = pod("till-1", labels={})
    taking["spec"]["volumes"] = [{"name": "of", "configMap": {"name": config_map}}]

    assert (await use(taking)).idle is idle


async def test_a_symptom_that_names_a_service_says_what_is_called() -> None:
    missing = await unknown_of(service_use, from_manifests(service()), WEB)

    assert missing.reason is Reason.OUT_OF_SCOPE
