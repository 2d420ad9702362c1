"""Which kinds of symptom the words of a text speak of, and which of them they only name to say that all is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.diagnosis.sentence import Sentence
from bot.diagnosis.vocabulary import ASIDE, FAILS, SINCE, Vocabulary

ARTICLES = frozenset({"a", "an", "any", "the", "our", "longer", "more", "really", "that", "seeing", "getting"})
"""Words that may stand between a denial and what it denies."""
TURNS = frozenset({"but", "yet", "though", "just", "while"})
"""Words that begin a clause of its own."""


def note_kinds(words: Sequence[str], sentence: Sentence) -> None:
    """Note in a sentence the kinds of symptom that words speak of; an empty word stands for punctuation."""
    vocabulary = sentence.vocabulary
    well = words_of_what_is_well(words, vocabulary)
    kinds, at = sentence.kinds, 0
    while at < len(words):
        if not words[at]:
            kinds, at = sentence.kinds, at + 1
            continue
        meaning, hint = vocabulary.meaning(words, at), vocabulary.hint(words, at)
        sentence.changes |= vocabulary.change(words, at) is not None
        # "during rollouts" begins a clause and is a hint itself.
        told = [each.kind for each in (meaning, hint) if each and each.kind]
        (sentence.kinds_of_what_is_well if at in well else kinds).extend(told)
        if meaning and meaning.word_class in (SINCE, ASIDE):
            kinds = sentence.clause_kinds
        at += len(meaning.phrase) if meaning and meaning.word_class == FAILS else 1


def words_of_what_is_well(words: Sequence[str], vocabulary: Vocabulary) -> set[int]:
    """Return the places of words that complain of nothing: ``DNS is fine``, ``no packet loss``, ``not slow``."""
    denied = {at for at in range(len(words)) if words[at] and is_denied(words, at, vocabulary)}
    clauses = (place for place in clauses_of(words, vocabulary) if is_well(words, place, denied, vocabulary))
    return denied.union(*clauses)


def is_denied(words: Sequence[str], at: int, vocabulary: Vocabulary) -> bool:
    """Tell whether "no" or "not" takes a word back. ``Not resolving`` is a complaint, ``not DNS`` is none."""
    before = at - 1
    while before >= 0 and words[before] in ARTICLES:
        before -= 1
    if before < 0 or words[before] not in vocabulary.denials:
        return False
    # The "not" in "not responding" is part of a failure.
    if any(len(m.phrase) > at - before for m in [vocabulary.meaning(words, before)] if m and m.word_class == FAILS):
        return False
    meaning = vocabulary.meaning(words, at)
    fails = meaning is not None and meaning.word_class == FAILS
    return fails or (words[before] == "not" and words[at] in vocabulary.deniable)


def clauses_of(words: Sequence[str], vocabulary: Vocabulary) -> Iterator[range]:
    """Yield the places of each clause."""
    start, fine = 0, False
    for at, word in enumerate(words):
        if not word or begins_clause(words, at, vocabulary) or (word == "and" and fine):
            yield range(start, at)
            start, fine = at, False
        fine = fine or vocabulary.fine(words, at) is not None
    yield range(start, len(words))


def begins_clause(words: Sequence[str], at: int, vocabulary: Vocabulary) -> bool:
    """Tell whether a word begins a clause; ``works but is slow`` goes on with what works."""
    meaning = vocabulary.meaning(words, at)
    goes_on = words[at] == "but" and at + 1 < len(words) and words[at + 1] in vocabulary.predicates
    return not goes_on and (words[at] in TURNS or bool(meaning and meaning.word_class in (SINCE, ASIDE)))


def is_well(words: Sequence[str], clause: range, denied: set[int], vocabulary: Vocabulary) -> bool:
    """Tell whether a clause says that something is fine, and nothing that stands against it."""
    well, at = False, clause.start
    while at < clause.stop:
        fine = vocabulary.fine(words, at) if words[at] else None
        meaning = vocabulary.meaning(words, at) if words[at] else None
        if fine:
            well, at = True, at + len(fine.phrase)
        elif meaning and meaning.word_class == FAILS:
            if at not in denied:
                return False
            at += len(meaning.phrase)
        elif words[at] in vocabulary.contrary:
            return False
        else:
            at += 1
    return well
