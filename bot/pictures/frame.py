"""What all pictures of a diagnosis begin and end with."""

from __future__ import annotations

from datetime import datetime

from bot.diagnosis.report import Diagnosis
from bot.pictures.canvas import FAINT, LINE, MARGIN, Canvas
from bot.pictures.words import cut, wrapped


def head(canvas: Canvas, title: str, *, said: str = "") -> float:
    """Write what the picture shows, and return where that ends."""
    y = canvas.lines(MARGIN, MARGIN - 4, wrapped(title, canvas.room, 14, most=4, bold=True), size=14, bold=True)
    y = canvas.lines(MARGIN, y + 2, wrapped(said, canvas.room, 11.5, most=2), size=11.5, ink=FAINT)
    return y + 10


def foot(canvas: Canvas, y: float, diagnosis: Diagnosis) -> float:
    """Write where and when this was seen, and return where the picture ends."""
    canvas.line(MARGIN, y + 8, canvas.width - MARGIN, y + 8, stroke=LINE)
    seen = f"netmedic · {diagnosis.access.context} · {moment(diagnosis.timing.started)}"
    canvas.text(MARGIN, y + 24, cut(seen, canvas.room, 10.5), size=10.5, ink=FAINT)
    return y + 34


def moment(iso: str) -> str:
    """Return a time as ``2026-03-02 09:15 UTC``; what is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return iso
