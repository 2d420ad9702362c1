from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bot.store.database import Database
from bot.store.records import StoreError
from bot.store.store import Store
from bot.store.tables import metadata


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def test_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    opened = await Database.open(url_of(tmp_path / "state.db"))
    await opened.close()

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    engine = create_engine(f"sqlite:///{tmp_path / 'state.db'}")
    with engine.connect() as connection:
        found = differences(connection)
    engine.dispose()
    assert found == []


def test_every_table_can_be_made_on_postgresql() -> None:
    for table in metadata.sorted_tables:
        statement = CreateTable(table).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]

        assert str(statement).startswith(f"\nCREATE TABLE {table.name}")


async def test_two_processes_can_begin_at_once(tmp_path: Path) -> None:
    opened = await asyncio.gather(*(Database.open(url_of(tmp_path / "state.db")) for _ in range(4)))

    for one in opened:
        await one.close()


async def test_who_begins_while_another_writes_the_new_file_waits(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(Database.open(url_of(tmp_path / "state.db")))
        done_before, _ = await asyncio.wait([opening], timeout=0.3)
        other.execute("ROLLBACK")

        opened = await opening

    await opened.close()
    assert not done_before


async def test_sqlite_is_durable_and_lets_readers_read(tmp_path: Path) -> None:
    opened = await Database.open(url_of(tmp_path / "state.db"))

    async with opened.transaction() as connection:
        values = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    await opened.close()

    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await (await Database.open(url_of(path))).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(StoreError, match=r"made by a newer netmedic .* Run that version, or move the database away\."):
        await Database.open(url_of(path))


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        await Database.open(url_of(tmp_path / "nowhere" / "state.db"))

    assert str(raised.value) == (
        f"The database {tmp_path}/nowhere/state.db cannot be opened. Check that its folder exists and is writable. "
        "Nothing was changed."
    )


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database at all" * 100)

    with pytest.raises(StoreError, match="is damaged or no database"):
        await Database.open(url_of(path))

    assert path.read_bytes().startswith(b"not a database")


@pytest.mark.parametrize("url", ["nonsense", "sqlite+nodriver:///x.db", "mysterious://host/x"])
async def test_a_url_that_cannot_be_used_gives_an_example(url: str) -> None:
    with pytest.raises(StoreError, match=r"Example: sqlite\+aiosqlite:///netmedic\.db"):
        await Database.open(url)


async def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    store = await Store.open(url_of(tmp_path / "state.db"))
    kept = await store.add_incident(requester="T/U1", symptom="web is down")
    async with store._database.transaction() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreError, match=r"the disk is full or failing\. Free space on it and try again\. Nothing was"):
        await store.add_diagnosis(kept.id, "x" * 100_000)

    assert await store.incident(kept.id) == kept
    assert await store.diagnoses(kept.id) == []
    await store.close()


async def test_a_database_that_another_process_holds_is_said_to_be_busy(tmp_path: Path) -> None:
    store = Store(await Database.open(url_of(tmp_path / "state.db"), busy_seconds=0))
    holder = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreError, match="is busy: another process holds it"):
        await store.add_incident(requester="T/U1", symptom="web is down")

    holder.execute("ROLLBACK")
    holder.close()
    later = await store.add_incident(requester="T/U1", symptom="web is down")
    assert await store.incident(later.id) == later
    await store.close()


async def test_a_read_only_database_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await (await Database.open(url_of(path))).close()

    store = await Store.open(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true")

    with pytest.raises(StoreError, match=r"it is read-only\. Mount its folder writable\."):
        await store.add_incident(requester="T/U1", symptom="web is down")

    await store.close()
