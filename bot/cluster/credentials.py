"""Where a cluster is and how to prove who we are: kubeconfig, login plugin, token, certificate, a Pod's own account.

The ``kubernetes`` package resolves them; this module says in words what is wrong when it cannot.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import logging
import os
import re
import ssl
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from bot.cluster.errors import Unreachable
from bot.cluster.redact import message

if TYPE_CHECKING:
    from kubernetes.client import Configuration

IN_CLUSTER = "in-cluster"
"""The name of the context of a Pod's own service account."""

SHOWN_NAMES = 8
"""Names in an error that lists what there is (ours)."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Everything a connection needs. Secret: never logged, never shown."""

    context: str
    server: str
    namespace: str = "default"
    """The context's own."""
    authorization: str = field(default="", repr=False)
    """The value of the Authorization header; empty with client certificates."""
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    tls_name: str = ""
    """The name the server's certificate is checked for, where it is not the server's."""
    proxy: str = field(default="", repr=False)
    material: str = field(default="", repr=False)
    """A digest of what ``tls`` was made from; another one needs a new connection."""


def resolve(*, kubeconfig: str = "", context: str = "") -> Credentials:
    """Return the credentials of a context; without a kubeconfig those of the Pod this runs in. Blocks.

    Args:
        kubeconfig: Path, or several joined as in ``KUBECONFIG``; empty: that variable, else ``~/.kube/config``.
        context: Empty: the current one.

    Raises:
        Unreachable: With what to do about it.
    """
    paths = kubeconfig or os.environ.get("KUBECONFIG", "")
    default = Path.home() / ".kube" / "config"
    if not paths and default.exists():
        paths = str(default)
    if not paths:
        if context or not os.environ.get("KUBERNETES_SERVICE_HOST"):
            raise Unreachable(
                f"There is no kubeconfig: KUBECONFIG is not set and {default} does not exist. "
                "Set KUBECONFIG, or give --kubeconfig FILE."
            )
        return _in_cluster()
    return _from_kubeconfig(paths, context)


def _in_cluster() -> Credentials:
    from kubernetes.client import Configuration  # noqa: PLC0415 - a third of a second, and a bundle needs none of it
    from kubernetes.config import ConfigException, load_incluster_config  # noqa: PLC0415

    configuration = Configuration()
    try:
        load_incluster_config(configuration, try_refresh_token=False)  # type: ignore[no-untyped-call]
    except ConfigException as problem:
        raise Unreachable(f"This Pod's service account cannot be used: {problem}") from problem
    namespace = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    return _credentials(
        configuration, context=IN_CLUSTER, namespace=namespace.read_text() if namespace.exists() else ""
    )


