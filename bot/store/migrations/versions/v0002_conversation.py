"""The tables of the conversation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"])
    op.create_table(
        "questions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("made", TIME, nullable=False),
    )
    op.create_index("ix_questions_made", "questions", ["made"])
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(255), nullable=False),
        sa.Column("thread", sa.String(255), nullable=False),
        sa.Column("message", sa.String(255), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sent_as", sa.String(255), nullable=False),
        sa.Column("leased_until", TIME, nullable=False),
        sa.Column("made", TIME, nullable=False),
        sa.UniqueConstraint("key", name="uq_letters_key"),
    )
    op.create_index("ix_letters_sent_as", "letters", ["sent_as"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("incident", sa.String(32), sa.ForeignKey("incidents.id"), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("opinion", sa.String(32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("incident", "by", name="uq_feedback_incident_by"),
    )
    op.create_table(
        "alerts",
        sa.Column("fingerprint", sa.String(255), primary_key=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(255), nullable=False),
        sa.Column("thread", sa.String(255), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("opened", TIME, nullable=False),
        sa.Column("told", TIME, nullable=False),
    )
    op.create_index("ix_alerts_opened", "alerts", ["opened"])
