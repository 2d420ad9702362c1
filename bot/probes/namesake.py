"""Services that a path of URLs is called after."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST = 4
"""Shorter parts of a path (api, v1, app) are called after nothing, unless a Service has just that name (ours)."""
KIND_WORDS = ("service", "svc", "server", "api", "app", "backend")


def namesake_of(path: str, leads_to: str, services: Iterable[str]) -> str:
    """Return the one Service that a part of a path is called after, if that is not where the path leads.

    Empty too where the Service it leads to fits a part of the path, as ``/orders`` and ``orders-v2`` do.
    """
    known = list(services)
    for element in filter(None, path.split("/")):
        if fits(element, leads_to):
            return ""
        for how in (is_name, is_part, fits):
            named = [name for name in known if how(element, name)]
            if named:
                break
        if len(named) == 1:
            return named[0]
    return ""


def fits(element: str, service: str) -> bool:
    """Tell whether a part of a path is a Service's name or its beginning or end, but for the word for its kind."""
    return is_name(element, service) or is_part(element, service) or is_part(bare(element), bare(service))


def is_name(element: str, service: str) -> bool:
    """Tell whether a part of a path is a Service's name."""
    return element == service


def is_part(element: str, service: str) -> bool:
    """Tell whether a part of a path is the beginning or the end of a Service's name: ``orderservice``."""
    wanted, name = letters_of(element), letters_of(service)
    return len(wanted) >= SHORTEST and (name.startswith(wanted) or name.endswith(wanted))


def letters_of(text: str) -> str:
    """Return the letters and digits of a name."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def bare(text: str) -> str:
    """Return the letters and digits of a name without the word for its kind."""
    letters = letters_of(text)
    suffix = next((word for word in KIND_WORDS if letters.endswith(word) and letters != word), "")
    return letters.removesuffix(suffix)
