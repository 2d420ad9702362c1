"""Alembic's entry: migrate over the connection that :func:`bot.store.database.upgrade` hands in."""

from __future__ import annotations

from alembic import context

from bot.store import chat_tables  # noqa: F401 - its tables belong to the metadata
from bot.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
