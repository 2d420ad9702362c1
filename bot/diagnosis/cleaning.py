"""What people paste, as one plain text: no markup of Slack, no control characters, straight quotes."""

from __future__ import annotations

import re
import unicodedata

TEXT_LIMIT = 2000
"""Characters of a symptom. A sentence has 100, a pasted alert 1,000 (ours)."""

HOW_TO_ASK = "Say in one sentence who cannot reach what, for example: checkout cannot reach redis in namespace shop."

ANSI_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
SLACK_LINK = re.compile(r"<((?:https?|tcp|udp|mailto|tel)[:][^<>|\s]*)(?:\|([^<>]*))?>")
SLACK_MENTION = re.compile(r"<[@#!][^<>]*>")
EMOJI = re.compile(r"(?<![\w:]):(?=[a-z0-9_+-]*[a-z])[a-z0-9_+-]{2,40}:(?![\w:])")
EMPHASIS = re.compile(r"(?<![\w*_~])([*_~]{1,2})(?=\S)([^*_~\n]+?)(?<=\S)\1(?![\w*_~])")
LIST_MARK = re.compile(r"^[ \t]*(?:&gt;|>|[-*\u2022])[ \t]+", re.MULTILINE)
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
STRAIGHT = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"),
        **dict.fromkeys("\u2013\u2014\u2015", " - "),
        **dict.fromkeys("\u2192\u21d2\u27a1\u2794\u279c\u27f6", " -> "),
        "\u2026": "...",
        "\u2028": "\n",
        "\u2029": "\n",
        "\r": "\n",
        "\t": " ",
    }
)


class SymptomError(ValueError):
    """A text that cannot be read as a symptom. The message is for the person who wrote it."""


def clean(text: str) -> str:
    """Return the text without anything that is not part of the sentence; line breaks stay.

    Raises:
        SymptomError: Nothing is left, or the text is too long.
    """
    if len(text) > TEXT_LIMIT:
        raise SymptomError(
            f"The symptom has {len(text):,} characters; at most {TEXT_LIMIT:,} are read. {HOW_TO_ASK}"
            " Leave logs and whole alerts out."
        )
    plain = SLACK_LINK.sub(label_of_link, SLACK_MENTION.sub(" ", ANSI_ESCAPE.sub("", text)))
    plain = EMPHASIS.sub(r"\2", LIST_MARK.sub("", EMOJI.sub(" ", plain.replace("```", "\n"))))
    for entity, character in ENTITIES:
        plain = plain.replace(entity, character)
    plain = unicodedata.normalize("NFKC", plain.translate(STRAIGHT)).translate(STRAIGHT)
    plain = "".join(visible(c) for c in plain)
    plain = "\n".join(" ".join(line.split()) for line in plain.split("\n"))
    plain = re.sub(r"\n{2,}", "\n", plain).strip()
    if not any(c.isalnum() for c in plain):
        raise SymptomError(f"The symptom is empty. {HOW_TO_ASK}")
    return plain


def visible(character: str) -> str:
    """Return the character; a space for a control character; nothing for one that only changes how others look."""
    category = unicodedata.category(character)
    if character == "\n" or category[0] != "C":
        return character
    return " " if category == "Cc" else ""


def label_of_link(link: re.Match[str]) -> str:
    """Return what the reader of a Slack message sees of a link."""
    address, label = link[1], link[2]
    if address.startswith(("mailto:", "tel:")):
        return " "
    return label or address
