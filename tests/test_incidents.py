"""Captured incidents, from what was read of the cluster to the one cause that is blamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.errors import Forbidden
from bot.cluster.manifests import objects
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import Object, Pod, Service
from bot.cluster.selectors import selects
from bot.diagnosis.diagnose import observed_kinds
from bot.diagnosis.judge import Judgement, judge
from bot.diagnosis.path import unread
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.engine.verdict import Verdict
from bot.facts.base import Fact, Unknown
from bot.facts.scope import Scope, Subject, SymptomKind
from bot.node.requests import Request, sample_request
from bot.probes import PROBES
from bot.probes.reading import owner_of
from tests.node.samples import answer, connects

CAPTURED = Path(__file__).parent / "captured"
RULES = Path(__file__).parent.parent / "rules"
NOW = datetime(2026, 11, 22, 18, 35, tzinfo=UTC)
"""Minutes after each of them was captured."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """What was captured, what connects gave, and what is to blame."""

    name: str
    connects: Mapping[str, str] = field(default_factory=dict)
    """How connects from the Node helpers ended, by address and port."""
    cause: str = ""
    subject: str = ""
    summary: str = ""


INCIDENTS = (
    Incident(name="healthy", connects={"10.244.2.47:3000": "open", "10.244.2.48:3000": "open"}),
    Incident(
        name="selector-extra-key",
        cause="service-selects-no-pods",
        subject="Service shop/web",
        summary="Service shop/web has no endpoints because its selector asks for current_service_name=web, "
        "while the Pods most like it (2) have current_service_name (not set).",
    ),
    Incident(
        name="selector-version",
        cause="service-selects-no-pods",
        subject="Service shop/web",
        summary="Service shop/web has no endpoints because its selector asks for version=v2, "
        "while the Pods most like it (2) have version=v1.",
    ),
    Incident(
        name="selector-other-app",
        cause="service-selects-no-pods",
        subject="Service shop/web",
        summary="Service shop/web has no endpoints because its selector asks for app=tickets-api, "
        "while the Pods most like it (1) have app=web.",
    ),
    Incident(
        name="scaled-to-zero",
        cause="service-scaled-to-zero",
        subject="Deployment shop/web",
        summary="Deployment shop/web is scaled to 0 replicas, so Service shop/web has no endpoints.",
    ),
    Incident(
        name="quota",
        cause="workload-makes-no-pods",
        subject="Deployment shop/web",
        summary="Deployment shop/web has no Pod, so Service web has no endpoints, because none can be created: "
        'Error creating: pods "web-64dd475675-s5rpk" is forbidden: exceeded quota: invoice, requested: pods=1, '
        "used: pods=5, limited: pods=2.",
    ),
    Incident(
        name="target-port-closed",
        connects={
            "10.244.2.13:3000": "open",
            "10.244.2.13:8880": "refused",
            "10.244.2.14:3000": "open",
            "10.244.2.14:8880": "refused",
        },
        cause="service-target-port-closed",
        subject="Service shop/web",
        summary="Service shop/web sends port 9000 to targetPort 8880, where its Pods refuse connections; "
        "they listen on 3000.",
    ),
    Incident(
        name="target-port-name",
        connects={"10.244.2.17:9555": "open"},
        cause="service-port-name-unresolved",
        subject="Service shop/web",
        summary="Service shop/web sends port 80 to a container port named grpc-web, which none of its Pods has "
        "(ports they declare: 9555 (web)).",
    ),
    Incident(
        name="nothing-listens",
        connects={"10.244.1.18:9090": "refused"},
        cause="service-backends-not-listening",
        subject="Deployment shop/web",
        summary="The Pods of Deployment shop/web refuse connections on their declared port 9090, "
        "to which Service web sends, so nothing listens there.",
    ),
    Incident(
        name="readiness-port",
        connects={"10.244.2.26:6060": "open"},
        cause="service-pods-not-ready",
        subject="Deployment shop/web",
        summary="Service shop/web has no endpoints because the readinessProbe (HTTP GET :8083/healthz) of Deployment "
        'web fails: Get "http://PodIP:8083/healthz": dial tcp PodIP:8083: connect: connection refused.',
    ),
    Incident(
        name="readiness-scheme",
        connects={"10.244.1.25:9090": "open"},
        cause="service-pods-not-ready",
        subject="Deployment shop/web",
        summary="Service shop/web has no endpoints because the readinessProbe (HTTPS GET :9090/) of Deployment "
        'web fails: Get "https://PodIP:9090/": http: server gave HTTP response to HTTPS client.',
    ),
    Incident(
        name="readiness-command",
        connects={"10.244.1.28:8181": "open"},
        cause="service-pods-not-ready",
        subject="Deployment shop/web",
        summary="Service shop/web has no endpoints because the readinessProbe (exec command) of Deployment "
        "web fails: the check gave no output.",
    ),
    Incident(
        name="out-of-memory",
        connects={"10.244.2.40:8000": "refused"},
        cause="pod-oom-killed",
        subject="Deployment shop/web",
        summary="Containers of Deployment shop/web were killed because they used more memory than their limit, "
        "and are not ready again.",
    ),
    Incident(
        name="policy-peers",
        connects={"10.244.1.45:7070": "open"},
        cause="network-policy-denies-client",
        subject="NetworkPolicy shop/orders-server",
        summary="NetworkPolicy shop/orders-server selects Pods app=web and admits only Pods tier=backend; Pod "
        "till-79c9fcd65b-djgvf has tier=frontend, so its connections to Pod web-d85f9579-lw7z6 are dropped.",
    ),
)

WITHOUT_HELPER = {"target-port-closed": "service-target-port-undeclared", "nothing-listens": ""}
"""What is blamed where no connect can be made, if it is something else."""

LESSER = {
    "service-pods-not-ready": "service-pods-await-readiness",
    "service-selects-no-pods": "service-misses-unserved-pods",
}
"""What is blamed where kubelet's words, or the workloads of a namespace, may not be read."""

