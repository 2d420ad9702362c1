"""The rights of the identity that applies plans: what the playbooks in use need, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from bot.remediation.playbook import Playbook

VERBS = ("get", "create", "patch", "delete")


def cluster_role(playbooks: Iterable[Playbook], *, name: str) -> dict[str, Any]:
    """Return the ClusterRole as an object; rules with the same verbs and group are one."""
    verbs_of: defaultdict[str, set[str]] = defaultdict(set)
    for playbook in playbooks:
        for verb, permission in playbook.permissions:
            verbs_of[permission].add(verb)
    grouped: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for permission, verbs in sorted(verbs_of.items()):
        resource, _, group = permission.partition(".")
        grouped[group, tuple(verb for verb in VERBS if verb in verbs)].append(resource)
    rules = [
        {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
        for (group, verbs), resources in sorted(grouped.items())
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }
