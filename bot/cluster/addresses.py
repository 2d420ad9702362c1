"""Addresses in a workload's configuration: scheme, host and port are all that is kept of a value, where it is one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

from bot.cluster import redact

MOST = 50
"""Addresses kept of one container or ConfigMap (ours)."""
_READ_CHARACTERS = 64 * 1024

DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "redis": 6379,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "amqp": 5672,
    "amqps": 5671,
    "mongodb": 27017,
    "nats": 4222,
    "ldap": 389,
    "ldaps": 636,
}
"""IANA's, of schemes that name a server; an address without a port goes there."""

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})){0,9}\.?"
_HOST = rf"(?:{_NAME}|\[[0-9A-Fa-f:.]{{2,45}}\])"
_PORT = r"(?::(?P<port>\d{1,5}))?"
_URL = re.compile(
    rf"(?:jdbc:)?(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{{0,20}})://(?:[^/\s\"'@]*@)?(?P<host>{_HOST}){_PORT}(?=[/?#\s\"',;)]|$)"
)
_PAIR = re.compile(rf"(?P<host>{_HOST}):(?P<port>\d{{1,5}})(?P<path>/[^\s]*)?")
_NAMED_PAIR = re.compile(rf"(?:^|[\s\"'=,(])(?P<host>{_HOST}):(?P<port>\d{{2,5}})(?=[/\s\"',;)]|$)")
_LONE = re.compile(_HOST)
_CLUSTER_NAME = re.compile(rf"(?:^|[\s\"'=,(])(?P<host>{_NAME[:-3]}\.svc(?:\.[a-z0-9.-]{{1,60}})?)(?=[/\s\"',;)]|$)")
_ASKED_FOR = re.compile(
    rf"\b(?:nslookup|getent\s+(?:ahosts(?:v[46])?|hosts)|nc(?:\s+-\S+)*)\s+(?P<host>{_HOST})(?:\s+(?P<port>\d{{1,5}}))?"
    r"(?=[\s\"',;&|>)]|$)"
)
"""How scripts wait for a name or a port."""

_ADDRESS_WORDS = re.compile(
    r"(?i)(?:(?:^|[_.-])(?:hosts?|addr|address|addresses|servers?|endpoints?|ur[li]|upstream|backend|brokers?)"
    r"|[_.-]hostname)$"
)
"""Ends of a setting's name that say its value is an address, even without a port. HOSTNAME and SERVICE_NAME are not
among them: they say what a program calls itself."""
_FILE_NAME = re.compile(r"(?i)\.(?:ya?ml|json|conf|cfg|cnf|ini|toml|properties|xml|env|txt|sh)$")
"""Ends of a ConfigMap's key that say its value is a file, also where that has one line."""
_REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_.-][A-Za-z0-9_.-]{0,252})\)")
"""A reference in the value of a variable; ``$$(NAME)`` is none."""
_OF_SERVICES = re.compile(r"_(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)")
"""Names of variables that kubelet makes of Services."""
_PORT_WORD = re.compile(r"(?i)[_.-]?port$")
_SECRET_WORDS = re.compile(
    r"(?i)passw|passphrase|(?:^|[_.-])(?:pwd|pass|secret|token|key|credential|cert)s?(?:[_.-]|$)"
)
HERE = "localhost"
"""How the Pod's own loopback address is written, whichever it is; kept with a port alone."""
_HERE = {HERE, "localhost.", "ip6-localhost"}

Found = tuple[str, int, str]
"""Host, port or 0, and the scheme of a URL if it is one of those above."""
NOTHING: Found = ("", 0, "")


