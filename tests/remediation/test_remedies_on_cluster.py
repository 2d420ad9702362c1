"""Break it, diagnose, let another person approve, apply, and try the traffic from the client's Pod; then undo.

A few causes are in every run on a cluster; ``make remedies`` (NETMEDIC_TEST_ALL_REMEDIES=1) proves all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.connect import connect
from bot.cluster.live import LiveCluster
from bot.cluster.live_writer import LiveWriter
from bot.diagnosis.diagnose import Diagnose
from bot.diagnosis.report import Diagnosis
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load as load_rules
from bot.node.manifest import manifest
from bot.probes import PROBES
from bot.remediation.approval import Approved, Denied, Policy
from bot.remediation.clerk import Clerk
from bot.remediation.plan import Plan
from bot.remediation.playbook import Playbook
from bot.remediation.remedy import Remedy as Desk
from bot.settings import Settings
from bot.store.records import Incident, PlanState
from bot.store.store import Store
from tests.remediation.faults import switched
from tests.remediation.fixtures import REPOSITORY, playbooks
from tests.remediation.remedies import NEW_SERVER, OPEN_SHOP, REMEDIES, Remedy
from tests.remediation.shop import visitor
from tests.testbed import CommandFailed, TestBed

pytestmark = pytest.mark.cluster

ALICE, BOB = "T1/UALICE", "T1/UBOB"
TRIES = 20
"""A Service's rules, a NetworkPolicy and a Pod's DNS settings take seconds to be everywhere."""
BUDGET_SECONDS = 120
"""For one look, on a busy machine."""
TIER_3 = 3
EVERY_REMEDY = bool(os.environ.get("NETMEDIC_TEST_ALL_REMEDIES"))
CHOSEN = [remedy for remedy in REMEDIES if EVERY_REMEDY or remedy.always]


@pytest.fixture
def namespace(test_bed: TestBed) -> Iterator[str]:
    with test_bed.namespace("remedy") as name:
        yield name


@pytest.fixture(scope="module")
def tier_3(test_bed: TestBed) -> Iterator[str]:
    """A namespace with helpers of tier 3, which see firewalls and Pods' own networks."""
    with test_bed.namespace("tier3") as name:
        labels = Settings().helper_labels
        test_bed.apply(*manifest(image="testbed/nettools:1", namespace=name, labels=labels, tier=3))
        test_bed.kubectl("-n", name, "rollout", "status", "daemonset/netmedic-helper", "--timeout=200s")
        yield name


@cache
def book() -> RuleBook:
    """Return the shipped rules."""
    return RuleBook(load_rules(REPOSITORY / "rules"), PlainEngine())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")
    yield opened
    await opened.close()


def patient(playbook: Playbook) -> Playbook:
    """Return a playbook that demands the same, and has the time for it that a busy machine takes."""
    confirm = playbook.confirm
    return replace(playbook, confirm=replace(confirm, within_seconds=max(confirm.within_seconds, BUDGET_SECONDS * 2)))


