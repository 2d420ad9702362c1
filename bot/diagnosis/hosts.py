"""Hosts outside the cluster: those that people know by a word, and those that Pods are configured to call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from bot.cluster.objects import ConfiguredAddress, Pod
from bot.diagnosis.tokens import is_host_name


class OutsideTarget(Protocol):
    """A place outside the cluster that people know by a word."""

    @property
    def name(self) -> str:
        """The word."""
        ...

    @property
    def host(self) -> str:
        """Its host name or address."""
        ...

    @property
    def port(self) -> int:
        """Its port."""
        ...


def called_host(word: str, pods: Iterable[Pod]) -> tuple[str, int] | None:
    """Return the one host and port that a word is short for: ``Oslo``, where a Pod calls ``oslo.example.net``."""
    found = {one.host.lower(): one.port for one in called_by(pods) if is_short_for(word, one.host.lower())}
    return next(iter(found.items())) if len(found) == 1 else None


def port_at(host: str, pods: Iterable[Pod]) -> int:
    """Return the port at which Pods call a host; 0 where they do not say one."""
    return next((one.port for one in called_by(pods) if one.host.lower() == host and one.port), 0)


def called_by(pods: Iterable[Pod]) -> Iterator[ConfiguredAddress]:
    """Yield the addresses in the environment, the command and the arguments of Pods."""
    return (one for pod in pods for container in pod.spec.containers for one in container.addresses)


def is_short_for(word: str, host: str) -> bool:
    """Tell whether a word is the first label of a host that is not of the cluster."""
    first, *domain = host.split(".")
    return first == word and len(domain) > 1 and "svc" not in domain and is_host_name(host)
