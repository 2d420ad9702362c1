"""How approvals of other bots failed, each tried on this one from the click to the cluster."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.memory_writer import MemoryWriter
from bot.remediation.approval import Approved, ApproverRule, Denied, Policy, policy_of
from bot.remediation.plan import Plan
from bot.remediation.remedy import Remedy
from bot.remediation.role import roles
from bot.settings import KubernetesUser, Settings
from bot.store.audit import first_broken
from bot.store.records import PlanState
from bot.store.store import Store
from tests.remediation.fixtures import NOON, playbooks, service, target_port
from tests.remediation.test_remedy import ALICE, BOB, CAROL, EVE, Desk, moves

GROUP = "S0000ONCALL"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    store = await Store.open(url, now=lambda: NOON)
    yield Desk(store, await store.add_incident(requester=ALICE, symptom="web is down"), url)
    await store.close()


def under(desk: Desk, **policy: Any) -> Remedy:
    """Return the remedy under another policy."""
    return dataclasses.replace(desk.remedy, policy=Policy(**policy))


async def untouched(desk: Desk, plan_hash: str, *, state: PlanState = PlanState.PROPOSED) -> bool:
    """Tell whether a plan is as it was, and can be carried out by nobody."""
    applied = await moves(desk.remedy, plan_hash)
    [obj] = desk.writer._objects.values()
    return (await desk.state(plan_hash), applied, target_port(obj)) == (state, [], 9999)


# Fails open -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("approvers", [(), ("",), ("  ",)])
@pytest.mark.parametrize("single_operator", [False, True])
async def test_an_empty_list_is_nobody(desk: Desk, approvers: tuple[str, ...], single_operator: bool) -> None:
    plan_hash = await desk.propose()
    remedy = under(desk, approvers=approvers, single_operator=single_operator)

    for by in (ALICE, BOB, "", "  "):
        answer = await remedy.approve(plan_hash, by=by, groups=("",))

        assert isinstance(answer, Denied)
        assert answer.reason == "Nobody may approve plans: the list of approvers (NETMEDIC_APPROVERS) is empty."
    assert await untouched(desk, plan_hash)


def test_without_settings_nobody_may_and_a_rule_without_people_is_refused() -> None:
    assert policy_of(Settings()) == Policy(approvers=())
    with pytest.raises(ValueError, match="at least 1"):
        Settings.model_validate({"approver_rules": [{"approvers": [], "risks": ["low"]}]})


async def test_a_rule_for_other_plans_lets_nobody_in(desk: Desk) -> None:
    plan_hash = await desk.propose()
    rules = (
        ApproverRule(approvers=(BOB,), clusters=("another",)),
        ApproverRule(approvers=(GROUP,), namespaces=("kube-system",)),
    )

    assert await under(desk, approvers=(), rules=rules).approve(plan_hash, by=BOB, groups=(GROUP,)) == Denied(
        "Nobody may approve plans: the list of approvers (NETMEDIC_APPROVERS) is empty."
    )
    assert await untouched(desk, plan_hash)


# Runs twice -----------------------------------------------------------------------------------------------------------


async def test_fifty_clicks_at_once_at_two_replicas_are_one_yes_and_one_change(desk: Desk) -> None:
    plan_hash = await desk.propose()
    other = await Store.open(desk.url, now=lambda: NOON)
    replicas = [desk.remedy, desk.of(desk.writer, store=other)]

    answers = await asyncio.gather(
        *(replica.approve(plan_hash, by=by) for _ in range(13) for replica in replicas for by in (BOB, CAROL))
    )
    done = await asyncio.gather(*(moves(replica, plan_hash) for replica in replicas))
    await other.close()

    assert [type(answer) for answer in answers].count(Approved) == 1
    assert all(answer.is_closed for answer in answers if isinstance(answer, Denied))
    assert desk.writer.log.count("patch Service shop/web") == 1
    assert sorted(map(bool, done)) == [False, True]
    trail = await desk.store.audit_trail()
    assert [entry.action for entry in trail].count("approved") == 1
    assert first_broken(trail) == 0


async def test_a_replayed_click_does_nothing(desk: Desk) -> None:
    plan_hash = await desk.propose()
    await desk.remedy.approve(plan_hash, by=BOB)
    await moves(desk.remedy, plan_hash)

    again = await desk.remedy.approve(plan_hash, by=BOB)

    assert again == Denied(f"Nothing done: this plan was already approved by {BOB} at 12:00 UTC.", is_closed=True)
    assert desk.writer.log.count("patch Service shop/web") == 1


# The wrong person -----------------------------------------------------------------------------------------------------


async def test_who_asked_cannot_say_yes(desk: Desk) -> None:
    plan_hash = await desk.propose()

    assert await desk.remedy.approve(plan_hash, by=ALICE) == Denied(
        "You asked for this diagnosis, so another approver has to say yes."
    )
    assert await untouched(desk, plan_hash)


async def test_who_asked_in_a_terminal_cannot_say_yes_in_the_chat(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    desk = Desk(store, await store.add_incident(requester="kubernetes:bob", symptom="web is down"), "")
    settings = Settings(approvers=(BOB,), kubernetes_users={BOB: KubernetesUser(name="bob")})
    plan_hash = await desk.propose()

    answer = await dataclasses.replace(desk.remedy, policy=policy_of(settings)).approve(plan_hash, by=BOB)
    nothing = await untouched(desk, plan_hash)
    await store.close()

    assert answer == Denied("You asked for this diagnosis, so another approver has to say yes.")
    assert nothing


async def test_an_approver_who_was_removed_meanwhile_cannot_say_yes(desk: Desk) -> None:
    plan_hash = await desk.propose()

    assert await under(desk, approvers=(CAROL,)).approve(plan_hash, by=BOB) == Denied(
        "You are not on the list of approvers."
    )
    assert await untouched(desk, plan_hash)


async def test_a_member_of_a_group_may_as_long_as_they_are_one(desk: Desk) -> None:
    plan_hash = await desk.propose()
    remedy = under(desk, approvers=(GROUP,))

    left = await remedy.approve(plan_hash, by=BOB, groups=())
    elsewhere = await remedy.approve(plan_hash, by=BOB, groups=("S0000OTHERS",))
    member = await remedy.approve(plan_hash, by=BOB, groups=(GROUP,))

    assert left == elsewhere == Denied("You are not on the list of approvers.")
    assert member == Approved()


@pytest.mark.parametrize("by", [EVE, "", " ", BOB.lower(), f"{BOB} ", "*", f"T2/{BOB.partition('/')[2]}", GROUP])
async def test_a_name_that_is_almost_an_approvers_is_nobodys(desk: Desk, by: str) -> None:
    plan_hash = await desk.propose()

    assert await desk.remedy.approve(plan_hash, by=by) == Denied("You are not on the list of approvers.")
    assert await untouched(desk, plan_hash)


async def test_a_single_operator_can_say_yes_and_it_is_kept(desk: Desk) -> None:
    plan_hash = await desk.propose()

    answer = await under(desk, approvers=(ALICE,), single_operator=True).approve(plan_hash, by=ALICE)

    assert answer == Approved("Approved by the requester: single-operator mode is on.")
    decision = await desk.store.decision(plan_hash)
    assert decision is not None
    assert decision.reason == "Approved by the requester: single-operator mode is on."


# The wrong plan -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["", "0" * 64, "0" * 63, "A" * 64, "' OR 1=1 --", "%", "_" * 64, "../plan", "\x00", "9" * 5000]
)
async def test_a_forged_button_value_does_nothing(desk: Desk, value: str) -> None:
    plan_hash = await desk.propose()

    for wish in (desk.remedy.approve, desk.remedy.reject):
        assert await wish(value, by=BOB) == Denied("There is no such plan. Ask for a new diagnosis.", is_closed=True)
    assert await moves(desk.remedy, value) == []
    assert await untouched(desk, plan_hash)


async def test_the_beginning_of_a_hash_is_no_hash(desk: Desk) -> None:
    plan_hash = await desk.propose()

    assert isinstance(await desk.remedy.approve(plan_hash[:12], by=BOB), Denied)
    assert await untouched(desk, plan_hash)


async def test_an_expired_plan_is_not_applied(desk: Desk) -> None:
    plan_hash = await desk.propose()
    desk.now = NOON + timedelta(minutes=30)

    assert await desk.remedy.approve(plan_hash, by=BOB) == Denied(
        "This plan expired at 12:30 UTC. Ask for a new diagnosis.", is_closed=True
    )
    assert await untouched(desk, plan_hash)


async def test_a_plan_of_another_cluster_is_not_applied_here(desk: Desk) -> None:
    plan_hash = await desk.propose()
    elsewhere = desk.of(MemoryWriter(service(), context="staging"))

    answer = await elsewhere.approve(plan_hash, by=BOB)
    await desk.remedy.approve(plan_hash, by=BOB)
    applied_there = await moves(elsewhere, plan_hash)

    assert answer == Denied("This plan is for the cluster memory; this bot changes staging.", is_closed=True)
    assert applied_there == []


async def test_a_plan_that_was_altered_in_the_database_is_not_applied(desk: Desk) -> None:
    plan_hash = await desk.propose()
    stored = await desk.store.plan(plan_hash)
    assert stored is not None
    content = stored.content.replace("8080", "6666")
    async with desk.store._database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE plans SET content = ?", (content,))

    assert await desk.remedy.approve(plan_hash, by=BOB) == Denied(
        "This plan is not the one that was shown. Ask for a new diagnosis.", is_closed=True
    )
    assert await untouched(desk, plan_hash)


async def test_an_object_that_changed_between_plan_and_click_is_left_alone_with_a_fresh_diff(desk: Desk) -> None:
    plan_hash = await desk.propose()
    desk.writer.put(service(type="NodePort"))

    await desk.remedy.approve(plan_hash, by=BOB)
    [end] = await moves(desk.remedy, plan_hash)

    assert end.state is PlanState.STALE
    assert "-  type: ClusterIP\n+  type: NodePort" in end.text
    assert "patch Service shop/web" not in desk.writer.log


# What is kept, and what is given away ---------------------------------------------------------------------------------


async def test_the_trail_holds_who_did_what_to_which_object_and_how_it_ended(desk: Desk) -> None:
    plan_hash = await desk.propose()
    await desk.remedy.approve(plan_hash, by=EVE)
    await desk.remedy.approve(plan_hash, by=BOB)
    await moves(desk.remedy, plan_hash)

    trail = await desk.store.audit_trail()
    proposed = next(entry for entry in trail if entry.action == "proposed")
    done = next(entry for entry in trail if entry.action == "step done")
    denied = next(entry for entry in trail if entry.action == "denied")

    assert {entry.plan for entry in trail if entry.plan} == {plan_hash}
    assert "+    targetPort: 8080" in Plan.from_json(proposed.detail["content"]).diff
    assert json.loads(done.detail["after"]) == {"spec.ports[port=80,protocol=TCP].targetPort": 8080}
    assert (denied.actor, denied.detail["reason"]) == (EVE, "You are not on the list of approvers.")
    assert trail[-1].action == "confirmed"
    assert first_broken(trail) == 0


def test_the_writers_role_has_what_playbooks_need_and_no_wildcard() -> None:
    made = roles(playbooks().values(), name="writer", helper_namespace="netmedic")
    rules = [rule for role in made for rule in role["rules"]]
    words = {word for rule in rules for key in ("apiGroups", "resources", "verbs") for word in rule[key]}

    assert "*" not in words
    assert words.isdisjoint({"secrets", "clusterroles", "rolebindings", "clusterrolebindings", "serviceaccounts"})
    assert {verb for rule in rules for verb in rule["verbs"]} <= {"get", "create", "patch", "delete"}
