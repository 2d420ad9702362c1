"""``netmedic serve``: the bot for one cluster or several, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

from bot.beside import beside
from bot.cluster.live import LiveCluster
from bot.cluster.live_writer import LiveWriter
from bot.cluster.meter import metered
from bot.diagnosis.diagnose import Diagnose
from bot.metrics import Metrics
from bot.remediation.playbook import Playbook
from bot.settings import ClusterSettings, Settings
from bot.sites import CURRENT, Site, site_of
from bot.slack.clusters import Clusters
from bot.slack.errors import CannotServe
from bot.slack.pictures import DrawnPictures
from bot.slack.ports import Backend
from bot.slack.serve import serve as serve_slack
from bot.store.store import Store
from bot.traces import CannotTrace, Traces
from bot.watched import WatchedDiagnose, WatchedRemedies

Connect = Callable[[ClusterSettings], Awaitable[LiveCluster]]
"""Connects to a cluster of the settings; the caller disconnects."""


async def serve(settings: Settings, *, connect: Connect, diagnose: Diagnose, playbooks: Mapping[str, Playbook]) -> None:
    """Answer in Slack until the process is told to end.

    Raises:
        CannotServe: A setting is missing or refused, or Slack cannot be reached.
        StoreError: The database cannot be opened.
        ClusterError: A kubeconfig cannot be used.
    """
    wanted = settings.clusters or (ClusterSettings(name=CURRENT),)
    if len({cluster.name for cluster in wanted}) < len(wanted):
        raise CannotServe("Two clusters in NETMEDIC_CLUSTERS (clusters) have the same name.")
    url = settings.database_url
    async with AsyncExitStack() as stack:
        metrics = Metrics(stack.enter_context(metered()))
        traces = traces_of(settings)
        if traces:
            stack.push_async_callback(asyncio.to_thread, traces.close)
        second = stack.enter_context(beside())
        sites: dict[str, Site] = {}
        # A connection belongs to the loop it was made in, so each has a store.
        store, seconds_store = await Store.open(url), await second.run(partial(Store.open, url))
        stack.push_async_callback(store.close)
        stack.push_async_callback(second.run, seconds_store.close)

        async def connected(cluster: ClusterSettings) -> Site:
            live = await connect(cluster)
            stack.push_async_callback(second.run, live.aclose)
            own = LiveWriter.beside(live)
            stack.push_async_callback(second.run, own.close)
            writer = await own.as_account(settings.writer_account)
            stack.push_async_callback(second.run, writer.close)
            return site_of(
                cluster,
                live,
                writer,
                reviewer=own,
                settings=settings,
                store=seconds_store,
                diagnose=diagnose,
                playbooks=playbooks,
            )

        for cluster in wanted:
            site = await second.run(partial(connected, cluster))
            sites[site.name] = site
        backend = Backend(
            diagnose=WatchedDiagnose(second, sites, metrics, traces),
            remedies=WatchedRemedies(second, seconds_store, sites, metrics),
            store=store,
            pictures=DrawnPictures(),
            clusters=Clusters(tuple(site.known for site in sites.values())),
            rules=diagnose.book.rules,
            checks={f"cluster {site.name}": partial(second.run, site.check) for site in sites.values()},
            alive={"diagnoses": partial(second.run, still_moves)},
            metrics=metrics,
        )
        await serve_slack(settings, backend)


def traces_of(settings: Settings) -> Traces | None:
    """Return what sends traces, where a collector is set.

    Raises:
        CannotServe: The library for it is missing.
    """
    try:
        return Traces.to(settings.traces_endpoint) if settings.traces_endpoint else None
    except CannotTrace as missing:
        raise CannotServe(str(missing)) from missing


async def still_moves() -> str:
    """Return that nothing is wrong, for who runs this where it may be."""
    return ""
