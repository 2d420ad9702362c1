"""The connection to the database: SQLite made durable and safe for several writers, errors in words."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.records import StoreError

if TYPE_CHECKING:
    import aiosqlite

log = logging.getLogger(__name__)

BUSY_SECONDS = 10
AGAIN_SECONDS = 0.05
"""How long a writer waits for another process to finish; its transactions take milliseconds (ours)."""

ONE_WRITER = 0x6E65746D
"""Key of the advisory lock that transactions on PostgreSQL hold; any number will do (ours)."""

BUSY = "is busy: another process holds it. Try again."
CANNOT_OPEN = "cannot be opened. Check that its folder exists and is writable."
SAYINGS = (
    (("is full", "disk i/o"), "cannot be written: the disk is full or failing. Free space on it and try again."),
    (("locked", "lock timeout"), BUSY),
    (("readonly", "read-only"), "cannot be written: it is read-only. Mount its folder writable."),
    (("unable to open",), CANNOT_OPEN),
    (
        ("not a database", "malformed"),
        "is damaged or no database. Restore it from a backup, or move it away to start afresh.",
    ),
    (
        ("connection", "starting up", "shutting down"),
        "cannot be reached. Check that it runs; what was begun goes on when it does.",
    ),
)
"""Parts of what databases say, in small letters, and what it means."""

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """A database whose schema is that of this version."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._name = engine.url.database or engine.url.render_as_string(hide_password=True)

    @classmethod
    async def open(cls, url: str, *, busy_seconds: int = BUSY_SECONDS) -> Database:
        """Connect, and bring the schema up to date.

        Raises:
            StoreError: The database cannot be used.
        """
        try:
            database = cls(_engine(url, busy_seconds))
        except (ArgumentError, ImportError) as problem:
            raise StoreError(
                f"The database URL cannot be used: {problem}. Example: sqlite+aiosqlite:///netmedic.db"
            ) from problem
        try:
            async with database.transaction() as connection:
                await connection.run_sync(upgrade)
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that is alone in writing: all of it is stored, or nothing.

        Raises:
            StoreError: The database could not be read or written.
        """
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as problem:
            log.exception("database %s", self._name)
            raise StoreError(f"The database {self._name} {in_words(problem)} Nothing was changed.") from problem


def in_words(problem: Exception) -> str:
    """Return what is wrong with a database and what to do, as the end of a sentence."""
    text = str(problem.orig if isinstance(problem, DBAPIError) else problem).lower()
    for signs, words in SAYINGS:
        if any(sign in text for sign in signs):
            return words
    if isinstance(problem, PoolTimeout):
        return BUSY
    if isinstance(problem, OSError):
        return CANNOT_OPEN
    return f"failed: {type(problem).__name__}. The log has the details."


def upgrade(connection: Connection) -> None:
    """Bring the schema up to date.

    Raises:
        StoreError: A newer netmedic made it.
    """
    from alembic import command  # noqa: PLC0415 - half a second, and only the bot and approvals need it
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as problem:
        raise StoreError(
            f"The database was made by a newer netmedic ({problem}). Run that version, or move the database away."
        ) from problem


def _engine(url: str, busy_seconds: int) -> AsyncEngine:
    if make_url(url).get_backend_name() != "sqlite":
        # A connection that a restart of the server cut is replaced before it is used.
        engine = create_async_engine(url, pool_pre_ping=True, pool_timeout=BUSY_SECONDS)
        event.listen(engine.sync_engine, "begin", _alone)
        return engine
    # One connection a process: SQLite has one writer anyway, and waiting in our queue is fairer than in SQLite's.
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=BUSY_SECONDS)
    event.listen(engine.sync_engine, "connect", lambda connection, _: _prepare(connection, busy_seconds))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, busy_seconds: int) -> None:
    # No transaction is begun behind our back; see "begin" below.
    # docs.sqlalchemy.org/en/20/dialects/sqlite.html#serializable-isolation-savepoints-transactional-ddl
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {busy_seconds * 1000}",
        "synchronous = FULL",  # an approval survives a power cut
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.run_async(lambda driver: _keep_log(driver, busy_seconds))


async def _keep_log(driver: aiosqlite.Connection, busy_seconds: int) -> None:
    # SQLite refuses at once, whatever its busy_timeout, when two processes make the log of a new file.
    # https://www.sqlite.org/c3ref/busy_handler.html
    give_up = time.monotonic() + busy_seconds
    while True:
        try:
            async with driver.execute("PRAGMA journal_mode = WAL"):
                return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        await asyncio.sleep(AGAIN_SECONDS)


def _alone(connection: Connection) -> None:
    # As on SQLite there is one writer at a time: the audit trail is a chain, and every transaction takes milliseconds.
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_WRITER})")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes then fails at once when another one wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
