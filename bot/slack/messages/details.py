"""The lists behind the buttons, and what a modal says besides."""

from __future__ import annotations

from bot.diagnosis.report import Cause, Evidence, NotChecked, Proof, RuledOut
from bot.slack.escape import code, words
from bot.slack.messages.pieces import DETAIL, NAME, SUMMARY, evidence, values, with_commands


def ruled_out(item: RuledOut) -> str:
    """Return a fault that is not there, and a fact that shows it."""
    lines = [f"• {words(item.summary, SUMMARY)}"]
    lines += [f"{values(fact.value)} · {words(fact.source, NAME)}" for fact in item.evidence[:1]]
    return "\n".join(lines)


def not_checked(item: NotChecked) -> str:
    """Return a fault that could not be looked for, why, and how to enable it."""
    lines = (f"• *{words(item.summary, SUMMARY)}*", words(item.reason, SUMMARY), with_commands(item.how_to_enable))
    return "\n".join(lines)


def also_seen(found: Cause) -> str:
    """Return a finding that is not on the path."""
    return f"• *{words(found.title, NAME)}* · {words(found.severity, DETAIL)}\n{words(found.summary, SUMMARY)}"


def proof_step(proof: Proof, *, depth: int) -> str:
    """Return one conclusion of the chain of reasons."""
    return f"{_indent(depth)}{'because' if depth else '∴'} {words(proof.summary, SUMMARY)} {code(proof.rule, NAME)}"


def proof_fact(item: Evidence, *, depth: int) -> str:
    """Return one fact a conclusion rests on."""
    return _indent(depth + 1) + evidence(item)


def more_lines() -> str:
    """Return that a list is longer than a modal."""
    return "… and more. The command line shows the whole list: `netmedic diagnose … -o yaml`."


def nothing_here() -> str:
    """Return what an empty list says."""
    return "Nothing."


def loading() -> str:
    """Return what a modal says while its content is read."""
    return "⏳ Reading …"


def forgotten() -> str:
    """Return that the stored diagnosis behind a button is gone."""
    return "I no longer have this diagnosis. Please ask again."


def too_late() -> str:
    """Return that Slack's time for opening a modal was over."""
    return "Slack gave me no time to open this. Please click again."


def _indent(depth: int) -> str:
    return "    " * min(depth, 6)
