"""Paper to draw on: a few shapes and text, as wide as a phone, as long as it has to be."""

from __future__ import annotations

from html import escape

from bot.pictures.words import harmless

WIDTH = 390
"""Units; a phone shows one as one point."""
MARGIN = 14
FONTS = "DejaVu Sans, Verdana, sans-serif"
"""The first is shipped, for PNG. Browsers that show an SVG without it take one of the same widths."""

INK = "#1d1c1d"
FAINT = "#57575b"
LINE = "#c9ccd1"
PAPER = "#ffffff"
PANEL = "#f4f5f7"
GREEN = "#1a7f37"
RED = "#c4181f"
AMBER = "#946200"
GREY = "#66707a"
BLUE = "#1f5fbf"
BLUSH = "#fdecea"


class Canvas:
    """What was drawn so far."""

    def __init__(self, *, width: float = WIDTH) -> None:
        """Take an empty sheet."""
        self.width = width
        self._parts: list[str] = []

    @property
    def room(self) -> float:
        """The width between the margins."""
        return self.width - 2 * MARGIN

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none", corner: float = 0
    ) -> None:
        """Draw a rectangle."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{corner:g}" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, stroke: str = LINE, width: float = 1, dashed: bool = False
    ) -> None:
        """Draw a straight line."""
        dashes = ' stroke-dasharray="3 4"' if dashed else ""
        self._parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" '
            f'stroke="{stroke}" stroke-width="{width:g}"{dashes}/>'
        )

    def shape(self, points: list[tuple[float, float]], *, fill: str = "none", stroke: str = "none") -> None:
        """Draw a line through points, or the area within them."""
        through = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        self._parts.append(
            f'<polyline points="{through}" fill="{fill}" stroke="{stroke}" stroke-width="1.5" stroke-linejoin="round"/>'
        )

    def disc(self, x: float, y: float, radius: float, *, fill: str) -> None:
        """Draw a filled circle."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}"/>')

    def text(
        self, x: float, y: float, text: str, *, size: float = 13, ink: str = INK, bold: bool = False, at: str = "start"
    ) -> None:
        """Write one line; ``y`` is its baseline, ``at`` which part of it is at ``x``: start, middle or end."""
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{ink}" text-anchor="{at}"{weight}>'
            f"{escape(harmless(text))}</text>"
        )

    def lines(
        self, x: float, y: float, lines: list[str], *, size: float = 13, ink: str = INK, bold: bool = False
    ) -> float:
        """Write lines below each other from the top ``y`` on, and return where they end."""
        for line in lines:
            y += round(size * 1.35, 1)
            self.text(x, y - size * 0.3, line, size=size, ink=ink, bold=bold)
        return y

    def svg(self, height: float, *, title: str) -> str:
        """Return the drawing on its paper."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{height:g}" '
            f'viewBox="0 0 {self.width:g} {height:g}" role="img" font-family="{FONTS}">'
        )
        paper = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        return "\n".join([head, f"<title>{escape(harmless(title))}</title>", paper, *self._parts, "</svg>\n"])
