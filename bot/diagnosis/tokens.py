"""A text as tokens, and what a token can name."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


class Shape(Enum):
    """What a token looks like."""

    WORD = auto()
    QUOTED = auto()
    """One word in quotes or backticks: surely a name."""
    SAID = auto()
    """Several words in quotes: what a program said."""
    ADDRESS = auto()
    """An IP address, with or without a port."""
    URL = auto()
    PATH = auto()
    NUMBER = auto()
    """Digits, perhaps with a unit."""
    LABEL = auto()
    """``key=value``."""
    FLAG = auto()
    """``-n``, ``--namespace``."""
    ARROW = auto()
    MARK = auto()
    """One character of punctuation."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text."""

    shape: Shape
    text: str
    """As written, without quotes."""

    @property
    def word(self) -> str:
        """In lower case; empty where it is not a word of the language."""
        return self.text.lower() if self.shape in (Shape.WORD, Shape.NUMBER) else ""


@dataclass(frozen=True, kw_only=True)
class Mention:
    """Something a text names. False if it names nothing."""

    text: str = ""
    """As written."""
    name: str = ""
    """What to look for: lower case, without port, kind, namespace and DNS suffix."""
    namespace: str = ""
    """That written with the name itself: ``shop/web``, ``web.shop.svc``."""
    kind: str = ""
    """The Kubernetes kind written with it: ``service web``, ``deploy/web``."""
    address: str = ""
    """The IP address that is or stands beside the name."""
    port: int = 0
    path: str = ""
    generic: bool = False
    """Somebody or something, nobody in particular: ``pods``, ``everyone``."""
    certain: bool = False
    """Quoted, or written with a port, a kind or a namespace: meant as a name, whatever the word is."""

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text


NOTHING = Mention()
"""What names nothing."""

PATTERN = re.compile(
    r"""
      (?P<URL>[a-z][a-z0-9+.-]*://[^\s<>"'`|,;)\]}]+)
    | (?P<ARROW>-{1,2}>|=>)
    | (?P<LABEL>(?:"[A-Za-z_][\w.]*"\s*:\s*|[A-Za-z_][\w.]*=)
                (?:"[^"\n]*"|'[^'\n]*'|[^\s"',;)}\]]+))
    | (?<!\w)(?P<QUOTE>["'`])(?P<inside>(?:(?!(?P=QUOTE)).){1,200}?)(?P=QUOTE)(?!\w)
    | (?P<ADDRESS>\[[0-9a-f:.]{2,45}\](?::\d{1,5})?
                 |(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\w)(?::\d{1,5}(?![\w.]*\w))?
                 |(?<![\w.:])[0-9a-f]{0,4}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4}(?![\w:]))
    | (?<!\w)(?P<FLAG>--?[a-z][a-z-]*)(?=[\s=]|$)=?
    | (?<![\w.])(?P<PATH>/[\w./%*-]*)
    | (?P<NUMBER>v?\d+(?:[.,-]\d+)*\+?(?:ms|s|m|h|d|k|kb|mb|gb|us|ns|min|x|%)?(?![\w./-]*\w))
    | (?P<WORD>\w(?:[\w./'-]*\w)?(?::\d{1,5}(?!\.?\w))?(?:/[\w./-]*\w)?)
    | (?P<MARK>[():;,.?!|\n{}\[\]-])
    """,
    re.VERBOSE | re.IGNORECASE,
)
AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d{1,5}))?")
LARGEST_PORT = 65535
CLUSTER_DNS = re.compile(r"^(?P<before>[a-z0-9.-]+?)\.(?P<type>svc|pod)(?:\.[a-z0-9.-]+)?$")
NOT_A_HOST = re.compile(r"\.(?:conf|ya?ml|json|log|txt|go|py|js|java|rb|sh|md|html?|crt|pem|key|toml|ini|cfg|d|so)$")


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a cleaned text; a contraction yields its two words."""
    for found in PATTERN.finditer(text):
        group = found.lastgroup if found["QUOTE"] is None else "QUOTE"
        if group == "QUOTE":
            inside = found["inside"].strip()
            if inside:
                yield Token(Shape.SAID if " " in inside else Shape.QUOTED, inside)
        elif group == "WORD":
            yield from words_of(found[0])
        elif group == "FLAG":
            yield Token(Shape.FLAG, found["FLAG"])
        elif group is not None:
            yield Token(Shape[group], found[0])


def words_of(text: str) -> Iterator[Token]:
    """Yield one word, or two of a contraction: ``can't`` is ``can not``, ``web's`` is ``web``."""
    lower = text.lower()
    if lower.endswith("n't"):
        stem = {"ca": "can", "wo": "will", "sha": "shall"}.get(lower[:-3], text[:-3])
        yield Token(Shape.WORD, stem)
        yield Token(Shape.WORD, "not")
    elif "'" in text:
        yield Token(Shape.WORD, text.partition("'")[0])
    else:
        yield Token(Shape.WORD, text)


def mention_of(text: str, kinds: dict[str, str], *, quoted: bool = False) -> Mention:
    """Return what a word, an address or a URL names; ``kinds`` are the words for Kubernetes' kinds."""
    scheme, _, rest = text.rpartition("://")
    authority, slash, path = rest.partition("/")
    kind = namespace = ""
    if slash and not scheme and "." not in authority and ":" not in authority:
        # Not a path behind a host but kind/name or namespace/name.
        kind, authority, path = kinds.get(authority.lower(), ""), path, ""
        namespace = "" if kind else rest.partition("/")[0].lower()
        if kind == "Namespace":
            kind, namespace = "", authority.lower()
    host, port = split_port(authority.rpartition("@")[2])
    name = host.lower().rstrip(".")
    address = address_in(name)
    dns = None if address else CLUSTER_DNS.match(name)
    if dns:
        name, namespace, address = cluster_name(dns)
    return Mention(
        text=text,
        name=name,
        namespace=namespace,
        kind=kind,
        address=address,
        port=port or {"http": 80, "https": 443}.get(scheme.lower(), 0),
        path=f"/{path}" if path else "",
        certain=quoted or bool(port or kind or namespace or scheme or address),
    )


def cluster_name(dns: re.Match[str]) -> tuple[str, str, str]:
    """Return name, namespace and address in a name of the cluster's DNS (Kubernetes DNS specification, 2.3)."""
    before = dns["before"].split(".")
    if dns["type"] == "pod":
        return before[0], before[-1] if before[1:] else "", address_in(before[0].replace("-", "."))
    return (before[-2] if before[1:] else before[0]), (before[-1] if before[1:] else ""), ""


def split_port(authority: str) -> tuple[str, int]:
    """Return host and port; port 0 if there is none that can be one."""
    found = AUTHORITY.fullmatch(authority)
    if not found:
        return authority.strip("[]"), 0
    port = int(found["port"] or 0)
    return found["host"].strip("[]"), port if port <= LARGEST_PORT else 0


def address_in(text: str) -> str:
    """Return the IP address a text is, in its usual form; empty if it is none."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(text))
    return ""


def is_host_name(name: str) -> bool:
    """Tell whether a name has the look of a DNS name with a domain."""
    labels = name.split(".")
    return len(labels) > 1 and all(labels) and not NOT_A_HOST.search(name) and any(c.isalpha() for c in labels[-1])
