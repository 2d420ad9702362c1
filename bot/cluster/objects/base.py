"""What every object has."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster import redact


class Resource(msgspec.Struct, frozen=True):
    """Where objects of one type are served."""

    group: str
    """Empty for core."""
    versions: tuple[str, ...]
    """Preferred first; the first one that the server has is used. One of another group is written with it: ``g/v3``."""
    plural: str
    namespaced: bool = True
    optional: bool = False
    """Served only where its CustomResourceDefinition or API server was installed."""

    @property
    def served_at(self) -> tuple[str, ...]:
        """Where it may be served: ``v1`` of core, ``apps/v1`` of others, preferred first."""
        return tuple(at if "/" in at or not self.group else f"{self.group}/{at}" for at in self.versions)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups it may be served by, preferred first."""
        return tuple(dict.fromkeys(at.rpartition("/")[0] for at in self.served_at))

    @property
    def permission(self) -> str:
        """``pods`` or ``endpointslices.discovery.k8s.io``, as RBAC and error messages write it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A piece of an object. Trees have no cycles, so the garbage collector need not look: lists decode much faster."""


class OwnerReference(Part, frozen=True, kw_only=True):
    kind: str = ""
    name: str = ""
    controller: bool = False


class Meta(Part, frozen=True, kw_only=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    generation: int = 0
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    """Those of :data:`bot.cluster.redact.ANNOTATIONS`, where they are addresses; others may hold anything."""
    owner_references: tuple[OwnerReference, ...] = ()

    def __post_init__(self) -> None:
        if self.annotations:
            msgspec.structs.force_setattr(self, "annotations", redact.known_annotations(self.annotations))


class Object(Part, frozen=True, kw_only=True):
    """One Kubernetes object, cut down to what is read of it."""

    resource: ClassVar[Resource]

    metadata: Meta = Meta()


class LabelSelectorRequirement(Part, frozen=True, kw_only=True):
    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Part, frozen=True, kw_only=True):
    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class Condition(Part, frozen=True, kw_only=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    last_transition_time: str = ""
    last_update_time: str = ""


class AnnotatedMeta(Meta, frozen=True, kw_only=True):
    """Decoded with all annotations; the object takes from them what it keeps, and drops them at once."""

    def __post_init__(self) -> None:
        """Keep them until the object has looked."""
