"""What all wording is made of: marks, room, people, values and times."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.diagnosis.report import Evidence
from bot.facts.base import Value
from bot.slack.escape import code, words

VERDICT, SYMPTOM, SUMMARY, REMEDY, LINK, NAME, VALUES, DETAIL = 600, 400, 500, 400, 300, 150, 250, 100
"""Room for the parts of a message (ours): a name of 253 characters is cut, a sentence of a rule is not."""

RED, YELLOW, GREEN, WHITE = "🔴", "🟡", "🟢", "⚪"
USER_ID = re.compile(r"\b[UW][A-Z0-9]{5,24}\b")
CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{5,24}")


def mention(user_id: str) -> str:
    """Return a person's name as Slack shows it, for an id that may have a workspace before it.

    Ids come from Slack or from settings, never from a text.
    """
    bare = user_id.rpartition("/")[2]
    return f"<@{bare}>" if USER_ID.fullmatch(bare) else code(user_id, NAME)


def channel_name(channel: str) -> str:
    """Return a channel's name as Slack shows it: those who may not see the channel see no name."""
    return f"<#{channel}>" if CHANNEL_ID.fullmatch(channel) else code(channel, NAME)


def with_commands(text: str) -> str:
    """Return a text in which what stands between backticks is code."""
    spans = text[:SUMMARY].split("`")
    if len(spans) % 2 == 0 or not text.strip():
        return words(text, SUMMARY)
    return "".join(code(span, NAME) if number % 2 else _between(span) for number, span in enumerate(spans))


def _between(text: str) -> str:
    """Return words with the spaces that part them from the code around them."""
    if not text.strip():
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{words(text, SUMMARY)}{' ' if text[-1].isspace() else ''}"


def evidence(item: Evidence) -> str:
    """Return one fact: its values, where they were read and when."""
    read = " · ".join(words(part, NAME) for part in (item.source, when(item.at)) if part)
    return f"• {words(item.fact.replace('_', ' '), DETAIL)} {values(item.value)}" + (f" · {read}" if read else "")


def values(fields: Mapping[str, Value]) -> str:
    """Return the fields of a fact; empty texts are left out."""
    told = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value != "")
    return code(told, VALUES)


def when(at: str) -> str:
    """Return the time of a reading, in UTC, without the day; as it is where it is no ISO 8601."""
    read = re.search(r"T(\d\d:\d\d:\d\d)", at)
    return f"{read[1]} UTC" if read else at


def _value(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
