"""An approver's own rights in the cluster, asked of the API server at the click."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import identity
from bot.cluster.errors import ClusterError, Forbidden, TimedOut
from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Json, Target
from bot.remediation.access import VERBS, Access, KubernetesUser
from bot.remediation.approval import Approved, Denied
from bot.remediation.plan import Action
from bot.store.records import PlanState
from bot.store.store import Store
from tests.remediation.fixtures import NOON, WEB, plan_for, service
from tests.remediation.test_remedy import ALICE, BOB, CAROL, Desk


@dataclass
class Reviews:
    """An API server that says who may do what."""

    may_patch: frozenset[str] = frozenset()
    problem: ClusterError | None = None
    asked: list[tuple[str, str, str, tuple[str, ...]]] = field(default_factory=list)

    async def may(self, verb: str, target: Target, *, user: str, groups: Sequence[str]) -> bool:
        self.asked.append((user, verb, str(target), tuple(groups)))
        if self.problem:
            raise self.problem
        return user in self.may_patch


USERS = {BOB: KubernetesUser(name="bob@example.com", groups=("sre",)), CAROL: KubernetesUser(name="carol@example.com")}


def access(reviews: Reviews) -> Access:
    return Access(reviewer=reviews, users=USERS)


async def test_who_may_not_make_the_change_themselves_may_not_approve_it(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    desk = Desk(store, await store.add_incident(requester=ALICE, symptom="web is down"), "")
    reviews = Reviews(may_patch=frozenset({"carol@example.com"}))
    desk.remedy = dataclasses.replace(desk.remedy, access=access(reviews))
    plan_hash = await desk.propose()

    denied = await desk.remedy.approve(plan_hash, by=BOB)
    state = await desk.state(plan_hash)
    approved = await desk.remedy.approve(plan_hash, by=CAROL)
    await store.close()

    assert denied == Denied(
        "You yourself may not patch services in the cluster (Service shop/web), so you cannot approve it."
    )
    assert state is PlanState.PROPOSED
    assert approved == Approved()
    assert reviews.asked == [
        ("bob@example.com", "patch", "Service shop/web", ("sre",)),
        ("carol@example.com", "patch", "Service shop/web", ()),
    ]


async def test_who_is_not_mapped_to_a_kubernetes_user_may_not_approve() -> None:
    plan = await plan_for(MemoryWriter(service()))

    assert await access(Reviews()).why_not(plan, ALICE) == (
        "Which Kubernetes user you are is not configured: NETMEDIC_KUBERNETES_USERS has no entry for you."
    )


@pytest.mark.parametrize("problem", [TimedOut("no answer."), Forbidden("not allowed")])
async def test_rights_that_cannot_be_looked_up_are_none(problem: ClusterError) -> None:
    plan = await plan_for(MemoryWriter(service()))

    told = await access(Reviews(problem=problem)).why_not(plan, BOB)

    assert told == f"Your rights could not be looked up: {str(problem).rstrip('.')}. Try again."


def test_every_action_has_a_verb() -> None:
    assert VERBS.keys() == set(Action)


ATTRIBUTES = {"verb": "patch", "group": "", "resource": "services", "namespace": WEB.namespace, "name": WEB.name}


@pytest.mark.parametrize(
    ("user", "path", "spec"),
    [
        ("bob", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {"user": "bob", "groups": ["sre"]}),
        ("", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {}),
    ],
    ids=["another", "oneself"],
)
async def test_a_review_asks_about_another_or_about_oneself(user: str, path: str, spec: dict[str, Any]) -> None:
    sent: list[tuple[str, Mapping[str, Json]]] = []

    async def send(where: str, body: Mapping[str, Json]) -> tuple[int, bytes]:
        sent.append((where, body))
        return 201, json.dumps({"status": {"allowed": True}}).encode()

    assert await identity.may(send, user=user, groups=["sre"], attributes=ATTRIBUTES)
    [(where, body)] = sent
    assert where == path
    assert body["spec"] == {"resourceAttributes": ATTRIBUTES, **spec}


@pytest.mark.parametrize(
    ("code", "body"),
    [(403, b'{"message": "cannot create"}'), (201, b"{}"), (201, b'{"status": {"allowed": "yes"}}'), (500, b"<html>")],
)
async def test_an_answer_that_is_none_is_no_permission(code: int, body: bytes) -> None:
    async def send(_: str, __: Mapping[str, Json]) -> tuple[int, bytes]:
        return code, body

    with pytest.raises(Forbidden, match=r"does not review access .* kubectl auth can-i create subjectaccessreviews"):
        await identity.may(send, user="bob", groups=(), attributes=ATTRIBUTES)
