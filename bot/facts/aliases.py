"""Facts about other names for Services, and names that stand for something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class ExternalName(Fact):
    """A Service of type ExternalName: a name in the cluster's DNS that stands for another one. Source: the Service."""

    kind: ClassVar[str] = "external_name"

    namespace: str
    name: str
    host: str
    """``spec.externalName``, without a dot at its end."""
    service_namespace: str
    service: str
    """The Service that the host names; both are empty for a host that is none of the cluster's."""
    exists: bool
    """That Service does; False also for a host that is none of the cluster's."""


@dataclass(frozen=True, kw_only=True)
class HostsEntry(Fact):
    """A line of a Pod's /etc/hosts that names a Service, and so hides what DNS says. Source: hostAliases of a Pod."""

    kind: ClassVar[str] = "hosts_entry"

    namespace: str
    workload: str
    workload_type: str
    hostname: str
    ip: str
    service_namespace: str
    service: str
    cluster_ip: str
    as_expected: bool
    """The entry gives the Service's own address."""
