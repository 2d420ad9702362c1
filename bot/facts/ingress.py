"""Facts about Ingresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.facts.base import Fact


@dataclass(frozen=True, kw_only=True)
class IngressState(Fact):
    """One Ingress of the symptom's namespaces: who is to serve it, and whether anybody does.

    Source: networking.k8s.io Ingress and IngressClass.
    """

    kind: ClassVar[str] = "ingress_state"

    namespace: str
    name: str
    class_name: str
    """spec.ingressClassName, else the annotation kubernetes.io/ingress.class; empty if it has neither."""
    class_annotated: bool
    """It has the annotation only, which controllers match without an IngressClass."""
    class_exists: bool
    """An IngressClass has that name."""
    controller: str
    """Of that IngressClass."""
    classes: str
    """The IngressClasses that exist, ``nginx, traefik``; ``none`` if there is none."""
    default_class: str
    """The one that serves an Ingress without a class; empty if none does."""
    has_address: bool
    """A controller wrote an address into its status."""
    class_has_address: bool
    """A controller did so for another Ingress of the same class."""
    host: str
    """The host that the symptom names, if a rule is for it."""
    asked_host: str
    """The host that the symptom names; empty if it names none."""
    narrow_path: str
    """A path that begins like the asked one but does not take it, where the asked one falls to that of all others
    (``/``); empty if there is none."""
    near_host: str
    """That of a rule which is the asked one but for typing errors; empty where a rule is for the asked one."""
    path: str
    """The path that the symptom names; empty if it names none."""
    path_routed: bool
    """A rule for that host, or the default backend, takes that path. True if none is named."""
    paths: str
    """The paths of those rules, ``/, /pay``, at most 200 characters."""


@dataclass(frozen=True, kw_only=True)
class IngressRoute(Fact):
    """One path of one Ingress, and the Service it leads to. The default backend has an empty path."""

    kind: ClassVar[str] = "ingress_route"

    namespace: str
    ingress: str
    host: str
    """Empty for any."""
    path: str
    asked: bool
    """The symptom's host and path are taken by it; of a symptom that names none, every one is."""
    service: str
    port: str
    """Number or name, as written."""
    service_exists: bool
    port_exists: bool
    """The Service has that port."""
    service_type: str
    """ClusterIP, NodePort, LoadBalancer or ExternalName; empty if it does not exist."""
    service_ports: str
    """Its ports, ``80 (http), 9090``; ``none`` if it has none or does not exist."""
    applied_service: str
    """Where this path led as it was last applied (kubectl apply); empty if that is not known."""
    changed: bool
    """It leads to another Service now."""
    namesake: str
    """Another Service of the namespace that a part of the path is called after; empty if there is none, or several."""
    rival: str
    """``namespace/name`` of another Ingress that takes the same host and path elsewhere; empty if none does."""
    rival_service: str


@dataclass(frozen=True, kw_only=True)
class GatewayRoute(Fact):
    """One route in the configuration of a workload that is reached for: a path, and the Service it is sent to.

    Source: ConfigMaps of the workload's Pods, reduced to paths and hosts.
    """

    kind: ClassVar[str] = "gateway_route"

    namespace: str
    workload: str
    workload_type: str
    config_map: str
    key: str
    path: str
    asked: bool
    """The path that the symptom names begins with it; of a symptom that names none, every one is asked for."""
    host: str
    """As written."""
    port: int
    """0 where none is written."""
    service: str
    """The Service of the namespace that the host means; empty if it means none."""
    namesake: str
    """Another Service of the namespace that a part of the path is called after; empty if there is none, or several."""
