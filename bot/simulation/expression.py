"""Calico's selectors: ``app == 'web' && !has(legacy)``.

Source: docs.tigera.io, NetworkPolicy resource, Selectors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Matches = Callable[[Mapping[str, str]], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<sign>&&|\|\||==|!=|[!(){},])|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<word>[A-Za-z0-9_./-]+))"
)
LONGEST = 4000
"""Characters of one selector (ours)."""
DEEPEST = 50
"""Brackets in brackets (ours)."""


class NotUnderstood(Exception):
    """A selector is not written as Calico's documentation has it."""


def selector(text: str) -> Matches:
    """Return what tells whether labels match; an empty selector matches all.

    Raises:
        NotUnderstood: It is no selector.
    """
    if not text.strip():
        return _everything
    parser = _Parser(_tokens(text))
    found = parser.either()
    parser.end()
    return found


def _everything(_labels: Mapping[str, str]) -> bool:
    return True


def _nothing(_labels: Mapping[str, str]) -> bool:
    return False


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > LONGEST:
        raise NotUnderstood(f"a selector of {len(text)} characters")
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotUnderstood(f"selector {text[:100]!r}")
        kind = match.lastgroup or ""
        found.append(("text" if kind in ("single", "double") else kind, match[kind]))
        place = match.end()
    return found


class _Parser:
    """Recursive descent: or, and, not, term."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def either(self) -> Matches:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotUnderstood("a selector with too many brackets")
        parts = [self._both()]
        while self._take("sign", "||"):
            parts.append(self._both())
        self._depth -= 1
        return lambda labels: any(part(labels) for part in parts)

    def _both(self) -> Matches:
        parts = [self._not()]
        while self._take("sign", "&&"):
            parts.append(self._not())
        return lambda labels: all(part(labels) for part in parts)

    def _not(self) -> Matches:
        inverted = False
        while self._take("sign", "!"):
            inverted = not inverted
        inner = self._term()
        return (lambda labels: not inner(labels)) if inverted else inner

    def _term(self) -> Matches:
        if self._take("sign", "("):
            inner = self.either()
            self._must("sign", ")")
            return inner
        key = self._must("word")
        if key in ("all", "has", "global") and self._take("sign", "("):
            return self._call(key)
        return self._comparison(key)

    def _call(self, name: str) -> Matches:
        key = self._must("word") if name == "has" else ""
        self._must("sign", ")")
        if name == "has":
            return lambda labels: key in labels
        return _everything if name == "all" else _nothing

    def _comparison(self, key: str) -> Matches:
        if self._take("sign", "=="):
            value = self._must("text")
            return lambda labels: labels.get(key) == value
        if self._take("sign", "!="):
            value = self._must("text")
            return lambda labels: labels.get(key) != value
        word = self._must("word")
        if word == "not":
            self._must("word", "in")
            values = self._values()
            return lambda labels: labels.get(key) not in values
        if word == "in":
            values = self._values()
            return lambda labels: labels.get(key) in values
        return self._part(key, word)

    def _part(self, key: str, word: str) -> Matches:
        if word in ("starts", "ends"):
            self._must("word", "with")
        elif word != "contains":
            raise NotUnderstood(f"selector word {word[:40]!r}")
        value = self._must("text")
        tests: dict[str, Matches] = {
            "contains": lambda labels: value in labels.get(key, "\0"),
            "starts": lambda labels: labels.get(key, "\0").startswith(value),
            "ends": lambda labels: labels.get(key, "\0").endswith(value),
        }
        return lambda labels: key in labels and tests[word](labels)

    def _values(self) -> frozenset[str]:
        self._must("sign", "{")
        values = {self._must("text")}
        while self._take("sign", ","):
            values.add(self._must("text"))
        self._must("sign", "}")
        return frozenset(values)

    def end(self) -> None:
        if self._place != len(self._tokens):
            raise NotUnderstood("a selector that goes on after its end")

    def _take(self, kind: str, text: str) -> bool:
        if self._tokens[self._place : self._place + 1] != [(kind, text)]:
            return False
        self._place += 1
        return True

    def _must(self, kind: str, text: str = "") -> str:
        if self._place < len(self._tokens):
            found, value = self._tokens[self._place]
            if found == kind and (not text or value == text):
                self._place += 1
                return value
        raise NotUnderstood(f"a selector in which {text or kind!s} is missing")
