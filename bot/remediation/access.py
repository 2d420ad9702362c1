"""A person's own Kubernetes rights: who approves a change has to be allowed to make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.cluster.errors import ClusterError
from bot.cluster.writer import Target, resource_of
from bot.remediation.plan import Action, Plan

VERBS = {
    Action.PATCH: "patch",
    Action.RESTART: "patch",
    Action.CREATE: "create",
    Action.DELETE: "delete",
    Action.RUN: "create",
}


class Reviewer(Protocol):
    """An API server that says who may do what; see :class:`bot.cluster.live_writer.LiveWriter`."""

    async def may(self, verb: str, target: Target, *, user: str, groups: Sequence[str]) -> bool:
        """Tell whether a user may; an empty name is whoever asks."""
        ...


@dataclass(frozen=True, kw_only=True)
class KubernetesUser:
    """Who a person is to the API server."""

    name: str
    """Empty: whoever holds the credentials that ask."""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Access:
    """Asks the API server about the person who approves."""

    reviewer: Reviewer
    users: Mapping[str, KubernetesUser] = field(default_factory=dict)
    """By the name under which people approve."""

    async def why_not(self, plan: Plan, by: str) -> str:
        """Return why a person may not make the changes of a plan; empty if they may."""
        user = self.users.get(by)
        if user is None:
            return "Which Kubernetes user you are is not configured: NETMEDIC_KUBERNETES_USERS has no entry for you."
        for change in plan.changes:
            verb = VERBS[change.action]
            try:
                may = await self.reviewer.may(verb, change.target, user=user.name, groups=user.groups)
            except ClusterError as problem:
                return f"Your rights could not be looked up: {str(problem).rstrip('.')}. Try again."
            if not may:
                what = f"{verb} {resource_of(change.target).permission}"
                return f"You yourself may not {what} in the cluster ({change.target}), so you cannot approve it."
        return ""
