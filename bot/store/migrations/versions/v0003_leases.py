"""Who carries a plan out."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Create the table, with a lease for each plan that is there."""
    leases = op.create_table(
        "leases",
        sa.Column("plan", sa.String(64), sa.ForeignKey("plans.hash"), primary_key=True),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    plans = sa.table("plans", sa.column("hash", sa.String(64)))
    found = op.get_bind().execute(sa.select(plans.c.hash)).scalars().all()
    if found:
        op.bulk_insert(leases, [{"plan": plan, "holder": "", "until": LONG_AGO} for plan in found])
