"""A diagnosis as blocks of a message. Pure: the same diagnosis gives the same blocks."""

from __future__ import annotations

from bot.diagnosis.report import Cause, Diagnosis
from bot.slack import actions, kit, messages
from bot.slack.escape import ELLIPSIS
from bot.slack.fit import groups_that_fit, lines_that_fit
from bot.slack.form_blocks import reword_button
from bot.slack.kit import Block
from bot.slack.limits import MESSAGE_BLOCKS, MESSAGE_TOTAL, SECTION_TEXT

CAUSES_SHOWN = 3
"""Causes in a message; people act on the first, and the file has them all (ours)."""
EVIDENCE_SHOWN = 4
"""Facts under a cause; the rest is a click away (ours)."""
NOTES_SHOWN = 3
POINTER_ROOM = 200


def diagnosis_blocks(diagnosis: Diagnosis, *, incident: str) -> list[Block]:
    """Return the whole answer: verdict, path, causes with evidence, and buttons to the rest.

    The buttons need a diagnosis that was kept under an incident; without one there are none.
    """
    head = [
        kit.section(messages.answer.verdict(diagnosis)),
        kit.context(messages.answer.understood(diagnosis)),
        *path_blocks(diagnosis),
    ]
    count = len(diagnosis.causes)
    if not count:
        head.append(kit.section(messages.answer.no_cause(diagnosis)))
    tail = [
        *note_blocks(diagnosis),
        kit.context(messages.answer.access(diagnosis)),
        *(button_rows(diagnosis, incident=incident) if incident else []),
    ]
    shown = groups_that_fit(
        (cause_blocks(number, found) for number, found in enumerate(diagnosis.causes[:CAUSES_SHOWN], start=1)),
        beside=[*head, *tail, kit.section(messages.answer.more_causes(count))],
        blocks=MESSAGE_BLOCKS - 1,
        total=MESSAGE_TOTAL - POINTER_ROOM,
    )
    causes = list(shown)
    middle = [block for group in causes for block in group]
    if len(causes) < count:
        middle.append(kit.section(messages.answer.more_causes(count - len(causes))))
    blocks = [*head, *middle, *tail]
    return [*blocks, kit.context(messages.answer.shortened())] if is_shortened(blocks) else blocks


def is_shortened(blocks: list[Block]) -> bool:
    """Tell whether anything was left out, so that the whole has to be given elsewhere."""
    return ELLIPSIS in str(blocks)


def path_blocks(diagnosis: Diagnosis) -> list[Block]:
    """Return the path as lines of text."""
    if not diagnosis.path:
        return []
    lines = [messages.answer.path_title(), *(messages.answer.hop(step, diagnosis.causes) for step in diagnosis.path)]
    return [kit.section(lines_that_fit(lines, SECTION_TEXT, messages.answer.more_hops))]


def cause_blocks(number: int, found: Cause) -> list[Block]:
    """Return one cause and the facts it rests on."""
    shown = [messages.pieces.evidence(item) for item in found.evidence[:EVIDENCE_SHOWN]]
    if len(found.evidence) > EVIDENCE_SHOWN:
        shown.append(messages.answer.more_evidence(len(found.evidence) - EVIDENCE_SHOWN))
    evidence = [kit.context("\n".join(shown))] if shown else []
    return [kit.divider(), kit.section(messages.answer.cause(number, found)), *evidence]


def note_blocks(diagnosis: Diagnosis) -> list[Block]:
    """Return what the reader has to know besides, as small print."""
    return [kit.context(messages.answer.note(text)) for text in diagnosis.notes[:NOTES_SHOWN]]


def button_rows(diagnosis: Diagnosis, *, incident: str) -> list[Block]:
    """Return what can be done with the answer: look closer, ask again, and say what it was worth."""
    return [
        kit.actions(*detail_buttons(diagnosis, incident=incident)),
        kit.actions(*feedback_buttons(diagnosis, incident=incident)),
    ]


def feedback_buttons(diagnosis: Diagnosis, *, incident: str) -> list[Block]:
    """Return the buttons that answer the answer."""
    again = kit.button(messages.answer.again_button(), action=actions.AGAIN, value=incident)
    if diagnosis.unread:
        return [again, reword_button(diagnosis.symptom.text)]
    return [
        again,
        kit.button(messages.answer.right_button(), action=actions.RIGHT, value=incident),
        kit.button(messages.answer.wrong_button(), action=actions.WRONG, value=incident),
    ]


def detail_buttons(diagnosis: Diagnosis, *, incident: str) -> list[Block]:
    """Return the buttons that open what the message only counts."""
    labels = {
        actions.Detail.RULED_OUT: messages.answer.ruled_out_button(len(diagnosis.ruled_out)),
        actions.Detail.NOT_CHECKED: messages.answer.not_checked_button(len(diagnosis.not_checked)),
        actions.Detail.ALSO_SEEN: messages.answer.also_seen_button(len(diagnosis.also_seen))
        if diagnosis.also_seen
        else "",
        actions.Detail.REASONING: messages.answer.reasoning_button() if diagnosis.causes else "",
    }
    return [
        kit.button(label, action=actions.details(detail), value=incident) for detail, label in labels.items() if label
    ]
