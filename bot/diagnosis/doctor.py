"""What netmedic can reach, may read and has been given, each with the remedy where it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node, Object
from bot.cluster.port import Cluster
from bot.probes.permissions import verbs
from bot.probes.probe import Probe
from bot.settings import Settings

SHOWN_NODES = 5
"""Names of Nodes in one line (ours)."""


class Health(StrEnum):
    """How one check went."""

    OK = "ok"
    WARN = "warn"
    """It works without, and shows less."""
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the doctor's."""

    health: Health
    about: str
    found: str
    remedy: str = ""
    """Empty when ok, or when ``found`` says it."""


@dataclass(frozen=True, order=True, kw_only=True)
class Permission:
    """What the reader has to be allowed with one resource."""

    permission: str
    verbs: tuple[str, ...]
    namespace: str = ""
    """Empty: in the whole cluster."""
    optional: bool = False
    """Without it less is seen; all else works."""


async def examine_cluster(
    connect: Callable[[], Awaitable[Cluster]],
    *,
    probes: Iterable[Probe],
    also: Iterable[type[Object]] = (),
    helper_namespace: str,
    namespace: str = "",
) -> AsyncIterator[Check]:
    """Yield whether the cluster can be reached, each read, and the node helper. Nothing follows what all else needs.

    Args:
        connect: Makes the cluster.
        probes: Their reads together are what has to be allowed.
        also: What is read besides, to find out what the words of a symptom mean.
        helper_namespace: Where the node helpers run.
        namespace: Ask for the reads in this one alone.
    """
    try:
        cluster = await connect()
        yield Check(health=Health.OK, about="credentials", found=f"context {cluster.context}")
    except ClusterError as problem:
        yield failed("credentials", problem)
        return
    try:
        yield Check(health=Health.OK, about="API server", found=await cluster.server_version())
    except ClusterError as problem:
        yield failed("API server", problem)
        return
    wanted = (*needed(probes, also, namespace=namespace), exec_in(helper_namespace))
    for check in await asyncio.gather(*(may(cluster, each) for each in wanted)):
        yield check
    yield await helpers(cluster)


def needed(probes: Iterable[Probe], also: Iterable[type[Object]] = (), *, namespace: str = "") -> list[Permission]:
    """Return the reads of all probes together, by resource."""
    probes = tuple(probes)
    types = {of for probe in probes for of in probe.reads} | set(also)
    found = [
        Permission(
            permission=of.resource.permission,
            verbs=verbs(of),
            namespace=namespace if of.resource.namespaced else "",
            optional=of.resource.optional,
        )
        for of in types
    ]
    if any(probe.logs for probe in probes):
        found.append(Permission(permission="pods/log", verbs=("get",), namespace=namespace))
    paths = {path for probe in probes for path in probe.paths}
    found += [Permission(permission=path, verbs=("get",), optional=True) for path in paths]
    return sorted(found)


def exec_in(namespace: str) -> Permission:
    """Return what asking the node helpers takes: a WebSocket is a get, and newer API servers want create as well."""
    return Permission(permission="pods/exec", verbs=("create", "get"), namespace=namespace, optional=True)


async def may(cluster: Cluster, asked: Permission) -> Check:
    """Return whether what is done with one resource is allowed."""
    about = f"{', '.join(asked.verbs)} {asked.permission}"
    where = f"in namespace {asked.namespace}" if asked.namespace else "in all namespaces"
    where = "as a non-resource URL" if asked.permission.startswith("/") else where
    try:
        allowed = {verb: await cluster.may(verb, asked.permission, namespace=asked.namespace) for verb in asked.verbs}
    except ClusterError as problem:
        return failed(about, problem)
    if all(allowed.values()):
        return Check(health=Health.OK, about=about, found=f"allowed {where}")
    forbidden = ", ".join(verb for verb in asked.verbs if not allowed[verb])
    return Check(
        health=Health.WARN if asked.optional else Health.FAIL,
        about=about,
        found=f"{forbidden} forbidden {where}",
        remedy=f"Grant {forbidden} on {asked.permission} to this identity (a ClusterRole that only reads).",
    )


async def helpers(cluster: Cluster) -> Check:
    """Return on which Nodes no node helper runs."""
    install = "Install it: netmedic helper manifest --image IMAGE | kubectl apply -f -"
    try:
        nodes = {node.metadata.name for node in await cluster.list(Node)}
        missing = sorted(nodes - set(await cluster.helper_nodes()))
    except ClusterError as problem:
        return Check(health=Health.WARN, about="node helper", found=str(problem))
    if not missing:
        return Check(health=Health.OK, about="node helper", found=f"on all {len(nodes)} Nodes")
    if len(missing) == len(nodes):
        found = "on no Node: counters, MTU and open ports cannot be read"
        return Check(health=Health.WARN, about="node helper", found=found, remedy=install)
    more = f" and {len(missing) - SHOWN_NODES} more" if len(missing) > SHOWN_NODES else ""
    found = f"missing on {', '.join(missing[:SHOWN_NODES])}{more} of {len(nodes)} Nodes"
    remedy = "See why its DaemonSet has no running Pod there: kubectl describe the DaemonSet and the Node's taints."
    return Check(health=Health.WARN, about="node helper", found=found, remedy=remedy)


def examine_settings(settings: Settings) -> Iterator[Check]:
    """Yield whether what ``netmedic serve`` needs is set. Values are not shown."""
    slack = settings.slack
    needs = {
        "NETMEDIC_SLACK__BOT_TOKEN": slack.bot_token,
        **(
            {"NETMEDIC_SLACK__APP_TOKEN": slack.app_token}
            if slack.mode == "socket"
            else {"NETMEDIC_SLACK__SIGNING_SECRET": slack.signing_secret}
        ),
    }
    missing = [name for name, secret in needs.items() if not secret.get_secret_value()]
    if missing:
        found = f"{' and '.join(missing)} not set"
        yield Check(
            health=Health.WARN, about="Slack", found=found, remedy="Set them, if the bot is to run: docs/slack.md."
        )
    else:
        yield Check(health=Health.OK, about="Slack", found=f"tokens for {slack.mode} mode are set")
    if settings.approvers:
        yield Check(health=Health.OK, about="approvers", found=f"{len(settings.approvers)} may approve plans")
    else:
        remedy = "Set NETMEDIC_APPROVERS to the Slack user ids of those who may."
        yield Check(health=Health.WARN, about="approvers", found="nobody may approve a plan", remedy=remedy)
    if settings.single_operator:
        found = "whoever asks may approve too: single-operator mode is on"
        remedy = "Unset NETMEDIC_SINGLE_OPERATOR where there is a second person."
        yield Check(health=Health.WARN, about="approvers", found=found, remedy=remedy)


def database(problem: str) -> Check:
    """Return whether the database can be used; ``problem`` is empty when it can."""
    if not problem:
        return Check(health=Health.OK, about="database", found="can be read and written")
    remedy = "Check NETMEDIC_DATABASE_URL; the database has to be there and writable."
    return Check(health=Health.FAIL, about="database", found=problem, remedy=remedy)


def failed(about: str, problem: ClusterError) -> Check:
    """Return a check that ended with an error, which says itself what to do."""
    return Check(health=Health.FAIL, about=about, found=str(problem))
