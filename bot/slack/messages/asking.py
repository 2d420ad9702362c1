"""How to ask, what was asked, and the questions that come back."""

from __future__ import annotations

from bot.slack.escape import plain, words
from bot.slack.limits import OPTION_TEXT
from bot.slack.messages.pieces import NAME, SYMPTOM, channel_name, mention


def usage(command: str) -> str:
    """Return what the command can do."""
    return (
        "*I find out why a Kubernetes network fails.* Tell me what does not work, in your own words:\n"
        f"• `{command} web cannot reach cart`\n"
        f"• `{command} dns is slow in namespace shop`\n"
        f"• `{command} timeouts to api.example.com`\n"
        f"• `{command} something is wrong` looks at the whole cluster\n"
        "I only read. The answer comes in a thread of its own; a fix is applied after somebody approved it.\n"
        "Slash commands do not work inside threads: mention me there instead."
    )


def asked(symptom: str, user_id: str) -> str:
    """Return the line that opens a thread."""
    return f"{mention(user_id)} asks: *{words(symptom, SYMPTOM)}*"


def which_one(word: str) -> str:
    """Return the question that an ambiguous name leads to."""
    return f"It is not clear what *{words(word, NAME)}* is. Which one is meant?"


def choose() -> str:
    """Return what an open menu says."""
    return "Choose one"


def option(label: str) -> str:
    """Return one entry of a menu."""
    return plain(label, OPTION_TEXT)


def more_options(count: int) -> str:
    """Return that a menu cannot hold everything."""
    return f"… and {count} more. If yours is not in the list, ask again with its namespace."


def chosen(word: str, label: str, user_id: str) -> str:
    """Return what was chosen."""
    return f"*{words(word, NAME)}*: {words(label, NAME)}, chosen by {mention(user_id)}."


def which_node() -> str:
    """Return that “the other Node” is not clear."""
    return "It is not clear which Node is meant. Name it: `and from node worker-2?`"


def cluster_word() -> str:
    """Return what is asked for where it is not clear which cluster is meant."""
    return "the cluster"


def moved(user_id: str, channel: str) -> str:
    """Return that an answer is given elsewhere, because it has names in it."""
    return f"{mention(user_id)}, I am looking. The answer goes to {channel_name(channel)}: names stay out of here."
