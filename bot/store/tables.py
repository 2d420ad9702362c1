"""The tables. A change here needs a migration in ``bot/store/migrations``; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

if TYPE_CHECKING:
    UtcDecorator = TypeDecorator[datetime]
else:
    UtcDecorator = TypeDecorator


class Utc(UtcDecorator):
    """A time in UTC. SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store a time as UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read it as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

HASH = String(64)
ID = String(32)
NAME = String(255)
WORD = String(32)

incidents = Table(
    "incidents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("channel", NAME, nullable=False),
    Column("thread", NAME, nullable=False),
    Column("requester", NAME, nullable=False),
    Column("symptom", Text, nullable=False),
    Column("namespace", NAME, nullable=False),
    Column("context", NAME, nullable=False),
    Column("chosen", Text, nullable=False),
    Column("state", WORD, nullable=False),
    Column("created", Utc, nullable=False),
    Index(None, "channel", "thread"),
)

diagnoses = Table(
    "diagnoses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", ID, ForeignKey("incidents.id"), nullable=False, index=True),
    Column("document", Text, nullable=False),
    Column("made", Utc, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("hash", HASH, primary_key=True),
    Column("incident", ID, ForeignKey("incidents.id"), nullable=False, index=True),
    Column("playbook", NAME, nullable=False),
    Column("content", Text, nullable=False),
    Column("state", WORD, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("made", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("version", Integer, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    # The primary key is the plan: the database itself refuses a second decision.
    Column("plan", HASH, ForeignKey("plans.hash"), primary_key=True),
    Column("by", NAME, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

steps = Table(
    "steps",
    metadata,
    Column("plan", HASH, ForeignKey("plans.hash"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("target", Text, nullable=False),
    Column("state", WORD, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    # Which process carries a plan out, and until when nobody else may.
    Column("plan", HASH, ForeignKey("plans.hash"), primary_key=True),
    Column("holder", NAME, nullable=False),
    Column("until", Utc, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("actor", NAME, nullable=False),
    Column("action", WORD, nullable=False),
    Column("incident", ID, nullable=False),
    Column("plan", HASH, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", HASH, nullable=False),
    Column("digest", HASH, nullable=False),
    UniqueConstraint("previous"),
)
