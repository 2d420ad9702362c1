"""Pictures of a diagnosis as files. What cannot be drawn is left out: the words say the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.diagnosis.report import Diagnosis
from bot.pictures.path import path_picture
from bot.pictures.picture import Picture
from bot.pictures.raster import CannotDraw
from bot.pictures.reasoning import reasoning_picture
from bot.slack import messages
from bot.slack.ports import File

log = logging.getLogger(__name__)


class DrawnPictures:
    """Draws in processes of their own; see :mod:`bot.pictures`."""

    async def of(self, diagnosis: Diagnosis) -> Sequence[File]:
        """Return those that go with the answer: the path."""
        if not diagnosis.path:
            return ()
        return await drawn("path", messages.answer.path_picture(), path_picture(diagnosis))

    async def reasoning(self, diagnosis: Diagnosis) -> Sequence[File]:
        """Return the chain of reasons behind the first cause."""
        if not diagnosis.causes:
            return ()
        picture = reasoning_picture(diagnosis, diagnosis.causes[0])
        return await drawn("reasoning", messages.answer.reasoning_picture(), picture)


async def drawn(name: str, title: str, picture: Picture) -> Sequence[File]:
    """Return a picture as a file; none where it cannot be drawn."""
    try:
        data = await picture.rendered()
    except CannotDraw as problem:
        log.warning("no picture of the %s: %s", name, problem)
        return ()
    return (File(name=f"netmedic-{name}.png", title=title, data=data, alt_text=picture.alt_text),)
