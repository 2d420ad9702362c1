"""The form to say what does not work in, and the button that opens it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnosis.cleaning import TEXT_LIMIT
from bot.slack import actions, kit, messages
from bot.slack.escape import NOTHING, typed
from bot.slack.kit import Block, View
from bot.slack.limits import OPTIONS

TEXT_KEPT = 200
"""Characters of a symptom that travel in a button: a value has 2,000, in whatever unit, and counts as the message's."""
SYMPTOM, CLUSTER = "symptom", "cluster"
"""Ids of the form's inputs, of block and element alike."""


def form(*, text: str, clusters: Sequence[str], chosen: str, metadata: str, problem: str = "") -> View:
    """Return the form with a text in it; ``metadata`` comes back with it and says where the answer goes."""
    inputs = [
        kit.text_input(
            messages.form.symptom_label(),
            name=SYMPTOM,
            value=typed(text, TEXT_LIMIT),
            hint=messages.form.symptom_hint(),
            longest=TEXT_LIMIT,
        )
    ]
    if len(clusters) > 1:
        options = [(messages.asking.option(name), str(number)) for number, name in enumerate(clusters[:OPTIONS])]
        at = clusters.index(chosen) if chosen in clusters[:OPTIONS] else -1
        inputs.append(kit.menu_input(messages.form.cluster_label(), name=CLUSTER, options=options, chosen=at))
    return kit.form(
        messages.form.title(),
        [*([kit.section(messages.form.problem(problem))] if problem else []), *inputs],
        callback=actions.FORM,
        submit=messages.form.submit(),
        metadata=metadata,
    )


def reword_blocks(problem: str, symptom: str) -> list[Block]:
    """Return why a symptom was not understood, with the button to the form."""
    return [kit.section(messages.refusals.not_answered(problem)), kit.actions(reword_button(symptom))]


def reword_button(symptom: str) -> Block:
    """Return the button that opens the form with a symptom in it, to be said differently."""
    return kit.button(messages.form.reword(), action=actions.REWORD, value=typed(symptom, TEXT_KEPT).strip() or NOTHING)
