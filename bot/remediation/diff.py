"""Objects as people see them in a diff, and as they are compared: without what the API server keeps for itself."""

from __future__ import annotations

import difflib
import hashlib
import json

import yaml

from bot.cluster.writer import Json

NOISE = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"})
"""Of ``metadata``: what changes by itself, or never."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
HIDDEN_KEYS = frozenset({"args", "command", "httpHeaders"})
"""Keys whose values may hold a secret wherever they are."""
HIDDEN_MAPPINGS = frozenset({"annotations", "binaryData", "data", "stringData"})
"""Keys of mappings whose values may."""
HIDDEN, HIDDEN_CHANGED = "<hidden>", "<hidden, changed>"


def canonical(value: object) -> str:
    """Return JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(obj: dict[str, Json]) -> str:
    """Return what tells whether an object is the same but for noise and status."""
    return hashlib.sha256(canonical(without_noise(obj)).encode()).hexdigest()


def without_noise(obj: dict[str, Json]) -> dict[str, Json]:
    """Return an object without what the API server keeps for itself, and without status."""
    kept = {key: value for key, value in obj.items() if key != "status"}
    if isinstance(metadata := kept.get("metadata"), dict):
        metadata = {key: value for key, value in metadata.items() if key not in NOISE}
        if isinstance(annotations := metadata.get("annotations"), dict):
            metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
        kept["metadata"] = metadata
    return kept


def shown_text(obj: dict[str, Json], *, compared_with: dict[str, Json] | None = None) -> str:
    """Return an object as YAML, without noise and with possible secrets hidden; changed ones say that they are."""
    kept = without_noise(obj)
    return text(hide(kept, kept if compared_with is None else without_noise(compared_with)))


def unified(before: dict[str, Json], after: dict[str, Json], *, name: str, was: str, becomes: str) -> str:
    """Return a unified diff of two objects as people see them; empty if they are the same."""
    return diff_texts(shown_text(before), shown_text(after, compared_with=before), name=name, was=was, becomes=becomes)


def diff_texts(before: str, after: str, *, name: str, was: str, becomes: str) -> str:
    """Return a unified diff of two texts of :func:`text`."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} ({was})", f"{name} ({becomes})", lineterm=""
    )
    return "\n".join(lines)


def text(obj: Json) -> str:
    """Return an object as YAML in ASCII: no character of a cluster can act on whoever reads it."""
    return yaml.safe_dump(obj, default_flow_style=False, width=1000, sort_keys=True)


def plain_text(text: str) -> str:
    """Return a text of several lines in ASCII, as :func:`text` writes objects."""
    return "\n".join("".join(_ascii(character) for character in line) for line in text.splitlines())


def _ascii(character: str) -> str:
    return character if character.isascii() and character.isprintable() else ascii(character)[1:-1]


def metadata_of(obj: dict[str, Json]) -> dict[str, Json]:
    """Return an object's metadata."""
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def hide(value: Json, before: Json) -> Json:
    """Return a value with possible secrets replaced; those that differ from ``before`` say so."""
    if isinstance(value, dict):
        old = before if isinstance(before, dict) else {}
        shown: dict[str, Json] = {}
        for key, item in value.items():
            if key in HIDDEN_KEYS:
                shown[key] = _hidden(item, old.get(key))
            elif key in HIDDEN_MAPPINGS and isinstance(item, dict):
                was = old.get(key)
                shown[key] = {
                    name: _hidden(inner, was.get(name) if isinstance(was, dict) else None)
                    for name, inner in item.items()
                }
            elif key == "env" and isinstance(item, list):
                shown[key] = _hide_env(item, old.get(key))
            else:
                shown[key] = hide(item, old.get(key))
        return shown
    if isinstance(value, list):
        old_items = before if isinstance(before, list) else []
        return [hide(item, old_items[index] if index < len(old_items) else None) for index, item in enumerate(value)]
    return value


def _hide_env(items: list[Json], before: Json) -> list[Json]:
    """Hide the values of a container's environment variables, not their names."""
    old = {item.get("name"): item for item in before if isinstance(item, dict)} if isinstance(before, list) else {}
    return [
        {
            key: _hidden(value, old.get(item.get("name"), {}).get(key)) if key == "value" else value
            for key, value in item.items()
        }
        if isinstance(item, dict)
        else item
        for item in items
    ]


def _hidden(value: Json, before: Json) -> str:
    return HIDDEN if value == before else HIDDEN_CHANGED
