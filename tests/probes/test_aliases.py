"""Names that stand for others."""

from __future__ import annotations

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.aliases import ExternalName, HostsEntry
from bot.facts.scope import Scope, Subject
from bot.probes.aliases import external_name, hosts_entry
from tests.probes.manifests import WEB, Manifest, facts_of, pod, service

CLIENT = Scope(clients=(Subject("Pod", "shop", "till-1"),), services=WEB.services, namespaces=("shop",))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("db.example.com.", ("db.example.com", "", "", False)),
        ("web.frontend.svc.cluster.local", ("web.frontend.svc.cluster.local", "frontend", "web", True)),
        ("web.frontend.svc", ("web.frontend.svc", "frontend", "web", True)),
        ("gone.frontend.svc.cluster.local", ("gone.frontend.svc.cluster.local", "frontend", "gone", False)),
    ],
)
async def test_an_external_name_stands_for_a_host_or_for_a_service(
    host: str, expected: tuple[str, str, str, bool]
) -> None:
    cluster = from_manifests(service(type="ExternalName", externalName=host), service("web", namespace="frontend"))

    [found] = await facts_of(external_name, cluster, WEB)

    assert isinstance(found, ExternalName)
    assert (found.host, found.service_namespace, found.service, found.exists) == expected


async def test_other_services_stand_for_themselves() -> None:
    assert await facts_of(external_name, from_manifests(service()), WEB) == []


def aliased(*aliases: tuple[str, str]) -> Manifest:
    client = pod("till-1")
    client["spec"]["hostAliases"] = [{"ip": ip, "hostnames": [name]} for ip, name in aliases]
    return client


@pytest.mark.parametrize("name", ["web", "WEB.shop", "web.shop.svc", "web.shop.svc.cluster.local"])
@pytest.mark.parametrize(("ip", "expected"), [("10.96.0.7", True), ("10.96.7.7", False)])
async def test_an_entry_for_a_service_is_held_against_its_address(*, name: str, ip: str, expected: bool) -> None:
    cluster = from_manifests(aliased((ip, name)), service())

    [found] = await facts_of(hosts_entry, cluster, CLIENT)

    assert isinstance(found, HostsEntry)
    assert (found.hostname, found.service, found.cluster_ip) == (name, "web", "10.96.0.7")
    assert found.as_expected is expected


async def test_of_two_entries_for_one_name_the_first_is_read() -> None:
    cluster = from_manifests(aliased(("10.96.0.7", "web"), ("10.96.7.7", "web")), service())

    [found] = await facts_of(hosts_entry, cluster, CLIENT)

    assert isinstance(found, HostsEntry)
    assert found.as_expected


async def test_names_of_no_service_with_an_address_hide_nothing() -> None:
    headless = service("db", clusterIP="None")
    cluster = from_manifests(aliased(("192.0.2.1", "mail.example.com"), ("10.244.1.9", "db")), headless, service())

    assert await facts_of(hosts_entry, cluster, CLIENT) == []