class Site:
    """A broken shop, its client, and the bot's desk."""

    def __init__(self, bed: TestBed, namespace: str, remedy: Remedy, cluster: LiveCluster, store: Store) -> None:
        self.bed, self.namespace, self.remedy, self.cluster, self.store = bed, namespace, remedy, cluster, store
        self.writer = LiveWriter.beside(cluster)
        self.diagnoser = Diagnose(book=book(), probes=PROBES, budget_seconds=BUDGET_SECONDS)
        self.desk = Desk(
            store=store,
            playbooks={name: patient(playbook) for name, playbook in playbooks().items()},
            writer=self.writer,
            policy=Policy(approvers=(ALICE, BOB)),
            expires_seconds=600,
            recheck=self.recheck,
        )

    @property
    def words(self) -> dict[str, str]:
        addresses = self.bed.json("get", "node", self.bed.nodes[1])["status"]["addresses"]
        [address] = [each["address"] for each in addresses if each["type"] == "InternalIP"]
        return {"namespace": self.namespace, "other_node": self.bed.nodes[1], "other_address": address}

    def deploy(self) -> None:
        self.bed.apply(self.remedy.manifest(self.namespace, self.bed.nodes))
        self.settle("till")
        if wall := self.remedy.wall(self.namespace):
            self.bed.apply(wall)
        if self.remedy.shop.get("ready_port", "8080") == "8080":
            self.settle("web")

    def settle(self, *names: str) -> None:
        """Wait until these are as their Deployments say."""
        for name in names:
            self.kubectl("rollout", "status", f"deployment/{name}", "--timeout=180s")

    def kubectl(self, *words: str) -> str:
        return self.bed.kubectl("-n", self.namespace, *words)

    async def works(self) -> bool:
        """Try the call from the client's Pod."""
        ask = [word.format(**self.words) for word in self.remedy.ask]
        try:
            await asyncio.to_thread(self.kubectl, "exec", "deploy/till", "--", *ask)
        except CommandFailed:
            return False
        return True

    async def until(self, *, works: bool) -> bool:
        """Wait until the call works, or does not."""
        for _ in range(TRIES):
            if await self.works() is works:
                return True
            await asyncio.sleep(1)
        return False

    async def diagnose(self, symptom: str) -> Diagnosis:
        found = await self.diagnoser(self.cluster, symptom)
        assert isinstance(found, Diagnosis), found
        return found

    async def recheck(self, incident: Incident) -> Diagnosis:
        return await self.diagnose(incident.symptom)

    async def planned(self) -> str:
        """Return the hash of the plan that the fault's playbook makes."""
        symptom = self.remedy.symptom.format(**self.words)
        incident = await self.store.add_incident(requester=ALICE, symptom=symptom)
        told = ""
        for _ in range(5):
            found = await self.diagnose(symptom)
            proposal = await self.desk.propose(found, self.cluster, incident_id=incident.id)
            for plan in proposal.plans:
                if plan.playbook == self.remedy.playbook and plan.rule == self.remedy.rule:
                    assert plan.diff
                    return plan.hash
            told = f"{found.headline} {[cause.rule for cause in found.causes]} {proposal.notes}"
            await asyncio.sleep(2)
        raise AssertionError(f"no plan: {told}")


@contextlib.asynccontextmanager
async def broken(
    bed: TestBed, namespace: str, remedy: Remedy, store: Store, *, helpers: str = Settings().helper_namespace
) -> AsyncIterator[Site]:
    """Have the fault of a remedy, and feel it."""
    async with contextlib.AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(await connect(kubeconfig=bed.kubeconfig, helper_namespace=helpers))
        site = Site(bed, namespace, remedy, cluster, store)
        stack.push_async_callback(site.writer.close)
        site.deploy()
        stack.enter_context(remedy.fault(bed, namespace))
        assert await site.until(works=False), "the fault is not felt"
        yield site


@pytest.mark.parametrize("remedy", CHOSEN, ids=lambda remedy: remedy.rule)
async def test_what_fails_is_diagnosed_approved_fixed_and_undone(
    request: pytest.FixtureRequest, test_bed: TestBed, namespace: str, store: Store, remedy: Remedy
) -> None:
    helpers = request.getfixturevalue("tier_3") if remedy.tier == TIER_3 else Settings().helper_namespace
    async with broken(test_bed, namespace, remedy, store, helpers=helpers) as site:
        plan = await site.planned()
        own = await site.desk.approve(plan, by=ALICE)
        others = await site.desk.approve(plan, by=BOB)
        moves = [move async for move in site.desk.apply(plan)]

        assert isinstance(own, Denied)
        assert isinstance(others, Approved)
        assert moves[-1].state is PlanState.CONFIRMED, [move.text for move in moves]
        assert await site.until(works=True)
        if remedy.undo:
            await undone(site, plan)


async def undone(site: Site, plan: str) -> None:
    """Undo a plan with another yes, and see that the client sees what it saw before."""
    await undo(site, plan)
    if site.remedy.again:
        site.kubectl(*site.remedy.again)
    assert await site.until(works=not site.remedy.returns), "what the client sees is not as it was"


async def undo(site: Site, plan: str) -> None:
    """Undo a plan with another yes."""
    back = await site.desk.undo(plan, by=ALICE)
    assert isinstance(back, Plan), back
    assert isinstance(await site.desk.approve(back.hash, by=BOB), Approved)
    moves = [move async for move in site.desk.apply(back.hash)]
    assert moves[-1].text.startswith("Undone: "), [move.text for move in moves]


