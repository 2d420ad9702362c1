"""The evidence for a provider, as files."""

from __future__ import annotations

import dataclasses

from bot.slack.pictures import DrawnPictures
from tests.diagnosis_fixtures import noisy_neighbour, wrong_port
from tests.pictures.samples import RECORDING


async def test_it_is_a_text_to_paste_and_a_picture() -> None:
    diagnosis = dataclasses.replace(noisy_neighbour(), recordings=(RECORDING,))

    text, picture = await DrawnPictures().ticket(diagnosis, RECORDING.node)

    assert (text.name, picture.name) == ("netmedic-ticket.txt", "netmedic-ticket.png")
    assert text.data.decode().startswith(f"Evidence about the virtual machine of Kubernetes Node {RECORDING.node}\n")
    assert picture.data.startswith(b"\x89PNG")
    assert text.title == picture.title == f"For the provider of Node {RECORDING.node}"


async def test_without_a_recording_of_the_node_there_is_none() -> None:
    assert await DrawnPictures().ticket(wrong_port(), "node1") == ()
