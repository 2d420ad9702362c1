"""Tiers 2 and 3 on a real cluster: rules, tracked flows and Pods' own networks, broken and repaired."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.connect import connect
from bot.cluster.errors import HigherTier, Malformed
from bot.cluster.live import LiveCluster
from bot.cluster.objects import Pod
from bot.facts.base import Fact
from bot.facts.noderules import ForwardRules, NodeRules, ServiceRules, StaleFlow
from bot.facts.podview import ClientConnect, ClientLookup, PodNetwork
from bot.facts.scope import Scope, Subject
from bot.node import ask
from bot.node.manifest import manifest
from bot.node.requests import packet
from bot.probes.clientview import client_connect, client_lookup
from bot.probes.node import must
from bot.probes.noderules import forward_rules, node_rules, service_rules
from bot.probes.podview import pod_network
from bot.probes.probe import Probe
from bot.probes.staleflow import stale_flow
from bot.settings import Settings
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

CLIENT_NODE, SERVER_NODE = "node1", "node2"
IMAGE = "testbed/nettools:1"
ECHO = "import socket; s=socket.socket(2,2); s.bind(('',9000))\nwhile 1: s.sendto(*s.recvfrom(99))"
F = TypeVar("F", bound=Fact)


@pytest.fixture(scope="module")
def tier_3(test_bed: TestBed) -> Iterator[str]:
    """A namespace with helpers of tier 3, beside those that everybody uses."""
    with test_bed.namespace("tier3") as name:
        test_bed.apply(*manifest(image=IMAGE, namespace=name, labels=Settings().helper_labels, tier=3))
        test_bed.kubectl("-n", name, "rollout", "status", "daemonset/netmedic-helper", "--timeout=200s")
        yield name


@pytest.fixture
async def live(test_bed: TestBed, tier_3: str) -> AsyncIterator[LiveCluster]:
    async with await connect(kubeconfig=test_bed.kubeconfig, helper_namespace=tier_3) as cluster:
        yield cluster


def deployment(name: str, node: str, *command: str) -> dict[str, Any]:
    container = {"name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": list(command)}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"nodeName": node, "terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }


def service(name: str, port: int, protocol: str = "TCP") -> dict[str, Any]:
    ports = [{"port": port, "protocol": protocol}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    }


@pytest.fixture(scope="module")
def shop(test_bed: TestBed) -> Iterator[str]:
    """A namespace with a client, a web server and a UDP echo."""
    with test_bed.namespace("shop") as name:
        for item in (
            deployment("client", CLIENT_NODE, "sleep", "36000"),
            deployment("web", SERVER_NODE, "python3", "-m", "http.server", "8080"),
            deployment("echo", SERVER_NODE, "python3", "-uc", ECHO),
            service("web", 8080),
            service("echo", 9000, "UDP"),
        ):
            test_bed.kubectl("-n", name, "apply", "-f", "-", stdin=json.dumps(item))
        for app in ("client", "web", "echo"):
            test_bed.kubectl("-n", name, "rollout", "status", f"deployment/{app}", "--timeout=200s")
        yield name


async def pod_of(live: LiveCluster, namespace: str, app: str) -> Pod:
    """Return the one Pod of an app, once it is alone and ready."""
    async with asyncio.timeout(120):
        while True:
            pods = [pod for pod in await live.list(Pod, namespace=namespace, labels=f"app={app}") if pod.alive]
            if len(pods) == 1 and pods[0].ready and pods[0].status.pod_ip:
                return pods[0]
            await asyncio.sleep(0.5)


async def scope_of(live: LiveCluster, namespace: str, app: str = "web") -> Scope:
    client, server = await pod_of(live, namespace, "client"), await pod_of(live, namespace, app)
    return Scope(
        namespaces=(namespace,),
        clients=(Subject("Pod", namespace, client.metadata.name),),
        services=(Subject("Service", namespace, app),),
        backends=(Subject("Pod", namespace, server.metadata.name),),
        client_nodes=(CLIENT_NODE,),
        target_nodes=(SERVER_NODE,),
    )


async def observed(live: LiveCluster, probe: Probe, of: type[F], scope: Scope) -> list[F]:
    """Return the facts of one kind; the machine may be busy, and is asked three times at most."""
    facts: list[Fact] = []
    for _ in range(3):
        facts = await probe.observe(CachedCluster(live), scope)
        if all(isinstance(fact, of) for fact in facts):
            break

    assert {fact.kind for fact in facts} <= {of.kind}, facts
    return [fact for fact in facts if isinstance(fact, of)]


async def rules_on(live: LiveCluster, node: str, scope: Scope, name: str) -> ServiceRules:
    facts = await observed(live, service_rules, ServiceRules, scope)
    return next(fact for fact in facts if (fact.node, fact.name) == (node, name))


async def until_right(live: LiveCluster, scope: Scope, name: str) -> ServiceRules:
    """Wait until kube-proxy has written what the EndpointSlices say."""
    async with asyncio.timeout(120):
        while True:
            fact = await rules_on(live, CLIENT_NODE, scope, name)
            if fact.result == "translated" and not (fact.missing or fact.stale or fact.wrong):
                return fact
            await asyncio.sleep(1)


def in_pod(bed: TestBed, pod: Pod, script: str) -> str:
    """Run a shell line with a Pod's network."""
    address = pod.status.pod_ip
    line = (
        f"for n in /run/netns/*; do nsenter --net=$n ip -o -4 addr show | grep -qF ' {address}/' && "
        f"exec nsenter --net=$n sh -c {shlex.quote(script)}; done; exit 9"
    )
    return bed.exec(pod.spec.node_name, "sh", "-c", line)