READS = sorted({of.resource.permission for probe in PROBES for of in probe.reads} | {"pods/log", "pods/exec"})

incidents = pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.name)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook(load(RULES), PlainEngine())


@cache
def captured(name: str) -> Sequence[Object]:
    return objects((CAPTURED / "system.yaml").read_text(), (CAPTURED / f"{name}.yaml").read_text())


def replay(
    incident: Incident, *, helpers: Mapping[str, Helper] | None = None, unreadable: Sequence[str] = ()
) -> MemoryCluster:
    return MemoryCluster(
        captured(incident.name),
        now=NOW,
        helpers={node: helper(node, incident.connects) for node in ("node1", "node2")} if helpers is None else helpers,
        unreadable={permission: Forbidden(permission) for permission in unreadable},
    )


def helper(node: str, results: Mapping[str, str]) -> Helper:
    here = {text: word for text, word in results.items() if text.startswith(f"10.244.{node[-1]}.")}
    # One Node's sample stands for both, except for the addresses it knows of the other.
    answers: dict[Request, bytes] = {sample_request(): answer(node, series={"neighbours": [[]]})}
    if here:
        request, content = connects(node, here)
        answers[request] = content
    return Helper(pod=f"netmedic-helper-{node}", answers=answers)


async def scope_of(cluster: MemoryCluster) -> Scope:
    """Return what "till cannot reach web" is about."""
    [service] = await cluster.list(Service, namespace="shop")
    pods = [pod for pod in await cluster.list(Pod, namespace="shop") if pod.alive]
    clients = [pod for pod in pods if owner_of(pod).name == "till"]
    backends = [pod for pod in pods if selects(service.spec.selector, pod.metadata.labels)]
    named = [Subject("Pod", "shop", pod.metadata.name) for pod in (*clients, *backends)]
    workloads = (Subject("Deployment", "shop", "till"), Subject("Deployment", "shop", "web"))
    services = (Subject("Service", "shop", "web"),)
    return Scope(
        kind=SymptomKind.UNREACHABLE,
        namespaces=("shop",),
        clients=tuple(named[: len(clients)]),
        services=services,
        backends=tuple(named[len(clients) :]),
        client_nodes=tuple(dict.fromkeys(pod.spec.node_name for pod in clients)),
        target_nodes=tuple(dict.fromkeys(pod.spec.node_name for pod in backends)),
        subjects=frozenset((*named, *workloads, *services)),
    )


async def observe(cluster: MemoryCluster, scope: Scope) -> list[Fact]:
    cached = CachedCluster(cluster)
    return [fact for probe in PROBES for fact in await probe.observe(cached, scope)]


async def verdicts_of(book: RuleBook, cluster: MemoryCluster, scope: Scope) -> Sequence[Verdict]:
    return book.evaluate(await observe(cluster, scope), observed_kinds(PROBES))


async def diagnose(book: RuleBook, cluster: MemoryCluster, scope: Scope) -> Judgement:
    return judge(await verdicts_of(book, cluster, scope), scope)


@incidents
async def test_an_incident_has_exactly_its_own_cause(book: RuleBook, incident: Incident) -> None:
    cluster = replay(incident)
    found = await diagnose(book, cluster, await scope_of(cluster))

    assert [(cause.rule, str(cause.subject), cause.summary) for cause in found.causes] == (
        [(incident.cause, incident.subject, incident.summary)] if incident.cause else []
    )


@incidents
async def test_every_connect_that_is_made_of_a_captured_incident_was_captured(incident: Incident) -> None:
    cluster = replay(incident)
    facts = await observe(cluster, await scope_of(cluster))

    assert [fact for fact in facts if isinstance(fact, Unknown) and fact.of == "backend_connect"] == []


@incidents
async def test_an_incident_has_no_other_cause_where_no_helper_runs(book: RuleBook, incident: Incident) -> None:
    cluster = replay(incident, helpers={})
    found = await diagnose(book, cluster, await scope_of(cluster))
    expected = WITHOUT_HELPER.get(incident.name, incident.cause)

    assert [cause.rule for cause in found.causes] == ([expected] if expected else [])
    assert "conntrack-full" in {rule.rule for rule in found.not_checked}


@pytest.mark.parametrize("permission", READS)
@incidents
async def test_an_incident_is_never_called_healthy_where_something_may_not_be_read(
    book: RuleBook, incident: Incident, permission: str
) -> None:
    scope = await scope_of(replay(incident))
    verdicts = await verdicts_of(book, replay(incident, unreadable=[permission]), scope)
    found = judge(verdicts, scope)

    lesser = {WITHOUT_HELPER.get(incident.name), LESSER.get(incident.cause)}

    assert {cause.rule for cause in found.causes} <= {incident.cause, *lesser}
    if incident.cause and not found.causes:
        assert incident.cause in {rule.rule for rule in found.not_checked}
        assert any(permission in reason for reason in unread(scope, verdicts))
