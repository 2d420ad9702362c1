"""Isolating a namespace: what is seen to connect is allowed by the least policies, and what cannot be seen is said."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.cluster.errors import TimedOut
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.memory_writer import MemoryWriter
from bot.diagnosis.report import Cause
from bot.facts.scope import Subject
from bot.remediation.desk import Desk, Made, NoPlan
from bot.remediation.isolate import isolated
from bot.remediation.make import make, propose
from bot.remediation.plan import Action
from bot.remediation.playbook import Risk
from bot.remediation.steps import Isolate
from bot.remediation.traffic import LOOKS
from bot.remediation.undo import undo_plan
from tests.remediation.fixtures import NOON, Clock, cause, diagnosis, playbooks
from tests.remediation.onlookers import Manifest, flow, helper, sockets

STEP = Isolate(namespace="{cause.subject.name}")
FAULT = cause(rule="namespace-partly-isolated", playbook="isolate-namespace", subject=Subject("Namespace", "", "shop"))
CIDRS = {"node1": "10.244.1.0/24", "node2": "10.244.2.0/24", "node3": "10.244.3.0/24"}
INTERNAL = {"node1": "10.231.0.11", "node2": "10.231.0.12", "node3": "10.231.0.13"}


def namespace(name: str, **labels: str) -> Manifest:
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}}


def node(name: str) -> Manifest:
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "spec": {"podCIDR": CIDRS[name]},
        "status": {"addresses": [{"type": "InternalIP", "address": INTERNAL[name]}]},
    }


def pod(
    name: str, ip: str, labels: Mapping[str, str], *, of: str = "shop", on: str = "node1", ready: bool = True
) -> Manifest:
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    uid = f"00000000-0000-0000-0000-{zlib.crc32(name.encode()):012d}"
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": of, "uid": uid, "labels": dict(labels)},
        "spec": {"nodeName": on, "containers": [{"name": "main", "image": "x"}]},
        "status": {"phase": "Running", "podIP": ip, "conditions": [condition]},
    }


def policy(name: str, spec: Manifest, *, of: str = "shop") -> Manifest:
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return {**kind, "metadata": {"name": name, "namespace": of}, "spec": spec}


WEB = pod("web-1", "10.244.1.5", {"app": "web", "pod-template-hash": "abc"})
TILL = pod("till-1", "10.244.2.5", {"app": "till"}, on="node2")
VAULT = pod("vault-1", "10.244.1.6", {"app": "vault"})
MONITOR = pod("monitor-1", "10.244.3.5", {"app": "monitor"}, of="monitoring", on="node3")
WALL = policy("wall", {"podSelector": {"matchLabels": {"app": "vault"}}, "policyTypes": ["Ingress"]})
AROUND = (
    namespace("shop", team="a"),
    namespace("monitoring", **{"kubernetes.io/metadata.name": "monitoring", "team": "b"}),
    *(node(name) for name in CIDRS),
)
PODS = (WEB, TILL, VAULT, MONITOR)
OWN = {"node1": ("10.231.0.11", "10.244.1.0", "10.244.1.1"), "node2": ("10.231.0.12", "10.244.2.0", "10.244.2.1")}


class Scene:
    """A shop of which one Pod is isolated, and what its Nodes see."""

    def __init__(
        self,
        *objects: Manifest,
        flows: Mapping[str, Any] | None = None,
        own: Mapping[str, Manifest] | None = None,
        changed: Mapping[str, Helper] | None = None,
        **seen: Any,
    ) -> None:
        self.objects = [*AROUND, *(objects or (*PODS, WALL))]
        pods = [each for each in self.objects if each["kind"] == "Pod"]
        self.helpers = {
            name: helper(name, pods, flows=flows, own=own, addresses=addresses, **seen)
            for name, addresses in OWN.items()
        } | dict(changed or {})
        self.clock = Clock()
        self.writer = MemoryWriter(*self.objects)
        self.cluster: MemoryCluster = from_manifests(*self.objects, helpers=self.helpers, now=NOON)

    async def plan(self) -> list[Made]:
        return await isolated(STEP, self.desk(FAULT))

    def desk(self, found: Cause) -> Desk:
        return Desk(
            cause=found,
            cluster=self.cluster,
            writer=self.writer,
            made=NOON,
            job_namespace="netmedic",
            sleep=self.clock.sleep,
        )


def specs(found: list[Made]) -> dict[str, Any]:
    return {each.change.target.name: each.change.fragment["spec"] for each in found}


def rules(found: list[Made]) -> list[Any]:
    """Return what the policies but the last one allow."""
    return [rule for each in found[:-1] for rule in each.change.fragment["spec"]["ingress"]]  # type: ignore[index,call-overload,union-attr]


CALLED = {"web-1": [flow("10.244.2.5", 8080)]}


async def test_what_is_seen_is_allowed_first_and_the_rest_denied_last() -> None:
    scene = Scene(flows=CALLED)

    found = await scene.plan()

    assert specs(found) == {
        "netmedic-ingress-web-2eea2a": {
            "podSelector": {"matchLabels": {"app": "web"}},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [{"podSelector": {"matchLabels": {"app": "till"}}}],
                    "ports": [{"protocol": "TCP", "port": 8080}],
                }
            ],
        },
        "netmedic-default-deny-ingress": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    assert list(specs(found))[-1] == "netmedic-default-deny-ingress"
    assert all(each.change.digest and each.diff for each in found)
    assert scene.clock.waits == [2.0] * (LOOKS - 1)


CARD = """\
Watched for 0 s, in 3 looks from 2 Nodes (node1, node2): the connection tables, which also hold what ended less than \
about two minutes ago, and the sockets of 2 Pods that no policy isolates.
The simulation of all NetworkPolicies says that each of these stays allowed, and nothing that is denied opens: Pod \
shop/till-1 to Pod shop/web-1 on TCP 8080.
netmedic's own connects for this diagnosis, from inside clients' Pods, are among what was seen.
What did not happen in that time is refused from then on: connections that are made seldom, such as those of cron \
jobs, backups and failovers, and those of Pods whose labels are not the ones of today.
A Pod's own Node always reaches it, as Kubernetes demands for kubelet's probes, so nothing is allowed for that.
Nobody else was seen to connect to till-1."""


async def test_the_card_says_what_was_seen_from_where_and_what_was_not() -> None:
    found = await Scene(flows=CALLED).plan()

    assert "\n".join(found[0].foreseen) == CARD


async def test_a_pod_of_another_namespace_is_named_with_its_namespace() -> None:
    found = await Scene(flows={"web-1": [flow("10.244.3.5", 8080)]}).plan()

    assert rules(found) == [
        {
            "from": [
                {
                    "podSelector": {"matchLabels": {"app": "monitor"}},
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
                }
            ],
            "ports": [{"protocol": "TCP", "port": 8080}],
        }
    ]


async def test_peers_share_a_rule_only_where_they_use_the_same_ports() -> None:
    seen = [flow("10.244.2.5", 8080), flow("192.0.2.7", 8080), flow("10.244.3.5", 9090)]
    found = await Scene(flows={"web-1": seen}, own={"web-1": sockets(tcp=(8080, 9090))}).plan()

    [one, other] = rules(found)
    assert one["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert one["from"] == [{"ipBlock": {"cidr": "192.0.2.7/32"}}, {"podSelector": {"matchLabels": {"app": "till"}}}]
    assert other["ports"] == [{"protocol": "TCP", "port": 9090}]
    assert "Allowed by address, because no Pod or Node has it: 192.0.2.7." in found[0].foreseen


@pytest.mark.parametrize(
    ("source", "cidr"), [("192.0.2.7", "192.0.2.7/32"), ("2001:db8::7", "2001:db8::7/128")], ids=["IPv4", "IPv6"]
)
async def test_a_client_outside_is_one_address(source: str, cidr: str) -> None:
    found = await Scene(flows={"web-1": [flow(source, 8080)]}).plan()

    assert [rule["from"] for rule in rules(found)] == [[{"ipBlock": {"cidr": cidr}}]]


async def test_datagrams_are_seen_and_dns_may_come_by_tcp() -> None:
    seen = {"web-1": [flow("10.244.2.5", 53, protocol="udp"), flow("10.244.2.5", 514, protocol="udp", replied=False)]}
    found = await Scene(flows=seen, own={"web-1": sockets(udp=(53, 514))}).plan()

    assert [rule["ports"] for rule in rules(found)] == [
        [{"protocol": "TCP", "port": 53}, {"protocol": "UDP", "port": 53}, {"protocol": "UDP", "port": 514}]
    ]


@pytest.mark.parametrize(
    "seen",
    [
        flow("10.244.2.5", 8080, assured=False),
        flow("10.244.2.5", 9999, protocol="udp", replied=False),
        flow("10.244.2.5", 40000),
        flow("10.244.1.1", 8080),
        flow("10.231.0.11", 8080),
    ],
    ids=["never made", "to nobody", "of a client's own port", "kubelet's probe", "the own Node"],
)
async def test_what_needs_no_policy_gets_none(seen: Manifest) -> None:
    found = await Scene(flows={"web-1": [seen]}).plan()

    assert list(specs(found)) == ["netmedic-default-deny-ingress"]
    assert "Nobody else was seen to connect to till-1, web-1." in found[0].foreseen


async def test_what_only_a_socket_shows_is_allowed_and_the_table_not_trusted() -> None:
    found = await Scene(own={"web-1": sockets(("10.244.2.5", 8080))}).plan()

    assert [rule["from"] for rule in rules(found)] == [[{"podSelector": {"matchLabels": {"app": "till"}}}]]
    assert (
        "Only what was open at a look was seen there: the connection table of Node node1 does not hold a connection "
        "that Pod web-1 has." in found[0].foreseen
    )


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        (
            {"own": {"web-1": sockets(("10.244.2.5", 8080), udp=(53,))}},
            "cannot be seen: the connection table of Node node1 does not hold a connection that Pod web-1 has",
        ),
        ({"own": {"web-1": sockets(udp=(53,))}}, "the connection table of Node node1 holds nothing of its Pods"),
        (
            {"own": {"web-1": sockets(udp=(53,))}, "flows": CALLED, "bridged": False},
            "what Pods of Node node1 send each other passes by its connection table",
        ),
    ],
    ids=["table misses some", "table holds nothing", "bridged"],
)
async def test_datagrams_that_nobody_could_see_give_no_plan(scene: Any, why: str) -> None:
    with pytest.raises(NoPlan, match=why):
        await Scene(**scene).plan()


async def test_a_node_that_connects_may_be_any_node_the_next_time() -> None:
    found = await Scene(flows={"web-1": [flow("10.231.0.12", 8080)]}).plan()

    assert [rule["from"] for rule in rules(found)] == [[{"ipBlock": {"cidr": f"{ip}/32"}} for ip in INTERNAL.values()]]


@pytest.mark.parametrize(
    ("ended", "counts"),
    [({"ended": 60}, True), ({"ended": 61}, False), ({"ended": 0}, False), ({"ended": 61, "open": True}, True)],
    ids=["a minute ago", "a moment ago", "just now", "not yet"],
)
async def test_what_may_be_netmedics_own_connect_from_a_node_is_named_and_not_allowed(
    ended: dict[str, Any], counts: bool
) -> None:
    found = await Scene(flows={"web-1": [flow("10.231.0.12", 8080, **{"open": False, **ended})]}).plan()

    assert len(rules(found)) == counts
    assert (
        "Not allowed, because netmedic's own connects from Nodes look the same, which ended less than 60 s ago: "
        "10.231.0.12 to Pod web-1 on TCP 8080." in found[0].foreseen
    ) is not counts


async def test_a_pod_whose_call_ended_a_moment_ago_is_allowed() -> None:
    found = await Scene(flows={"web-1": [flow("10.244.2.5", 8080, open=False, ended=119)]}).plan()

    assert len(rules(found)) == 1


async def test_nodes_are_one_in_the_words_of_the_card() -> None:
    found = await Scene(flows={"web-1": [flow("10.231.0.12", 8080)]}).plan()

    assert found[0].foreseen[1].endswith("nothing that is denied opens: any Node to Pod shop/web-1 on TCP 8080.")


async def test_a_node_that_connects_by_its_overlay_is_known_by_its_own_words() -> None:
    found = await Scene(flows={"web-1": [flow("10.244.2.0", 8080)]}).plan()

    assert {peer["ipBlock"]["cidr"] for rule in rules(found) for peer in rule["from"]} == {
        *(f"{ip}/32" for ip in INTERNAL.values()),
        *(f"10.244.{number}.{end}/32" for number in (1, 2) for end in (0, 1)),
    }


async def test_a_client_of_a_node_port_may_come_by_any_node() -> None:
    found = await Scene(flows={"web-1": [flow("192.0.2.7", 8080, seen="10.231.0.11")]}).plan()

    assert {peer["ipBlock"]["cidr"] for rule in rules(found) for peer in rule["from"]} == {
        "192.0.2.7/32",
        *(f"{ip}/32" for ip in INTERNAL.values()),
    }


async def test_a_pod_that_calls_itself_by_a_service_is_named_as_a_pod() -> None:
    found = await Scene(flows={"web-1": [flow("10.244.1.5", 8080, seen="10.244.1.1")]}).plan()

    assert [rule["from"] for rule in rules(found)] == [[{"podSelector": {"matchLabels": {"app": "web"}}}]]


async def test_an_address_that_no_pod_has_any_more_is_not_given_away() -> None:
    found = await Scene(flows={"web-1": [*CALLED["web-1"], flow("10.244.2.99", 8080)]}).plan()

    assert len(rules(found)) == 1
    assert "Not allowed, because no Pod or Node has the address any more: 10.244.2.99." in found[0].foreseen


async def test_an_address_that_may_be_of_a_node_without_a_helper_gives_no_plan() -> None:
    """An overlay's device has one of the addresses that are for the Node's Pods."""
    with pytest.raises(NoPlan) as raised:
        await Scene(flows={"web-1": [flow("10.244.3.0", 8080)]}).plan()

    assert str(raised.value) == (
        "whose 10.244.3.0 is cannot be told: Node node3, which may have it, could not be looked at"
    )


async def test_a_crowd_of_nodes_is_a_network_that_a_person_names() -> None:
    crowd = [{**node("node1"), "metadata": {"name": f"other{number}"}, "status": {}} for number in range(100)]

    with pytest.raises(NoPlan, match="Nodes connect, and there are 103: name their networks"):
        await Scene(*PODS, WALL, *crowd, flows={"web-1": [flow("10.231.0.12", 8080)]}).plan()


async def test_a_job_that_has_ended_is_known_by_its_labels() -> None:
    job = pod("backup-1", "10.244.2.77", {"app": "backup", "batch.kubernetes.io/job-name": "backup-1"}, on="node2")
    job["status"] |= {"phase": "Succeeded"}
    found = await Scene(*PODS, WALL, job, flows={"web-1": [flow("10.244.2.77", 8080)]}).plan()

    assert [rule["from"] for rule in rules(found)] == [[{"podSelector": {"matchLabels": {"app": "backup"}}}]]


async def test_a_connection_that_policies_deny_already_is_not_allowed() -> None:
    mute = policy("mute", {"podSelector": {}, "policyTypes": ["Egress"]}, of="monitoring")
    found = await Scene(*PODS, WALL, mute, flows={"web-1": [*CALLED["web-1"], flow("10.244.3.5", 8080)]}).plan()

    assert len(rules(found)) == 1
    assert (
        "Not allowed, because policies deny it already: Pod monitoring/monitor-1 to Pod shop/web-1 on TCP 8080."
        in found[0].foreseen
    )


async def test_pods_that_are_isolated_already_are_left_to_their_policies() -> None:
    seen = {**CALLED, "vault-1": [flow("10.244.3.5", 8080)]}

    assert len(specs(await Scene(flows=seen).plan())) == 2


async def test_a_policy_that_would_open_an_isolated_pod_gives_no_plan() -> None:
    inner = pod("web-2", "10.244.1.8", {"app": "web", "tier": "inner"})
    wall = policy("wall", {"podSelector": {"matchLabels": {"tier": "inner"}}, "policyTypes": ["Ingress"]})

    with pytest.raises(NoPlan) as raised:
        await Scene(WEB, TILL, inner, wall, flows=CALLED).plan()

    assert str(raised.value) == (
        "it would also let through Pod shop/till-1 to Pod shop/web-2 on TCP 8080, which policies deny"
    )


async def test_the_workload_with_more_labels_is_allowed_before_the_one_whose_policy_selects_it_too() -> None:
    inner = pod("web-2", "10.244.1.8", {"app": "web", "tier": "inner"})
    found = await Scene(WEB, TILL, inner, VAULT, WALL, flows={**CALLED, "web-2": [flow("10.244.2.5", 8080)]}).plan()

    assert [spec["podSelector"] for spec in specs(found).values()] == [
        {"matchLabels": {"app": "web", "tier": "inner"}},
        {"matchLabels": {"app": "web"}},
        {},
    ]


async def test_a_pod_that_is_not_ready_is_named() -> None:
    found = await Scene(pod("web-1", "10.244.1.5", {"app": "web"}, ready=False), TILL, VAULT, WALL, flows=CALLED).plan()

    assert "Not ready, so others may connect later: web-1." in found[0].foreseen


async def test_a_lookups_own_socket_waits_for_nobody() -> None:
    found = await Scene(flows=CALLED, own={"till-1": sockets(udp=(40001,))}).plan()

    assert len(specs(found)) == 2


NO_HELPER = "the traffic of its Pods cannot be watched: no node helper runs on Node node2; watching traffic takes"


@pytest.mark.parametrize("tier", [1, 2])
async def test_a_helper_that_may_not_look_gives_no_plan_and_what_to_install(tier: int) -> None:
    with pytest.raises(
        NoPlan, match=f"a helper there has tier {tier}; .*netmedic helper manifest --image IMAGE --tier 3"
    ):
        await Scene(flows=CALLED, tier=tier).plan()


async def test_a_node_without_a_helper_gives_no_plan() -> None:
    scene = Scene(flows=CALLED)
    scene.cluster = from_manifests(*scene.objects, helpers={"node1": scene.helpers["node1"]}, now=NOON)

    with pytest.raises(NoPlan, match=NO_HELPER):
        await scene.plan()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("flows", "the connections of Node node1 could not be read: late"),
        ("inside", "the connections of Pod web-1 on Node node1 could not be read: late"),
        ("sample", "Node node1 could not be looked at: late"),
    ],
)
async def test_a_node_that_could_not_look_is_never_one_without_traffic(asked: str, told: str) -> None:
    scene = Scene(flows=CALLED)
    whole = scene.helpers["node1"]
    requests = (*whole.answers, ("flows", "10.244.1.5"))
    late = {request: TimedOut("late") for request in requests if request[0] == asked}
    scene = Scene(changed={"node1": replace(whole, failures=late)}, flows=CALLED)

    with pytest.raises(NoPlan) as raised:
        await scene.plan()

    assert str(raised.value) == told


async def test_more_than_a_node_tells_gives_no_plan() -> None:
    with pytest.raises(NoPlan, match="more connects to Pod till-1 than a Node tells: 3 kinds are missing"):
        await Scene(flows=CALLED, more=3).plan()


async def test_a_crowd_from_outside_is_a_network_that_a_person_names() -> None:
    crowd = {"web-1": [flow(f"192.0.2.{number}", 8080) for number in range(1, 22)]}

    with pytest.raises(NoPlan, match="21 addresses outside the cluster connect: name their networks"):
        await Scene(flows=crowd).plan()


async def test_a_pod_without_labels_that_is_connected_to_gives_no_plan() -> None:
    with pytest.raises(NoPlan, match="Pod shop/bare has no label by which a NetworkPolicy can name it"):
        await Scene(pod("bare", "10.244.1.9", {}), TILL, VAULT, WALL, flows={"bare": [flow("10.244.2.5", 8080)]}).plan()


async def test_a_namespace_without_an_open_pod_gives_no_plan() -> None:
    with pytest.raises(NoPlan, match="no Pod of namespace shop that is open to everybody runs"):
        await Scene(VAULT, WALL).plan()


async def test_hostile_labels_stay_values() -> None:
    evil = {"app": '"}]}\n---\nkind: Secret', "x: y": "{cause.subject.name}", "<!channel>": "$(reboot)"}
    found = await Scene(pod("web-1", "10.244.1.5", {**evil}), TILL, VAULT, WALL, flows=CALLED).plan()

    [allow, deny] = specs(found).items()
    assert allow[1]["podSelector"] == {"matchLabels": evil}
    assert allow[0].startswith("netmedic-ingress-kind--secret-")
    assert allow[0].replace("-", "").isalnum()
    assert deny[1] == {"podSelector": {}, "policyTypes": ["Ingress"]}


@pytest.mark.parametrize("name", ["../shop", "shop\n", "x" * 64, ""])
async def test_what_is_no_name_of_a_namespace_gives_no_plan(name: str) -> None:
    scene = Scene()
    desk = scene.desk(replace(FAULT, subject=Subject("Namespace", "", name or "-")))

    with pytest.raises(NoPlan, match="is no name of a namespace"):
        await isolated(STEP, desk)


async def test_where_nobody_can_look_a_person_gets_the_commands_and_the_reason() -> None:
    scene = Scene(tier=1)
    found = await propose(
        diagnosis(FAULT), playbooks(), cluster=scene.cluster, writer=scene.writer, expires_seconds=1800
    )

    [plan] = found.plans
    assert plan.playbook == "isolate-namespace-by-hand"
    assert plan.commands[0] == "kubectl -n shop get networkpolicies -o yaml"
    assert found.notes[0].startswith(f"No plan isolate-namespace for {FAULT.subject}: the traffic of its Pods cannot")


async def test_undone_the_denial_goes_first_and_what_somebody_changed_stays() -> None:
    scene = Scene(flows=CALLED)
    plan = await make(
        FAULT,
        playbooks()["isolate-namespace"],
        cluster=scene.cluster,
        writer=scene.writer,
        expires_seconds=1800,
        sleep=scene.clock.sleep,
    )
    for change in plan.changes:
        await scene.writer.create(change.target, change.fragment, dry_run=False)

    back = await undo_plan(plan, scene.writer, now=NOON, expires_seconds=1800, incident="")

    assert [(change.action, change.target.name) for change in back.changes] == [
        (Action.DELETE, "netmedic-default-deny-ingress"),
        (Action.DELETE, "netmedic-ingress-web-2eea2a"),
    ]
    assert (plan.risk, plan.reversible, plan.unchecked) == (Risk.HIGH, True, "")
    live = await scene.writer.read(plan.changes[0].target)
    scene.writer.put({**live, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}})
    with pytest.raises(NoPlan, match="somebody else changed NetworkPolicy shop/netmedic-ingress-web-2eea2a"):
        await undo_plan(plan, scene.writer, now=NOON, expires_seconds=1800, incident="")


async def test_a_second_isolation_does_not_change_the_first() -> None:
    scene = Scene(flows=CALLED)
    [allow, _] = await scene.plan()
    await scene.writer.create(allow.change.target, allow.change.fragment, dry_run=False)

    with pytest.raises(NoPlan, match="NetworkPolicy shop/netmedic-ingress-web-2eea2a exists already"):
        await scene.plan()
