"""How well a word of a person fits the name of an object. Nothing here knows a cluster."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from bot.probes.misspelling import edits

T = TypeVar("T")

SEPARATOR = re.compile(r"[-_. ]+")
KIND_SUFFIXES = ("service", "svc", "deployment", "deploy", "statefulset", "pods", "pod", "app")
"""What people add to a name, or leave out of it."""

SHORTEST_FUZZY = 5
"""Shorter words have a neighbour one letter away in any cluster: cart, card, chart (ours)."""
LONGEST_BARE = 3
"""A word this short has no plural: dns, aws (ours)."""
LONG = 8
"""From this length on two typing errors are forgiven, below it one (ours)."""


class Fit(IntEnum):
    """How well; smaller is better, and a better fit always wins over a worse one."""

    EXACT = 0
    SAME = 1
    """But for plural, word order, separators, and words such as "service"."""
    PREFIX = 2
    """The name goes on after a dash: ``web`` and ``web-frontend``."""
    PART = 3
    """The word is one of the name's parts: ``catalog`` and ``product-catalog``."""
    FUZZY = 4
    """But for typing errors."""


@dataclass(frozen=True)
class Fitting:
    """A fit and, for typing errors, how many."""

    fit: Fit
    errors: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """The sort key, best first."""
        return int(self.fit), self.errors


def fitting(word: str, name: str, *, worst: Fit = Fit.FUZZY) -> Fitting | None:
    """Return how a word fits a name; None if it does not, or worse than ``worst``."""
    if word == name:
        return Fitting(Fit.EXACT)
    for fit, fits in ((Fit.SAME, is_same), (Fit.PREFIX, is_prefix), (Fit.PART, is_part)):
        if fit <= worst and fits(word, name):
            return Fitting(fit)
    if worst >= Fit.FUZZY:
        errors = typing_errors(word, name)
        if errors:
            return Fitting(Fit.FUZZY, errors)
    return None


def best(word: str, named: Iterable[tuple[str, T]], *, worst: Fit = Fit.FUZZY) -> tuple[Fit | None, list[T]]:
    """Return the things whose names a word fits best, all equally well, and how well that is."""
    things = list(named)
    exact = [thing for name, thing in things if name == word]
    if exact or worst is Fit.EXACT:
        return (Fit.EXACT, exact) if exact else (None, [])
    first = initials(word)
    found = [
        (fits, thing) for name, thing in things if first & initials(name) and (fits := fitting(word, name, worst=worst))
    ]
    if not found:
        return None, []
    top = min(fits.rank for fits, _ in found)
    return Fit(top[0]), [thing for fits, thing in found if fits.rank == top]


def initials(text: str) -> set[str]:
    """Return the first letters of a name's parts. Two names that share none of them do not fit in any way."""
    return {part[0] for part in SEPARATOR.split(text) if part}


def is_same(word: str, name: str) -> bool:
    """Tell whether word and name are the same but for their form."""
    wanted, has = stems(word), stems(name)
    return bool(wanted & has)


@functools.lru_cache(maxsize=1024)
def stems(text: str) -> frozenset[str]:
    """Return the forms of a name that mean the same."""
    tokens = [singular(token) for token in tokens_of(text)]
    forms = ["".join(tokens), "".join(sorted(tokens))]
    bare = [token for token in tokens if token not in KIND_SUFFIXES]
    if bare and len(bare) < len(tokens):
        forms += ["".join(bare), "".join(sorted(bare))]
    glued = forms[0]
    for suffix in KIND_SUFFIXES:
        if glued.endswith(suffix) and len(glued) > len(suffix) + 1:
            forms.append(glued.removesuffix(suffix))
    return frozenset(filter(None, forms))


def singular(token: str) -> str:
    """Return a word without its plural's ending."""
    if len(token) > LONGEST_BARE + 1 and token.endswith("ies"):
        return token[:-3] + "y"
    if len(token) > LONGEST_BARE and token.endswith("s") and not token.endswith(("ss", "us", "is")):
        return token[:-1]
    return token


def is_prefix(word: str, name: str) -> bool:
    """Tell whether the name begins with the word and a separator."""
    return any(name.startswith(form + mark) for form in {word, singular(word)} for mark in "-._")


def is_part(word: str, name: str) -> bool:
    """Tell whether the words of a text stand in the name, in their order, but not first."""
    wanted = [singular(token) for token in tokens_of(word)]
    has = [singular(token) for token in tokens_of(name)]
    return any(has[start : start + len(wanted)] == wanted for start in range(1, len(has) - len(wanted) + 1))


def typing_errors(word: str, name: str) -> int:
    """Return how many letters were wrong, missing, added or swapped; 0 for none, and for more than are forgiven."""
    wanted = "".join(tokens_of(word))
    if len(wanted) < SHORTEST_FUZZY:
        return 0
    allowed = 1 if len(wanted) < LONG else 2
    # The first letter is hardly ever the wrong one: reach is no misspelling of teach.
    forms = (form for form in spellings(name) if form[0] == wanted[0] and digits(form) == digits(wanted))
    counts = (edits(wanted, form, at_most=allowed) for form in forms)
    return min((count for count in counts if 0 < count <= allowed), default=0)


def spellings(name: str) -> set[str]:
    """Return what a mistyped word may have been meant to be: the name, with and without what is often left out."""
    tokens = tokens_of(name)
    bare = [token for token in tokens if token not in KIND_SUFFIXES] or tokens
    return {"".join(tokens), "".join(bare), *(form for form in stems(name) if len(form) >= SHORTEST_FUZZY)}


def digits(text: str) -> str:
    """Return the digits of a name: ``web-1`` is no misspelling of ``web-2``."""
    return "".join(c for c in text if c.isdigit())


def tokens_of(text: str) -> Sequence[str]:
    """Return the parts of a name."""
    return [token for token in SEPARATOR.split(text.lower()) if token]
