"""The composition root: the only place where settings, cluster, rules, remedies and Slack meet.

Nothing heavy is imported before a command needs it, so that ``netmedic --version`` answers at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot import shipped

if TYPE_CHECKING:
    from bot.cli.program import Where
    from bot.cluster.bundle import Bundle
    from bot.cluster.live import LiveCluster
    from bot.cluster.port import Cluster
    from bot.diagnosis.diagnose import Diagnose, Progress
    from bot.diagnosis.doctor import Check
    from bot.diagnosis.report import Diagnosis
    from bot.diagnosis.scope import Ambiguous
    from bot.engine.book import RuleBook
    from bot.facts.scope import Subject
    from bot.remediation.clerk import Clerk
    from bot.remediation.playbook import Playbook
    from bot.settings import ClusterSettings, Settings
    from bot.store.store import Store


class Netmedic:
    """Everything the commands call; see :class:`bot.cli.program.Program`."""

    @cache  # noqa: B019 - one for the life of the process
    def settings(self) -> Settings:
        """Return the settings of the environment and the settings file."""
        from bot.configuration import refuse_strangers
        from bot.settings import load

        refuse_strangers(os.environ)
        return load()

    def rules_folders(self) -> tuple[Path, ...]:
        """Return the folders with the rules in use: those shipped, then the site's own."""
        return (shipped.folder("rules"), *self.settings().rules_dirs)

    @cache  # noqa: B019
    def rule_book(self) -> RuleBook:
        """Return the rules, ready to judge."""
        from bot.engine.book import RuleBook
        from bot.engine.choose import choose_engine
        from bot.engine.rules import load

        return RuleBook(load(*self.rules_folders()), choose_engine())

    @cache  # noqa: B019
    def playbooks(self) -> Mapping[str, Playbook]:
        """Return the playbooks in use: those shipped, then the site's own."""
        from bot.remediation.playbooks import load

        return load(self.playbooks_folders(), self.rule_book().rules)

    def playbooks_folders(self) -> tuple[Path, ...]:
        """Return the folders with the playbooks in use: those shipped, then the site's own."""
        return (shipped.folder("playbooks"), *self.settings().playbooks_dirs)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """Give the database, and close it afterwards."""
        from bot.store.store import Store

        store = await Store.open(self.settings().database_url)
        try:
            yield store
        finally:
            await store.close()

    @asynccontextmanager
    async def clerk(self, where: Where) -> AsyncIterator[Clerk]:
        """Give what a person at this terminal can do with plans."""
        from bot.terminal import clerk

        async with (
            self.live(where) as cluster,
            self.store() as store,
            clerk(
                self.settings(), cluster=cluster, store=store, diagnose=self.diagnoser(), playbooks=self.playbooks()
            ) as found,
        ):
            yield found

    def close(self) -> None:
        """End what was started."""
        if Netmedic.rule_book.cache_info().currsize:
            self.rule_book().close()

    @asynccontextmanager
    async def cluster(self, where: Where) -> AsyncIterator[Cluster]:
        """Give the cluster that is meant, and disconnect afterwards."""
        if where.bundle:
            from bot.cluster.bundle import load

            yield load(where.bundle)
            return
        async with self.live(where) as cluster:
            yield cluster

    @asynccontextmanager
    async def live(self, where: Where) -> AsyncIterator[LiveCluster]:
        """Give the live cluster that is meant, and disconnect afterwards."""
        from bot.cluster.connect import connect

        settings = self.settings()
        cluster = await connect(
            context=where.context,
            kubeconfig=where.kubeconfig,
            helper_namespace=settings.helper_namespace,
            helper_labels=settings.helper_labels,
        )
        try:
            yield cluster
        finally:
            await cluster.aclose()

    def diagnoser(
        self,
        *,
        budget_seconds: float | None = None,
        chosen: Mapping[str, Subject] | None = None,
        thorough: bool = False,
    ) -> Diagnose:
        """Return what makes diagnoses."""
        from bot.diagnoser import diagnoser
        from bot.engine.book import LateRuleBook

        return diagnoser(
            self.settings(),
            LateRuleBook(self.rule_book),
            budget_seconds=budget_seconds,
            chosen=chosen,
            thorough=thorough,
        )

    async def diagnose(
        self,
        where: Where,
        symptom: str,
        *,
        namespace: str,
        budget_seconds: float | None,
        thorough: bool,
        chosen: Mapping[str, Subject],
        progress: Callable[[Progress], None],
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis with its plans, or the question that has to be answered first."""
        from bot.diagnosis.report import Diagnosis
        from bot.remediation.make import propose

        # A recording answers at once: there is nothing to be saved.
        diagnose = self.diagnoser(
            budget_seconds=budget_seconds, chosen=chosen, thorough=thorough or where.bundle is not None
        )
        async with self.cluster(where) as cluster:
            answer = await diagnose(cluster, symptom, namespace=namespace, progress=progress)
            if not isinstance(answer, Diagnosis):
                return answer
            # Without a writer: the command line shows a plan and tries nothing, not even in a dry run.
            proposal = await propose(
                answer,
                self.playbooks(),
                cluster=cluster,
                writer=None,
                expires_seconds=self.settings().plan_expires_seconds,
            )
            return proposal.attached_to(answer)

    async def record(
        self, where: Where, *, namespaces: tuple[str, ...], symptom: str, progress: Callable[[str], None]
    ) -> Bundle:
        """Return a recording of what diagnoses read, that of a symptom in particular; no namespaces mean all."""
        from bot.cluster.snapshot import record
        from bot.facts.scope import Scope

        # Places outside are asked about by none but the symptoms that name them.
        named = [f"timeouts to {target.name}" for target in self.settings().outside_targets]
        symptoms = [text for text in (symptom, *named) if text]
        diagnose = self.diagnoser(thorough=True)

        async def also(recording: Cluster) -> None:
            for text in symptoms:
                await diagnose(recording, text)

        async with self.cluster(where) as cluster, diagnose.helpers(cluster, Scope(cluster_wide=True)):
            return await record(cluster, namespaces=namespaces, also=also, progress=progress)

    async def doctor(self, where: Where, *, namespace: str) -> AsyncIterator[Check]:
        """Yield what works and what does not, as it is found out."""
        from contextlib import AsyncExitStack

        from bot.diagnoser import helper_pods
        from bot.diagnosis.doctor import database, examine_cluster, examine_settings
        from bot.diagnosis.inventory import READS
        from bot.diagnosis.leftovers import examine_on_demand
        from bot.probes import PROBES

        settings = self.settings()
        async with AsyncExitStack() as stack:
            clusters: list[Cluster] = []

            async def connect() -> Cluster:
                clusters.append(await stack.enter_async_context(self.cluster(where)))
                return clusters[0]

            async for check in examine_cluster(
                connect,
                probes=PROBES,
                also=READS,
                helper_namespace=settings.helper_namespace,
                namespace=namespace,
            ):
                yield check
            if clusters and (pods := helper_pods(settings, clusters[0])):
                async for check in examine_on_demand(clusters[0], pods):
                    yield check
        for check in examine_settings(settings):
            yield check
        # Opening a database makes it; on a laptop that only diagnoses there is none to look at.
        if settings.slack.bot_token.get_secret_value():
            yield database(await database_problem(settings.database_url))

    async def serve(self) -> None:
        """Answer in Slack until it is told to end."""
        from bot.serve import serve

        await serve(self.settings(), connect=self.connected_to, diagnose=self.diagnoser(), playbooks=self.playbooks())

    async def connected_to(self, cluster: ClusterSettings) -> LiveCluster:
        """Return a connection to one of the clusters in the settings, cleared of what an earlier process left."""
        from bot.cluster.connect import connect
        from bot.diagnoser import helper_pods
        from bot.node.visit import reap

        settings = self.settings()
        live = await connect(
            context=cluster.context,
            kubeconfig=str(cluster.kubeconfig or ""),
            helper_namespace=settings.helper_namespace,
            helper_labels=settings.helper_labels,
        )
        if pods := helper_pods(settings, live):
            await reap(pods)
        return live


async def database_problem(url: str) -> str:
    """Return in words why a database cannot be used; empty when it can."""
    from bot.store.records import StoreError
    from bot.store.store import Store

    try:
        store = await Store.open(url)
    except StoreError as problem:
        return str(problem)
    await store.close()
    return ""


def main() -> None:
    """Run the command line."""
    program = Netmedic()
    try:
        from bot.cli.app import cli

        cli(obj=program)
    except ImportError:
        # The installation lacks a part. Left alone, Python would end with 1, which says that a cause was found.
        traceback.print_exc()
        sys.exit(2)
    finally:
        program.close()


if __name__ == "__main__":
    main()
