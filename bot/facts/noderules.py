"""Facts about what a Node's own rules and connection table do with packets. The node helper's tier 2 reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class NodeRules(Fact):
    """How many rules one Node has, of which kind.

    Source: the tables of iptables-legacy and of nftables, where iptables-nft keeps its own.
    """

    kind: ClassVar[str] = "node_rules"

    node: str
    tables: int
    rules: int
    nft_service_chains: int
    """Chains that kube-proxy made for Services, in tables of nftables or of iptables-nft."""
    legacy_service_chains: int
    """The same in tables of iptables-legacy."""
    forward_policy: str
    """``drop`` where any table drops forwarded packets that no rule is for, else ``accept``."""
    drop_policies: str
    """Chains with the policy to drop, at most three; empty if there are none."""


@dataclass(frozen=True, kw_only=True)
class ServiceRules(Fact):
    """What one Node's rules do with packets to one port of a Service, compared with the Service's endpoints.

    Source: the rules, followed for a Pod's first packet; EndpointSlices, Pods.
    """

    kind: ClassVar[str] = "service_rules"

    node: str
    namespace: str
    name: str
    address: str
    port: int
    protocol: str
    by: str
    """The table that sends it on: ``nftables ip nat`` (iptables-nft), ``iptables-legacy nat``, ``ipvs``, ...; or the
    table and chain that refuses or drops it; empty: nothing knows it."""
    result: str
    """``translated``, ``refused``, ``dropped``, or ``nothing``: no rule knows the address."""
    endpoints: int
    """Ready ones of the port."""
    backends: int
    """Places that the rules send to."""
    missing: int
    """Ready endpoints that the rules do not send to."""
    missing_addresses: str
    """At most three."""
    stale: int
    """Backends that are no endpoint, and whose address no Pod has."""
    stale_addresses: str
    wrong: int
    """Backends that are no endpoint, at an address that a Pod has: another Pod, or another port."""
    wrong_addresses: str
    changed_seconds_ago: int
    """Since the newest change of the Service's endpoints that is known of."""
    elsewhere: str
    """``right`` where another Node's rules hold just the endpoints, ``wrong`` where none does, ``untried``."""


@dataclass(frozen=True, kw_only=True)
class ForwardRules(Fact):
    """What one Node's rules do with packets to a Pod's own address.

    Source: the rules, followed for a first packet that is forwarded from an address that is not known.
    """

    kind: ClassVar[str] = "forward_rules"

    node: str
    pod_namespace: str
    pod: str
    address: str
    port: int
    on_own_node: bool
    """It is the Pod's own Node."""
    stopped: str
    """``drop`` or ``reject`` where that is sure, else ``no``."""
    where: str
    """Table and chain; empty if not stopped."""
    policies: bool
    """The Pod's namespace has NetworkPolicies, which are kept with such rules."""


@dataclass(frozen=True, kw_only=True)
class StaleFlow(Fact):
    """Tracked UDP flows of one client to a Service's address that are still sent where no endpoint is.

    Source: the Node's connection table; EndpointSlices, Pods.
    """

    kind: ClassVar[str] = "stale_flow"

    node: str
    namespace: str
    service: str
    address: str
    port: int
    client_namespace: str
    """Empty where the client is no Pod."""
    client: str
    """A Pod's name, or an address."""
    client_port: int
    """Of one flow."""
    sent_to: str
    flows: int
    replied: bool
    """An answer was seen on one of them; it may be long ago."""
    endpoints: int
    """Ready ones of the port: where new flows go."""
