"""What each identity of the chart may do: the tables in ``docs/security.md``, made from what the chart renders.

``python -m tests.helm.identities --write`` writes them; ``--check`` only tells whether they are fresh.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.helm.chart import REPOSITORY, Object, Values, rendered

PAGE = REPOSITORY / "docs" / "security.md"
BEGIN, END = "<!-- identities: written by `python -m tests.helm.identities --write` -->\n", "<!-- end of identities -->"
SLACK: Values = {"slack": {"existingSecret": "netmedic-slack"}}
IDENTITIES = {"nm-netmedic": "bot (reader)", "nm-netmedic-writer": "writer", "nm-netmedic-helper": "helper"}
"""ServiceAccounts of a release called nm, and what they are called here."""
BOT_NAMESPACE, HELPER_NAMESPACE = "netmedic", "netmedic-helper"


def granted(objects: Sequence[Object], account: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where a ServiceAccount may do something, and the rule that lets it."""
    roles = {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each["rules"]
        for each in objects
        if each["kind"] in {"Role", "ClusterRole"}
    }
    for binding in objects:
        if binding["kind"] not in {"RoleBinding", "ClusterRoleBinding"}:
            continue
        if account not in {subject["name"] for subject in binding["subjects"]}:
            continue
        namespace = binding["metadata"].get("namespace", "")
        role = binding["roleRef"]
        for rule in roles[(role["kind"], namespace if role["kind"] == "Role" else "", role["name"])]:
            yield namespace, rule


def words(rule: dict[str, Any]) -> str:
    """Return what a rule is about."""
    groups = ["" if group == "" else f".{group}" for group in rule.get("apiGroups", [])]
    found = [f"{resource}{group}" for group in groups for resource in rule.get("resources", [])]
    found += rule.get("nonResourceURLs", [])
    names = f" (only {', '.join(rule['resourceNames'])})" if rule.get("resourceNames") else ""
    return ", ".join(f"`{each}`" for each in found) + names


def rights(objects: Sequence[Object]) -> Iterator[str]:
    """Yield the rows of what may be asked of the API server."""
    places = {"": "the whole cluster", BOT_NAMESPACE: "the bot's namespace", HELPER_NAMESPACE: "the helper's namespace"}
    for account, name in IDENTITIES.items():
        rules = list(granted(objects, account))
        for namespace, rule in rules:
            yield f"| {name} | {places[namespace]} | {', '.join(rule['verbs'])} | {words(rule)} |"
        if not rules:
            yield f"| {name} | nowhere | nothing: it has no token | |"


def pods() -> Iterator[str]:
    """Yield the rows of what the Pods may do on their Nodes."""
    kinds = {"bot": ("StatefulSet", 1), **{f"helper, tier {tier}": ("DaemonSet", tier) for tier in (1, 2, 3)}}
    for name, (kind, tier) in kinds.items():
        objects = rendered({**SLACK, "helper": {"tier": tier}}, namespace=BOT_NAMESPACE)
        [found] = [each for each in objects if each["kind"] == kind]
        pod = found["spec"]["template"]["spec"]
        [container] = pod["containers"]
        capabilities = ", ".join(container["securityContext"]["capabilities"].get("add", [])) or "none"
        host = ", ".join(key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)) or "none"
        paths = ", ".join(each["hostPath"]["path"] for each in pod["volumes"] if "hostPath" in each) or "none"
        token = "yes" if pod.get("automountServiceAccountToken", True) else "no"
        user = pod["securityContext"]["runAsUser"]
        yield f"| {name} | {user} | {capabilities} | {host} | {paths} | {token} |"


def tables() -> str:
    """Return both tables."""
    objects = rendered(SLACK, namespace=BOT_NAMESPACE)
    return "\n".join(
        [
            "| identity | where | verbs | what |",
            "| --- | --- | --- | --- |",
            *rights(objects),
            "",
            "| Pod | user id | capabilities | of its Node | paths of its Node | token of the API |",
            "| --- | --- | --- | --- | --- | --- |",
            *pods(),
            "",
        ]
    )


def page(text: str) -> str:
    """Return the page with today's tables in it."""
    pattern = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    return pattern.sub(lambda _: tables(), text, count=1)


def main(arguments: Sequence[str], path: Path = PAGE) -> int:
    """Write the page, or compare it; return the exit status."""
    before = path.read_text(encoding="utf-8")
    after = page(before)
    if "--write" in arguments:
        path.write_text(after, encoding="utf-8")
    elif before != after:
        sys.stderr.write(f"{path.name} is out of date: run `python -m tests.helm.identities --write`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
