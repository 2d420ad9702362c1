"""Why something is not done, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.escape import code, words
from bot.slack.messages.pieces import DETAIL, SUMMARY, WHITE, channel_name, mention

CHANNELS_NAMED = 5


def not_answered(problem: str) -> str:
    """Return why there is no diagnosis; the problem's own words say what to do."""
    return f"{WHITE} *I could not look.* {words(problem, SUMMARY)}"


def question_gone() -> str:
    """Return that a question is no longer open."""
    return "This question was answered already, or I no longer know it. Please ask again."


def not_in_channel(bot_user_id: str) -> str:
    """Return that the bot cannot write where it was asked."""
    me = mention(bot_user_id)
    return f"I am not in this channel, so I cannot answer here. Invite me with `/invite` {me} and ask again."


def cannot_write(reason: str) -> str:
    """Return that Slack did not let the bot write."""
    return f"Slack did not let me answer here ({words(reason, DETAIL)}). Ask again in a channel I am in."


def broken(incident: str) -> str:
    """Return that something went wrong inside the bot, with the id under which the log has it."""
    return f"Something went wrong inside me. The log has the details under {code(incident, DETAIL)}."


def foreign() -> str:
    """Return the answer to a workspace this bot is not installed for."""
    return "I work for another workspace. Ask whoever runs me to install me in yours."


def unknown_button() -> str:
    """Return the answer to a click on something this version does not know."""
    return "I do not know this button: the message is from another version of me. Please ask again."


def unknown_shortcut() -> str:
    """Return the answer to a shortcut this version does not know."""
    return "I do not know this shortcut: it is from another version of me. Mention me with what does not work."


def unknown_form() -> str:
    """Return the answer to a form this version does not know."""
    return "I do not know this form: it is from another version of me. Please open it again."


def other_channel(channels: Sequence[str]) -> str:
    """Return that the bot answers elsewhere."""
    named = " ".join(channel_name(channel) for channel in channels[:CHANNELS_NAMED])
    return f"I do not answer in this channel. Ask in {named}."


def not_in_group() -> str:
    """Return that a person is in none of the groups that may ask."""
    return "You are in none of the user groups that may ask me. Whoever runs me can add you."


def groups_unknown(why: str) -> str:
    """Return that it could not be checked whether a person may ask."""
    return (
        f"I could not check whether you may ask ({words(why, DETAIL)}), so I did nothing. "
        "The app needs the scope `usergroups:read`."
    )
