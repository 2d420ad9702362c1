"""Slack's limits in one place, and how text is measured against them.

Source where nothing else is said: the Block Kit reference at docs.slack.dev.
"""

from __future__ import annotations

import json

MESSAGE_BLOCKS = 50
MODAL_BLOCKS = 100
MESSAGE_TOTAL = 13_000
"""All blocks of a message together. Slack answers ``msg_blocks_too_long`` at about 13,200 characters, containers
included (not documented; "Blocks too long error at ~13200 characters", slackapi/bolt-js)."""
MODAL_TOTAL = 30_000
"""All blocks of a modal together; nobody scrolls further (ours). A view may have 250 kB."""
MESSAGE_TEXT = 4_000
"""The text beside the blocks, for notifications and screen readers; best results, says chat.postMessage."""

SECTION_TEXT = 3_000
FIELD_TEXT = 2_000
INPUT_TEXT = 3_000
"""Of a ``plain_text_input``."""
CONTEXT_TEXT = 3_000
"""Of a text object anywhere no smaller limit is given."""
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTIONS = 50
"""Slack takes 100; so many of the longest labels would be more than a message may hold."""
PLACEHOLDER = 150
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
MODAL_TITLE = 24
ACTION_ID = 255
PRIVATE_METADATA = 3_000

UPDATE_EVERY_SECONDS = 1.0
"""One message is edited at most this often; Slack takes about one message a second and channel."""
TRIGGER_SECONDS = 3.0
"""A ``trigger_id`` opens a modal for this long, once."""


def size(value: object) -> int:
    """Return how much room a value takes: its length as ASCII JSON.

    Slack does not say whether it counts characters, UTF-16 units or bytes, before or after escaping; this is the
    largest of them all, so what fits by it fits by any.
    """
    return len(json.dumps(value))


def length(text: str) -> int:
    """Return the size of a text without its quotes."""
    return size(text) - 2
