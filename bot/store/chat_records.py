"""What is stored of the conversation, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Opinion(StrEnum):
    """What a person says of a diagnosis."""

    RIGHT = "right"
    """This was it."""
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One person's opinion of an incident's diagnosis; their latest."""

    incident: str
    by: str
    opinion: Opinion
    at: datetime


class LetterKind(StrEnum):
    """What is to be done with a letter."""

    POST = "post"
    EDIT = "edit"
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """Something to say in Slack that could not be said yet."""

    key: str
    kind: LetterKind
    channel: str
    thread: str
    message: str
    """The message to edit; empty for others."""
    document: str
    """The content as JSON; what is in it is the sender's affair."""
    made: datetime


@dataclass(frozen=True, kw_only=True)
class LeftAnswer:
    """An answer that its process did not come to give."""

    document: str
    """What was asked, as JSON; what is in it is the asker's affair."""
    message: str
    """The one that promised it."""


class AlertNews(StrEnum):
    """What an alert means to who knows the ones before."""

    NEW = "new"
    """It has no thread yet, and whoever is told this opens one."""
    AGAIN = "again"
    """It was resolved and fires once more."""
    REPEATED = "repeated"
    RESOLVED = "resolved"
    KNOWN = "known"
    """Nothing to tell: it was told a moment ago, by this or another replica."""


@dataclass(frozen=True, kw_only=True)
class AlertSeen:
    """An alert, as it stands to its thread."""

    fingerprint: str
    news: AlertNews
    channel: str = ""
    thread: str = ""
    times: int = 1
    """How often it was told to be firing."""
