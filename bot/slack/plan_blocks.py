"""A plan as a card with buttons, and the card once it is decided."""

from __future__ import annotations

from collections.abc import Sequence

from bot.remediation.apply import Progress as Move
from bot.remediation.approval import Policy
from bot.remediation.edit import text_of
from bot.remediation.plan import Plan
from bot.slack import actions, kit, messages
from bot.slack.escape import block, fits_block
from bot.slack.kit import Block
from bot.slack.limits import SECTION_TEXT
from bot.slack.ports import File
from bot.store.records import PlanState

HEADING_ROOM = 100


def plan_card(plan: Plan, *, policy: Policy, requester: str) -> list[Block]:
    """Return the card: what, how far it reaches, exactly which change, until when, and the buttons."""
    return [
        *_body(plan),
        kit.context(messages.plan.terms(plan, policy=policy, requester=requester)),
        *([] if plan.unchecked else [kit.actions(*_buttons(plan))]),
    ]


def closed_card(plan: Plan, line: str) -> list[Block]:
    """Return the card of a plan that is decided, with a line about it."""
    return [*_body(plan), kit.context(messages.plan.number(plan)), kit.context(line)]


def outcome(last: Move, plan: Plan | None) -> list[Block]:
    """Return how a plan ended: what was found before beside what is seen now, and the button that puts it back."""
    told = [kit.section(messages.plan.move(last.state, last.text))]
    if plan and last.after:
        told.append(kit.columns(*messages.plan.compared(plan.finding, last.after)))
    if plan and plan.reversible and last.state is PlanState.CONFIRMED:
        told.append(kit.actions(_undo_button(plan)))
    return told


def _body(plan: Plan) -> list[Block]:
    commands = "\n".join(plan.commands)
    return [
        kit.section(messages.plan.title(plan)),
        kit.columns(*messages.plan.facts(plan)),
        *([kit.section(messages.plan.by_hand(plan))] if plan.unchecked else []),
        *_text_blocks(messages.plan.commands_title(), commands),
        *_text_blocks(messages.plan.yaml_title(), text_of(plan)),
        *_text_blocks(messages.plan.diff_title(), plan.diff),
        *([kit.section(messages.plan.foreseen(plan))] if plan.foreseen else []),
        *([kit.context(told)] if (told := messages.plan.read_more(plan)) else []),
    ]


def plan_files(plan: Plan) -> list[File]:
    """Return what is too long for the card, or cannot stand in a code block unchanged."""
    name = plan.short
    texts = (
        (f"plan-{name}.sh", messages.plan.commands_file(), "\n".join(plan.commands)),
        (f"plan-{name}.yaml", messages.plan.yaml_file(), text_of(plan)),
        (f"plan-{name}.diff", messages.plan.diff_file(), plan.diff),
    )
    return [File(name=file, title=title, data=text.encode()) for file, title, text in texts if text and not _fits(text)]


def decided_card(shown: Sequence[Block], line: str) -> list[Block]:
    """Return a card as Slack shows it, with a line in the place of its buttons."""
    return [*(block for block in shown if block.get("type") != "actions"), kit.context(line)]


def _text_blocks(heading: str, text: str) -> list[Block]:
    if not text:
        return []
    return [kit.section(f"{heading}\n{block(text)}" if _fits(text) else messages.plan.in_file(heading))]


def _fits(text: str) -> bool:
    return fits_block(text, SECTION_TEXT - HEADING_ROOM)


def _buttons(plan: Plan) -> list[Block]:
    question = kit.confirm(
        title=messages.plan.confirm_title(),
        text=messages.plan.confirm_text(plan),
        yes=messages.plan.confirm_yes(),
        no=messages.plan.confirm_no(),
    )
    return [
        kit.button(
            messages.plan.approve_button(),
            action=actions.APPROVE,
            value=plan.hash,
            style="primary",
            confirm=question,
        ),
        *([] if plan.undoes else [kit.button(messages.plan.edit_button(), action=actions.EDIT, value=plan.hash)]),
        kit.button(messages.plan.reject_button(), action=actions.REJECT, value=plan.hash, style="danger"),
    ]


def _undo_button(plan: Plan) -> Block:
    question = kit.confirm(
        title=messages.plan_forms.undo_confirm_title(),
        text=messages.plan_forms.undo_confirm_text(),
        yes=messages.plan_forms.undo_confirm_yes(),
        no=messages.plan.confirm_no(),
    )
    return kit.button(messages.plan.undo_button(), action=actions.UNDO, value=plan.hash, confirm=question)
