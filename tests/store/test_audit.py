from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.audit import digest_of, first_broken
from bot.store.records import AuditEntry, StoreError
from bot.store.store import Store


def entry(seq: int, previous: str, *, actor: str = "T/U1") -> AuditEntry:
    made = AuditEntry(
        seq=seq,
        at=datetime(2026, 3, 1, tzinfo=UTC),
        actor=actor,
        action="approved",
        incident="i",
        plan="p",
        detail={"reason": "go"},
        previous=previous,
        digest="",
    )
    return replace(made, digest=digest_of(made))


def chain() -> list[AuditEntry]:
    first = entry(1, "")
    second = entry(2, first.digest)
    return [first, second, entry(3, second.digest)]


def test_an_untouched_trail_is_whole() -> None:
    assert first_broken(chain()) == 0
    assert first_broken([]) == 0


@pytest.mark.parametrize(
    "change", [{"actor": "T/U9"}, {"detail": {"reason": "stop"}}, {"at": datetime(2026, 3, 2, tzinfo=UTC)}]
)
def test_an_altered_entry_is_found(change: dict[str, object]) -> None:
    trail = chain()
    trail[1] = replace(trail[1], **change)  # type: ignore[arg-type]

    assert first_broken(trail) == 2


def test_an_entry_that_was_altered_and_sealed_anew_is_found_at_the_next() -> None:
    trail = chain()
    trail[1] = entry(2, trail[0].digest, actor="T/U9")

    assert first_broken(trail) == 3


def test_a_missing_entry_is_found() -> None:
    first, _, third = chain()

    assert first_broken([first, third]) == 2


async def test_writes_of_two_processes_make_one_chain(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    one, other = await Store.open(url), await Store.open(url)

    await asyncio.gather(*((one, other)[n % 2].audit(actor=f"T/U{n}", action="denied") for n in range(20)))
    trail = await one.audit_trail()
    await one.close()
    await other.close()

    assert first_broken(trail) == 0
    assert sorted(item.actor for item in trail) == sorted(f"T/U{n}" for n in range(20))


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'T/U9'", "DELETE FROM audit"])
async def test_the_database_itself_refuses_to_alter_the_trail(tmp_path: Path, statement: str) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    store = await Store.open(url)
    await store.audit(actor="T/U1", action="denied")
    engine = create_async_engine(url)

    with pytest.raises(IntegrityError, match="the audit trail is append-only"):
        async with engine.begin() as connection:
            await connection.exec_driver_sql(statement)

    await engine.dispose()
    await store.close()


async def test_what_could_not_be_stored_leaves_no_entry(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")

    with pytest.raises(StoreError):
        await store.record_step("0" * 64, 0, state="sent", target="", before="", after="")  # type: ignore[arg-type]
    trail = await store.audit_trail()

    await store.close()
    assert trail == []
