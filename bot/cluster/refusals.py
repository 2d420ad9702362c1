"""What an API server's refusals and broken connections mean, in words that say what to do."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from bot.cluster import errors
from bot.cluster.redact import message

STATUS_CHARACTERS = 200
"""Of a server's own words that go into an error (ours)."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """What a request does, in the words of RBAC."""

    verb: str
    permission: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {self.permission}{name}" + (f" in namespace {self.namespace}" if self.namespace else "")

    @property
    def can_i(self) -> str:
        """The kubectl command that tells whether it is allowed."""
        plural, _, subresource = self.permission.partition("/")
        words = ["kubectl auth can-i", self.verb, plural]
        if subresource:
            words.append(f"--subresource={subresource}")
        words.append(f"-n {self.namespace}" if self.namespace else "-A")
        return " ".join(words)


class Expired(Exception):
    """The list changed too much since its first page (410); read it again from the start."""


class Details(msgspec.Struct, frozen=True):
    """What a Status is about."""

    name: str | None = None


class Status(msgspec.Struct, frozen=True):
    """What an API server says of a failure."""

    message: str | None = None
    details: Details | None = None

    @property
    def said(self) -> str:
        """Its words, cut."""
        return message(self.message or "")[:STATUS_CHARACTERS] or "no reason given"


def status_of(content: bytes) -> Status:
    """Return the Status an answer holds; an empty one if it is something else, such as a proxy's page."""
    try:
        return msgspec.json.decode(content, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Status()


def error_of(code: int, content: bytes, action: Action, *, who: str, context: str) -> Exception:
    """Return the error that an answer other than success means.

    Args:
        code: The HTTP status.
        content: Its body.
        action: What was asked.
        who: The server, as a sentence begins with it.
        context: The name of the context whose credentials were used.
    """
    status = status_of(content)
    names_object = status.details is not None and bool(status.details.name)
    kind: type[errors.ClusterError] = errors.Malformed
    text = f"{who} answered {code} to {action}: {status.said}"
    match code:
        case HTTPStatus.UNAUTHORIZED:
            kind = errors.Unreachable
            text = (
                f"{who} does not accept the credentials of context {context} (401): they are expired or wrong. "
                f"Log in again, then try: kubectl --context {context} get nodes"
            )
        case HTTPStatus.FORBIDDEN:
            text, kind = f"not allowed to {action}; to check: {action.can_i}", errors.Forbidden
        case HTTPStatus.NOT_FOUND if names_object:
            text, kind = f"there is no such object to {action}", errors.NotFound
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            text, kind = f"{who} does not serve {action.permission} ({code}: {status.said})", errors.Absent
        case HTTPStatus.GONE:
            return Expired(text)
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.GATEWAY_TIMEOUT:
            text, kind = f"{who} is too busy ({code}) to {action}; ask again in a minute", errors.TimedOut
        case _ if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            text, kind = f"{who} failed ({code}) to {action}: {status.said}", errors.Unreachable
    return kind(text)


def words(problem: BaseException) -> str:
    """Return what went wrong at the bottom of an exception, without what Python calls it."""
    bottom = problem
    while below := bottom.exceptions[0] if isinstance(bottom, BaseExceptionGroup) else _cause(bottom):
        bottom = below
    if isinstance(bottom, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {bottom.verify_message}"
    if isinstance(bottom, ssl.SSLError):
        return f"TLS failed: {bottom.reason or 'no reason given'}"
    if isinstance(bottom, socket.gaierror):
        return f"its name cannot be looked up: {bottom.strerror}"
    if isinstance(bottom, OSError) and bottom.errno:
        return os.strerror(bottom.errno)
    return message(str(bottom))[:STATUS_CHARACTERS] or type(bottom).__name__


def _cause(problem: BaseException) -> BaseException | None:
    return problem.__cause__ or problem.__context__
