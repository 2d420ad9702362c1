"""Diagnoses and plans to show in Slack; the diagnoses are those that all outputs are tested with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import cycle
from typing import Any

from bot.cluster.writer import Target
from bot.diagnosis.report import Diagnosis, HopStatus
from bot.engine.verdict import Outcome
from bot.facts.scope import Subject
from bot.remediation.apply import Progress as Move
from bot.remediation.fieldpath import FieldPath
from bot.remediation.plan import Change, Check, Edit, Plan
from bot.remediation.playbook import Risk
from bot.store.records import PlanState
from tests.diagnosis_fixtures import (
    PATCH,
    PLAN,
    WRONG_PORT,
    noisy_neighbour,
    nothing_checked,
    nothing_found,
    wrong_port,
)
from tests.slack.fakes import NOW

__all__ = ["noisy_neighbour", "nothing_checked", "nothing_found", "wrong_port"]

LONG_NAME = "a" * 253

NASTY = (
    "<!channel> <!here> <!everyone>",
    "<@U0000ALICE> <#C000000001|general> <!subteam^S1>",
    "@here @channel @everyone",
    "https://example.com/evil <https://example.com|click me>",
    "`code` ```fence``` `",
    "*bold* _italic_ ~gone~ > quote",
    ":fire: :white_check_mark: fd00:100:1::a",
    "\u202egnp.exe \u2066x\u2069 \u200e\u061c",
    "שלום עולם مرحبا",
    "\x1b[31m\x00\r\n\u2028\u0085 two\nlines",
    "\ud800 lone",
    "&amp; &lt;!channel&gt; & < >",
    "👩‍👩‍👧‍👦 🔴🟢 e\u0301\u0301\u0301",
    LONG_NAME,
    "x" * 5000,
    "\U0001f525" * 1500,
    "",
    " ",
)
"""What people who mean harm, or do not think, put into names and messages."""

STALE = (
    "Not applied: Service shop/checkout is no longer what this plan was made from. Nothing was changed; "
    "ask for a new diagnosis.\n--- planned from\n+++ live\n-    targetPort: 9999\n+    targetPort: 7777"
)
NEEDS_HAND = (
    "Not confirmed within 60 s: still found.\n"
    "Service shop/checkout could not be put back: forbidden.\n"
    "Set spec.ports[name=http].targetPort to 9999."
)

CLOSED = {"severity", "confidence", "category", "schema"}
"""Fields whose values come from netmedic itself."""


def plan(**changes: Any) -> Plan:
    """Return the plan for the wrong port, sealed."""
    path = FieldPath.parse("spec.ports[name=http].targetPort")
    made = Plan(
        playbook=PLAN.playbook,
        title=PLAN.title,
        rule=WRONG_PORT.rule,
        finding=WRONG_PORT.summary,
        risk=Risk.LOW,
        context="kind-shop",
        incident="1" * 32,
        blast_radius=PLAN.blast_radius,
        changes=(
            Change(
                target=Target(api_version="v1", kind="Service", namespace="shop", name="checkout"),
                uid="0b5a",
                resource_version="48211",
                digest="d" * 64,
                seen="",
                edits=(Edit(path=path, before=9999, after=8080),),
                fragment=PATCH,
            ),
        ),
        diff=PLAN.diff,
        unchecked="",
        check=Check(
            rules=(WRONG_PORT.rule,),
            answers=Outcome.RULED_OUT,
            subject=WRONG_PORT.subject,
            same={},
            within_seconds=60,
        ),
        reversible=True,
        made=NOW,
        expires=NOW + timedelta(minutes=30),
    )
    return dataclasses.replace(made, **changes).sealed()


def moves(*states: PlanState) -> list[Move]:
    """Return the moves of a plan."""
    said = {
        PlanState.APPLYING: ("Changing Service shop/checkout.", ""),
        PlanState.CONFIRMING: ("Applied. Looking again, with the probes that found the fault.", ""),
        PlanState.CONFIRMED: (
            "Confirmed: the fault is gone, seen 4 s after the change.",
            "The Service sends to a port nobody listens on: ruled out.",
        ),
        PlanState.RESTORING: ("Not confirmed within 60 s: still found. Putting back what was changed.", "still found"),
        PlanState.RESTORED: ("Not confirmed within 60 s. Put back: everything netmedic changed is as it was.", ""),
        PlanState.STALE: (STALE, ""),
        PlanState.NEEDS_HAND: (NEEDS_HAND, ""),
    }
    return [Move(plan="h", state=state, text=said[state][0], after=said[state][1]) for state in states]


def many_causes(count: int) -> Diagnosis:
    """Return a diagnosis with so many causes and findings that no message holds them."""
    one = wrong_port()
    causes = tuple(
        dataclasses.replace(WRONG_PORT, subject=Subject("Service", "shop", f"checkout-{number}"))
        for number in range(count)
    )
    return dataclasses.replace(
        one,
        causes=causes,
        also_seen=one.also_seen * count,
        ruled_out=one.ruled_out * count,
        not_checked=one.not_checked * count,
        path=one.path * max(1, count // 20),
        notes=("A note.",) * count,
    )


def poisoned(diagnosis: Diagnosis, texts: tuple[str, ...]) -> Diagnosis:
    """Return a diagnosis whose every text is one of these, in turn."""
    result: Diagnosis = _poison(diagnosis, cycle(texts))
    return result


def poisoned_plan(texts: tuple[str, ...]) -> Plan:
    """Return a plan whose every text that can come from a cluster is one of these."""
    text = cycle(texts)
    clean = plan()
    [change] = clean.changes
    target = Target(api_version="v1", kind="Service", namespace=next(text), name=next(text))
    return plan(
        title=next(text),
        blast_radius=next(text),
        diff=next(text),
        context=next(text),
        changes=(dataclasses.replace(change, target=target, fragment={"metadata": {"name": next(text)}}),),
    )


def _poison(item: Any, text: Iterator[str]) -> Any:
    if isinstance(item, HopStatus):
        return item
    if isinstance(item, str):
        return next(text)
    if isinstance(item, Mapping):
        return {
            f"{_poison(key, text)}{number}": _poison(value, text) for number, (key, value) in enumerate(item.items())
        }
    if isinstance(item, tuple):
        return tuple(_poison(part, text) for part in item)
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        values = {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
        changed = {name: value if name in CLOSED else _poison(value, text) for name, value in values.items()}
        return dataclasses.replace(item, **changed)
    return item
