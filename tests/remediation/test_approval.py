"""How approvals of other bots failed, and that this one does not: see the names of the tests."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from bot.cluster.memory_writer import MemoryWriter
from bot.remediation.approval import Approved, ApproverRule, Click, Denied, Policy, decide, may_reject
from bot.remediation.plan import Plan
from bot.remediation.playbook import Risk
from bot.store.records import Decision, PlanState
from tests.remediation.fixtures import NOON, plan_for, service

ALICE, BOB, EVE = "T1/UALICE", "T1/UBOB", "T1/UEVE"
POLICY = Policy(approvers=(ALICE, BOB))


@pytest.fixture
async def plan() -> Plan:
    return await plan_for(MemoryWriter(service()))


def click(plan: Plan, **changes: Any) -> Click:
    """Return Bob's click on a plan for Alice's symptom."""
    made = Click(
        shown_hash=plan.hash,
        by=BOB,
        requester=ALICE,
        state=PlanState.PROPOSED,
        decision=None,
        context="memory",
        at=NOON + timedelta(minutes=1),
    )
    return dataclasses.replace(made, **changes)


def test_an_approver_who_is_not_the_requester_may_approve(plan: Plan) -> None:
    assert decide(plan, click(plan), POLICY) == Approved()


@pytest.mark.parametrize("approvers", [(), ("",), (" ", "")])
@pytest.mark.parametrize("single_operator", [False, True])
def test_an_empty_list_allows_nobody(plan: Plan, approvers: tuple[str, ...], single_operator: bool) -> None:
    policy = Policy(approvers=approvers, single_operator=single_operator)

    for by in (ALICE, BOB, "", " "):
        assert decide(plan, click(plan, by=by), policy) == Denied(
            "Nobody may approve plans: the list of approvers (NETMEDIC_APPROVERS) is empty."
        )


@pytest.mark.parametrize("by", [EVE, "", " ", "UBOB", "T2/UBOB", BOB.lower(), f"{BOB} ", "*"])
def test_who_is_not_on_the_list_may_not(plan: Plan, by: str) -> None:
    policy = Policy(approvers=(*POLICY.approvers, ""), single_operator=True)

    assert decide(plan, click(plan, by=by), policy) == Denied("You are not on the list of approvers.")


def test_an_approver_who_was_removed_meanwhile_may_not(plan: Plan) -> None:
    assert decide(plan, click(plan), Policy(approvers=(ALICE,))) == Denied("You are not on the list of approvers.")


def test_the_requester_may_not_approve(plan: Plan) -> None:
    assert decide(plan, click(plan, by=ALICE), POLICY) == Denied(
        "You asked for this diagnosis, so another approver has to say yes."
    )


def test_a_single_operator_may_and_everybody_is_told(plan: Plan) -> None:
    policy = Policy(approvers=(ALICE,), single_operator=True)

    assert decide(plan, click(plan, by=ALICE), policy) == Approved(
        "Approved by the requester: single-operator mode is on."
    )


def test_single_operator_mode_lets_no_stranger_in(plan: Plan) -> None:
    policy = Policy(approvers=(BOB,), single_operator=True)

    assert decide(plan, click(plan, by=ALICE), policy) == Denied("You are not on the list of approvers.")


def test_a_replayed_click_does_nothing(plan: Plan) -> None:
    decision = Decision(plan=plan.hash, by=BOB, approved=True, reason="", at=NOON)

    assert decide(plan, click(plan, state=PlanState.CONFIRMED, decision=decision), POLICY) == Denied(
        "Nothing done: this plan was already approved by T1/UBOB at 12:00 UTC.", is_closed=True
    )


def test_a_rejected_plan_stays_rejected(plan: Plan) -> None:
    decision = Decision(plan=plan.hash, by=ALICE, approved=False, reason="no", at=NOON)

    assert decide(plan, click(plan, state=PlanState.REJECTED, decision=decision), POLICY) == Denied(
        "Nothing done: this plan was already rejected by T1/UALICE at 12:00 UTC.", is_closed=True
    )


@pytest.mark.parametrize("state", [state for state in PlanState if state is not PlanState.PROPOSED])
def test_a_plan_in_any_other_state_cannot_be_approved(plan: Plan, state: PlanState) -> None:
    denied = decide(plan, click(plan, state=state), POLICY)

    assert isinstance(denied, Denied)
    assert denied.is_closed


def test_a_plan_can_be_approved_until_it_expires(plan: Plan) -> None:
    just_before = plan.expires - timedelta(microseconds=1)

    assert decide(plan, click(plan, at=just_before), POLICY) == Approved()
    assert decide(plan, click(plan, at=plan.expires), POLICY) == Denied(
        "This plan expired at 12:30 UTC. Ask for a new diagnosis.", is_closed=True
    )


def test_a_forged_hash_does_nothing(plan: Plan) -> None:
    assert decide(plan, click(plan, shown_hash="0" * 64), POLICY) == Denied(
        "This plan is not the one that was shown. Ask for a new diagnosis.", is_closed=True
    )


def test_a_plan_that_was_altered_in_the_database_does_nothing(plan: Plan) -> None:
    altered = dataclasses.replace(plan, expires=plan.expires + timedelta(days=1))

    assert decide(altered, click(plan), POLICY) == Denied(
        "This plan is not the one that was shown. Ask for a new diagnosis.", is_closed=True
    )


@pytest.mark.parametrize(("context", "named"), [("staging", "staging"), ("", "none")])
def test_a_plan_of_another_cluster_does_nothing(plan: Plan, context: str, named: str) -> None:
    assert decide(plan, click(plan, context=context), POLICY) == Denied(
        f"This plan is for the cluster memory; this bot changes {named}.", is_closed=True
    )


def test_a_plan_that_was_never_tried_cannot_be_approved(plan: Plan) -> None:
    untried = dataclasses.replace(plan, unchecked="not allowed to patch services").sealed()

    assert decide(untried, click(untried), POLICY) == Denied(
        "This plan cannot be applied from here: not allowed to patch services.", is_closed=True
    )


@pytest.mark.parametrize("by", [ALICE, BOB])
def test_the_requester_and_every_approver_can_reject(plan: Plan, by: str) -> None:
    assert may_reject(click(plan, by=by), POLICY) == Approved()


def test_a_stranger_cannot_reject(plan: Plan) -> None:
    assert may_reject(click(plan, by=EVE), POLICY) == Denied("Only an approver or the requester can reject a plan.")
    assert may_reject(click(plan, by="", requester=""), Policy(approvers=())) == Denied(
        "Only an approver or the requester can reject a plan."
    )


def test_an_expired_plan_can_still_be_rejected(plan: Plan) -> None:
    assert may_reject(click(plan, at=plan.expires), POLICY) == Approved()


def test_a_decided_plan_cannot_be_rejected(plan: Plan) -> None:
    decision = Decision(plan=plan.hash, by=BOB, approved=True, reason="", at=NOON)

    assert may_reject(click(plan, decision=decision), POLICY) == Denied(
        "Nothing done: this plan was already approved by T1/UBOB at 12:00 UTC.", is_closed=True
    )


RULES = (
    ApproverRule(approvers=(EVE,), clusters=("memory",), namespaces=("shop",), risks=(Risk.LOW,)),
    ApproverRule(approvers=("T1/UELSE",), clusters=("another",)),
)


def test_approvers_by_cluster_namespace_and_risk_may_approve_what_all_of_it_fits(plan: Plan) -> None:
    assert Policy(approvers=(BOB,), rules=RULES).of(plan) == Policy(approvers=(BOB, EVE))
    assert decide(plan, click(plan, by=EVE), Policy(approvers=(), rules=RULES).of(plan)) == Approved()


@pytest.mark.parametrize(
    "changes", [{"risk": Risk.HIGH}, {"context": "elsewhere"}], ids=["another risk", "another cluster"]
)
def test_approvers_of_other_plans_may_not_approve_this_one(plan: Plan, changes: dict[str, Any]) -> None:
    other = dataclasses.replace(plan, **changes)

    assert Policy(approvers=(BOB,), rules=RULES).of(other).approvers == (BOB,)


def test_a_plan_that_reaches_beyond_the_namespaces_needs_another_approver(plan: Plan) -> None:
    [change] = plan.changes
    beyond = dataclasses.replace(change, target=dataclasses.replace(change.target, namespace="kube-system"))

    assert Policy(approvers=(), rules=RULES).of(dataclasses.replace(plan, changes=(change, beyond))).approvers == ()
