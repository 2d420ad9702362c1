"""The bot is killed at every boundary of a plan's life; the next one brings it to its end, nothing twice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.cluster.memory_writer import MemoryWriter
from bot.remediation.diff import without_noise
from bot.remediation.lease import LEASE_SECONDS, LOOK_SECONDS
from bot.remediation.make import make
from bot.store.audit import first_broken
from bot.store.records import PlanState, StoreError
from bot.store.store import Store
from tests.remediation.crash import LATER, in_child, live
from tests.remediation.fixtures import NOON, playbooks
from tests.remediation.test_steps import ALLOW, crowd, denied, playbook

KILLED = -9
LONGEST = 200
"""More boundaries than a plan's life has."""


async def prepared(url: str, cluster: Path, folder: Path, *, approved: bool = True) -> str:
    """Have a plan that makes two objects; return its hash."""
    store = await Store.open(url, now=lambda: NOON)
    writer = MemoryWriter(*crowd())
    plan = await make(
        denied(), playbook(folder, ALLOW), cluster=writer.cluster(now=NOON), writer=writer, expires_seconds=1800
    )
    incident = await store.add_incident(requester="alice", symptom="web is down")
    await store.add_plan(
        plan_hash=plan.hash,
        incident_id=incident.id,
        playbook=plan.playbook,
        content=plan.to_json(),
        made=plan.made,
        expires=plan.expires,
    )
    if approved:
        await store.decide(plan.hash, by="bob", approved=True)
    await store.close()
    text = json.dumps(list(writer._objects.values()))
    await asyncio.to_thread(cluster.write_text, text)
    return plan.hash


async def told(url: str, plan_hash: str) -> tuple[PlanState, bool, int]:
    """Return the plan's state, whether its approval is there, and the first broken entry of the audit trail."""
    store = await Store.open(url)
    stored, decision = await store.plan(plan_hash), await store.decision(plan_hash)
    broken = first_broken(await store.audit_trail())
    await store.close()
    assert stored is not None
    return stored.state, decision is not None and decision.approved, broken


def objects(cluster: Path) -> list[Any]:
    return [without_noise(obj) for obj in json.loads(cluster.read_text())]


def changes(cluster: Path) -> Counter[str]:
    log = cluster.with_suffix(".log")
    return Counter(log.read_text().splitlines() if log.exists() else [])


Fresh = Callable[[int], tuple[str, Path]]
"""Gives a copy of the prepared database and cluster for one death."""


def dies_everywhere(fresh: Fresh, plan_hash: str, *, helps: bool, each: int = 1) -> int:
    """Kill one life at each boundary, let a second go on, and check; return how many boundaries there are."""
    expected = PlanState.CONFIRMED if helps else PlanState.RESTORED
    for deadly in range(1, LONGEST, each):
        url, cluster = fresh(deadly)
        before = objects(cluster)
        ended = in_child(url, cluster, plan_hash, playbooks(), at=NOON, deadly=deadly, helps=helps)
        assert ended in (KILLED, 0), deadly
        if ended == KILLED:
            asyncio.run(live(url, cluster, plan_hash, playbooks(), at=LATER, deadly=0, helps=helps))

        state, approved, broken = asyncio.run(told(url, plan_hash))
        assert (state, approved, broken) == (expected, True, 0), deadly
        assert max(changes(cluster).values()) == 1, (deadly, changes(cluster))
        assert len(objects(cluster)) == len(before) + (2 if helps else 0), deadly
        if ended == 0:
            return deadly
    raise AssertionError("it never lives to the end")


@pytest.mark.parametrize("helps", [True, False], ids=["confirmed", "restored"])
def test_on_sqlite_a_killed_bot_leaves_nothing_half_done_and_does_nothing_twice(tmp_path: Path, helps: bool) -> None:
    database, cluster = tmp_path / "first.db", tmp_path / "first.json"
    plan_hash = asyncio.run(prepared(f"sqlite+aiosqlite:///{database}", cluster, tmp_path))

    def fresh(number: int) -> tuple[str, Path]:
        own = tmp_path / f"{number}.db", tmp_path / f"{number}.json"
        shutil.copy(database, own[0])
        shutil.copy(cluster, own[1])
        return f"sqlite+aiosqlite:///{own[0]}", own[1]

    assert dies_everywhere(fresh, plan_hash, helps=helps) > 20