async def test_helpers_say_their_tier(live: LiveCluster) -> None:
    assert await ask.tiers(live, [CLIENT_NODE, SERVER_NODE]) == {CLIENT_NODE: 3, SERVER_NODE: 3}


async def test_rules_are_counted_as_iptables_counts_them(test_bed: TestBed, live: LiveCluster) -> None:
    """Two looks at different times agree where nothing changed between."""
    for _ in range(5):
        before = test_bed.exec(CLIENT_NODE, "iptables-save", "-t", "nat")
        found = must((await ask.firewalls(live, [CLIENT_NODE]))[CLIENT_NODE])
        if test_bed.exec(CLIENT_NODE, "iptables-save", "-t", "nat").count("\n-A ") == before.count("\n-A "):
            break
    [nat] = [table for table in found.tables if table.table.endswith("ip nat")]

    assert nat.rules == before.count("\n-A ")
    assert nat.services == sum(before.count(f"\n:{chain}") for chain in ("KUBE-SERVICES", "KUBE-SVC-", "KUBE-SEP-"))


async def test_a_service_is_translated_to_its_endpoints(live: LiveCluster, shop: str) -> None:
    scope = await scope_of(live, shop)
    fact = await until_right(live, scope, "web")
    [web] = [(await pod_of(live, shop, "web")).status.pod_ip]

    assert (fact.endpoints, fact.backends, fact.by) == (1, 1, "nftables ip nat")
    translated = must((await ask.translations(live, {CLIENT_NODE: [packet("tcp", fact.address, 8080)]}))[CLIENT_NODE])
    assert [found.to for found in translated.values()] == [(f"{web}:8080",)]


async def test_flushed_rules_show_and_are_back_afterwards(test_bed: TestBed, live: LiveCluster, shop: str) -> None:
    scope = await scope_of(live, shop)
    await until_right(live, scope, "web")
    with test_bed.fault("kube-proxy-down", CLIENT_NODE, "rules=flush"):
        ill = await rules_on(live, CLIENT_NODE, scope, "web")
    well = await until_right(live, scope, "web")

    assert (ill.result, ill.endpoints, ill.elsewhere) == ("nothing", 1, "right")
    assert well.backends == 1


