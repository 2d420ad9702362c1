"""Alerts and the threads they are told in: one for each fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.chat_records import AlertNews, AlertSeen
from bot.store.chat_tables import alerts
from bot.store.database import Database

FIRING, RESOLVED = "firing", "resolved"
SAME_NEWS = timedelta(minutes=1)
"""Two Alertmanagers of a cluster send the same within seconds; a repeat comes after minutes at the soonest
(prometheus.io, Alertmanager, group_interval: 5m)."""


class AlertThreads:
    """Which alert is told where. Every method may raise :class:`bot.store.records.StoreError`."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def see(self, fingerprint: str, *, firing: bool) -> AlertSeen:
        """Note what an alert does now, and return what that means; two replicas never get the same news."""
        async with self._database.transaction() as connection:
            if firing and await self._is_first(connection, fingerprint):
                return AlertSeen(fingerprint=fingerprint, news=AlertNews.NEW)
            news = await self._news(connection, fingerprint, firing=firing)
            columns = (alerts.c.channel, alerts.c.thread, alerts.c.times)
            row = (
                (await connection.execute(select(*columns).where(alerts.c.fingerprint == fingerprint)))
                .mappings()
                .first()
            )
            return AlertSeen(fingerprint=fingerprint, news=news, **(row or {}))

    async def opened(self, fingerprints: Sequence[str], *, channel: str, thread: str) -> None:
        """Note in which thread alerts are told."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(alerts).where(alerts.c.fingerprint.in_(fingerprints)).values(channel=channel, thread=thread)
            )

    async def forget(self, fingerprints: Sequence[str]) -> None:
        """Forget alerts that could not be told, so that they are new when they come again."""
        async with self._database.transaction() as connection:
            await connection.execute(alerts.delete().where(alerts.c.fingerprint.in_(fingerprints)))

    async def threads_since(self, begin: datetime) -> list[tuple[str, str]]:
        """Return channel and thread of the alerts that were new since then, newest first, each thread once."""
        wanted = select(alerts.c.channel, alerts.c.thread).where((alerts.c.opened >= begin) & (alerts.c.thread != ""))
        async with self._database.transaction() as connection:
            rows = await connection.execute(wanted.order_by(alerts.c.opened.desc()))
            return list(dict.fromkeys((row.channel, row.thread) for row in rows))

    async def _is_first(self, connection: AsyncConnection, fingerprint: str) -> bool:
        now = self._now()
        values = {"fingerprint": fingerprint, "state": FIRING, "channel": "", "thread": "", "times": 1}
        try:
            async with connection.begin_nested():
                await connection.execute(alerts.insert().values(**values, opened=now, told=now))
        except IntegrityError:
            return False
        return True

    async def _news(self, connection: AsyncConnection, fingerprint: str, *, firing: bool) -> AlertNews:
        now = self._now()
        here = alerts.c.fingerprint == fingerprint
        if not firing:
            over = update(alerts).where(here & (alerts.c.state == FIRING)).values(state=RESOLVED, told=now)
            return AlertNews.RESOLVED if (await connection.execute(over)).rowcount else AlertNews.KNOWN
        once_more = {"state": FIRING, "times": alerts.c.times + 1, "told": now}
        back = update(alerts).where(here & (alerts.c.state == RESOLVED)).values(**once_more)
        if (await connection.execute(back)).rowcount:
            return AlertNews.AGAIN
        still = update(alerts).where(here & (alerts.c.told < now - SAME_NEWS)).values(**once_more)
        return AlertNews.REPEATED if (await connection.execute(still)).rowcount else AlertNews.KNOWN
