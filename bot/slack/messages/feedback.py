"""What people think of a diagnosis, in words."""

from __future__ import annotations

from bot.slack.messages.pieces import GREEN, YELLOW, mention
from bot.store.chat_records import Opinion


def told(opinion: Opinion, user_id: str) -> str:
    """Return somebody's opinion, for the thread."""
    if opinion is Opinion.RIGHT:
        return f"{GREEN} {mention(user_id)} says: this was it."
    return f"{YELLOW} {mention(user_id)} says: wrong diagnosis. What was it? Tell it here for who reads this later."


def known() -> str:
    """Return that an opinion was kept before."""
    return "You said so already, and I have kept it."
