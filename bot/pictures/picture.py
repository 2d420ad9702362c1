"""A picture: one SVG text, the words for those who cannot see it, and the PNG made from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from bot.pictures import raster


@dataclass(frozen=True)
class Picture:
    """One picture. It is drawn on white paper, so that it can be read on light and on dark backgrounds."""

    svg: str
    alt_text: str
    """What it shows, in at most :data:`bot.pictures.words.ALT_LIMIT` characters."""

    @cached_property
    def png(self) -> bytes:
        """The pixels, made here and now: a tenth of a second of work; see :meth:`rendered` for event loops.

        Raises:
            CannotDraw: The drawing library failed.
        """
        return raster.png(self.svg)

    async def rendered(self) -> bytes:
        """Return the PNG, made in a short-lived process: neither the event loop nor this one's memory feels it.

        Raises:
            CannotDraw: The process failed, or took too long.
        """
        return await raster.png_apart(self.svg)
