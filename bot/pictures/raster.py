"""From SVG to PNG, with resvg and the fonts that are shipped: the same pixels on every machine.

resvg holds the interpreter's lock while it draws, so a thread would not keep an event loop free; a process does.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

FONTS = tuple(str(Path(__file__).parent / "fonts" / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"))
FAMILY = "DejaVu Sans"
ZOOM = 2
"""Pixels for a unit of the drawing: phones have two or three."""
SECONDS = 10.0
"""A picture takes a fifth of a second; more than this only a machine that is out of breath (ours)."""


class CannotDraw(Exception):
    """There will be no picture; the text says everything it would have shown."""


def png(svg: str) -> bytes:
    """Return the PNG of a drawing.

    Raises:
        CannotDraw: The library is missing, or refused the drawing.
    """
    try:
        import resvg_py  # noqa: PLC0415 - nothing else needs it

        return resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=list(FONTS),
            font_family=FAMILY,
            sans_serif_family=FAMILY,
            zoom=ZOOM,
        )
    except (ImportError, ValueError) as problem:
        raise CannotDraw(f"The picture cannot be drawn: {problem}") from problem


async def png_apart(svg: str, *, seconds: float = SECONDS) -> bytes:
    """Return the same, made by a process of its own.

    Raises:
        CannotDraw: It failed, or did not end in time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            content, said = await process.communicate(svg.encode())
    except TimeoutError as late:
        raise CannotDraw(f"The picture was not drawn within {seconds:g} s.") from late
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise CannotDraw(said.decode(errors="replace").strip()[-300:])
    return content


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(png(sys.stdin.buffer.read().decode()))
    except CannotDraw as problem:
        sys.exit(str(problem))