def test_a_bot_cannot_carry_on_what_another_one_is_at(tmp_path: Path) -> None:
    database, cluster = tmp_path / "first.db", tmp_path / "first.json"
    url = f"sqlite+aiosqlite:///{database}"
    plan_hash = asyncio.run(prepared(url, cluster, tmp_path))
    assert in_child(url, cluster, plan_hash, playbooks(), at=NOON, deadly=6, helps=True) == KILLED

    asyncio.run(live(url, cluster, plan_hash, playbooks(), at=NOON, deadly=0, helps=True))

    assert asyncio.run(told(url, plan_hash))[0] in (PlanState.APPROVED, PlanState.APPLYING)


# PostgreSQL, several replicas -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own; its URL without a database."""
    pgserver = pytest.importorskip("pgserver", reason="pip install netmedic[dev] brings a PostgreSQL server")
    # Its processes run as a user of their own, who has to get into the folder.
    with tempfile.TemporaryDirectory(prefix="netmedic-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


async def sql(url: str, *statements: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


def database_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def test_on_postgresql_a_killed_bot_leaves_nothing_half_done_and_does_nothing_twice(
    postgres: str, tmp_path: Path
) -> None:
    cluster = tmp_path / "first.json"
    asyncio.run(sql(postgres, "CREATE DATABASE first"))
    plan_hash = asyncio.run(prepared(database_of(postgres, "first"), cluster, tmp_path))

    def fresh(number: int) -> tuple[str, Path]:
        asyncio.run(sql(postgres, f"CREATE DATABASE life{number} TEMPLATE first"))
        own = tmp_path / f"{number}.json"
        shutil.copy(cluster, own)
        return database_of(postgres, f"life{number}"), own

    each = 1 if os.environ.get("NETMEDIC_TEST_ALL_REMEDIES") else 6
    assert dies_everywhere(fresh, plan_hash, helps=False, each=each) > 20


async def test_fifty_clicks_from_two_replicas_approve_once(postgres: str, tmp_path: Path) -> None:
    await sql(postgres, "CREATE DATABASE clicks")
    url = database_of(postgres, "clicks")
    plan_hash = await prepared(url, tmp_path / "cluster.json", tmp_path, approved=False)
    one, other = await Store.open(url), await Store.open(url)

    answers = await asyncio.gather(
        *(store.decide(plan_hash, by=f"user{number}", approved=True) for number in range(25) for store in (one, other))
    )
    trail = await one.audit_trail()
    await one.close()
    await other.close()

    assert answers.count(True) == 1
    assert len([entry for entry in trail if entry.action == PlanState.APPROVED]) == 1
    assert first_broken(trail) == 0


async def test_another_replica_takes_over_within_half_a_minute(postgres: str, tmp_path: Path) -> None:
    await sql(postgres, "CREATE DATABASE takeover")
    url, cluster = database_of(postgres, "takeover"), tmp_path / "cluster.json"
    plan_hash = await prepared(url, cluster, tmp_path)
    begun = time.monotonic()
    ended = await asyncio.to_thread(in_child, url, cluster, plan_hash, playbooks(), at=NOON, deadly=14, helps=True)
    store = await Store.open(url, now=lambda: NOON)
    free = not await store.held_by_others("the other replica")
    await store.close()

    assert ended == KILLED
    assert not free
    assert LEASE_SECONDS + LOOK_SECONDS < 30
    async with asyncio.timeout(30):
        while (await told(url, plan_hash))[0] is not PlanState.CONFIRMED:
            now = NOON + timedelta(seconds=time.monotonic() - begun)
            await live(url, cluster, plan_hash, playbooks(), at=now, deadly=0, helps=True)
            await asyncio.sleep(0.5)


async def test_a_restart_of_postgresql_is_survived_and_an_outage_is_told_in_words(
    postgres: str, tmp_path: Path
) -> None:
    await sql(postgres, "CREATE DATABASE outage")
    url = database_of(postgres, "outage")
    plan_hash = await prepared(url, tmp_path / "cluster.json", tmp_path)
    store = await Store.open(url)
    await store.plan(plan_hash)
    await sql(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'outage'")

    after_restart = await store.plan(plan_hash)
    await store.close()

    assert after_restart is not None
    with pytest.raises(StoreError, match=r"cannot be reached\. Check that it runs"):
        await Store.open("postgresql+psycopg://nobody@127.0.0.1:1/none")