def of_value(name: str, value: str) -> tuple[Found, ...]:
    """Return the addresses that a setting holds; none if its name says that it is a secret.

    A list of them may be separated by commas. A name without a port counts where the setting's name says so.
    """
    if _SECRET_WORDS.search(name) and not _ADDRESS_WORDS.search(name):
        return ()
    text = value[:_READ_CHARACTERS].strip()
    if "\n" in text or _FILE_NAME.search(name):
        return of_text(text)
    found: list[Found] = []
    for part in re.split(r"\s*,\s*", text):
        if url := _URL.match(part):
            found.append(_of(url["host"], url["port"], url["scheme"]))
        elif pair := _PAIR.fullmatch(part):
            found.append(_of(pair["host"], pair["port"]))
        elif _ADDRESS_WORDS.search(name) and _LONE.fullmatch(part):
            found.append(_of(part, None))
        else:
            found.append(NOTHING)
    # Of a list, all are addresses or it is none; a URL may have its own commas.
    if not all(host for host, _, _ in found):
        return tuple(item for item in found[:1] if item[0] and _URL.match(text))
    return _kept(found)


def of_text(text: str) -> tuple[Found, ...]:
    """Return the addresses in a script, an argument or a file: URLs, names with a port or waited for, full names."""
    text = text[:_READ_CHARACTERS]
    urls = [_of(url["host"], url["port"], url["scheme"]) for url in _URL.finditer(text)]
    rest = _URL.sub(" ", text)
    pairs = [_of(pair["host"], pair["port"]) for pair in _NAMED_PAIR.finditer(rest)]
    names = [_of(name["host"], None) for name in _CLUSTER_NAME.finditer(rest)]
    asked = [_of(one["host"], one["port"]) for one in _ASKED_FOR.finditer(rest)]
    return _kept([*urls, *pairs, *names, *asked])


def of_environment(values: Mapping[str, str]) -> Iterator[tuple[str, str, int, str]]:
    """Yield variable, host, port and scheme of each address; ``DB_HOST`` and ``DB_PORT`` are one."""
    ports = {_PORT_WORD.sub("", name): int(value) for name, value in values.items() if _is_port(name, value)}
    for name, value in values.items():
        for host, port, scheme in of_value(name, value):
            yield name, host, port or ports.get(_ADDRESS_WORDS.sub("", name), 0), scheme


def unresolved(variables: Iterable[tuple[str, str]], *, others: bool = False) -> tuple[str, ...]:
    """Return the addresses among variables that name one not set before them, as ``URL: $(HOST), set behind it``.

    What a container gets from elsewhere, whole ConfigMaps (``others``) or Services' addresses, may set the rest. Such a
    reference stays as it is written (kubernetes.io, "Define dependent environment variables").
    """
    known, found = list(variables), []
    names = [name for name, _ in known]
    for position, (name, value) in enumerate(known):
        if "://" not in value and not _ADDRESS_WORDS.search(name):
            continue
        for reference in _REFERENCE.findall(value[:_READ_CHARACTERS]):
            if reference in names[:position]:
                continue
            behind = reference in names[position:]
            if behind and not others:
                found.append(f"{name}: $({reference}), set behind it")
            elif not (behind or others or _OF_SERVICES.search(reference)):
                found.append(f"{name}: $({reference}), set nowhere")
    return tuple(dict.fromkeys(found))[:MOST]


def _is_port(name: str, value: str) -> bool:
    return bool(_PORT_WORD.search(name)) and value.isascii() and value.isdigit() and 0 < int(value[:6]) < 2**16


def _of(host: str, port: str | None, scheme: str = "") -> Found:
    """Return host and port, or nothing for what cannot be reached over the network, or is not what it looks like."""
    host = host.strip("[]").rstrip(".").lower()
    scheme = scheme.lower() if scheme.lower() in DEFAULT_PORTS else ""
    number = int(port) if port else DEFAULT_PORTS.get(scheme, 0)
    if not host or number >= 2**16 or (port and not number) or redact.message(host) != host:
        return NOTHING
    if host in _HERE:
        return here(number, scheme)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name has a letter; what has none is a time, a version or a cut-off address.
        return (host, number, scheme) if re.search(r"[a-z]", host) else NOTHING
    if address.is_loopback:
        return here(number, scheme)
    return NOTHING if address.is_unspecified else (str(address), number, scheme)


def here(number: int, scheme: str) -> Found:
    """Return a port of the Pod itself, or nothing where none is named."""
    return (HERE, number, scheme) if number else NOTHING


def _kept(found: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(dict.fromkeys(item for item in found if item[0]))[:MOST]
