"""What to send to those who run the machines below a Node: steal, drops and round trips, as a picture and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.diagnosis.measurements import Recording, Series, Way
from bot.diagnosis.report import Diagnosis
from bot.pictures.canvas import MARGIN, WIDTH, Canvas
from bot.pictures.frame import foot, head, moment
from bot.pictures.picture import Picture
from bot.pictures.recording import amount, in_order, panels
from bot.pictures.words import alt, cut, width

MOST_WAYS = 8


@dataclass(frozen=True)
class Ticket:
    """Evidence about one Node."""

    text: str
    picture: Picture


def provider_ticket(diagnosis: Diagnosis, node: str) -> Ticket:
    """Return the evidence that a diagnosis holds about a Node, for its provider; it accuses nobody and guesses nothing.

    Raises:
        LookupError: The diagnosis has no recording of this Node.
    """
    recording = next((each for each in diagnosis.recordings if each.node == node), None)
    if recording is None:
        raise LookupError(f"The diagnosis has no recording of Node {node}: no node helper was asked there.")
    ways = [way for way in diagnosis.ways if way.node == node and way.layer == "underlay"]
    ways = sorted(ways, key=lambda way: (-way.lost, -way.median_us, way.peer))[:MOST_WAYS]
    text = "\n".join(lines(diagnosis, recording, ways)) + "\n"
    return Ticket(text=text, picture=picture(diagnosis, recording, ways))


def picture(diagnosis: Diagnosis, recording: Recording, ways: Sequence[Way]) -> Picture:
    """Return the series over time with the round trips below them."""
    canvas = Canvas()
    title = f"Node {recording.node}: CPU steal, packet drops and round trips"
    y = panels(canvas, recording, head(canvas, title, said=f"Until {moment(recording.at)}."))
    if ways:
        y = canvas.lines(MARGIN, y + 8, ["Round trips to"], size=12, bold=True)
    for way in ways:
        told = trip(way)
        canvas.text(MARGIN, y + 13, cut(way.peer, canvas.room - width(told, 11) - 10, 11), size=11)
        canvas.text(WIDTH - MARGIN, y + 13, told, size=11, at="end")
        y += 16
    told = alt(title, *(f"{series.name}: {summary(series)}." for series in in_order(recording)))
    return Picture(svg=canvas.svg(foot(canvas, y + 2, diagnosis), title=title), alt_text=told)


def lines(diagnosis: Diagnosis, recording: Recording, ways: Sequence[Way]) -> Iterator[str]:
    """Yield the report in words, to be pasted into a ticket."""
    node = recording.node
    yield f"Evidence about the virtual machine of Kubernetes Node {node}"
    yield f"Observed until {moment(recording.at)}, from inside the machine, from /proc/stat and /proc/net/dev."
    yield ""
    for series in in_order(recording):
        yield f"- {series.name}: {summary(series)}"
    for way in ways:
        yield f"- round trip to {way.peer}: {trip(way)}"
    yield ""
    about = [cause.summary for cause in diagnosis.causes if cause.subject.name == node]
    yield from (f"netmedic concludes: {summary}" for summary in about)
    yield "Steal is CPU time that the hypervisor withheld from this machine while it had work to do."
    yield "Please tell what else ran on its host in this time, and whether its CPUs are shared."


def summary(series: Series) -> str:
    """Return a series in one line: ``at most 35.7 % (345 s before), mean 9.1 %``."""
    if not any(series.values):
        return "none"
    age = series.seconds_ago[series.values.index(max(series.values))]
    most = f"at most {amount(series, max(series.values))} ({age} s before)"
    if series.unit == "packets":
        return f"{sum(series.values)} packets in all, {most}"
    return f"{most}, mean {sum(series.values) / len(series.values) / 10:.1f} %"


def trip(way: Way) -> str:
    """Return how a way did: ``0.4 ms, worst 21.0 ms, 3 of 20 lost``."""
    if not way.median_us:
        return f"{way.lost} of {way.tried} lost"
    return f"{way.median_us / 1000:.1f} ms, worst {way.worst_us / 1000:.1f} ms, {way.lost} of {way.tried} lost"
