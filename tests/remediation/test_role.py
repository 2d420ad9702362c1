"""The writer's rights are what the playbooks need, where they need it."""

from __future__ import annotations

from typing import Any

from bot.engine.rules import load as load_rules
from bot.remediation.playbooks import load
from bot.remediation.role import roles
from bot.shipped import folder


def rights(role: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (verb, f"{resource}.{rule['apiGroups'][0]}".rstrip("."))
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_every_right_is_one_that_a_playbook_needs_and_jobs_are_made_in_one_namespace_only() -> None:
    playbooks = load([folder("playbooks")], load_rules(folder("rules")))
    needed = frozenset[tuple[str, str]]().union(*(playbook.permissions for playbook in playbooks.values()))

    everywhere, there = roles(playbooks.values(), name="writer", helper_namespace="nodes")

    assert rights(everywhere) | rights(there) == needed
    assert {resource for _, resource in rights(there)} == {"jobs.batch"}
    assert there["metadata"] == {"name": "writer", "namespace": "nodes"}
    assert not {"pods/exec", "secrets", "serviceaccounts/token"} & {resource for _, resource in rights(everywhere)}
