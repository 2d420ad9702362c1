"""The first lines and the last ones: the verdict, and when, where and with what access it was made."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from bot.cli.render.pieces import LABEL, STYLES, counted, labelled, moment, short, signed
from bot.cli.status import answered
from bot.diagnosis.report import Diagnosis, HopStatus, ProbeTiming, SymptomReport, Timing


def verdict(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """Yield what is wrong, in one sentence, and how the symptom was understood."""
    status = verdict_status(diagnosis)
    sentence = diagnosis.headline
    if not answered(diagnosis) and not diagnosis.unread:
        rules = counted(len(diagnosis.not_checked), "rule")
        why = f"{rules} had nothing to go by" if diagnosis.not_checked else "there are no rules"
        sentence = f"Nothing could be checked: {why}."
    style = "bold" if status is HopStatus.BROKEN else STYLES[status]
    yield signed(status, Text(sentence, style))
    yield labelled({"Symptom": Text(short(diagnosis.symptom.text)), "Read as": understood(diagnosis.symptom)})


def understood(symptom: SymptomReport) -> str:
    """Return what the words were taken to mean: ``unreachable: Pod shop/web-1 → Service shop/cart``."""
    way = " → ".join(end for end in (symptom.source, symptom.target) if end)
    where = f"in namespace {symptom.namespace}" if symptom.namespace else ""
    about = ", ".join(part for part in (way, where) if part)
    return f"{symptom.kind}: {about}" if about else symptom.kind


def verdict_status(diagnosis: Diagnosis) -> HopStatus:
    """Return the sign the verdict carries: a fault, nothing at all, or nothing in what could be looked at."""
    if diagnosis.causes:
        return HopStatus.BROKEN
    return HopStatus.OK if answered(diagnosis) and not diagnosis.not_checked else HopStatus.NOT_CHECKED


def footer(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """Yield the notes, and when, how fast, on which cluster and with what access."""
    yield Text("")
    for note in diagnosis.notes:
        yield Text.assemble(("Note: ", "bold"), note)
    timing, access = diagnosis.timing, diagnosis.access
    cluster = " ".join(part for part in (access.context, access.server_version) if part)
    yield Text(f"{moment(timing.started)} · {timing.seconds:.1f} s · {probes(timing.probes)} · {cluster}", style=LABEL)
    if timing.api_requests:
        yield Text(cost(timing), style=LABEL)
    yield Text(f"Access tier {access.tier}. {access.next_tier}".rstrip(), style=LABEL)


def cost(timing: Timing) -> str:
    """Return what the diagnosis asked of the cluster: ``61 requests, 0.4 MB read, 12 questions to node helpers``."""
    read = f"{timing.api_bytes / 1e6:.1f} MB read"
    asked = counted(timing.helper_requests, "question") + " to node helpers"
    return f"{counted(timing.api_requests, 'request')} to the API server, {read}, {asked}"


def probes(timings: tuple[ProbeTiming, ...]) -> str:
    """Return how many probes ran and which took longest."""
    told = counted(len(timings), "probe")
    if not timings:
        return told
    slowest = max(timings, key=lambda timing: timing.seconds)
    return f"{told}, slowest {slowest.probe} {slowest.seconds:.1f} s"
