"""Things found by the labels that a Service selects, without going through all of them for each Service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from bot.cluster.objects import Service
from bot.cluster.selectors import selects

T = TypeVar("T")


class ByLabel(Generic[T]):
    """Things of namespaces, each with labels."""

    def __init__(self, items: Iterable[tuple[T, str, Mapping[str, str]]]) -> None:
        """Keep things, each given with its namespace and its labels."""
        self._carriers: dict[tuple[str, str, str], list[tuple[T, Mapping[str, str]]]] = defaultdict(list)
        for item, namespace, labels in items:
            for key, value in labels.items():
                self._carriers[namespace, key, value].append((item, labels))

    def carrying(self, namespace: str, key: str, value: str) -> list[T]:
        """Return those of a namespace that carry a label."""
        return [item for item, _ in self._carriers.get((namespace, key, value), [])]

    def selected_by(self, service: Service) -> list[T]:
        """Return those whose labels match a Service's selector; none for a Service without one."""
        selector, namespace = service.spec.selector, service.metadata.namespace
        candidates = (self._carriers.get((namespace, key, value), []) for key, value in selector.items())
        # Whoever matches carries each label, so the rarest one of them finds everybody.
        return [item for item, labels in min(candidates, key=len, default=[]) if selects(selector, labels)]
