"""Istio's policies: who may call a workload, and whether only with mutual TLS."""

from __future__ import annotations

from typing import ClassVar

from bot.cluster.objects.base import LabelSelector, Object, Part, Resource

GROUP = "security.istio.io"


class Operation(Part, frozen=True, kw_only=True):
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()


class To(Part, frozen=True, kw_only=True):
    operation: Operation = Operation()


class AuthorizationRule(Part, frozen=True, kw_only=True):
    to: tuple[To, ...] = ()


class AuthorizationPolicySpec(Part, frozen=True, kw_only=True):
    selector: LabelSelector = LabelSelector()
    action: str = "ALLOW"
    rules: tuple[AuthorizationRule, ...] = ()


class AuthorizationPolicy(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v1", "v1beta1"), "authorizationpolicies", optional=True)

    spec: AuthorizationPolicySpec = AuthorizationPolicySpec()


class MutualTls(Part, frozen=True, kw_only=True):
    mode: str = "UNSET"


class PeerAuthenticationSpec(Part, frozen=True, kw_only=True):
    selector: LabelSelector = LabelSelector()
    mtls: MutualTls = MutualTls()


class PeerAuthentication(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(GROUP, ("v1", "v1beta1"), "peerauthentications", optional=True)

    spec: PeerAuthenticationSpec = PeerAuthenticationSpec()
