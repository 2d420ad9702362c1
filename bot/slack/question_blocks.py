"""The question that an ambiguous name leads to, as a menu."""

from __future__ import annotations

from bot.slack import actions, kit, messages
from bot.slack.kit import Block
from bot.slack.limits import OPTIONS
from bot.slack.ports import Question


def question_blocks(question: Question, *, question_id: str) -> list[Block]:
    """Return the question with one entry for each candidate; the values carry the question's id and a number."""
    options = [
        (messages.asking.option(str(candidate)), f"{question_id}/{number}")
        for number, candidate in enumerate(question.candidates[:OPTIONS])
    ]
    blocks = [
        kit.section(messages.asking.which_one(question.word)),
        kit.actions(kit.menu(messages.asking.choose(), action=actions.CHOOSE, options=options)),
    ]
    more = len(question.candidates) - OPTIONS
    return [*blocks, kit.context(messages.asking.more_options(more))] if more > 0 else blocks


def answer_of(value: str) -> tuple[str, int]:
    """Return the question's id and the number of the candidate; -1 where the value is none of ours."""
    question_id, _, number = value.rpartition("/")
    return question_id, int(number) if number.isdecimal() else -1
