"""Facts about init containers that a Pod has not got beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class InitContainer(Fact):
    """The init container that a Pod is at: none of those behind it starts before it has ended well.

    Source: core/v1 Pod, status.initContainerStatuses. One that runs on beside the others (restartPolicy Always), and
    one that has never started, is none.
    """

    kind: ClassVar[str] = "init_container"

    namespace: str
    pod: str
    node: str
    service: str
    """The Service that selects the Pod; empty if it is not a backend. A Pod behind two Services makes two facts."""
    workload: str
    workload_type: str
    container: str
    state: str
    """``has run for 40 s``, ``has ended with exit code 1, 5 restarts``."""
    seconds: int
    """Since it started; of one that fails, since the Pod was made."""
    restarts: int
    configured_hosts: str
    """Hosts in its environment, command, arguments and ConfigMaps; ``none`` without any."""


@dataclass(frozen=True, kw_only=True)
class InitAddress(Fact):
    """An address that such an init container is configured with, and what it means in the cluster."""

    kind: ClassVar[str] = "init_address"

    namespace: str
    workload: str
    workload_type: str
    container: str
    where: str
    """``DB_HOST``, ``command``, ``upstream in ConfigMap settings``."""
    host: str
    resolves_to: str
    """``service``, ``no-service`` (a name of the cluster's that nothing has), ``address`` or ``outside``."""
    service_namespace: str
    """Where the Service that is meant is, or would be; empty for the latter two."""
    service: str
    nearest: str
    """For ``no-service``: the name that is most like it as the workload would write it, else ``none``."""
