"""Words that stand where a namespace would: ``web in shop``, ``web (shop)``, ``shop: web is down``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.diagnosis.sentence import Item, Sentence
from bot.diagnosis.tokens import NOTHING, Mention

PUNCTUATION = ".,:()[]{}"


def take_places(sentence: Sentence, namespace: str) -> list[str]:
    """Return the words that stand where a namespace would, and leave them out of the sentence.

    Where a namespace is known for certain, only its own name is left out.
    """
    sure = {*sentence.namespaces, *([namespace] if namespace else [])}
    items = sentence.items
    places: list[str] = []
    at = 0
    while at < len(items):
        place, length = place_at(items, at, heading=sentence.heading and not places)
        if not place or (sure and place.name not in sure):
            at += 1
            continue
        places.append(place.name)
        del items[at : at + length]
        before = items[at - 1].mention if at else NOTHING
        if before and not before.generic and not before.namespace:
            items[at - 1] = Item(mention=replace(before, namespace=place.name))
    return places


def place_at(items: list[Item], at: int, *, heading: bool) -> tuple[Mention, int]:
    """Return the name at an item that stands where a namespace would, and how many items say so."""
    symbols = tuple(item.symbol for item in items[at : at + 3])
    second = items[at + 1].mention if at + 1 < len(items) else NOTHING
    if symbols[:2] == ("in", "") and could_be_namespace(second):
        return second, 2
    if symbols == ("(", "", ")") and could_be_namespace(second) and at and items[at - 1].mention:
        return second, 3
    first = items[at].mention
    follows = any(item.mention and not item.mention.generic for item in items[at + 2 :])
    if heading and at == 0 and symbols[:2] == ("", ":") and could_be_namespace(first) and follows:
        return first, 2
    return NOTHING, 0


def could_be_namespace(mention: Mention) -> bool:
    """Tell whether a name has the form of a namespace's name, and nothing says that it is something else."""
    special = mention.generic or mention.kind or mention.address or mention.port or mention.path or mention.namespace
    return bool(mention) and not special and "." not in mention.name


def words_apart(items: list[Item]) -> Iterable[Mention]:
    """Yield the names that stand between punctuation, each alone: ``app.example.com answers 404, shop``."""
    symbols = ["", *(item.symbol for item in items), ""]
    marks = {"", *PUNCTUATION}
    for at, item in enumerate(items):
        beside = (items[at - 1].mention if at else NOTHING, items[at + 1].mention if items[at + 1 :] else NOTHING)
        if item.mention and not any(beside) and {symbols[at], symbols[at + 2]} <= marks:
            yield item.mention
