"""A cluster from manifests: a test reads like ``kubectl get -o yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import yaml

from bot.cluster import errors
from bot.cluster.memory import EPOCH, Helper, MemoryCluster
from bot.cluster.objects import OBJECT_TYPES, CalicoNetworkPolicy, NetworkPolicy, Object
from bot.cluster.pages import convert

KINDS: dict[str, type[Object]] = {of.__name__: of for of in OBJECT_TYPES}

Manifest = str | Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML as kubectl reads it: a date is text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class declares it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def from_manifests(
    *manifests: Manifest,
    context: str = "memory",
    now: datetime = EPOCH,
    server_version: str = "v1.30.0",
    unreadable: Mapping[str, errors.ClusterError] | None = None,
    logs: Mapping[str, str] | None = None,
    helpers: Mapping[str, Helper] | None = None,
    namespaces: Iterable[str] = (),
) -> MemoryCluster:
    """Return a cluster of the objects in YAML texts (one or many documents, or a ``List``) and mappings.

    An object without a namespace is in ``default``, as with kubectl.

    Raises:
        ValueError: A document is no Kubernetes object of a kind that netmedic reads.
    """
    return MemoryCluster(
        objects(*manifests),
        context=context,
        now=now,
        server_version=server_version,
        unreadable=unreadable,
        logs=logs,
        helpers=helpers,
        namespaces=namespaces,
    )


def objects(*manifests: Manifest) -> list[Object]:
    """Return the objects of manifests, in their order.

    Raises:
        ValueError: As :func:`from_manifests`.
    """
    return [_object(document) for manifest in manifests for document in _documents(manifest)]


def _documents(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    documents = yaml.load_all(manifest, _Loader) if isinstance(manifest, str) else [manifest]
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, Mapping) or not isinstance(document.get("kind"), str):
            raise ValueError(f"not a Kubernetes object: {str(document)[:100]!r}")  # noqa: TRY004
        if document["kind"].endswith("List"):
            for item in document.get("items") or ():
                yield {"kind": document["kind"].removesuffix("List"), **item}
        else:
            yield document


def _object(document: Mapping[str, Any]) -> Object:
    of = KINDS.get(document["kind"])
    if of is NetworkPolicy and "projectcalico.org/" in str(document.get("apiVersion")):
        of = CalicoNetworkPolicy
    if of is None:
        raise ValueError(f"{document['kind']}: netmedic does not read this kind; known: {', '.join(sorted(KINDS))}")
    metadata = dict(document.get("metadata") or {})
    if of.resource.namespaced:
        metadata.setdefault("namespace", "default")
    try:
        return convert({**document, "metadata": metadata}, of)
    except errors.Malformed as problem:
        raise ValueError(f"{metadata.get('name')}: {problem}") from problem
