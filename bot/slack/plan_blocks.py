"""A plan as a card with buttons, and the card once it is decided."""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnosis.serialise import yaml_text
from bot.remediation.approval import Policy
from bot.remediation.plan import Plan
from bot.slack import actions, kit, messages
from bot.slack.escape import block, fits_block
from bot.slack.kit import Block
from bot.slack.limits import SECTION_TEXT
from bot.slack.ports import File

HEADING_ROOM = 100


def plan_card(plan: Plan, *, policy: Policy, requester: str) -> list[Block]:
    """Return the card: what, how far it reaches, exactly which change, until when, and the two buttons."""
    return [
        kit.section(messages.plan.title(plan)),
        kit.columns(*messages.plan.facts(plan)),
        *_text_blocks(messages.plan.yaml_title(), yaml_of(plan)),
        *_text_blocks(messages.plan.diff_title(), plan.diff),
        kit.context(messages.plan.terms(plan, policy=policy, requester=requester)),
        *([] if plan.unchecked else [kit.actions(*_buttons(plan))]),
    ]


def plan_files(plan: Plan) -> list[File]:
    """Return what is too long for the card, or cannot stand in a code block unchanged."""
    name = plan.short
    texts = (
        (f"plan-{name}.yaml", messages.plan.yaml_file(), yaml_of(plan)),
        (f"plan-{name}.diff", messages.plan.diff_file(), plan.diff),
    )
    return [File(name=file, title=title, data=text.encode()) for file, title, text in texts if text and not _fits(text)]


def decided_card(shown: Sequence[Block], line: str) -> list[Block]:
    """Return a card as Slack shows it, with a line in the place of its buttons."""
    return [*(block for block in shown if block.get("type") != "actions"), kit.context(line)]


def yaml_of(plan: Plan) -> str:
    """Return the objects of a plan as YAML documents."""
    return "---\n".join(yaml_text(manifest) for manifest in plan.report().objects)


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
        kit.button(messages.plan.reject_button(), action=actions.REJECT, value=plan.hash, style="danger"),
    ]
