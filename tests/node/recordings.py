"""Recordings of a flight recorder, made for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.node.answers import decode
from bot.node.collector.recorder import packed
from bot.node.recording import Recall
from bot.node.requests import recall_request
from tests.node.samples import CAPTURED


def answer(
    columns: Mapping[str, Sequence[int | None]],
    *,
    node: str = "node1",
    ages: Sequence[int] | None = None,
    missing: Mapping[str, str] | None = None,
) -> bytes:
    """Return an answer to ``recall``: columns of totals, oldest first, one second apart unless said otherwise."""
    looks = max(len(values) for values in columns.values())
    made = {name: value for name, value in CAPTURED.items() if name != "series"}
    made |= {
        "node": node,
        "request": list(recall_request()),
        "recording": {
            "age_ms": list(ages) if ages else [1000 * ago for ago in range(looks - 1, -1, -1)],
            "columns": {name: packed(list(values)) for name, values in columns.items()},
            "missing": dict(missing or {}),
        },
    }
    return json.dumps(made).encode()


def recording(
    columns: Mapping[str, Sequence[int | None]],
    *,
    ages: Sequence[int] | None = None,
    missing: Mapping[str, str] | None = None,
) -> Recall:
    content = answer(columns, ages=ages, missing=missing)
    return decode(content, Recall, node="node1", request=recall_request())


def totals(growth: Sequence[int], *, start: int = 1000) -> list[int]:
    """Return the totals of a counter that grew so in each step."""
    return [start + sum(growth[:step]) for step in range(len(growth) + 1)]