class Street:
    """Clients in a namespace of their own."""

    def __init__(self, bed: TestBed, namespace: str, url: str) -> None:
        self.bed, self.namespace, self.url = bed, namespace, url

    def open(self) -> None:
        """Have a client that calls all the time, and one that never does."""
        self.bed.kubectl("label", "namespace", self.namespace, f"street={self.namespace}")
        self.bed.apply(visitor("caller", self.namespace, calls=self.url), visitor("stranger", self.namespace))
        for name in ("caller", "stranger"):
            self.bed.kubectl("-n", self.namespace, "rollout", "status", f"deployment/{name}", "--timeout=180s")

    def served(self, name: str) -> bool:
        """Tell whether a client gets an answer."""
        curl = ("curl", "-sS", "-o", "/dev/null", "-m", "3", self.url)
        try:
            self.bed.kubectl("-n", self.namespace, "exec", f"deploy/{name}", "--", *curl)
        except CommandFailed:
            return False
        return True

    async def until(self, name: str, *, served: bool) -> bool:
        """Wait until a client gets answers, or none."""
        for _ in range(TRIES):
            if await asyncio.to_thread(self.served, name) is served:
                return True
            await asyncio.sleep(1)
        return False


async def test_a_namespace_is_isolated_and_whoever_calls_now_still_gets_answers(
    test_bed: TestBed, tier_3: str, namespace: str, store: Store
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        elsewhere = stack.enter_context(test_bed.namespace("street"))
        cluster = await stack.enter_async_context(
            await connect(kubeconfig=test_bed.kubeconfig, helper_namespace=tier_3)
        )
        site = Site(test_bed, namespace, OPEN_SHOP, cluster, store)
        stack.push_async_callback(site.writer.close)
        # Other probes connect themselves, which would be seen.
        probes = [probe for probe in PROBES if probe.name.startswith("policy_")]
        site.diagnoser = Diagnose(book=book(), probes=probes, budget_seconds=BUDGET_SECONDS)
        site.deploy()
        street = Street(test_bed, elsewhere, f"http://web.{namespace}.svc.cluster.local/")
        street.open()
        assert await street.until("stranger", served=True)
        site.kubectl(*NEW_SERVER)  # one that the stranger never called
        site.settle("web")
        assert await street.until("caller", served=True)
        plan = await isolation(site)

        assert isinstance(await site.desk.approve(plan, by=ALICE), Denied)
        assert isinstance(await site.desk.approve(plan, by=BOB), Approved)
        moves = [move async for move in site.desk.apply(plan)]

        assert moves[-1].state is PlanState.CONFIRMED, [move.text for move in moves]
        assert await street.until("stranger", served=False)
        assert await street.until("caller", served=True)
        await undo(site, plan)
        assert await street.until("stranger", served=True)


async def isolation(site: Site) -> str:
    """Return the hash of the plan, which allows the one client that calls."""
    clerk = Clerk(remedy=site.desk, cluster=site.cluster, diagnose=lambda text, _: site.diagnose(text), user=ALICE)
    _, proposal = await clerk.propose(
        f"web in namespace {site.namespace} does not answer", namespace="", rule=OPEN_SHOP.rule
    )
    assert proposal.plans, proposal.notes
    [plan] = proposal.plans
    assert plan.playbook == OPEN_SHOP.playbook, proposal.notes
    specs: Any = [change.fragment["spec"] for change in plan.changes]
    [allow, deny] = specs
    [rule] = allow["ingress"]
    assert [peer["podSelector"] for peer in rule["from"]] == [{"matchLabels": {"app": "caller"}}], plan.foreseen
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress"]}
    return plan.hash


@pytest.mark.skipif(not EVERY_REMEDY, reason="part of make remedies")
async def test_what_a_node_does_not_let_be_set_is_said_and_nothing_is_changed(
    test_bed: TestBed, namespace: str, store: Store
) -> None:
    remedy = Remedy(
        rule="conntrack-full",
        playbook="raise-conntrack-sysctl",
        fault=switched("conntrack-full", "max=4000"),  # the Nodes of the test cluster may not change it
    )
    async with broken(test_bed, namespace, remedy, store) as site:
        plan = await site.planned()
        await site.desk.approve(plan, by=BOB)

        moves = [move async for move in site.desk.apply(plan)]

        assert moves[-1].state is PlanState.FAILED, [move.text for move in moves]
        assert "Nothing was changed" in moves[-1].text