async def test_a_backend_that_is_gone_shows_and_leaves_the_rules_afterwards(
    test_bed: TestBed, live: LiveCluster, shop: str
) -> None:
    old = await pod_of(live, shop, "web")
    await until_right(live, await scope_of(live, shop), "web")
    with test_bed.fault("kube-proxy-down", CLIENT_NODE):
        test_bed.kubectl("-n", shop, "delete", "pod", old.metadata.name, "--wait=true")
        new = await pod_of(live, shop, "web")
        scope = await scope_of(live, shop)
        # The EndpointSlice follows the Pods a moment later.
        for _ in range(20):
            ill = await rules_on(live, CLIENT_NODE, scope, "web")
            if ill.endpoints == 1 and ill.stale:
                break
            await asyncio.sleep(1)
    well = await until_right(live, scope, "web")

    assert (ill.stale, ill.stale_addresses) == (1, f"{old.status.pod_ip}:8080")
    assert (ill.missing, ill.missing_addresses) == (1, f"{new.status.pod_ip}:8080")
    assert (well.stale, well.missing, well.wrong) == (0, 0, 0)


async def test_a_service_without_endpoints_is_refused(test_bed: TestBed, live: LiveCluster, shop: str) -> None:
    scope = await scope_of(live, shop, "echo")
    try:
        test_bed.kubectl("-n", shop, "scale", "deployment/echo", "--replicas=0")
        for _ in range(60):
            fact = await rules_on(live, CLIENT_NODE, scope, "echo")
            if fact.result == "refused":
                break
            await asyncio.sleep(1)
    finally:
        test_bed.kubectl("-n", shop, "scale", "deployment/echo", "--replicas=1")
        test_bed.kubectl("-n", shop, "rollout", "status", "deployment/echo", "--timeout=200s")

    assert (fact.result, fact.endpoints, fact.backends) == ("refused", 0, 0)
    assert "KUBE-" in fact.by


async def test_a_firewall_that_drops_what_is_forwarded_shows_and_is_gone_afterwards(
    test_bed: TestBed, live: LiveCluster, shop: str
) -> None:
    scope = await scope_of(live, shop)
    with test_bed.fault("forward-drop", SERVER_NODE):
        ill = await observed(live, forward_rules, ForwardRules, scope)
        [rules] = [fact for fact in await observed(live, node_rules, NodeRules, scope) if fact.node == SERVER_NODE]
    well = await observed(live, forward_rules, ForwardRules, scope)

    [there] = [fact for fact in ill if fact.node == SERVER_NODE]
    assert (there.stopped, there.where) == ("drop", "nftables ip filter FORWARD (policy)")
    assert (rules.forward_policy, rules.drop_policies) == ("drop", "nftables ip filter FORWARD")
    assert {fact.stopped for fact in well} == {"no"}


async def test_a_stale_udp_flow_shows_and_is_gone_afterwards(test_bed: TestBed, live: LiveCluster, shop: str) -> None:
    client, scope = await pod_of(live, shop, "client"), await scope_of(live, shop, "echo")
    address = test_bed.json("-n", shop, "get", "service", "echo")["spec"]["clusterIP"]
    flow = f"-p udp -s {client.status.pod_ip} -d {address} --sport 40000 --dport 9000"
    try:
        test_bed.exec(CLIENT_NODE, "sh", "-c", f"conntrack -I {flow} --timeout 120 --dst-nat 10.244.2.250:9000")
        ill = await observed(live, stale_flow, StaleFlow, scope)
    finally:
        test_bed.exec(CLIENT_NODE, "sh", "-c", f"conntrack -D {flow} || true")
    well = await observed(live, stale_flow, StaleFlow, scope)

    [fact] = [fact for fact in ill if fact.service == "echo"]
    assert (fact.node, fact.client, fact.client_port) == (CLIENT_NODE, client.metadata.name, 40000)
    assert (fact.sent_to, fact.endpoints) == ("10.244.2.250:9000", 1)
    assert [fact for fact in well if fact.service == "echo"] == []


