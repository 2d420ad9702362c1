"""A diagnosis that objects alone decide does not wait for the Nodes, and says so."""

from __future__ import annotations

import asyncio

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.port import Cluster
from bot.diagnosis.diagnose import STOPPED_EARLY, Diagnose
from bot.diagnosis.early import breaks_all
from bot.diagnosis.report import Diagnosis
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.probes import PROBES
from tests import diagnosis_fixtures as fixtures
from tests.test_incidents import INCIDENTS, RULES, replay

UNREACHABLE = "till in shop cannot reach web"
BUDGET_SECONDS = 2.0
"""Of which all is waited for where a helper hangs: what it may do is asked in any case."""
SLOW = "calls from till in shop to web are slow"


class Hanging(CachedCluster):
    """A cluster whose node helpers never answer."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.waiting = 0

    async def ask_helper(self, node: str, request: tuple[str, ...], *, timeout_seconds: float = 15.0) -> bytes:
        self.waiting += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.waiting -= 1
        raise AssertionError


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook(load(RULES), PlainEngine())


def hanging(incident: str) -> Hanging:
    [found] = [each for each in INCIDENTS if each.name == incident]
    return Hanging(replay(found))


async def diagnosis(
    book: RuleBook, cluster: Cluster, text: str, *, budget_seconds: float, thorough: bool = False
) -> Diagnosis:
    diagnose = Diagnose(book=book, probes=PROBES, budget_seconds=budget_seconds, thorough=thorough)
    found = await diagnose(cluster, text)
    assert isinstance(found, Diagnosis)
    return found


@pytest.mark.parametrize(
    ("incident", "cause"),
    [
        ("selector-version", "service-selects-no-pods"),
        ("scaled-to-zero", "service-scaled-to-zero"),
    ],
)
async def test_a_cause_that_objects_prove_is_told_before_nodes_answer(
    book: RuleBook, incident: str, cause: str
) -> None:
    cluster = hanging(incident)
    found = await diagnosis(book, cluster, UNREACHABLE, budget_seconds=BUDGET_SECONDS)

    assert [each.rule for each in found.causes] == [cause]
    assert found.timing.stopped_early
    assert STOPPED_EARLY in found.notes
    assert cluster.waiting == 0


async def test_what_was_not_waited_for_is_not_checked(book: RuleBook) -> None:
    found = await diagnosis(book, hanging("selector-version"), UNREACHABLE, budget_seconds=BUDGET_SECONDS)
    reasons = {each.rule: (each.reason, each.how_to_enable) for each in found.not_checked}

    assert reasons["conntrack-full"] == (
        "node_conntrack: not_needed (the cause was proven without it)",
        "Ask again with --thorough.",
    )
    assert "conntrack-full" not in {each.rule for each in found.ruled_out}


@pytest.mark.parametrize(
    ("incident", "text", "thorough"),
    [
        pytest.param("selector-version", UNREACHABLE, True, id="one asked for everything"),
        pytest.param("selector-version", SLOW, False, id="an object does not explain what is slow"),
        pytest.param("selector-version", "is anything wrong?", False, id="nothing in particular was asked about"),
        pytest.param("healthy", UNREACHABLE, False, id="objects prove nothing"),
        pytest.param("readiness-port", UNREACHABLE, False, id="a full table on a Node may explain it"),
    ],
)
async def test_nodes_are_heard_out_otherwise(book: RuleBook, incident: str, text: str, thorough: bool) -> None:
    found = await diagnosis(book, hanging(incident), text, budget_seconds=1, thorough=thorough)
    [reason] = [each.reason for each in found.not_checked if each.rule == "conntrack-full"]

    assert not found.timing.stopped_early
    assert STOPPED_EARLY not in found.notes
    assert "timeout" in reason


async def test_where_no_helper_runs_that_is_said_and_nothing_else(book: RuleBook) -> None:
    [incident] = [each for each in INCIDENTS if each.name == "selector-version"]
    found = await diagnosis(book, replay(incident, helpers={}), UNREACHABLE, budget_seconds=BUDGET_SECONDS)

    assert [each.rule for each in found.causes] == ["service-selects-no-pods"]
    assert not found.timing.stopped_early


@pytest.mark.parametrize(
    ("changes", "over"),
    [
        pytest.param({}, True, id="a Service that selects nothing"),
        pytest.param({"hop": "client-pod", "category": "dns-client"}, False, id="a setting of the client"),
        pytest.param({"hop": "client-pod", "category": "network-policy"}, True, id="a policy at the client"),
        pytest.param({"hop": "node", "category": "control-plane-network"}, False, id="a Node"),
        pytest.param({"hop": "service", "category": "kube-proxy"}, False, id="what happens on a Node"),
        pytest.param({"confidence": "likely"}, False, id="what is only likely"),
        pytest.param({"severity": "warning"}, False, id="a warning"),
    ],
)
def test_only_what_breaks_every_attempt_ends_it(changes: dict[str, str], over: bool) -> None:
    plain = {"hop": "service", "category": "service-selection", "confidence": "proven", "severity": "error"}
    cause = fixtures.changed(fixtures.wrong_port().causes[0], **(plain | changes))

    assert breaks_all(cause) is over
