"""Which of several Ingresses for a host a URL leads to."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cluster.objects import Ingress
from bot.probes.ingress import EXACT, class_of, serves, takes

NO_PATH = (False, False, -1)


def closest(found: Sequence[Ingress], host: str, path: str) -> list[Ingress]:
    """Return those that take a URL by the most specific host and path; all where no path is named, or none takes it."""
    best = max((closeness(item, host, path) for item in found), default=NO_PATH)
    if not path or best == NO_PATH:
        return list(found)
    return [item for item in found if closeness(item, host, path) == best]


def closeness(item: Ingress, host: str, path: str) -> tuple[bool, bool, int]:
    """Return how specific an Ingress is about a URL: its very host, its very path, else the length of a prefix."""
    return max(
        (
            (rule.host == host, each.path_type == EXACT, len(each.path.rstrip("/")))
            for rule in item.spec.rules
            if serves(rule.host, host)
            for each in rule.http.paths
            if takes(each, path)
        ),
        default=NO_PATH,
    )


def claim_the_same(found: Sequence[Ingress], path: str) -> bool:
    """Tell whether several Ingresses that are closest to a path are of one class, so that only one can have it."""
    return bool(path) and len(found) > 1 and len({class_of(item) for item in found}) == 1
