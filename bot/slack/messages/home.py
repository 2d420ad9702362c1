"""App Home in words."""

from __future__ import annotations

from datetime import UTC

from bot.diagnosis.report import Diagnosis
from bot.slack.escape import words
from bot.slack.messages import answer
from bot.slack.messages.pieces import SUMMARY, channel_name, mention
from bot.store.records import Incident

SYMPTOM_SHORT = 150


def how_to_ask() -> str:
    """Return how to ask."""
    return "Ask in a channel I am in: `/netmedic web cannot reach cart`, or mention me in a thread."


def refresh() -> str:
    """Return the label of the button that looks again."""
    return "Look again"


def waiting_title() -> str:
    """Return the heading of the plans."""
    return "*Waiting for an approval*"


def open_title() -> str:
    """Return the heading of the open incidents."""
    return "*Open incidents*"


def recent_title() -> str:
    """Return the heading of the latest diagnoses."""
    return "*Recent diagnoses*"


def waiting(title: str, incident: Incident) -> str:
    """Return a plan that waits, and where its card is; titles of playbooks have no names in them."""
    return f"*{words(title, SUMMARY)}* in {where(incident)}"


def incident(found: Incident, diagnosis: Diagnosis | None, *, veiled: bool) -> str:
    """Return an incident and its answer; veiled, without a name or an address in it."""
    when = f"{found.created.astimezone(UTC):%m-%d %H:%M} UTC"
    head = f"{when} · {where(found)} · {mention(found.requester)}"
    if veiled:
        return f"{head}\n{answer.veiled_verdict(diagnosis)}" if diagnosis else head
    asked = f"{head}: {words(found.symptom, SYMPTOM_SHORT)}"
    return f"{asked}\n{answer.verdict(diagnosis)}" if diagnosis else asked


def where(incident: Incident) -> str:
    """Return the channel of an incident."""
    return channel_name(incident.channel) if incident.channel else "the command line"
