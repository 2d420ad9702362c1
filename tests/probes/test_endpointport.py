"""The ports of EndpointSlices, next to those of their Service."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cluster.manifests import from_manifests
from bot.facts.endpointport import EndpointPort
from bot.probes.endpointport import endpoint_port
from tests.probes.manifests import WEB, Manifest, endpoints, facts_of, service

PORTS = [{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]


def slice_of(*ports: dict[str, Any], ready: bool = True, writer: str = "") -> Manifest:
    made = endpoints("web", ("web-1", ready))
    if writer:
        made["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] = writer
    return made | {"ports": list(ports)}


async def found_with(*slices: Manifest) -> list[EndpointPort]:
    facts = await facts_of(endpoint_port, from_manifests(service(ports=PORTS), *slices), WEB)
    return [fact for fact in facts if isinstance(fact, EndpointPort)]


async def test_ports_are_matched_by_name_and_protocol() -> None:
    http, dns = await found_with(slice_of({"name": "http", "port": 8080}, {"name": "dns", "port": 53}))

    assert (http.offered, dns.offered) == (True, False)
    assert dns.offered_ports == "dns (TCP), http (TCP)"
    assert (dns.port, dns.port_name, dns.protocol, dns.ready_endpoints) == (53, "dns", "UDP", 1)


async def test_a_port_without_a_name_is_not_one_with() -> None:
    http, _ = await found_with(slice_of({"port": 8080}, writer="by-hand"))

    assert (http.offered, http.offered_ports, http.managed_by) == (False, "no name (TCP)", "by-hand")


async def test_any_slice_may_offer_a_port() -> None:
    other = slice_of({"name": "dns", "port": 53, "protocol": "UDP"})
    other["metadata"]["name"] = "web-2"

    assert all(fact.offered for fact in await found_with(slice_of({"name": "http", "port": 8080}), other))


@pytest.mark.parametrize("slices", [(), (slice_of({"port": 8080}, ready=False),)])
async def test_without_a_ready_endpoint_ports_do_not_matter(slices: tuple[Manifest, ...]) -> None:
    assert await found_with(*slices) == []
