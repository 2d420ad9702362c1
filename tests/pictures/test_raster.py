"""From SVG to PNG."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.pictures import raster
from bot.pictures.picture import Picture

DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>'


async def test_a_process_of_its_own_draws_the_same_pixels() -> None:
    assert await Picture(svg=DOT, alt_text="").rendered() == raster.png(DOT)


def test_a_drawing_that_is_none_is_refused_with_a_reason() -> None:
    with pytest.raises(raster.CannotDraw, match="The picture cannot be drawn: "):
        raster.png("<svg")


async def test_a_process_that_fails_tells_why() -> None:
    with pytest.raises(raster.CannotDraw, match=r"^The picture cannot be drawn: "):
        await raster.png_apart("<svg")


async def test_a_picture_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(raster.CannotDraw, match=r"The picture was not drawn within 0\.001 s\."):
        await raster.png_apart(DOT, seconds=0.001)


def test_the_drawing_library_is_loaded_only_when_something_is_drawn() -> None:
    loaded = "import sys, bot.pictures.path; sys.exit('resvg_py' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", loaded], check=False, timeout=60).returncode == 0
