"""Who may say yes to a plan, and when: a pure decision. What is not clearly allowed is not allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.remediation.plan import Plan, hash_of
from bot.remediation.playbook import Risk
from bot.settings import Settings
from bot.store.records import Decision, PlanState

KUBERNETES = "kubernetes:"
"""Before names of Kubernetes users in the lists of approvers: nobody in a chat has such an id."""
USER_GROUP = re.compile(r"S[A-Z0-9]{5,24}")
"""Id of a user group of Slack; a user's begins with U or W."""
SINGLE_OPERATOR = "single-operator mode is on: who asked may approve too"


@dataclass(frozen=True, kw_only=True)
class ApproverRule:
    """More approvers, for some plans. What is left empty does not matter."""

    approvers: tuple[str, ...]
    clusters: tuple[str, ...] = ()
    """Contexts."""
    namespaces: tuple[str, ...] = ()
    """Every object that the plan changes has to be in one of them."""
    risks: tuple[Risk, ...] = ()

    def covers(self, plan: Plan) -> bool:
        """Tell whether it is about a plan."""
        touched = {change.target.namespace for change in plan.changes}
        return (
            (not self.clusters or plan.context in self.clusters)
            and (not self.namespaces or touched <= set(self.namespaces))
            and (not self.risks or plan.risk in self.risks)
        )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who may approve."""

    approvers: tuple[str, ...]
    """User ids as the chat system authenticated them, and ids of its user groups. Empty: nobody may."""
    single_operator: bool = False
    """The requester may approve their own plan, if they are an approver."""
    rules: tuple[ApproverRule, ...] = ()
    """More approvers for some plans."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Other names of a person: the Kubernetes user of a Slack user, who is one person on either way."""

    def of(self, plan: Plan) -> Policy:
        """Return who may approve this plan."""
        more = (approver for rule in self.rules if rule.covers(plan) for approver in rule.approvers)
        return replace(self, approvers=tuple(dict.fromkeys((*self.approvers, *more))), rules=())

    @property
    def user_groups(self) -> tuple[str, ...]:
        """The user groups of the chat system that matter for any plan."""
        everybody = (*self.approvers, *(approver for rule in self.rules for approver in rule.approvers))
        return tuple(dict.fromkeys(name for name in everybody if USER_GROUP.fullmatch(name)))

    def names(self, click: Click) -> bool:
        """Tell whether who clicked is among the approvers, or in a group that is."""
        return bool(click.by.strip()) and not {click.by, *click.groups}.isdisjoint(self.approvers)

    def is_same(self, one: str, other: str) -> bool:
        """Tell whether two names are one person's."""
        return self.people.get(one, one) == self.people.get(other, other)


def policy_of(settings: Settings) -> Policy:
    """Return who may approve by the settings."""
    return Policy(
        approvers=settings.approvers,
        single_operator=settings.single_operator,
        people={slack_user: f"{KUBERNETES}{user.name}" for slack_user, user in settings.kubernetes_users.items()},
        rules=tuple(
            ApproverRule(
                approvers=rule.approvers,
                clusters=rule.clusters,
                namespaces=rule.namespaces,
                risks=tuple(map(Risk, rule.risks)),
            )
            for rule in settings.approver_rules
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Click:
    """Somebody's wish to approve a plan, and what is known at that moment."""

    shown_hash: str
    """The hash the person was shown."""
    by: str
    groups: frozenset[str] = frozenset()
    """User groups they are in, as the chat system said just now."""
    requester: str
    """Who reported the symptom."""
    state: PlanState
    decision: Decision | None
    """What was decided already."""
    context: str
    """The cluster that changes would go to."""
    at: datetime


@dataclass(frozen=True)
class Approved:
    """The plan may be applied."""

    note: str = ""
    """What everybody has to know about this approval."""


@dataclass(frozen=True)
class Denied:
    """It may not."""

    reason: str
    is_closed: bool = False
    """Nobody can decide about this plan any more."""


def decide(plan: Plan, click: Click, policy: Policy) -> Approved | Denied:
    """Return whether a click approves a plan."""
    if reason := _closed(click) or _wrong_plan(plan, click):
        return Denied(reason, is_closed=True)
    if reason := _wrong_person(plan, click, policy):
        return Denied(reason)
    return Approved("Approved by the requester: single-operator mode is on." if _own(plan, click, policy) else "")


def may_reject(click: Click, policy: Policy) -> Approved | Denied:
    """Return whether a click can reject a plan: any approver and the requester may."""
    if reason := _closed(click):
        return Denied(reason, is_closed=True)
    if _takes_part(click, policy):
        return Approved()
    return Denied("Only an approver or the requester can reject a plan.")


def may_edit(plan: Plan, click: Click, policy: Policy) -> Approved | Denied:
    """Return whether a person can edit a plan, while it can be approved: any approver and the requester may."""
    if reason := _closed(click) or _wrong_plan(plan, click):
        return Denied(reason, is_closed=True)
    if _takes_part(click, policy):
        return Approved()
    return Denied("Only an approver or the requester can edit a plan.")


def _takes_part(click: Click, policy: Policy) -> bool:
    return bool(click.by.strip()) and (policy.is_same(click.by, click.requester) or policy.names(click))


def _own(plan: Plan, click: Click, policy: Policy) -> str:
    """Return what a person has to do with the plan that another one should approve; empty for nothing."""
    if policy.is_same(click.by, click.requester):
        return "asked for this diagnosis"
    return "edited this plan" if plan.edited_by and policy.is_same(click.by, plan.edited_by) else ""


def _closed(click: Click) -> str:
    if click.decision is not None:
        word = "approved" if click.decision.approved else "rejected"
        return f"Nothing done: this plan was already {word} by {click.decision.by} at {click.decision.at:%H:%M} UTC."
    if click.state is not PlanState.PROPOSED:
        return f"Nothing done: this plan is already {click.state.in_words}."
    return ""


def _wrong_plan(plan: Plan, click: Click) -> str:
    if plan.hash != click.shown_hash or hash_of(plan) != plan.hash:
        return "This plan is not the one that was shown. Ask for a new diagnosis."
    if plan.context != click.context:
        return f"This plan is for the cluster {plan.context}; this bot changes {click.context or 'none'}."
    if plan.unchecked:
        return f"This plan cannot be applied from here: {plan.unchecked.rstrip('.')}."
    if click.at >= plan.expires:
        return f"This plan expired at {plan.expires:%H:%M} UTC. Ask for a new diagnosis."
    return ""


def _wrong_person(plan: Plan, click: Click, policy: Policy) -> str:
    if not any(name.strip() for name in policy.approvers):
        return "Nobody may approve plans: the list of approvers (NETMEDIC_APPROVERS) is empty."
    if not policy.names(click):
        return "You are not on the list of approvers."
    if (own := _own(plan, click, policy)) and not policy.single_operator:
        return f"You {own}, so another approver has to say yes."
    return ""
