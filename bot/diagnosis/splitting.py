"""Words that are written as one: ``timeouts/errors``, ``TargetDown``, ``30080/tcp``, ``java.net.ConnectException``."""

from __future__ import annotations

import re

from bot.diagnosis.tokens import Shape, Token
from bot.diagnosis.vocabulary import FAILS, Vocabulary

HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+")
PORT = re.compile(r"(?:tcp|udp)/(?P<after>\d{1,5})|(?P<before>\d{1,5})/(?:tcp|udp)", re.IGNORECASE)
COUNTS = re.compile(r"\d+/\d+")
"""So many of so many: ``2/3``, as Pods are ready."""
THROWN = re.compile(r"(?:\w+\.)+\w*(?:Exception|Error)")
"""The name of an exception with its package."""


def words_in(token: Token, vocabulary: Vocabulary) -> list[Token]:
    """Return the words of a token that is several; any other token as it is."""
    if port := PORT.fullmatch(token.text):
        return [Token(Shape.WORD, "port"), Token(Shape.NUMBER, port["after"] or port["before"])]
    if COUNTS.fullmatch(token.text):
        return []
    if token.shape is not Shape.WORD or vocabulary.meaning([token.word], 0):
        return [token]
    words = token.text.split("/") if "/" in token.text else HUMP.findall(token.text)
    meanings = [vocabulary.meaning([word.lower()], 0) for word in words if word]
    sorts = [meaning.word_class if meaning else "" for meaning in meanings]
    alternatives = "/" in token.text and all(sorts) and words[0].lower() not in vocabulary.kinds
    alarm = "/" not in token.text and FAILS in sorts and bool(words[1:])
    if alternatives or alarm or THROWN.fullmatch(token.text):
        return [Token(Shape.WORD, word) for word, sort in zip(words, sorts, strict=False) if sort]
    return [token]
