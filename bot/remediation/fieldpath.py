"""Paths to one field of an object: ``spec.ports[port=80].targetPort``.

A path never makes a list item and never leads through a missing mapping: it names what is there, or fails.
Keys that are no plain words stand in quotes: ``metadata.annotations["example.com/owner"]``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.cluster.writer import Json, Operation

_TOKEN = re.compile(
    r"""(?:^|\.)(?P<word>[A-Za-z][A-Za-z0-9_-]*)      # a key
      | \["(?P<quoted>[^"\\\x00-\x1f]+)"\]            # any other key
      | \[(?P<item>[^\]"]+)\]                         # the item of a list
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_CONDITION = re.compile(r"(?P<field>[A-Za-z][A-Za-z0-9]*)=(?P<value>[^,=\[\]]+)")


class NoSuchField(ValueError):
    """The object has no such field, or more than one."""


@dataclass(frozen=True)
class Item:
    """The one item of a list whose fields read so."""

    fields: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"[{','.join(f'{field}={value}' for field, value in self.fields)}]"

    def matches(self, item: Json) -> bool:
        """Tell whether this is the item; values are compared as they are written."""
        return isinstance(item, dict) and all(
            field in item and str(item[field]) == value for field, value in self.fields
        )


@dataclass(frozen=True)
class FieldPath:
    """The way to a mapping, and a key in it. Every method raises :class:`NoSuchField` where the way does not exist."""

    way: tuple[str | Item, ...]
    key: str

    @classmethod
    def parse(cls, text: str) -> FieldPath:
        """Return a path as a value.

        Raises:
            ValueError: It is no path to a field.
        """
        found: list[str | Item] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise ValueError(f"{text!r} is no path: cannot read it from {text[position:]!r} on")
            position = match.end()
            found.append(match["word"] or match["quoted"] or _item(text, match["item"]))
        if not found or isinstance(found[0], Item) or isinstance(found[-1], Item):
            raise ValueError(f"{text!r} is no path: it begins and ends with a key")
        return cls(tuple(found[:-1]), found[-1])

    def __str__(self) -> str:
        return _text((*self.way, self.key))

    def fill(self, value_of: Callable[[str], str]) -> FieldPath:
        """Return the path with every value of its conditions replaced; keys stay."""
        return replace(
            self,
            way=tuple(
                Item(tuple((field, value_of(value)) for field, value in part.fields))
                if isinstance(part, Item)
                else part
                for part in self.way
            ),
        )

    def read(self, obj: Json) -> Json:
        """Return the value of the field; None if only the last key is missing."""
        return self._find(obj)[0].get(self.key)

    def operation(self, obj: Json, value: Json) -> Operation:
        """Return the JSON Patch operation that gives the field this value; None removes it."""
        parent, pointer = self._find(obj)
        if value is None and self.key not in parent:
            raise NoSuchField(f"{self} is not set")
        if value is None:
            return Operation(op="remove", path=pointer)
        return Operation(op="replace" if self.key in parent else "add", path=pointer, value=value)

    def put(self, obj: dict[str, Json], value: Json) -> dict[str, Json]:
        """Return a copy of the object in which the field has this value; None removes it."""
        changed = copy.deepcopy(obj)
        parent, _ = self._find(changed)
        if value is None:
            parent.pop(self.key, None)
        else:
            parent[self.key] = copy.deepcopy(value)
        return changed

    def excerpt(self, obj: Json, value: Json) -> dict[str, Json]:
        """Return the way to the field and its value, and nothing else of the object: a patch as a person writes it.

        Items of lists keep the fields that tell them apart, as strategic merge and server-side apply want.
        """
        places = [obj]
        for part in self.way:
            places.append(_step(places[-1], part)[0])
        inner: dict[str, Json] = {self.key: value}
        told: Json = inner
        for part, below in zip(reversed(self.way), reversed(places[1:]), strict=True):
            if isinstance(part, str):
                told = {part: told}
            elif isinstance(below, dict) and isinstance(told, dict):
                told = [{**{field: below[field] for field, _ in part.fields}, **told}]
        return told if isinstance(told, dict) else inner

    def _find(self, obj: Json) -> tuple[dict[str, Json], str]:
        """Return the mapping that holds the field, and the field's JSON Pointer (RFC 6901)."""
        place, pointer = obj, ""
        for length, part in enumerate(self.way, start=1):
            try:
                place, token = _step(place, part)
            except NoSuchField as problem:
                raise NoSuchField(f"{_text(self.way[:length])}: {problem}") from problem
            pointer += f"/{_escaped(token)}"
        if not isinstance(place, dict):
            raise NoSuchField(f"{_text(self.way)} is no mapping")
        return place, f"{pointer}/{_escaped(self.key)}"


def _item(text: str, conditions: str) -> Item:
    fields: list[tuple[str, str]] = []
    for condition in conditions.split(","):
        match = _CONDITION.fullmatch(condition)
        if match is None:
            raise ValueError(f"{text!r} is no path: [{conditions}] is not [field=value]")
        fields.append((match["field"], match["value"]))
    return Item(tuple(fields))


def _text(parts: tuple[str | Item, ...]) -> str:
    told = (
        str(part) if isinstance(part, Item) else f".{part}" if _WORD.fullmatch(part) else f'["{part}"]'
        for part in parts
    )
    return "".join(told).removeprefix(".")


def _step(place: Json, part: str | Item) -> tuple[Json, str]:
    """Return what lies one part further, and that part as a token of a JSON Pointer."""
    if isinstance(part, str):
        if not isinstance(place, dict) or part not in place:
            raise NoSuchField("it is not there")
        return place[part], part
    items = place if isinstance(place, list) else []
    found = [(item, str(index)) for index, item in enumerate(items) if part.matches(item)]
    if len(found) != 1:
        raise NoSuchField(f"{len(found)} items are so, not one")
    return found[0]


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
