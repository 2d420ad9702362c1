"""Block Kit's few shapes that netmedic uses, as functions. Texts are already escaped and cut; see ``escape.py``."""

from __future__ import annotations

from collections.abc import Sequence

Block = dict[str, object]
View = dict[str, object]


def mrkdwn(text: str) -> Block:
    """Return a text object; ``verbatim`` keeps Slack from making links and mentions out of plain words."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain_text(text: str) -> Block:
    """Return an unformatted text object; ``:names:`` in it stay as they are."""
    return {"type": "plain_text", "text": text, "emoji": False}


def section(text: str) -> Block:
    """Return a paragraph."""
    return {"type": "section", "text": mrkdwn(text)}


def columns(*texts: str) -> Block:
    """Return short texts side by side."""
    return {"type": "section", "fields": [mrkdwn(text) for text in texts]}


def context(*texts: str) -> Block:
    """Return small print."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def divider() -> Block:
    """Return a line."""
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    """Return a row of buttons or menus."""
    return {"type": "actions", "elements": list(elements)}


def button(label: str, *, action: str, value: str, style: str = "", confirm: Block | None = None) -> Block:
    """Return a button; ``style`` is ``primary``, ``danger`` or empty."""
    shown: Block = {"type": "button", "text": plain_text(label), "action_id": action, "value": value}
    if style:
        shown["style"] = style
    if confirm:
        shown["confirm"] = confirm
    return shown


def confirm(*, title: str, text: str, yes: str, no: str) -> Block:
    """Return the question that is asked before a button acts."""
    return {"title": plain_text(title), "text": plain_text(text), "confirm": plain_text(yes), "deny": plain_text(no)}


def menu(placeholder: str, *, action: str, options: Sequence[tuple[str, str]]) -> Block:
    """Return a select menu of labels and values."""
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain_text(placeholder),
        "options": [{"text": plain_text(label), "value": value} for label, value in options],
    }


def text_input(label: str, *, name: str, value: str, hint: str, longest: int, optional: bool = False) -> Block:
    """Return a field for several lines of text; ``name`` is the id of block and element."""
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": True, "max_length": longest}
    if value:
        element["initial_value"] = value
    shown: Block = {
        "type": "input",
        "block_id": name,
        "label": plain_text(label),
        "hint": plain_text(hint),
        "element": element,
    }
    return {**shown, "optional": True} if optional else shown


def menu_input(label: str, *, name: str, options: Sequence[tuple[str, str]], chosen: int) -> Block:
    """Return a select menu in a form; ``chosen`` is the number of the entry that is set, -1 for none."""
    entries = [{"text": plain_text(text), "value": value} for text, value in options]
    element: Block = {"type": "static_select", "action_id": name, "options": entries}
    if chosen >= 0:
        element["initial_option"] = entries[chosen]
    return {"type": "input", "block_id": name, "label": plain_text(label), "element": element}


def form(title: str, blocks: Sequence[Block], *, callback: str, submit: str, metadata: str) -> View:
    """Return a modal that is filled in and sent."""
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "title": plain_text(title),
        "submit": plain_text(submit),
        "close": plain_text("Cancel"),
        "blocks": list(blocks),
    }


def home(blocks: Sequence[Block]) -> View:
    """Return an App Home."""
    return {"type": "home", "blocks": list(blocks)}


def modal(title: str, blocks: Sequence[Block]) -> View:
    """Return a modal that is only read."""
    return {"type": "modal", "title": plain_text(title), "close": plain_text("Close"), "blocks": list(blocks)}
