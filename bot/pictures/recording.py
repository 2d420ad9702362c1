"""The last minutes of one Node as curves below each other, so that one sees what rose with what: drops with steal."""

from __future__ import annotations

from bot.diagnosis.measurements import Recording, Series
from bot.diagnosis.report import Diagnosis
from bot.pictures.canvas import AMBER, BLUE, FAINT, GREY, LINE, MARGIN, PANEL, RED, WIDTH, Canvas
from bot.pictures.frame import foot, head
from bot.pictures.picture import Picture
from bot.pictures.words import alt

PANEL_HEIGHT = 78
COLOURS = {"steal": AMBER, "drops": RED, "resent": BLUE}
MOST_PANELS = 7
LEAST_PERMILLE = 100
"""Of an axis: a tenth of a percent that comes and goes is not to look like a mountain."""
STEP_SECONDS = 5
"""As recordings are told; a gap longer than two of them was not recorded."""


def recording_picture(diagnosis: Diagnosis, recording: Recording) -> Picture:
    """Return the time series of one Node that a diagnosis holds."""
    canvas = Canvas()
    title = f"The last minutes of Node {recording.node}"
    y = head(canvas, title, said="Drops that rise together with steal: another machine on the same host takes the CPU.")
    y = panels(canvas, recording, y)
    return Picture(svg=canvas.svg(foot(canvas, y, diagnosis), title=title), alt_text=in_words(recording))


def panels(canvas: Canvas, recording: Recording, y: float) -> float:
    """Draw all series over one axis of time, and return where they end."""
    drawn = in_order(recording)[:MOST_PANELS]
    if not drawn:
        return canvas.lines(MARGIN, y, ["Nothing was recorded."], size=12)
    oldest = max((age for series in drawn for age in series.seconds_ago), default=0) or STEP_SECONDS
    for series in drawn:
        y = panel(canvas, series, y, oldest=oldest)
    for age, at in ((oldest, "start"), (oldest // 2, "middle"), (0, "end")):
        words = f"{age // 60} min {age % 60} s ago" if age else "now"
        canvas.text(across(age, oldest), y + 6, words, size=10, ink=FAINT, at=at)
    return y + 10


def in_order(recording: Recording) -> list[Series]:
    """Return the series that say something, drops and steal side by side; flat ones only for these two."""
    rank = {"drops": 0, "steal": 1, "resent": 2}
    kept = [series for series in recording.series if any(series.values) or kind(series) in ("drops", "steal")]
    return sorted(kept, key=lambda series: (rank.get(kind(series), 3), -max(series.values, default=0), series.name))


def kind(series: Series) -> str:
    """Return the first word of a name: ``drops`` of ``drops on eth0``."""
    return series.name.partition(" ")[0]


def panel(canvas: Canvas, series: Series, top: float, *, oldest: int) -> float:
    """Draw one series with its name and its highest value, and return where it ends."""
    colour = COLOURS.get(kind(series), GREY)
    canvas.text(MARGIN, top + 12, series.name, size=12, ink=colour, bold=True)
    canvas.text(WIDTH - MARGIN, top + 12, f"at most {amount(series, max(series.values, default=0))}", size=11, at="end")
    low = top + PANEL_HEIGHT - 10
    high = top + 20
    canvas.box(MARGIN, high, canvas.room, low - high, fill=PANEL)
    canvas.line(MARGIN, low, WIDTH - MARGIN, low, stroke=LINE)
    most = max((LEAST_PERMILLE if series.unit == "permille" else 1, *series.values))
    for run in runs(series):
        points = [(across(age, oldest), low - (low - high) * value / most) for age, value in run]
        if series.unit == "packets":
            for x, y in points:
                canvas.line(x, low, x, y, stroke=colour, width=1.8)
        else:
            canvas.shape([(points[0][0], low), *points, (points[-1][0], low)], fill=f"{colour}33")
            canvas.shape(points, stroke=colour)
    return top + PANEL_HEIGHT


def across(age: int, oldest: int) -> float:
    """Return where an age is on the axis of time."""
    return MARGIN + (WIDTH - 2 * MARGIN) * (oldest - age) / oldest


def runs(series: Series) -> list[list[tuple[int, int]]]:
    """Return the points in runs without gaps: what was not recorded is not drawn."""
    found: list[list[tuple[int, int]]] = []
    for age, value in zip(series.seconds_ago, series.values, strict=False):
        if not found or found[-1][-1][0] - age > 2 * STEP_SECONDS:
            found.append([])
        found[-1].append((age, value))
    return found


def amount(series: Series, value: int) -> str:
    """Return a value with its unit."""
    return f"{value / 10:g} %" if series.unit == "permille" else f"{value} packets in {STEP_SECONDS} s"


def in_words(recording: Recording) -> str:
    """Return the picture for those who cannot see it."""
    told = [
        f"{series.name}: at most {amount(series, max(series.values))}, {ago(series)}."
        if any(series.values)
        else f"{series.name}: none."
        for series in in_order(recording)
    ]
    return alt(f"The last minutes of Node {recording.node}.", *(told or ["Nothing was recorded."]))


def ago(series: Series) -> str:
    """Return when a series was highest."""
    age = series.seconds_ago[series.values.index(max(series.values))]
    return f"{age} s ago" if age else "just now"
