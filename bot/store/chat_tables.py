"""The tables of the conversation: what makes several replicas answer each request once, and survive a restart."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from bot.store.tables import ID, NAME, WORD, Utc, metadata

deliveries = Table(
    "deliveries",
    metadata,
    # The primary key is the delivery: the database itself refuses the second replica that takes it.
    Column("key", NAME, primary_key=True),
    Column("at", Utc, nullable=False, index=True),
)

questions = Table(
    "questions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("document", Text, nullable=False),
    Column("made", Utc, nullable=False, index=True),
)

answers = Table(
    "answers",
    metadata,
    Column("key", ID, primary_key=True),
    Column("document", Text, nullable=False),
    Column("message", NAME, nullable=False),
    Column("holder", NAME, nullable=False),
    Column("until", Utc, nullable=False),
)

letters = Table(
    "letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", ID, nullable=False, unique=True),
    Column("kind", WORD, nullable=False),
    Column("channel", NAME, nullable=False),
    Column("thread", NAME, nullable=False),
    Column("message", NAME, nullable=False),
    Column("document", Text, nullable=False),
    Column("sent_as", NAME, nullable=False),
    Column("leased_until", Utc, nullable=False),
    Column("made", Utc, nullable=False),
    Index(None, "sent_as"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", ID, ForeignKey("incidents.id"), nullable=False),
    Column("by", NAME, nullable=False),
    Column("opinion", WORD, nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("incident", "by"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("fingerprint", NAME, primary_key=True),
    Column("state", WORD, nullable=False),
    Column("channel", NAME, nullable=False),
    Column("thread", NAME, nullable=False),
    Column("times", Integer, nullable=False),
    Column("opened", Utc, nullable=False, index=True),
    Column("told", Utc, nullable=False),
)
