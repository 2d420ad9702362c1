"""The form in words; all of it is plain text but what is wrong."""

from __future__ import annotations

from bot.slack.escape import words
from bot.slack.messages.pieces import SUMMARY, WHITE


def title() -> str:
    """Return the form's title."""
    return "Diagnose this"


def submit() -> str:
    """Return the label of the button that asks."""
    return "Diagnose"


def symptom_label() -> str:
    """Return the label of the text."""
    return "What does not work?"


def symptom_hint() -> str:
    """Return how to say it."""
    return "Who cannot reach what, and where: checkout cannot reach redis in namespace shop. A pasted alert will do."


def cluster_label() -> str:
    """Return the label of the menu of clusters."""
    return "Cluster"


def no_cluster() -> str:
    """Return that a cluster has to be chosen."""
    return "Choose the cluster."


def reword() -> str:
    """Return the label of the button that opens the form."""
    return "Say it differently"


def problem(why: str) -> str:
    """Return why the text before was not understood."""
    return f"{WHITE} {words(why, SUMMARY)}"
