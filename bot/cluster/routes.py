"""Routes in a gateway's configuration: a path of URLs and the host it is sent to. Nothing else of the text is kept."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

MOST = 100
"""Routes kept of one ConfigMap (ours)."""
_READ_CHARACTERS = 64 * 1024
_PATH = r"/[A-Za-z0-9._~*/-]{0,80}"
_URL = r"(?:https?|grpcs?|lb|fastcgi)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}))(?::(?P<port>\d{1,5}))?"
_ONE_LINE = re.compile(rf"^\s*[\"'-]*\s*(?P<path>{_PATH})[\"']?\s*(?:=>|->|[:=,\s])\s*[\"']?{_URL}")
_TAKES = re.compile(
    rf"\blocation\s+(?:[=~^*]+\s+)?(?P<nginx>{_PATH})"
    rf"|\b(?:Path|PathPrefix)\s*[=(]\s*[\"'`]?(?P<spring>{_PATH})"
    rf"|\b(?:prefix|path|pathPrefix|path_prefix|match|route|from)[\"']?\s*[:=]\s*[\"']?(?P<key>{_PATH})"
)
"""How nginx, Spring Cloud Gateway, Traefik, Envoy and the like say which path a route takes."""
_SENDS = re.compile(_URL)
_LONGEST_SEGMENT = 40
"""A longer part of a path may be a token (ours)."""

Route = tuple[str, str, int]
"""Path, host, and port or 0."""


def of_settings(data: Mapping[str, str]) -> tuple[tuple[str, Route], ...]:
    """Return the routes in a ConfigMap with their keys."""
    return tuple((key, route) for key, text in data.items() for route in of_text(text))[:MOST]


def of_text(text: str) -> tuple[Route, ...]:
    """Return the routes in a text: of lines that hold a path and a URL, else of paths and URLs that take turns.

    Nothing where they do not: it is not known then which belongs to which.
    """
    lines = text[:_READ_CHARACTERS].splitlines()
    found = [_route(match["path"], match) for line in lines if (match := _ONE_LINE.match(line))]
    if not found:
        found = list(_in_turns(lines))
    return tuple(route for route in dict.fromkeys(found) if _is_plain(route[0]))[:MOST]


def _in_turns(lines: list[str]) -> Iterator[Route]:
    """Yield a path with the URL that follows it, or that stands before it, if they take turns."""
    steps: list[tuple[str, re.Match[str]]] = []
    for line in lines:
        if line.lstrip().startswith("#"):
            continue
        steps += [("path", match) for match in _TAKES.finditer(line)]
        steps += [("url", match) for match in _SENDS.finditer(line)]
    kinds = [kind for kind, _ in steps]
    if len(steps) % 2 or any(first == second for first, second in itertools.pairwise(kinds)):
        return
    for (_, first), (_, second) in zip(steps[::2], steps[1::2], strict=True):
        path, url = (first, second) if kinds[0] == "path" else (second, first)
        yield _route(next(filter(None, path.groups())), url)


def _route(path: str, url: re.Match[str]) -> Route:
    return path, url["host"].rstrip("."), int(url["port"] or 0)


def _is_plain(path: str) -> bool:
    return all(len(segment) <= _LONGEST_SEGMENT for segment in path.split("/"))
