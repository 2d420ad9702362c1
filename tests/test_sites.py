"""Several clusters behind one bot: each question and each plan goes to its own."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from bot.beside import beside
from bot.diagnosis.diagnose import Progress
from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Approved
from bot.sites import DiagnoseAnywhere, RemediesAnywhere, Site, UnknownCluster
from bot.store.records import PlanState
from tests.slack import fixtures
from tests.slack.fakes import FakeStore, incident_of, stored
from tests.slack.fixtures import wrong_port


class FakeRemedy:
    """A remedy that notes what it is asked."""

    def __init__(self, policy: str = "") -> None:
        self.policy = policy
        self.asked: list[str] = []

    async def propose(self, diagnosis: Any, cluster: Any, *, incident_id: str) -> str:
        self.asked.append(f"propose {cluster.context}")
        return "proposal"

    async def plan(self, plan_hash: str) -> str:
        return plan_hash

    async def approve(self, plan_hash: str, *, by: str, groups: Collection[str]) -> Approved:
        self.asked.append(f"approve {plan_hash} {by} {sorted(groups)}")
        return Approved()

    async def reject(self, plan_hash: str, *, by: str, reason: str, groups: Collection[str]) -> Approved:
        self.asked.append(f"reject {plan_hash} {by} {reason} {sorted(groups)}")
        return Approved()

    async def edit(self, plan_hash: str, text: str, *, by: str, cluster: Any, groups: Collection[str]) -> str:
        self.asked.append(f"edit {plan_hash} {by} {text} {cluster.context} {sorted(groups)}")
        return "plan"

    async def undo(self, plan_hash: str, *, by: str) -> str:
        self.asked.append(f"undo {plan_hash} {by}")
        return "plan"

    async def apply(self, plan_hash: str) -> AsyncIterator[Move]:
        self.asked.append(f"apply {plan_hash}")
        yield Move(plan=plan_hash, state=PlanState.CONFIRMED, text="Confirmed.")

    async def unfinished(self) -> list[Any]:
        return []


class Plans(FakeStore):
    """One plan of one incident."""

    def __init__(self, context: str) -> None:
        super().__init__()
        self._incident = incident_of(context=context)

    async def plan(self, plan_hash: str) -> Any:
        return stored(fixtures.plan(), incident=self._incident.id, state=PlanState.PROPOSED)

    async def incident(self, incident_id: str) -> Any:
        return self._incident


def site(name: str) -> Any:
    made: Any = Site
    return made(
        name=name,
        cluster=SimpleNamespace(context=f"context-{name}"),
        diagnose=None,
        remedy=FakeRemedy(),
        channels=(f"C{name}",),
    )


SITES = ("prod", "staging")


@pytest.mark.parametrize(
    ("context", "taken_by"),
    [("context-prod", "prod"), ("context-staging", "staging"), ("context-gone", "prod")],
    ids=["the first", "the second", "none: the first denies it"],
)
async def test_a_plan_goes_to_the_cluster_it_was_made_for(context: str, taken_by: str) -> None:
    sites = {name: site(name) for name in SITES}
    with beside() as second:
        remedies = RemediesAnywhere(second, Plans(context), sites)
        await remedies.approve("h", by="U1", groups={"S1"})
        await remedies.reject("h", by="U1", reason="no", groups=())
        await remedies.edit("h", "text", by="U1", groups=())
        await remedies.undo("h", by="U1")
        moves = [move.state async for move in remedies.apply("h")]

    assert moves == [PlanState.CONFIRMED]
    assert {name: made.remedy.asked for name, made in sites.items()} == {
        name: [
            "approve h U1 ['S1']",
            "reject h U1 no []",
            f"edit h U1 text context-{name} []",
            "undo h U1",
            "apply h",
        ]
        if name == taken_by
        else []
        for name in SITES
    }


async def test_a_diagnosis_of_a_cluster_that_is_gone_gets_no_plan() -> None:
    with beside() as second:
        remedies = RemediesAnywhere(second, Plans(""), {name: site(name) for name in SITES})
        with pytest.raises(UnknownCluster, match=r"^kind-shop is none of the clusters in the settings"):
            await remedies.propose(wrong_port(), incident_id="i")


@dataclass(frozen=True)
class Diagnose:
    """A diagnosis that shows progress, and tells what it was asked."""

    chosen: Mapping[str, Any]

    async def __call__(self, cluster: Any, symptom: str, *, progress: Any) -> Any:
        progress(Progress(doing=threading.current_thread().name, done=0, total=0))
        return cluster.context, symptom, self.chosen


async def test_a_symptom_is_looked_at_in_the_cluster_that_is_named() -> None:
    told: list[tuple[str, str]] = []
    sites = {name: dataclasses.replace(site(name), diagnose=Diagnose({})) for name in SITES}

    with beside() as second:
        answer: Any = await DiagnoseAnywhere(second, sites)(
            "x",
            cluster="staging",
            chosen={"a": "b"},  # type: ignore[dict-item]
            progress=lambda step: told.append((step.doing, threading.current_thread().name)),
        )
        await asyncio.sleep(0)

    assert answer == ("context-staging", "x", {"a": "b"})
    assert told == [("beside", threading.current_thread().name)]
