"""Pictures of a diagnosis as files. What cannot be drawn is left out: the words say the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.diagnosis.measurements import Recording
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.serialise import node_of
from bot.pictures.path import path_picture
from bot.pictures.picture import Picture
from bot.pictures.raster import CannotDraw
from bot.pictures.reasoning import reasoning_picture
from bot.pictures.recording import recording_picture
from bot.pictures.ticket import provider_ticket
from bot.pictures.ways import ways_picture
from bot.slack import messages
from bot.slack.ports import File

log = logging.getLogger(__name__)


class DrawnPictures:
    """Draws in processes of their own; see :mod:`bot.pictures`."""

    async def of(self, diagnosis: Diagnosis) -> Sequence[File]:
        """Return those that go with the answer: the path, and what was measured where it has to do with a cause."""
        wanted: list[tuple[str, str, Picture]] = []
        if diagnosis.path:
            wanted.append(("path", messages.answer.path_picture(), path_picture(diagnosis)))
        if any(way.lost for way in diagnosis.ways):
            wanted.append(("ways", messages.answer.ways_picture(), ways_picture(diagnosis)))
        recording = blamed(diagnosis)
        if recording:
            picture = recording_picture(diagnosis, recording)
            wanted.append(("recording", messages.answer.recording_picture(recording.node), picture))
        return [file for name, title, picture in wanted for file in await drawn(name, title, picture)]

    async def reasoning(self, diagnosis: Diagnosis) -> Sequence[File]:
        """Return the chain of reasons behind the first cause."""
        if not diagnosis.causes:
            return ()
        picture = reasoning_picture(diagnosis, diagnosis.causes[0])
        return await drawn("reasoning", messages.answer.reasoning_picture(), picture)

    async def ticket(self, diagnosis: Diagnosis, node: str) -> Sequence[File]:
        """Return the evidence about a Node for its provider, as text and as a picture."""
        try:
            made = provider_ticket(diagnosis, node)
        except LookupError as problem:
            log.info("no ticket: %s", problem)
            return ()
        title = messages.answer.ticket(node)
        text = File(name="netmedic-ticket.txt", title=title, data=made.text.encode())
        return (text, *await drawn("ticket", title, made.picture))


def blamed(diagnosis: Diagnosis) -> Recording | None:
    """Return the recording of the first Node that a cause is about; none where no cause is, or nothing was recorded."""
    recorded = {recording.node: recording for recording in diagnosis.recordings}
    return next((recorded[node] for cause in diagnosis.causes if (node := node_of(cause)) in recorded), None)


async def drawn(name: str, title: str, picture: Picture) -> Sequence[File]:
    """Return a picture as a file; none where it cannot be drawn."""
    try:
        data = await picture.rendered()
    except CannotDraw as problem:
        log.warning("no picture of the %s: %s", name, problem)
        return ()
    return (File(name=f"netmedic-{name}.png", title=title, data=data, alt_text=picture.alt_text),)