def _from_kubeconfig(paths: str, context: str) -> Credentials:
    contexts, users, current = _read(paths)
    chosen = context or current
    if not chosen:
        raise Unreachable(f"{paths} has no current context. Choose one with --context: {_some(contexts)}.")
    if chosen not in contexts:
        near = difflib.get_close_matches(chosen, contexts, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else f" It has: {_some(contexts)}."
        raise Unreachable(f"{paths} has no context {chosen!r}.{hint}")
    user = users.get(str(contexts[chosen].get("user", "")), {})

    from kubernetes.client import Configuration  # noqa: PLC0415 - see above
    from kubernetes.config import ConfigException, load_kube_config  # noqa: PLC0415

    configuration = Configuration()
    # The package writes keys into files to hand them to OpenSSL; here they are gone as soon as they are read.
    with tempfile.TemporaryDirectory(prefix="netmedic-") as folder, _LastWords() as words:
        try:
            load_kube_config(  # type: ignore[no-untyped-call]
                paths, chosen, configuration, persist_config=False, temp_file_path=folder
            )
        except (ConfigException, OSError, ValueError) as problem:
            raise Unreachable(f"Context {chosen} of {paths} cannot be used: {_cut(problem)}") from None
        except (TypeError, KeyError, AttributeError):
            raise Unreachable(f"Context {chosen} of {paths} has a field of the wrong type.") from None
        if isinstance(user.get("exec"), dict) and not (configuration.api_key or configuration.cert_file):
            command = str(user["exec"].get("command", ""))
            raise Unreachable(
                f"Context {chosen}: its login command {command!r} gave no credentials: "
                f"{_cut(words.text) or 'no reason given'}. Log in again, then try: kubectl --context {chosen} get nodes"
            )
        return _credentials(configuration, context=chosen, namespace=str(contexts[chosen].get("namespace", "")))


def _read(paths: str) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]], str]:
    """Return the contexts and users of kubeconfig files by name, and the current context."""
    contexts: dict[str, dict[str, Any]] = {}
    users: dict[str, dict[str, Any]] = {}
    current = ""
    files = [Path(path).expanduser() for path in paths.split(os.pathsep) if path]
    present = [path for path in files if path.exists()]
    if not present:
        raise Unreachable(f"The kubeconfig {paths} does not exist.")
    for path in present:
        try:
            document = yaml.safe_load(path.read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
            # A YAML error quotes the line, which may hold a token.
            where = problem.strerror if isinstance(problem, OSError) else "it is not YAML"
            raise Unreachable(f"The kubeconfig {path} cannot be read: {where}.") from None
        if not isinstance(document, dict) or not isinstance(document.get("contexts"), list):
            raise Unreachable(f"{path} is not a kubeconfig: it has no list of contexts.")
        for kind, found in (("context", contexts), ("user", users)):
            for item in document.get(f"{kind}s") or ():
                if isinstance(item, dict) and isinstance(item.get(kind), dict):
                    found.setdefault(str(item.get("name", "")), item[kind])
        current = current or str(document.get("current-context") or "")
    return contexts, users, current


def _credentials(configuration: Configuration, *, context: str, namespace: str) -> Credentials:
    certificate = _bytes(configuration.cert_file)
    ended = certificate_end(certificate)
    if ended is not None and ended < datetime.now(UTC):
        raise Unreachable(
            f"The client certificate of context {context} expired on {ended:%Y-%m-%d %H:%M} UTC. "
            "Renew it (kubeadm certs renew, or log in again)."
        )
    authorization = str(configuration.api_key.get("BearerToken", "")).strip()
    _check(configuration, authorization, context)
    parts = (
        str(configuration.host).encode(),
        str(configuration.verify_ssl).encode(),
        _bytes(configuration.ssl_ca_cert),
        certificate,
        _bytes(configuration.key_file),
    )
    return Credentials(
        context=context,
        server=str(configuration.host),
        namespace=namespace or "default",
        authorization=authorization,
        tls=_tls(configuration, context) if str(configuration.host).startswith("https") else None,
        tls_name=str(configuration.tls_server_name or ""),
        proxy=str(configuration.proxy or ""),
        material=hashlib.sha256(b"\0".join(parts)).hexdigest(),
    )


def _check(configuration: Configuration, authorization: str, context: str) -> None:
    """Refuse what no connection can be made with."""
    try:
        server = urlsplit(str(configuration.host))
        usable = server.scheme in ("http", "https") and server.hostname and server.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Unreachable(f"The server of context {context} is no https address: {_cut(configuration.host)}.")
    if configuration.proxy and urlsplit(str(configuration.proxy)).scheme not in ("http", "https"):
        raise Unreachable(f"The proxy-url of context {context} is not usable: only http and https proxies are.")
    if not (authorization.isascii() and authorization.isprintable()):
        raise Unreachable(f"The token of context {context} has characters that no token has. Log in again.")


def _tls(configuration: Configuration, context: str) -> ssl.SSLContext:
    try:
        tls = ssl.create_default_context(cafile=configuration.ssl_ca_cert or None)
        if configuration.cert_file:
            tls.load_cert_chain(configuration.cert_file, configuration.key_file or None)
    except (OSError, ssl.SSLError) as problem:
        raise Unreachable(f"A certificate of context {context} cannot be loaded: {_cut(problem)}") from problem
    # On by default from Python 3.13; CAs that older installers made lack extensions that it insists on.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not configuration.verify_ssl:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    return tls


_VALIDITY = re.compile(rb"\x30[\x1e-\x22](?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)")


def certificate_end(pem: bytes) -> datetime | None:
    """Return when the first certificate of a PEM text ends; None if there is none.

    Looks for the Validity sequence in its DER (RFC 5280, 4.1.2.5): the standard library reads no certificates.
    """
    match = re.search(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", pem, re.DOTALL)
    if match is None:
        return None
    try:
        validity = _VALIDITY.search(base64.b64decode(match[1]))
    except ValueError:
        return None
    if validity is None:
        return None
    # RFC 5280: a two-digit year below 50 is in this century.
    text = validity[2].decode() if validity[2] else ("20" if validity[1] < b"5" else "19") + validity[1].decode()
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


class _LastWords(logging.Handler):
    """What the ``kubernetes`` package says to the root logger on this thread: it logs why an exec plugin failed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.text = record.getMessage()

    def __enter__(self) -> _LastWords:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


def _bytes(path: str | None) -> bytes:
    return Path(path).read_bytes() if path else b""


def _cut(problem: object) -> str:
    """Return what the package says, without the parts of the file that it quotes: they may hold keys."""
    return message(re.sub(r"\{.*\}", "...", str(problem), flags=re.DOTALL))[:200]


def _some(names: dict[str, Any]) -> str:
    shown, more = sorted(names)[:SHOWN_NAMES], len(names) - SHOWN_NAMES
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") or "none"
