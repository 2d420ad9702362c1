"""What every part of the store has: the database, and a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.store.database import Database


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


class Shelf:
    """One part of the store.

    Every method may raise :class:`bot.store.records.StoreError`; then nothing was changed.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now
