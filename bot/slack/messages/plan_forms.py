"""The forms and questions about a plan in words; plain text, where nothing else is said."""

from __future__ import annotations

from bot.slack.escape import code, plain
from bot.slack.messages.pieces import DETAIL, SUMMARY


def reject_title() -> str:
    """Return the title of the form for the reason of a no."""
    return "Reject this plan"


def reason_label() -> str:
    """Return the label of the reason."""
    return "Why not?"


def reason_hint() -> str:
    """Return what becomes of the reason."""
    return "Everybody in the thread sees it, and it is kept with the plan."


def edit_title() -> str:
    """Return the title of the form with the YAML."""
    return "Edit this plan"


def edit_label() -> str:
    """Return the label of the YAML."""
    return "The remediation as YAML"


def edit_hint() -> str:
    """Return what may be edited."""
    return "Only values that the plan sets. It is tried again, gets another hash, and somebody else has to approve it."


def edit_submit() -> str:
    """Return the label of the button that tries the YAML."""
    return "Try it"


def no_yaml(why: str) -> str:
    """Return why what was written cannot be read."""
    return plain(f"Not taken: {why}.", SUMMARY)


def too_long_to_edit(short: str) -> str:
    """Return how else a plan can be edited, in mrkdwn."""
    command = code(f"netmedic plan edit {short}", DETAIL)
    return f"This plan is too long for a form of Slack. On the command line: {command}."


def undo_confirm_title() -> str:
    """Return the title of the question before an undo."""
    return "Undo this fix?"


def undo_confirm_text() -> str:
    """Return the question before an undo."""
    return "This makes the plan that puts back what was changed. Nothing happens until another person approves it."


def undo_confirm_yes() -> str:
    """Return the label that makes the plan."""
    return "Make the plan"
