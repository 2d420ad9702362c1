"""Settings of DNS servers: CoreDNS' Corefile and dnsmasq's arguments, cut down to names, addresses and times."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_LINES = 400
MOST_CHARACTERS = 64 * 1024
MOST_OVERRIDES = 50

_PLUGINS = frozenset(
    {
        "kubernetes",
        "template",
        "hosts",
        "rewrite",
        "file",
        "forward",
        "proxy",
        "cache",
        "health",
        "ready",
        "loop",
        "reload",
        "errors",
        "autopath",
        "dns64",
        "view",
        "k8s_external",
        "federation",
        "match",
        "answer",
        "rcode",
        "fallthrough",
        "ttl",
        "pods",
        "upstream",
        "success",
        "denial",
        "name",
        "exact",
        "suffix",
        "prefix",
        "substring",
        "regex",
        "max_fails",
        "policy",
        "prefer_udp",
        "force_tcp",
        "expire",
        "lameduck",
    }
)
"""Words that begin a line whose rest is names, addresses, times and codes; any other line is left out."""
_PLAIN = re.compile(r"""[A-Za-z0-9_.:/,*+ ^$(){}\[\]|?\\"'~=-]{0,300}""")
_ZONE = re.compile(r"[A-Za-z0-9_.:/* ,-]{1,300}\{")
_ADDRESS_LINE = re.compile(r"[0-9a-fA-F.:]{2,45}( +[A-Za-z0-9_.-]{1,253}){1,20}")
"""An entry of the plugin ``hosts``."""
_OVERRIDE = re.compile(
    r"--(?P<option>address|host-record|cname)=(?P<value>[A-Za-z0-9_./:#,*-]{1,300})|--(?P<local>local|server)=/(?P<names>[A-Za-z0-9_./-]{1,300})/"
)

_SERVER = re.compile(
    r"--server=(?:/(?P<domains>[A-Za-z0-9_./-]{1,300})/)?(?P<server>[0-9a-fA-F.:]{2,45}(?:#[0-9]{1,5})?)"
)
_FORWARD = re.compile(r"(?:forward|proxy)\s+(?P<of>\S{1,300})\s+(?P<to>[^{]{1,300})")
_PORT = re.compile(r":[0-9]{1,5}$")


def reduce(text: str) -> str:
    """Return a Corefile with the lines that are known to hold a setting and nothing else; braces stay."""
    kept = []
    for line in text[:MOST_CHARACTERS].splitlines()[:MOST_LINES]:
        bare = line.partition("#")[0].strip()
        word = bare.partition(" ")[0].rstrip("{")
        if not _PLAIN.fullmatch(bare):
            kept.append("{" if bare.endswith("{") else "")
        elif bare == "}" or word in _PLUGINS or _ZONE.fullmatch(bare) or _ADDRESS_LINE.fullmatch(bare):
            kept.append(line.partition("#")[0].rstrip())
        elif bare.endswith("{"):
            kept.append("other {")
    return "".join(f"{line}\n" for line in kept if line.strip())


def zone(text: str) -> str:
    """Return the domain of the cluster that a Corefile's plugin ``kubernetes`` serves; empty if it names none."""
    found = re.search(r"^\s*kubernetes\s+(?P<zone>[A-Za-z0-9][A-Za-z0-9.-]{0,200})", text, re.MULTILINE)
    return found["zone"].rstrip(".").lower() if found else ""


def overrides(text: str) -> list[str]:
    """Return the blocks of a Corefile that answer names by themselves, each on one line."""
    found, block = [], ""
    depth = 0
    for line in (part.strip() for part in text.splitlines()):
        if not block and line.startswith(("template ", "hosts", "rewrite ", "file ")):
            block = line
            depth = line.count("{") - line.count("}")
        elif block:
            block, depth = f"{block} {line}", depth + line.count("{") - line.count("}")
        if block and depth <= 0:
            found.append(block)
            block = ""
    return found[:MOST_OVERRIDES]


def dnsmasq(words: Iterable[str]) -> tuple[str, ...]:
    """Return the arguments of dnsmasq that give names an answer of their own: ``--address=/web.shop.svc/``."""
    kept = (found[0] for word in words if len(word) <= MOST_CHARACTERS and (found := _OVERRIDE.fullmatch(word)))
    return tuple(dict.fromkeys(kept))[:MOST_OVERRIDES]


def dnsmasq_servers(words: Iterable[str]) -> tuple[str, ...]:
    """Return the servers that dnsmasq is told to ask: ``192.0.2.1#53``, for one domain ``x.example=192.0.2.1``."""
    matches = (match for word in words if len(word) <= MOST_CHARACTERS and (match := _SERVER.fullmatch(word)))
    found = (
        forward(domain, match["server"])
        for match in matches
        for domain in (match["domains"] or "").strip("/").split("/")
    )
    return tuple(dict.fromkeys(found))[:MOST_OVERRIDES]


def upstreams(text: str) -> tuple[str, ...]:
    """Return where a Corefile forwards names to: addresses, or a file such as ``/etc/resolv.conf``.

    Of one domain alone: ``x.example=192.0.2.1``.
    """
    found: list[str] = []
    depth, zones = 0, [""]
    for line in (part.partition("#")[0].strip() for part in text.splitlines()):
        if depth == 0 and line.endswith("{"):
            zones = [zone_of(word) for word in line[:-1].replace(",", " ").split()] or [""]
        if match := _FORWARD.match(line):
            domains = zones if match["of"] == "." else [zone_of(match["of"])]
            found += [forward(domain, server) for domain in domains for server in match["to"].split()]
        depth += line.count("{") - line.count("}")
    return tuple(dict.fromkeys(found))[:MOST_OVERRIDES]


def forward(domain: str, server: str) -> str:
    """Write down a server, with the domain that it is asked for if that is not every one."""
    return f"{domain}={server}" if domain else server


def zone_of(word: str) -> str:
    """Return the domain of a server block: ``x.example`` of ``dns://x.example.:53``; empty for every one."""
    return _PORT.sub("", word.rpartition("://")[2]).strip(".").lower()


def servers_for(name: str, found: Iterable[str]) -> list[str]:
    """Return the servers that a name is forwarded to: those of the longest domain it lies in, else of every one."""
    ways = [(domain, server) for text in found for domain, _, server in [text.rpartition("=")]]
    around = [domain for domain, _ in ways if domain and f".{name.strip('.').lower()}".endswith(f".{domain}")]
    longest = max(around, key=len, default="")
    return [server for domain, server in ways if domain == longest]


def speaks_of(override: str, name: str) -> bool:
    """Tell whether a block or an argument names a name, or a domain it lies in that is no domain of all Services."""
    labels = name.rstrip(".").lower().split(".")
    flat = override.lower().replace("\\", "")
    own = [".".join(labels[index:]) for index in range(2) if len(labels) > index + 2]
    return any(re.search(rf"(?<![a-z0-9_.-]){re.escape(text)}(?![a-z0-9_-])", flat) for text in own)
