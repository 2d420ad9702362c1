"""Facts about where workloads are configured to call, and what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ClientAddress(Fact):
    """One address in a workload's configuration, and what it means in the cluster.

    Source: environment, command and arguments of Pods and ConfigMaps they use, reduced to host and port.
    """

    kind: ClassVar[str] = "client_address"

    namespace: str
    workload: str
    workload_type: str
    role: str
    """``client``: it reaches for something; ``backend``: it is reached for; ``other``: a caller that was not named."""
    where: str
    """``WEB_ADDR``, ``args``, ``upstream in ConfigMap settings``."""
    host: str
    port: int
    """0 where none is written."""
    about_target: bool
    """It concerns what the symptom reaches for, or nothing is said about that."""
    resolves_to: str
    """``service``, ``no-service`` (a name of the cluster's that nothing has), ``address`` (an IP address of no Service)
    or ``outside``."""
    service_namespace: str
    """Where the Service that is meant is, or would be; empty for the latter two."""
    service: str
    service_ports: str
    """``80 (http), 9090``; ``none`` without a Service."""
    port_exists: bool
    """The Service has the port; also true where it translates none (headless, ExternalName) or none is written."""
    nearest: str
    """For ``no-service``: the name that is most like it as the workload would write it, else ``none``."""


@dataclass(frozen=True, kw_only=True)
class MissingService(Fact):
    """A name that something is called by while there is a workload of that name, and no Service leads to it."""

    kind: ClassVar[str] = "missing_service"

    namespace: str
    name: str
    """Of the Service that is missing, and of the workload."""
    configured_in: str
    """Who is configured to call it: ``WEB_ADDR of Deployment till``; empty: only the symptom says that it is called."""
    workload_type: str
    ready_pods: int
