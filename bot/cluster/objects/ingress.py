"""Ingresses and their classes."""

from __future__ import annotations

import contextlib
from typing import ClassVar

import msgspec

from bot.cluster import redact
from bot.cluster.objects.base import AnnotatedMeta, Object, Part, Resource
from bot.cluster.objects.service import ExternalStatus


class IngressServicePort(Part, frozen=True, kw_only=True):
    name: str = ""
    number: int = 0


class IngressServiceBackend(Part, frozen=True, kw_only=True):
    name: str = ""
    port: IngressServicePort = IngressServicePort()


class IngressBackend(Part, frozen=True, kw_only=True):
    service: IngressServiceBackend = IngressServiceBackend()


class IngressPath(Part, frozen=True, kw_only=True):
    path: str = ""
    path_type: str = ""
    backend: IngressBackend = IngressBackend()


class IngressHttp(Part, frozen=True, kw_only=True):
    paths: tuple[IngressPath, ...] = ()


class IngressHostRule(Part, frozen=True, kw_only=True):
    host: str = ""
    http: IngressHttp = IngressHttp()


class IngressSpec(Part, frozen=True, kw_only=True):
    ingress_class_name: str = ""
    default_backend: IngressBackend = IngressBackend()
    rules: tuple[IngressHostRule, ...] = ()


class Applied(Part, frozen=True, kw_only=True):
    """What was last applied, as far as an Ingress keeps it."""

    spec: IngressSpec = IngressSpec()


class Ingress(Object, frozen=True, kw_only=True):
    """Of its annotations are kept the class, the rules that were last applied, and whether it is a canary."""

    resource: ClassVar[Resource] = Resource("networking.k8s.io", ("v1",), "ingresses")

    metadata: AnnotatedMeta = AnnotatedMeta()
    spec: IngressSpec = IngressSpec()
    status: ExternalStatus = ExternalStatus()
    annotated_class: str = ""
    """That of the annotation kubernetes.io/ingress.class, which controllers match by themselves."""
    canary: bool = False
    """It is meant to share the paths of another one (ingress-nginx)."""
    applied_rules: tuple[IngressHostRule, ...] = ()
    """The rules as ``kubectl apply`` last wrote them; empty where it never did."""

    def __post_init__(self) -> None:
        if not self.metadata.annotations:
            return
        said, set_field = self.metadata.annotations, msgspec.structs.force_setattr
        set_field(self, "annotated_class", redact.object_name(said.get("kubernetes.io/ingress.class", "")))
        set_field(self, "canary", said.get("nginx.ingress.kubernetes.io/canary", "") == "true")
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            text = said.get("kubectl.kubernetes.io/last-applied-configuration", "")
            set_field(self, "applied_rules", msgspec.json.decode(text, type=Applied).spec.rules)
        set_field(self.metadata, "annotations", {})


class IngressClassSpec(Part, frozen=True, kw_only=True):
    controller: str = ""


class IngressClass(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("networking.k8s.io", ("v1",), "ingressclasses", namespaced=False)

    metadata: AnnotatedMeta = AnnotatedMeta()
    spec: IngressClassSpec = IngressClassSpec()
    is_default: bool = False

    def __post_init__(self) -> None:
        said = self.metadata.annotations
        if said:
            default = said.get("ingressclass.kubernetes.io/is-default-class") == "true"
            msgspec.structs.force_setattr(self, "is_default", default)
            msgspec.structs.force_setattr(self.metadata, "annotations", {})
