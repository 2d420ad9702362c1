from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.cluster.errors import Forbidden, TimedOut, Unreachable
from bot.cluster.manifests import from_manifests
from bot.cluster.memory import Helper
from bot.cluster.objects import ConfigMap, Namespace, Node, Pod
from bot.cluster.port import Cluster
from bot.diagnosis.doctor import Check, Health, database, examine_cluster, examine_settings, needed
from bot.facts.pod import PodState
from bot.probes import PROBES
from bot.probes.probe import probe
from bot.settings import Settings, Slack

NODES = """
{apiVersion: v1, kind: Node, metadata: {name: node1}}
---
{apiVersion: v1, kind: Node, metadata: {name: node2}}
"""
INSTALL = "Install it: netmedic helper manifest --image IMAGE | kubectl apply -f -"


@probe(PodState, reads=(Pod, Node, ConfigMap), logs=True)
async def reads_pods(cluster: Cluster, scope: object) -> list[PodState]:
    return []


def connecting(cluster: Cluster) -> Callable[[], Awaitable[Cluster]]:
    async def connect() -> Cluster:
        return cluster

    return connect


async def checks(
    cluster: Cluster | None = None, *, connect: Callable[[], Awaitable[Cluster]] | None = None, namespace: str = ""
) -> dict[str, Check]:
    made = connect or connecting(cluster or from_manifests(NODES, context="lab", server_version="v1.20.2"))
    found = examine_cluster(
        made, probes=[reads_pods], also=[Namespace], helper_namespace="netmedic", namespace=namespace
    )
    return {check.about: check async for check in found}


async def test_every_permission_has_a_line() -> None:
    found = await checks()

    assert {about: check.found for about, check in found.items() if about != "node helper"} == {
        "credentials": "context lab",
        "API server": "v1.20.2",
        "get configmaps": "allowed in all namespaces",
        "get, list namespaces": "allowed in all namespaces",
        "get, list nodes": "allowed in all namespaces",
        "get, list pods": "allowed in all namespaces",
        "get pods/log": "allowed in all namespaces",
        "create, get pods/exec": "allowed in namespace netmedic",
    }


async def test_a_forbidden_read_fails_and_says_what_to_grant() -> None:
    found = await checks(from_manifests(NODES, unreadable={"pods": Forbidden("no")}))

    assert found["get, list pods"] == Check(
        health=Health.FAIL,
        about="get, list pods",
        found="get, list forbidden in all namespaces",
        remedy="Grant get, list on pods to this identity (a ClusterRole that only reads).",
    )


async def test_one_namespace_may_be_enough_for_what_is_namespaced() -> None:
    found = await checks(from_manifests(NODES, unreadable={"pods@": Forbidden("no")}), namespace="shop")

    assert found["get, list pods"].found == "allowed in namespace shop"
    assert found["get, list nodes"].found == "allowed in all namespaces"


async def test_exec_is_optional() -> None:
    found = await checks(from_manifests(NODES, unreadable={"pods/exec": Forbidden("no")}))

    assert found["create, get pods/exec"].health is Health.WARN
    assert found["node helper"].health is Health.WARN


async def test_nothing_follows_credentials_that_cannot_be_used() -> None:
    async def connect() -> Cluster:
        raise Unreachable("There is no context prod in /home/me/.kube/config.")

    found = await checks(connect=connect)

    assert list(found.values()) == [
        Check(
            health=Health.FAIL,
            about="credentials",
            found="There is no context prod in /home/me/.kube/config.",
        )
    ]


class Stalled:
    """A cluster whose API server does not answer."""

    context = "lab"

    async def server_version(self) -> str:
        raise TimedOut("no answer within 5 s")


async def test_nothing_follows_an_api_server_that_does_not_answer() -> None:
    found = await checks(Stalled())  # type: ignore[arg-type]

    assert [(check.about, check.health) for check in found.values()] == [
        ("credentials", Health.OK),
        ("API server", Health.FAIL),
    ]


@pytest.mark.parametrize(
    ("helped", "health", "words", "remedy"),
    [
        (["node1", "node2"], Health.OK, "on all 2 Nodes", ""),
        (["node1"], Health.WARN, "missing on node2 of 2 Nodes", "See why its DaemonSet has no running Pod there"),
        ([], Health.WARN, "on no Node: counters, MTU and open ports cannot be read", INSTALL),
    ],
)
async def test_nodes_without_a_helper_are_named(helped: list[str], health: Health, words: str, remedy: str) -> None:
    helpers = {node: Helper(pod=f"helper-{node}") for node in helped}
    check = (await checks(from_manifests(NODES, helpers=helpers)))["node helper"]

    assert (check.health, check.found) == (health, words)
    assert check.remedy.startswith(remedy)


async def test_of_many_nodes_the_first_are_named() -> None:
    nodes = "\n---\n".join(f"{{apiVersion: v1, kind: Node, metadata: {{name: n{number}}}}}" for number in range(8))
    check = (await checks(from_manifests(nodes, helpers={"n7": Helper(pod="p")})))["node helper"]

    assert check.found == "missing on n0, n1, n2, n3, n4 and 2 more of 8 Nodes"


async def test_nodes_that_may_not_be_listed_leave_the_helper_unchecked() -> None:
    check = (await checks(from_manifests(NODES, unreadable={"nodes": Forbidden("may not list nodes")})))["node helper"]

    assert (check.health, check.found) == (Health.WARN, "may not list nodes")


def test_the_reads_are_those_of_all_probes() -> None:
    wanted = {of.resource.permission for each in PROBES for of in each.reads}
    wanted |= {"pods/log"} if any(each.logs for each in PROBES) else set()
    wanted |= {path for each in PROBES for path in each.paths}

    assert {each.permission for each in needed(PROBES)} == wanted


@pytest.mark.parametrize(
    ("slack", "health", "found"),
    [
        (Slack(), Health.WARN, "NETMEDIC_SLACK__BOT_TOKEN and NETMEDIC_SLACK__APP_TOKEN not set"),
        (Slack(bot_token="xoxb-1"), Health.WARN, "NETMEDIC_SLACK__APP_TOKEN not set"),  # type: ignore[arg-type]
        (Slack(bot_token="xoxb-1", app_token="xapp-1"), Health.OK, "tokens for socket mode are set"),  # type: ignore[arg-type]
        (Slack(mode="http", bot_token="xoxb-1"), Health.WARN, "NETMEDIC_SLACK__SIGNING_SECRET not set"),  # type: ignore[arg-type]
    ],
)
def test_missing_tokens_are_named_and_given_ones_not_shown(slack: Slack, health: Health, found: str) -> None:
    check = next(check for check in examine_settings(Settings(slack=slack)) if check.about == "Slack")

    assert (check.health, check.found) == (health, found)


@pytest.mark.parametrize(("approvers", "health"), [((), Health.WARN), (("U1", "U2"), Health.OK)])
def test_nobody_who_may_approve_is_a_warning(approvers: tuple[str, ...], health: Health) -> None:
    check = next(check for check in examine_settings(Settings(approvers=approvers)) if check.about == "approvers")

    assert check.health is health


def test_a_database_that_cannot_be_used_fails() -> None:
    assert database("").health is Health.OK
    assert database("no such folder").health is Health.FAIL
