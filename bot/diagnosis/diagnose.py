"""The use case: a symptom in words, one look or two, a diagnosis."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from bot.cluster.meter import Meter, metered
from bot.cluster.port import Cluster
from bot.diagnosis import path, symptom
from bot.diagnosis.localise import localise
from bot.diagnosis.look import Judged, Look, Looker
from bot.diagnosis.measure import recordings_of, ways_of
from bot.diagnosis.observe import Progress, observed_kinds
from bot.diagnosis.report import Diagnosis, SymptomReport, Timing
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Scope, Subject

log = logging.getLogger(__name__)

__all__ = ["Diagnose", "Progress", "observed_kinds"]

STOPPED_EARLY = (
    "Stopped early: objects alone prove the cause, so Nodes were not waited for. Ask again when it is mended, or with "
    "--thorough, to have them looked at too."
)
LOOKED_TWICE = "Looked twice: at first Pods were just being replaced, and what follows that was not there to be seen."
PASSING_SECONDS = 5.0
"""After which a cluster is looked at again where all that is blamed passes by itself (ours; images are mostly there,
and Kubernetes means to start a Pod within 5 s then)."""


@dataclass(frozen=True, kw_only=True)
class Diagnose(Looker):
    """Makes diagnoses."""

    async def __call__(
        self,
        cluster: Cluster,
        text: str,
        *,
        namespace: str = "",
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis of a symptom, or the question that has to be answered first.

        Raises:
            SymptomError: The text is empty, too long or nothing but markup.
            ClusterError: The cluster cannot be reached, or nothing of it may be read.
        """
        with metered() as meter:
            async with AsyncExitStack() as until_answered:
                return await self._answer(
                    cluster, text, namespace=namespace, progress=progress, meter=meter, until_answered=until_answered
                )

    async def _answer(
        self,
        cluster: Cluster,
        text: str,
        *,
        namespace: str,
        progress: Callable[[Progress], None],
        meter: Meter,
        until_answered: AsyncExitStack,
    ) -> Diagnosis | Ambiguous:
        started, clock = cluster.now(), time.monotonic()
        said = symptom.parse(text, namespace=namespace)
        look = await self.look(cluster, said, progress, until_answered)
        if isinstance(look, Ambiguous):
            return look
        # The clock of a recording stands still: there, nothing passes.
        if look.judged.judgement.passes and cluster.now() != started:
            look = await self._look_again(cluster, said, progress, look)
        result = self._told(
            said,
            look,
            Timing(
                started=started.isoformat(timespec="seconds"),
                seconds=round(time.monotonic() - clock, 3),
                probes=tuple(each.timing for each in look.judged.observed),
                stopped_early=look.judged.stopped_early,
                api_requests=meter.requests,
                api_bytes=meter.received_bytes,
                helper_requests=meter.helper_requests,
            ),
        )
        result = replace(
            result,
            ways=await ways_of(look.cached, look.judged.facts),
            recordings=await recordings_of(look.cached, look.judged.facts),
        )
        log.info(
            "diagnosis of %r: %d causes, %d ruled out, %d not checked, %.2f s",
            said.kind,
            len(result.causes),
            len(result.ruled_out),
            len(result.not_checked),
            result.timing.seconds,
        )
        return result

    async def _look_again(
        self, cluster: Cluster, said: symptom.Symptom, progress: Callable[[Progress], None], before: Look
    ) -> Look:
        """Look once more, at what was only about to be there."""
        progress(Progress(doing="Pods are being replaced: looking again in a moment", done=0, total=0))
        await asyncio.sleep(PASSING_SECONDS)
        again = await self.look(cluster, said, progress, None)
        return before if isinstance(again, Ambiguous) else replace(again, notes=(*before.notes, LOOKED_TWICE))

    def _told(self, said: symptom.Symptom, look: Look, timing: Timing) -> Diagnosis:
        """Return what a look gave, as it is reported."""
        judgement, judged, scope = look.judged.judgement, look.judged, look.scope
        return Diagnosis(
            symptom=SymptomReport(
                text=said.text,
                kind=said.kind,
                namespace=", ".join(scope.namespaces) or said.namespace,
                source=path.words(scope.clients) or said.source.text,
                target=target_in_words(scope) or said.target.text,
            ),
            causes=judgement.causes,
            also_seen=judgement.also_seen,
            ruled_out=judgement.ruled_out,
            not_checked=judgement.not_checked,
            path=path.draw(scope, judged.verdicts, judgement),
            timing=timing,
            access=look.access,
            notes=(*notes_of(scope), *look.notes, *how_it_ended(judged), *look.cached.notes, *self.book.take_notes()),
            unread=(*nobody_found(scope), *path.unread(scope, judged.verdicts)),
        )


def how_it_ended(judged: Judged) -> tuple[str, ...]:
    """Return that not all was waited for, where that is so, and where a fault is that no rule knows."""
    if judged.judgement.causes:
        return (STOPPED_EARLY,) if judged.stopped_early else ()
    return tuple(filter(None, [localise(judged.facts)]))


def notes_of(scope: Scope) -> tuple[str, ...]:
    """Return what a reader has to know about how the words were understood."""
    missing = f"Nothing in the cluster is called {', '.join(scope.missing)}."
    return (*scope.notes, missing) if scope.missing else scope.notes


def nobody_found(scope: Scope) -> tuple[str, ...]:
    """Return that what was asked about does not exist, where nothing else was meant."""
    target = scope.services or scope.backends or scope.outside_host or scope.named_nodes
    return () if target or not scope.missing else (f"nothing is called {', '.join(scope.missing)}",)


def target_in_words(scope: Scope) -> str:
    """Return what the symptom tries to reach; empty when nothing of it was found."""
    if scope.outside_host:
        return f"{scope.outside_host}:{scope.outside_port}" if scope.outside_port else scope.outside_host
    if scope.cluster_wide:
        return "the whole cluster"
    nodes = tuple(Subject("Node", "", name) for name in scope.named_nodes)
    return path.words(scope.services or scope.backends or nodes)
