"""The vocabulary as data: no phrase with two meanings, no pattern with an unknown word."""

from __future__ import annotations

from collections import Counter

from bot.diagnosis import vocabulary
from bot.diagnosis.vocabulary import FAILS, english
from bot.facts.scope import SymptomKind

HOLES = {"{source}", "{target}", "{other}"}
MARKS = {"->", "(", ")", ".", "..."}


def test_every_kind_of_symptom_has_its_words() -> None:
    assert set(english().kind_order) == set(SymptomKind)


def test_no_phrase_has_two_meanings() -> None:
    phrases = Counter(
        meaning.phrase
        for meanings in english().meanings.values()
        for meaning in meanings
        if meaning.word_class != vocabulary.COMMON
    )

    assert [phrase for phrase, count in phrases.items() if count > 1] == []


def test_words_that_yaml_reads_as_truth_values_are_quoted() -> None:
    words = {word for meanings in english().meanings.values() for meaning in meanings for word in meaning.phrase}

    assert {type(word) for word in words} == {str}
    assert {"no", "off", "on", "true", "null"} <= words


def test_patterns_use_known_classes() -> None:
    known = {meaning.word_class for meanings in english().meanings.values() for meaning in meanings} | {FAILS}
    used = {
        word
        for pattern in english().patterns
        for element in pattern.removeprefix("?: ").split()
        for word in (element.removesuffix("?").split("|") if element not in HOLES | MARKS else [element])
    }

    assert used - known - HOLES - MARKS - {"when"} == set()


def test_the_longest_phrase_wins() -> None:
    meaning = english().meaning(["no", "route", "to", "host"], 0)

    assert meaning is not None
    assert meaning.phrase == ("no", "route", "to", "host")


def test_node_names_are_told_by_their_look() -> None:
    looks = english().node_name.fullmatch

    assert all(
        looks(name) for name in ("node-3", "node1", "worker-2", "kind-worker2", "ip-10-0-1-2", "gke-a-pool-1f2e")
    )
    assert not any(looks(name) for name in ("node-exporter", "nodejs", "web-1", "worker", "master-data", "ipam"))
