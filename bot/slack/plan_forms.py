"""The forms about a plan: other values for it, and why not."""

from __future__ import annotations

import msgspec

from bot.slack import actions, kit
from bot.slack.desk import Card
from bot.slack.escape import clean
from bot.slack.kit import View
from bot.slack.limits import INPUT_TEXT
from bot.slack.messages import plan_forms as wording
from bot.slack.messages.plan import reject_button

YAML, REASON = "yaml", "reason"
"""Ids of inputs, of block and element alike."""
REASON_TEXT = 500


def fits(text: str) -> bool:
    """Tell whether a text can be edited in a form, unchanged by it."""
    return clean(text) == text and len(text.encode("utf-16-le")) // 2 <= INPUT_TEXT


def edit_form(card: Card, text: str) -> View:
    """Return the form with a plan's YAML in it; see :func:`fits`."""
    field = kit.text_input(
        wording.edit_label(),
        name=YAML,
        value=text,
        hint=wording.edit_hint(),
        longest=INPUT_TEXT,
    )
    return kit.form(
        wording.edit_title(),
        [field],
        callback=actions.EDITED,
        submit=wording.edit_submit(),
        metadata=_metadata(card),
    )


def reject_form(card: Card) -> View:
    """Return the form for the reason of a no."""
    field = kit.text_input(
        wording.reason_label(),
        name=REASON,
        value="",
        hint=wording.reason_hint(),
        longest=REASON_TEXT,
        optional=True,
    )
    return kit.form(
        wording.reject_title(),
        [field],
        callback=actions.REJECTED,
        submit=reject_button(),
        metadata=_metadata(card),
    )


def _metadata(card: Card) -> str:
    return msgspec.json.encode(card).decode()
