"""The rights of the identity that applies plans: what the playbooks in use need, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from bot.remediation.playbook import Playbook

VERBS = ("get", "create", "patch", "delete")
IN_HELPER_NAMESPACE = frozenset({"jobs.batch"})
"""A Job that changes a Node's settings is privileged, and only ever made where the node helpers are. Whoever may make
one in every namespace is root on every Node."""


def roles(playbooks: Iterable[Playbook], *, name: str, helper_namespace: str) -> list[dict[str, Any]]:
    """Return a ClusterRole, and a Role for what is done in the helper's namespace alone."""
    verbs_of: defaultdict[str, set[str]] = defaultdict(set)
    for playbook in playbooks:
        for verb, permission in playbook.permissions:
            verbs_of[permission].add(verb)
    everywhere = {permission: verbs for permission, verbs in verbs_of.items() if permission not in IN_HELPER_NAMESPACE}
    there = {permission: verbs for permission, verbs in verbs_of.items() if permission in IN_HELPER_NAMESPACE}
    version = "rbac.authorization.k8s.io/v1"
    return [
        {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": name}, "rules": _rules(everywhere)},
        {
            "apiVersion": version,
            "kind": "Role",
            "metadata": {"name": name, "namespace": helper_namespace},
            "rules": _rules(there),
        },
    ]


def _rules(verbs_of: Mapping[str, set[str]]) -> list[dict[str, list[str]]]:
    """Return rules; resources with the same verbs and group share one."""
    grouped: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for permission, verbs in sorted(verbs_of.items()):
        resource, _, group = permission.partition(".")
        grouped[group, tuple(verb for verb in VERBS if verb in verbs)].append(resource)
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
        for (group, verbs), resources in sorted(grouped.items())
    ]
