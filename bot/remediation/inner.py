"""Documents inside a ConfigMap: one field of a YAML or JSON text changed, every other character kept.

kube-proxy's ``config.conf`` and Flannel's ``net-conf.json`` are such texts. JSON is read as the YAML that it is.
"""

from __future__ import annotations

import json

import yaml

from bot.cluster.writer import Json
from bot.remediation.fieldpath import FieldPath, NoSuchField

MAX_BYTES = 256 * 1024
"""A settings file is a few KiB; a longer text is none (ours)."""


def read(text: str) -> dict[str, Json]:
    """Return a text as a mapping.

    Raises:
        NoSuchField: It is none.
    """
    try:
        found = yaml.safe_load(text) if len(text) <= MAX_BYTES else None
    except yaml.YAMLError as problem:
        raise NoSuchField("the text is no YAML") from problem
    if not isinstance(found, dict):
        raise NoSuchField("the text is no mapping of keys to values")
    return found


def put(text: str, path: FieldPath, value: Json) -> str:
    """Return the text with one field changed, or added to a mapping that is there.

    Raises:
        NoSuchField: The way to the field does not exist.
    """
    wanted = path.put(read(text), value)
    changed = _written(text, _mapping(text, path), path.key, _scalar(value))
    if read(changed) != wanted:
        raise NoSuchField(f"{path} cannot be changed without touching more of the text")
    return changed


def _written(text: str, mapping: yaml.MappingNode, key: str, value: str) -> str:
    for name, old in mapping.value:
        if name.value == key:
            start, end = int(old.start_mark.index), int(old.end_mark.index)
            return f"{text[:start]}{value}{text[end:]}"
    if not mapping.flow_style:
        return _on_its_own_line(text, mapping, f"{key}: {value}")
    at = mapping.start_mark.index + 1
    entry = f"{json.dumps(key)}: {value}"
    if not mapping.value:
        return f"{text[:at]}{entry}{text[at:]}"
    if text[at] == "\n":
        return _on_its_own_line(text, mapping, f"{entry},")
    return f"{text[:at]}{entry}, {text[at:].lstrip(' ')}"


def _on_its_own_line(text: str, mapping: yaml.MappingNode, entry: str) -> str:
    """Return the text with an entry before the first one of a mapping, at its indentation."""
    first = mapping.value[0][0].start_mark
    at, column = int(first.index), int(first.column)
    return f"{text[:at]}{entry}\n{' ' * column}{text[at:]}"


def _mapping(text: str, path: FieldPath) -> yaml.MappingNode:
    """Return the mapping that holds, or will hold, the field."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for part in path.way:
        found = [value for key, value in getattr(node, "value", ()) if key.value == part]
        if len(found) != 1:
            raise NoSuchField(f"{path}: {part} is not there")
        node = found[0]
    if not isinstance(node, yaml.MappingNode):
        raise NoSuchField(f"{path} leads to no mapping")
    return node


def _scalar(value: Json) -> str:
    """Return a value so that it reads the same in YAML and in JSON."""
    told: str = json.dumps(value)
    return told
