"""Pod templates whose ports are in each other's way, or in that of others on the Node."""

from __future__ import annotations

from bot.cluster.errors import Forbidden
from bot.cluster.manifests import from_manifests
from bot.facts.base import Reason
from bot.facts.scope import Scope
from bot.facts.template import ContainerPortConflict, HostPortRequest
from bot.probes.template import container_port_conflict, host_port_request
from tests.probes.manifests import Manifest, deployment, facts_of, manifest, pod, service, unknown_of

SAID = "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports."


def container(name: str, *ports: Manifest) -> Manifest:
    return {"name": name, "ports": list(ports)}


def web(*containers: Manifest) -> Manifest:
    made = deployment("web")
    made["spec"]["template"]["spec"] = {"containers": list(containers)}
    return {**made, "status": {}}


async def conflicts(*containers: Manifest) -> list[ContainerPortConflict]:
    facts = await facts_of(container_port_conflict, from_manifests(service(), web(*containers)))
    return [fact for fact in facts if isinstance(fact, ContainerPortConflict)]


async def requests(*manifests: Manifest) -> list[HostPortRequest]:
    facts = await facts_of(host_port_request, from_manifests(service(), *manifests))
    return [fact for fact in facts if isinstance(fact, HostPortRequest)]


async def test_two_containers_that_declare_one_port_are_told() -> None:
    found = await conflicts(container("proxy", {"containerPort": 7000}), container("main", {"containerPort": 7000}))

    assert found == [
        ContainerPortConflict(
            namespace="shop",
            workload="web",
            workload_type="Deployment",
            port=7000,
            protocol="TCP",
            containers="proxy and main",
            ready_replicas=0,
        )
    ]


async def test_one_port_number_of_two_protocols_is_no_conflict() -> None:
    udp = {"containerPort": 53, "protocol": "UDP"}

    assert await conflicts(container("a", udp), container("b", {"containerPort": 53})) == []


async def test_one_container_that_names_a_port_twice_is_no_conflict() -> None:
    ports = ({"containerPort": 80, "name": "a"}, {"containerPort": 80, "name": "b"})

    assert await conflicts(container("main", *ports)) == []


async def test_a_host_port_is_told_with_its_holder_and_the_schedulers_words() -> None:
    port = {"containerPort": 80, "hostPort": 9100}
    waiting = pod("web-1", owner=("Deployment", "web"), node="", phase="Pending", ready=False)
    agent = pod("agent-1", labels={}, owner=("DaemonSet", "agent"), containers=[container("agent", port)])
    event = {
        **manifest("Event", "e1"),
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
        "reason": "FailedScheduling",
        "message": SAID,
    }
    [found] = await requests(web(container("main", port)), waiting, agent, event)

    assert found == HostPortRequest(
        namespace="shop",
        workload="web",
        workload_type="Deployment",
        port=9100,
        protocol="TCP",
        ready_replicas=0,
        unscheduled_pods=1,
        scheduler_says=SAID,
        holder="DaemonSet agent",
    )


async def test_a_host_port_that_nobody_is_known_to_have_has_no_holder() -> None:
    other = pod("agent-1", labels={}, containers=[container("agent", {"containerPort": 80, "hostPort": 9101})])
    [found] = await requests(web(container("main", {"containerPort": 80, "hostPort": 9100})), other)

    assert (found.holder, found.scheduler_says) == ("unknown", "")


async def test_a_symptom_of_the_whole_cluster_is_out_of_scope() -> None:
    missing = await unknown_of(container_port_conflict, from_manifests(), Scope(cluster_wide=True))

    assert missing.reason is Reason.OUT_OF_SCOPE


async def test_a_refused_list_is_unknown() -> None:
    item = web(container("main", {"containerPort": 80, "hostPort": 9100}))
    cluster = from_manifests(service(), item, unreadable={"events": Forbidden("list events")})
    missing = await unknown_of(host_port_request, cluster)

    assert missing.reason is Reason.FORBIDDEN
