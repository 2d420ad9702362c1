"""Alertmanager's webhook: a thread for each alert, with its diagnosis, its repeats and its end."""

from __future__ import annotations

import hmac
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.slack import alert_payload, messages
from bot.slack.alert_payload import Alert, NotAnAlert
from bot.slack.api import CannotWrite
from bot.slack.investigate import Investigator
from bot.slack.ports import Person, Place, Request
from bot.store.alerts import AlertThreads
from bot.store.chat_records import AlertNews, AlertSeen
from bot.store.records import StoreError

log = logging.getLogger(__name__)

PATH = "/alerts"
BEARER = "Bearer "
FLOOD = 5
"""New alerts in one request, or threads opened within :data:`FLOOD_WINDOW`, from which on there is one thread for all:
nobody reads more at once (ours)."""
FLOOD_WINDOW = timedelta(minutes=5)

News = list[tuple[Alert, AlertSeen]]


def now_in_utc() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class AlertDesk:
    """Tells alerts in Slack, and diagnoses them."""

    channel: str
    threads: AlertThreads
    investigator: Investigator
    now: Callable[[], datetime] = now_in_utc

    async def see(self, alerts: Sequence[Alert]) -> News:
        """Note what alerts do now; what is new of them is ours to tell.

        Raises:
            StoreError: It cannot be noted; Alertmanager sends it again.
        """
        return [(alert, await self.threads.see(alert.key, firing=alert.is_firing)) for alert in alerts]

    async def tell(self, news: News) -> None:
        """Tell what is new: new alerts in threads of their own, the rest in the threads they have."""
        new = [alert for alert, seen in news if seen.news is AlertNews.NEW]
        if new:
            await self._open(new)
        known: dict[Place, News] = defaultdict(list)
        for alert, seen in news:
            if seen.thread and seen.news is not AlertNews.KNOWN:
                known[Place(channel=seen.channel, thread=seen.thread)].append((alert, seen))
        for place, told in known.items():
            await self.investigator.mail.post(place, messages.alert.moved_on(told))
            for alert in [alert for alert, seen in told if seen.news is AlertNews.AGAIN][:1]:
                await self._diagnose(alert_payload.symptom_of(alert), place, alert=alert)

    async def _open(self, new: list[Alert]) -> None:
        recent = await self.threads.threads_since(self.now() - FLOOD_WINDOW)
        if len(recent) >= FLOOD:
            channel, thread = recent[0]
            place = Place(channel=channel, thread=thread)
            await self.investigator.mail.post(place, messages.alert.joined(new))
            await self.threads.opened([alert.key for alert in new], channel=channel, thread=thread)
        elif len(new) > FLOOD:
            await self._open_thread(new, alert_payload.symptom_of_flood(new))
        else:
            for alert in new:
                self.investigator.work.start(self._open_thread([alert], alert_payload.symptom_of(alert)))

    async def _open_thread(self, alerts: Sequence[Alert], symptom: str) -> None:
        """Open a thread for alerts, and diagnose what they complain about."""
        keys = [alert.key for alert in alerts]
        privacy = self.investigator.privacy
        channel = privacy.details_channel if privacy.hides(self.channel) else self.channel
        headline = messages.alert.opened(alerts)
        try:
            opening = await self.investigator.mail.post(Place(channel=channel), headline)
        except CannotWrite as problem:
            await self.threads.forget(keys)
            log.error("alerts cannot be told in %s: %s", channel, problem)  # noqa: TRY400 - not a fault of the program
            return
        await self.threads.opened(keys, channel=channel, thread=opening)
        place = Place(channel=channel, thread=opening)
        await self._diagnose(symptom, place, alert=alerts[0], opening=opening, headline=headline)

    async def _diagnose(
        self, symptom: str, place: Place, *, alert: Alert, opening: str = "", headline: str = ""
    ) -> None:
        identity = self.investigator.deliverer.identity
        named = alert_payload.cluster_label(alert.labels)
        request = Request(
            symptom=symptom,
            requester=Person(team=identity.team, user=identity.bot_user),
            place=place,
            opening=opening,
            headline=headline,
            cluster=named if self.investigator.clusters.is_known(named) else "",
        )
        await self.investigator.answer(request)


def routes(desk: AlertDesk, *, token: str) -> list[web.RouteDef]:
    """Return the endpoint, for who has the token; a body is at most 1 MiB, which is aiohttp's own limit."""

    async def alerts(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), (BEARER + token).encode()):
            log.warning("alerts from %s were refused: no or another token", request.remote)
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        try:
            payload = alert_payload.read(await request.read())
            news = await desk.see(payload.alerts)
        except NotAnAlert as problem:
            log.warning("alerts from %s were refused: %s", request.remote, problem)
            return web.json_response({"error": str(problem)}, status=400)
        except StoreError as problem:
            return web.json_response({"error": str(problem)}, status=503)
        if payload.truncatedAlerts:
            log.warning("Alertmanager left %d alerts out (max_alerts)", payload.truncatedAlerts)
        desk.investigator.work.start(desk.tell(news))
        return web.json_response({"taken": len(news)})

    return [web.post(PATH, alerts)]
