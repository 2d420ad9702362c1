"""The errors of reading a cluster. Adapters raise nothing else; :mod:`bot.probes.probe` turns them into ``Unknown``.

ClusterError
├── Forbidden       the API server says no: verb, resource and scope are named
├── NotFound        this object does not exist
├── Absent          the server does not serve this kind of object
├── TimedOut        no answer within the limit
├── Unreachable     no connection, TLS failure, expired or refused credentials
├── NoHelper        no node helper Pod on that Node
├── HigherTier      the node helper's tier does not allow it
├── NotRecorded     a bundle does not hold it: nothing is known, not even that it does not exist
└── Malformed       an answer came and could not be understood
"""

from __future__ import annotations

from collections.abc import Iterable


class ClusterError(Exception):
    """The cluster could not be read. The text says what was tried and what to do; it holds no secret."""


class Forbidden(ClusterError):
    """The API server refused: the text names verb, resource and scope."""


class NotFound(ClusterError):
    """The object does not exist."""


class Absent(ClusterError):
    """The API server does not serve this kind of object."""


class TimedOut(ClusterError):
    """No answer came in time."""


class Unreachable(ClusterError):
    """No connection could be made, or the credentials are not accepted."""


class NoHelper(ClusterError):
    """No node helper Pod runs on the Node."""


class HigherTier(ClusterError):
    """The node helper runs with fewer rights than this takes."""


class NotRecorded(ClusterError):
    """A bundle does not hold it. It may exist or not: never read this as "there is none"."""

    def __init__(self, text: str, *, held: Iterable[str] = ()) -> None:
        """Say what is missing; ``held`` are the namespaces that the bundle does hold of it."""
        super().__init__(text)
        self.held = tuple(held)


class Malformed(ClusterError):
    """An answer came and could not be understood."""
