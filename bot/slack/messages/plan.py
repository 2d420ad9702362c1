"""Plans in words."""

from __future__ import annotations

import re
from datetime import UTC

from bot.remediation.approval import SINGLE_OPERATOR, Policy
from bot.remediation.plan import Plan
from bot.slack.escape import block, code, link, plain, words
from bot.slack.fit import lines_that_fit
from bot.slack.limits import CONFIRM_TEXT
from bot.slack.messages.pieces import DETAIL, GREEN, LINK, RED, SUMMARY, USER_ID, WHITE, YELLOW, mention
from bot.slack.ports import Person
from bot.store.records import PlanState

APPROVERS_NAMED = 5
FORESEEN = 5
"""Sentences; a plan has as many as it has objects."""
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
    what = "Proposed undo" if plan.undoes else "Edited fix" if plan.edited_by else "Proposed fix"
    return f"*{what}: {words(plan.title.removeprefix('Undo: '), SUMMARY)}*"


def facts(plan: Plan) -> tuple[str, ...]:
    """Return what to know before saying yes, each in a few words."""
    felt = (f"*Who feels it*\n{words(plan.blast_radius, SUMMARY)}", f"*Risk*\n{words(plan.risk, DETAIL)}")
    if not plan.changes:
        return felt
    way_back = "yes, what was there is recorded" if plan.reversible else "*no*"
    targets = ", ".join(str(change.target) for change in plan.changes)
    return (f"*Changes*\n{words(targets, SUMMARY)}", *felt, f"*Can be put back*\n{way_back}")


def foreseen(plan: Plan) -> str:
    """Return what was found out about the effect beforehand."""
    told = "\n".join(f"• {words(sentence, SUMMARY)}" for sentence in plan.foreseen[:FORESEEN])
    return f"*What is known beforehand*\n{told}"


def by_hand(plan: Plan) -> str:
    """Return why the plan cannot be applied from here."""
    return f"*Not applied from here*\n{words(plan.unchecked, SUMMARY)}"


def commands_title() -> str:
    """Return the heading of what a person has to run."""
    return "*For a person to run*"


def commands_file() -> str:
    """Return the title of the file with what a person has to run."""
    return "For a person to run"


def read_more(plan: Plan) -> str:
    """Return where to read more; empty where nobody says."""
    return link(plan.docs, "Read more", LINK) if plan.docs else ""


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
    parts = (number(plan), f"until {until}", _who(plan, policy), f"asked by {mention(requester)}")
    return " · ".join(parts)


def number(plan: Plan) -> str:
    """Return which plan it is, by the beginning of its hash."""
    return f"plan {code(plan.short, DETAIL)}"


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


def rejected(person: Person, reason: str) -> str:
    """Return who said no, and why."""
    why = f" Reason: {words(reason, SUMMARY)}" if reason else ""
    return f"{WHITE} Rejected by {mention(person.user)}. Nothing was changed.{why}"


def edit_button() -> str:
    """Return the label of the button that opens the YAML."""
    return "Edit"


def replaced(person: Person, plan: Plan) -> str:
    """Return that an edited plan stands in the place of another."""
    return f"{WHITE} Edited by {mention(person.user)}: {number(plan)} stands in its place."


def undo_button() -> str:
    """Return the label of the button that puts a fix back."""
    return "Undo"


def groups_unknown(why: str) -> str:
    """Return that it is not known whether a person is in a group of approvers."""
    return f"Who is in the user groups of approvers could not be looked up ({words(why, DETAIL)})."


def closed(why: str) -> str:
    """Return why a plan can no longer be decided on."""
    return f"{WHITE} {words(why, SUMMARY)}"


def refused(why: str) -> str:
    """Return to the person who clicked why it does not count; who decided is named as Slack names people."""
    return DECIDED_BY.sub(lambda found: mention(found[0]), words(why, SUMMARY))


def move(state: PlanState, text: str) -> str:
    """Return one move of an approved plan."""
    first, *rest = text.split("\n")
    lines = [f"{MARKS.get(state, WORKING)} *{words(first, SUMMARY)}*"]
    if rest and state is PlanState.STALE:
        lines.append(block(lines_that_fit(rest, REASON, more_lines)))  # the diff since the plan was made
    elif rest:
        lines.append(lines_that_fit([f"• {words(line, SUMMARY)}" for line in rest], REASON, more_lines))
    return "\n".join(lines)


def compared(before: str, after: str) -> tuple[str, str]:
    """Return what was found before, and what is seen now."""
    return f"*Before*\n{words(before, SUMMARY)}", f"*Now*\n{words(after, SUMMARY)}"


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
        return "*cannot be approved*"
    if not policy.approvers:
        return "*nobody may approve*: no approver is configured"
    named = ", ".join(mention(approver) for approver in policy.approvers[:APPROVERS_NAMED])
    more = len(policy.approvers) - APPROVERS_NAMED
    others = f" and {more} more" if more > 0 else ""
    if policy.single_operator:
        return f"may be approved by {named}{others} · *{SINGLE_OPERATOR}*"
    return f"may be approved by {named}{others}, but not by who asked{' or edited it' if plan.edited_by else ''}"
