"""What a message only counts, as modals: ruled out, not checked, also seen, the reasoning."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bot.diagnosis.report import Diagnosis, Proof
from bot.slack import kit, messages
from bot.slack.actions import Detail
from bot.slack.fit import groups_that_fit, paragraphs
from bot.slack.kit import View
from bot.slack.limits import MODAL_BLOCKS, MODAL_TOTAL, SECTION_TEXT

ENOUGH = 2 * MODAL_TOTAL // SECTION_TEXT + 1
"""Texts to make, for a modal that holds fewer: two after each other are longer than one may be."""

TITLES = {
    Detail.RULED_OUT: "Ruled out",
    Detail.NOT_CHECKED: "Could not check",
    Detail.ALSO_SEEN: "Also seen",
    Detail.REASONING: "The reasoning",
}


def loading_view(detail: Detail) -> View:
    """Return the modal that is opened at once, before its content is read."""
    return kit.modal(TITLES[detail], [kit.section(messages.details.loading())])


def detail_view(detail: Detail, diagnosis: Diagnosis) -> View:
    """Return one list of a diagnosis, as much of it as a modal holds."""
    texts = list(islice(paragraphs(lines(detail, diagnosis), SECTION_TEXT), ENOUGH))
    more = kit.section(messages.details.more_lines())
    sections = ([kit.section(text)] for text in texts or [messages.details.nothing_here()])
    shown = list(groups_that_fit(sections, beside=[more], blocks=MODAL_BLOCKS, total=MODAL_TOTAL))
    blocks = [block for group in shown for block in group]
    return kit.modal(TITLES[detail], [*blocks, more] if len(shown) < len(texts) else blocks)


def message_view(detail: Detail, text: str) -> View:
    """Return a modal that says one thing."""
    return kit.modal(TITLES[detail], [kit.section(text)])


def lines(detail: Detail, diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the entries of a detail, one text each."""
    match detail:
        case Detail.RULED_OUT:
            return map(messages.details.ruled_out, diagnosis.ruled_out)
        case Detail.NOT_CHECKED:
            return map(messages.details.not_checked, diagnosis.not_checked)
        case Detail.ALSO_SEEN:
            return map(messages.details.also_seen, diagnosis.also_seen)
        case Detail.REASONING:
            return (step for found in diagnosis.causes for step in chain(found.proof))


def chain(proof: Proof, *, depth: int = 0) -> Iterator[str]:
    """Yield a proof from its conclusion down to the facts."""
    yield messages.details.proof_step(proof, depth=depth)
    yield from (messages.details.proof_fact(item, depth=depth) for item in proof.evidence)
    for below in proof.because:
        yield from chain(below, depth=depth + 1)
