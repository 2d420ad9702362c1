"""Plans in words."""

from __future__ import annotations

import re
from datetime import UTC

from bot.remediation.approval import Policy
from bot.remediation.plan import Plan
from bot.slack.escape import block, code, plain, words
from bot.slack.fit import lines_that_fit
from bot.slack.limits import CONFIRM_TEXT
from bot.slack.messages.pieces import DETAIL, GREEN, RED, SUMMARY, USER_ID, WHITE, YELLOW, mention
from bot.slack.ports import Person
from bot.store.records import PlanState

APPROVERS_NAMED = 5
REASON = 2_000
"""Room for why a plan ended as it did, which may be a diff."""

WORKING = "⏳"
DECIDED_BY = re.compile(rf"(?<= (?:approved|rejected) by )(?:[A-Z0-9]+/)?{USER_ID.pattern}")
MARKS = {
    PlanState.CONFIRMED: GREEN,
    PlanState.RESTORED: YELLOW,
    PlanState.STALE: YELLOW,
    PlanState.FAILED: YELLOW,
    PlanState.NEEDS_HAND: RED,
}


def title(plan: Plan) -> str:
    """Return what the plan is, in one line."""
    return f"*Proposed fix: {words(plan.title, SUMMARY)}*"


def facts(plan: Plan) -> tuple[str, ...]:
    """Return what to know before saying yes, each in a few words."""
    way_back = "yes, what was there is recorded" if plan.reversible else "*no*"
    targets = ", ".join(str(change.target) for change in plan.changes)
    return (
        f"*Changes*\n{words(targets, SUMMARY)}",
        f"*Who feels it*\n{words(plan.blast_radius, SUMMARY)}",
        f"*Risk*\n{words(plan.risk, DETAIL)}",
        f"*Can be put back*\n{way_back}",
    )


def yaml_title() -> str:
    """Return the heading of the remediation."""
    return "*The remediation as YAML*"


def diff_title() -> str:
    """Return the heading of the diff."""
    return "*What would change*, tried on the API server without changing anything"


def yaml_file() -> str:
    """Return the title of the file with the remediation."""
    return "The remediation as YAML"


def diff_file() -> str:
    """Return the title of the file with the diff."""
    return "What would change"


def in_file(heading: str) -> str:
    """Return that a text is too long for the message."""
    return f"{heading}: in the file in this thread."


def terms(plan: Plan, *, policy: Policy, requester: str) -> str:
    """Return which plan exactly, until when, and whose yes counts."""
    until = f"{plan.expires.astimezone(UTC):%H:%M} UTC"
    return f"plan {code(plan.short, DETAIL)} · until {until} · {_who(plan, policy)} · asked by {mention(requester)}"


def approve_button() -> str:
    """Return the label of the button that says yes."""
    return "Approve"


def reject_button() -> str:
    """Return the label of the button that says no."""
    return "Reject"


def confirm_title() -> str:
    """Return the title of the question before a yes."""
    return "Apply this plan?"


def confirm_text(plan: Plan) -> str:
    """Return the question before a yes; plain text."""
    return plain(f"{plan.title}. {plan.blast_radius} Risk: {plan.risk}.", CONFIRM_TEXT)


def confirm_yes() -> str:
    """Return the label that applies."""
    return "Apply"


def confirm_no() -> str:
    """Return the label that does not."""
    return "Not now"


def fallback(plan: Plan) -> str:
    """Return the card as one line, for notifications."""
    return f"Proposed fix: {words(plan.title, SUMMARY)}. It waits for an approval."


def approved(person: Person, note: str) -> str:
    """Return who said yes."""
    return f"{GREEN} Approved by {mention(person.user)}. {words(note, SUMMARY) if note else ''}".rstrip()


def rejected(person: Person) -> str:
    """Return who said no."""
    return f"{WHITE} Rejected by {mention(person.user)}. Nothing was changed."


def closed(why: str) -> str:
    """Return why a plan can no longer be decided on."""
    return f"{WHITE} {words(why, SUMMARY)}"


def refused(why: str) -> str:
    """Return to the person who clicked why it does not count; who decided is named as Slack names people."""
    return DECIDED_BY.sub(lambda found: mention(found[0]), words(why, SUMMARY))


def move(state: PlanState, text: str, *, before: str = "", after: str = "") -> str:
    """Return one move of an approved plan; its last one with what was found before, and what is seen now."""
    first, *rest = text.split("\n")
    lines = [f"{MARKS.get(state, WORKING)} *{words(first, SUMMARY)}*"]
    if rest and state is PlanState.STALE:
        lines.append(block(lines_that_fit(rest, REASON, more_lines)))  # the diff since the plan was made
    elif rest:
        lines.append(lines_that_fit([f"• {words(line, SUMMARY)}" for line in rest], REASON, more_lines))
    if before:
        lines.append(f"Before: {words(before, SUMMARY)}")
    if after:
        lines.append(f"Now: {words(after, SUMMARY)}")
    return "\n".join(lines)


def more_lines(count: int) -> str:
    """Return that there are more lines than are shown."""
    return f"… and {count} more lines"


def starting() -> str:
    """Return the first line after a yes."""
    return "⏳ Carrying it out …"


def taken_up() -> str:
    """Return the first line about a plan that an earlier process left half way."""
    return "⏳ I was stopped while I carried out a plan. Going on from there …"


def interrupted(why: str) -> str:
    """Return that a plan stays half way until the next start."""
    return f"{RED} I had to stop here, and go on when I am started again. {words(why, SUMMARY)}"


def left_alone() -> str:
    """Return that another process of the bot is at work on a plan."""
    return f"{WHITE} Another one of me carries this out."


def _who(plan: Plan, policy: Policy) -> str:
    if plan.unchecked:
        return f"*cannot be approved*: it was not tried ({words(plan.unchecked, SUMMARY)})"
    if not policy.approvers:
        return "*nobody may approve*: no approver is configured"
    named = ", ".join(mention(approver) for approver in policy.approvers[:APPROVERS_NAMED])
    more = len(policy.approvers) - APPROVERS_NAMED
    others = f" and {more} more" if more > 0 else ""
    but = "" if policy.single_operator else ", but not by who asked"
    return f"may be approved by {named}{others}{but}"
