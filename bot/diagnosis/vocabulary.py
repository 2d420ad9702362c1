"""The words of symptoms, read once from the data file beside this module."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TypedDict

import yaml

from bot.facts.scope import SymptomKind

Phrase = tuple[str, ...]
"""The words of a phrase, lower case."""

FAILS, GENERIC, SINCE, ASIDE, COMMON, FINE = "fails", "generic", "since", "aside", "common", "fine"
"""Classes the program itself knows; the others exist for the patterns alone."""


class Known(TypedDict):
    """A name that is the same in every cluster, and the phrases that mean it."""

    kind: str
    namespace: str
    phrases: list[list[str]]


class Data(TypedDict):
    """The data file."""

    failures: dict[str, list[list[str]]]
    hints: dict[str, list[list[str]]]
    changes: list[list[str]]
    well: dict[str, list[list[str]]]
    classes: dict[str, list[list[str]]]
    generic: list[list[str]]
    kinds: dict[str, list[str]]
    labels: dict[str, list[str]]
    known: dict[str, Known]
    clauses: dict[str, list[list[str]]]
    prepositions: list[str]
    patterns: list[str]
    roles: list[list[str]]
    soft: list[list[str]]
    node_names: list[str]
    namespaces: list[str]
    common: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a phrase stands for."""

    phrase: Phrase
    word_class: str
    kind: SymptomKind | None = None
    """The kind of symptom it speaks of."""
    known: str = ""
    """The name it means in every cluster."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All words of one language."""

    meanings: dict[str, tuple[Meaning, ...]]
    """By first word, longest phrase first."""
    hints: dict[str, tuple[Meaning, ...]]
    """The same for phrases that tell a kind and nothing else."""
    changes: dict[str, tuple[Meaning, ...]]
    """The same for phrases about changes that are late."""
    well: dict[str, tuple[Meaning, ...]]
    """The same for phrases that say that something is fine."""
    contrary: frozenset[str]
    """Words that take back what says that something is fine."""
    denials: frozenset[str]
    """Words that deny the failure behind them."""
    deniable: frozenset[str]
    """Hints that "not" denies as well."""
    predicates: frozenset[str]
    """Words behind "but" that go on speaking of the same thing."""
    kind_order: tuple[SymptomKind, ...]
    """Of several kinds in one text the one that stands first counts."""
    kinds: dict[str, str]
    """Kubernetes' kinds by the words for them."""
    labels: dict[str, str]
    known: dict[str, Known]
    patterns: tuple[str, ...]
    roles: frozenset[str]
    soft: frozenset[str]
    namespaces: frozenset[str]
    """Words of the language that are names all the same behind "namespace"."""
    node_name: re.Pattern[str]

    def meaning(self, words: Sequence[str], start: int) -> Meaning | None:
        """Return what the longest phrase that begins at a word means; None for a word that is not in the vocabulary."""
        return longest(self.meanings, words, start)

    def hint(self, words: Sequence[str], start: int) -> Meaning | None:
        """Return the longest phrase that begins at a word and tells the kind of symptom."""
        return longest(self.hints, words, start)

    def change(self, words: Sequence[str], start: int) -> Meaning | None:
        """Return the longest phrase that begins at a word and is about changes that are late."""
        return longest(self.changes, words, start)

    def fine(self, words: Sequence[str], start: int) -> Meaning | None:
        """Return the longest phrase that begins at a word and says that something is fine."""
        return longest(self.well, words, start)

    def is_common(self, word: str) -> bool:
        """Tell whether a word has a meaning of its own, so that it is a name only by exact match."""
        return any(meaning.phrase == (word,) for meaning in self.meanings.get(word, ()))


def longest(table: dict[str, tuple[Meaning, ...]], words: Sequence[str], start: int) -> Meaning | None:
    """Return the longest phrase of a table that begins at a word."""
    for meaning in table.get(words[start], ()):
        if tuple(words[start : start + len(meaning.phrase)]) == meaning.phrase:
            return meaning
    return None


@functools.cache
def english() -> Vocabulary:
    """Return the English vocabulary."""
    text = resources.files("bot.diagnosis").joinpath("vocabulary.en.yaml").read_bytes()
    # The C loader reads the file in a tenth of the time; a build of PyYAML without it has only the other.
    data: Data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return Vocabulary(
        meanings=by_first_word(meanings_of(data)),
        hints=by_first_word(kind_phrases("hint", data["hints"])),
        changes=by_first_word(Meaning(phrase=words_of(text), word_class=COMMON) for text in flat(data["changes"])),
        well=by_first_word(Meaning(phrase=words_of(text), word_class=FINE) for text in flat(data["well"][FINE])),
        contrary=frozenset(flat(data["well"]["contrary"])),
        denials=frozenset(flat(data["well"]["denials"])),
        deniable=frozenset(flat(data["well"]["deniable"])),
        predicates=frozenset(flat(data["well"]["predicates"])),
        kind_order=tuple(SymptomKind(kind) for kind in data["failures"]),
        kinds={word: kind for kind, words in data["kinds"].items() for word in words},
        labels={label: part for part, labels in data["labels"].items() for label in labels},
        known=data["known"],
        patterns=tuple(data["patterns"]),
        roles=frozenset(flat(data["roles"])),
        soft=frozenset(flat(data["soft"])),
        namespaces=frozenset(data["namespaces"]),
        node_name=re.compile("|".join(data["node_names"])),
    )


def meanings_of(data: Data) -> Iterator[Meaning]:
    """Yield what every phrase of the data file means; of two equal ones the first counts."""
    yield from kind_phrases(FAILS, data["failures"])
    for word_class, lists in (*data["classes"].items(), *data["clauses"].items()):
        yield from (Meaning(phrase=words_of(text), word_class=word_class) for text in flat(lists))
    for name, known in data["known"].items():
        yield from (Meaning(phrase=words_of(text), word_class="known", known=name) for text in flat(known["phrases"]))
    yield from (Meaning(phrase=words_of(text), word_class=GENERIC) for text in flat(data["generic"]))
    yield from (Meaning(phrase=(word,), word_class=word) for word in data["prepositions"])
    yield from (Meaning(phrase=words_of(text), word_class=COMMON) for text in flat(data["common"]))
    hints = (words_of(text) for lists in data["hints"].values() for text in flat(lists))
    yield from (Meaning(phrase=phrase, word_class=COMMON) for phrase in hints if len(phrase) == 1)


def kind_phrases(word_class: str, table: dict[str, list[list[str]]]) -> Iterator[Meaning]:
    """Yield phrases that tell a kind of symptom."""
    for kind, lists in table.items():
        yield from (
            Meaning(phrase=words_of(text), word_class=word_class, kind=SymptomKind(kind)) for text in flat(lists)
        )


def by_first_word(meanings: Iterator[Meaning]) -> dict[str, tuple[Meaning, ...]]:
    """Return phrases by their first word, longest first."""
    table: dict[str, list[Meaning]] = {}
    for meaning in meanings:
        table.setdefault(meaning.phrase[0], []).append(meaning)
    return {word: tuple(sorted(found, key=lambda m: -len(m.phrase))) for word, found in table.items()}


def flat(lists: list[list[str]]) -> Iterator[str]:
    """Yield the phrases of several lists."""
    return (text for items in lists for text in items)


def words_of(text: str) -> Phrase:
    """Return the words of a phrase."""
    return tuple(text.split())
