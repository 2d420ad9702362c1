"""Asking what a symptom is about, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.cluster.manifests import from_manifests
from bot.diagnosis.scope import Ambiguous, resolve
from bot.diagnosis.symptom import parse
from bot.facts.scope import Scope, Subject
from tests.diagnosis.manifests import SHOP, Manifest

HASH = "5f6d7c8b9"


@dataclass(frozen=True)
class Place:
    name: str
    host: str
    port: int


OSLO = Place("Oslo", "oslo.example.net", 8443)


async def asked(
    text: str,
    *manifests: Manifest,
    namespace: str = "",
    places: tuple[Place, ...] = (OSLO,),
    chosen: Mapping[str, Subject] | None = None,
    **cluster: Any,
) -> Scope | Ambiguous:
    objects = manifests or tuple(SHOP)
    found = from_manifests(*objects, **cluster)
    return await resolve(found, parse(text, namespace=namespace), outside_targets=places, chosen=chosen)


async def scope_of(text: str, *manifests: Manifest, **settings: Any) -> Scope:
    scope = await asked(text, *manifests, **settings)
    assert isinstance(scope, Scope), scope
    return scope


async def question(text: str, *manifests: Manifest, **settings: Any) -> Ambiguous:
    answer = await asked(text, *manifests, **settings)
    assert isinstance(answer, Ambiguous), answer
    return answer


def names(subjects: tuple[Subject, ...]) -> list[str]:
    return [str(subject) for subject in subjects]