async def test_a_node_answers_echoes_and_nobody_does_not(live: LiveCluster) -> None:
    there, nobody = "10.231.0.12", "10.231.0.99"

    found = must((await ask.pings(live, {CLIENT_NODE: [there, nobody]}))[CLIENT_NODE])

    assert (found[there].sent, found[there].answered > 0, found[nobody].answered) == (5, True, 0)


async def inside_of(live: LiveCluster, scope: Scope, app: str) -> PodNetwork:
    facts = await observed(live, pod_network, PodNetwork, scope)
    return next(fact for fact in facts if fact.name.startswith(app))


async def test_a_firewall_inside_a_pod_shows_and_is_gone_afterwards(
    test_bed: TestBed, live: LiveCluster, shop: str
) -> None:
    web, scope = await pod_of(live, shop, "web"), await scope_of(live, shop)
    try:
        in_pod(test_bed, web, "iptables -I INPUT -j DROP")
        ill = await inside_of(live, scope, "web")
    finally:
        in_pod(test_bed, web, "iptables -D INPUT -j DROP")
    well = await inside_of(live, scope, "web")

    assert (ill.stops_incoming, ill.stops_outgoing, ill.where) == ("drop", "no", "nftables ip filter INPUT")
    assert (well.stops_incoming, well.up, well.interface, well.default_route) == ("no", True, "eth0", True)


async def test_an_interface_that_is_down_inside_a_pod_shows(test_bed: TestBed, live: LiveCluster, shop: str) -> None:
    web, scope = await pod_of(live, shop, "web"), await scope_of(live, shop)
    try:
        in_pod(test_bed, web, "ip link set eth0 down")
        ill = await inside_of(live, scope, "web")
    finally:
        # The routes are gone with it: a new Pod takes its place.
        test_bed.kubectl("-n", shop, "delete", "pod", web.metadata.name, "--wait=true")

    assert (ill.up, ill.interface, ill.default_route) == (False, "eth0", False)


async def test_the_client_reaches_from_inside_what_it_should(live: LiveCluster, shop: str) -> None:
    scope = await scope_of(live, shop)
    await until_right(live, scope, "web")

    [connected] = await observed(live, client_connect, ClientConnect, scope)
    [looked_up] = await observed(live, client_lookup, ClientLookup, scope)
    assert (connected.result, connected.endpoints_result, connected.node) == ("open", "open", CLIENT_NODE)
    assert looked_up.answered > 0


async def test_the_wrong_network_namespace_is_refused(live: LiveCluster, shop: str) -> None:
    client, web = await pod_of(live, shop, "client"), await pod_of(live, shop, "web")
    [proxy] = [
        pod
        for pod in await live.list(Pod, namespace="kube-system", labels="k8s-app=kube-proxy")
        if pod.spec.node_name == CLIENT_NODE
    ]

    def view(uid: str, ip: str) -> ask.Inside:
        return ask.Inside(cluster=live, node=CLIENT_NODE, uid=uid, ip=ip)

    with pytest.raises(Malformed, match="is not the Pod's network namespace"):
        await view(client.metadata.uid, web.status.pod_ip).firewall()
    with pytest.raises(Malformed, match="no process of the Pod runs on this Node"):
        await view(web.metadata.uid, web.status.pod_ip).firewall()
    with pytest.raises(Malformed, match="has the Node's own network"):
        await view(proxy.metadata.uid, proxy.status.pod_ip).firewall()


async def test_a_helper_of_tier_1_is_not_asked_for_more(test_bed: TestBed, shop: str) -> None:
    async with await connect(kubeconfig=test_bed.kubeconfig) as plain:
        pod = await pod_of(plain, shop, "client")
        view = ask.Inside(cluster=plain, node=CLIENT_NODE, uid=pod.metadata.uid, ip=pod.status.pod_ip)

        refused = (await ask.firewalls(plain, [CLIENT_NODE]))[CLIENT_NODE]
        with pytest.raises(HigherTier, match="has tier 1, and this takes tier 3"):
            await view.firewall()

    assert str(refused) == f"the helper on {CLIENT_NODE} has tier 1, and this takes tier 2"
