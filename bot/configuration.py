"""The settings as people meet them: the page that lists them, the chart's schema of them, and names that are none.

``python -m bot.configuration --write`` writes ``docs/configuration.md`` and the settings in the chart's
``values.schema.json``; ``--check`` only tells whether they are fresh.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import itertools
import json
import sys
import typing
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from bot import settings
from bot.logs import MASKED
from bot.settings import Settings

PAGE = Path("docs/configuration.md")
CHART_SCHEMA = Path("helm/netmedic/values.schema.json")
PREFIX = "NETMEDIC_"
URLS = ("database_url", "traces_endpoint")
"""Settings that may hold a password."""
FOR_TESTS = "NETMEDIC_TEST"
"""Variables with this prefix are for this project's own tests."""

HEAD = """\
<!-- Written by `python -m bot.configuration --write` from bot/settings.py. -->
# Configuration

Settings come from three places, the later ones winning: a YAML file (named by `NETMEDIC_CONFIG`), the environment, and
flags of the command line. Lists and groups are JSON in the environment: `NETMEDIC_APPROVERS='["U024BE7LH"]'`.
A name that is no setting is refused, with the nearest one that is.
`netmedic config show` prints what is in effect, without secrets.

| in the file | in the environment | default | what it is |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Described:
    """One setting; ``path`` has its group's name first, with ``[]`` where a list of groups is meant."""

    path: tuple[str, ...]
    type: str
    default: str
    text: str
    secret: bool
    in_list: bool

    @property
    def variable(self) -> str:
        """The environment variable; empty where only the whole list can be given."""
        return "" if self.in_list else PREFIX + "__".join(self.path).upper()


def described(
    model: type[BaseModel] = Settings, path: tuple[str, ...] = (), *, in_list: bool = False
) -> Iterator[Described]:
    """Yield every setting in the order of the source, a group's own before what follows it."""
    texts = docstrings(model)
    for name, field in model.model_fields.items():
        inner = group_of(field.annotation)
        default = "" if field.is_required() else shown_default(field.get_default(call_default_factory=True))
        yield Described(
            path=(*path, name),
            type=type_in_words(field.annotation),
            default=default,
            text=texts.get(name, "") or (inner is not None and inner.__doc__) or "",
            secret=field.annotation is SecretStr,
            in_list=in_list,
        )
        if inner is not None:
            listed = inner is not field.annotation
            yield from described(inner, (*path, f"{name}[]" if listed else name), in_list=in_list or listed)


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text under each field in the source."""
    tree = ast.parse(inspect.getsource(settings))
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__]
    found: dict[str, str] = {}
    for field, below in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(below.value.value).split())
    return found


def group_of(annotation: Any) -> type[BaseModel] | None:
    """Return the group that a setting is, or is a list of."""
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def type_in_words(annotation: Any) -> str:
    """Return what a value looks like in YAML."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in {tuple, list}:
        return "list"
    if origin is dict or group_of(annotation) is not None:
        return "group"
    if annotation is SecretStr:
        return "secret"
    if annotation in {bool, int, float}:
        return {bool: "true or false", int: "whole number", float: "number"}[annotation]
    return "text"


def shown_default(value: object) -> str:
    """Return a default as it would stand in the file; empty for nothing, a secret or a group."""
    if isinstance(value, BaseModel | SecretStr) or value is None or value in ((), "", {}):
        return ""
    return json.dumps(value, default=str)


def page() -> str:
    """Return the documentation of all settings."""
    rows = [
        f"| `{'.'.join(each.path)}` | {f'`{each.variable}`' if each.variable else 'in its list'} "
        f"| {f'`{each.default}`' if each.default else ''} | {each.type}. {each.text.replace('``', '`')} |"
        for each in described()
    ]
    return HEAD + "\n".join(rows) + "\n"


def nearest(path: Sequence[str], model: type[BaseModel] = Settings) -> str:
    """Return the setting that a wrong name was probably meant to be; empty if none is near."""
    [*groups, wrong] = path
    for group in groups:
        field = model.model_fields.get(group)
        inner = group_of(field.annotation) if field else None
        model = inner or model
    near = difflib.get_close_matches(wrong.lower(), model.model_fields, n=1)
    return ".".join([*(group for group in groups if not group.isdigit()), near[0]]) if near else ""


def strangers(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield variables that look like settings and are none.

    Kubernetes sets some for a Service that is called netmedic: ``NETMEDIC_PORT``, ``NETMEDIC_SERVICE_HOST``.
    """
    known = {each.variable for each in described() if each.variable} | settings.OTHER_VARIABLES
    for name, value in sorted(environment.items()):
        link = "_SERVICE_" in name or "_PORT_" in name or value.startswith(("tcp://", "udp://"))
        if name.startswith(PREFIX) and name not in known and not link and not name.startswith(FOR_TESTS):
            yield name


class UnknownSetting(ValueError):
    """A variable of the environment looks like a setting, and is none."""


def refuse_strangers(environment: Mapping[str, str]) -> None:
    """Refuse variables that are probably misspelt: what somebody meant to set would silently not be.

    Raises:
        UnknownSetting: There is one; the text names the nearest setting.
    """
    for name in strangers(environment):
        near = nearest(name.removeprefix(PREFIX).lower().split("__"))
        meant = f"; {PREFIX}{'__'.join(near.split('.')).upper()} was probably meant" if near else ""
        raise UnknownSetting(f"{name} is no setting{meant}. docs/configuration.md lists all.")


def in_effect(chosen: Settings) -> dict[str, Any]:
    """Return all settings as they would stand in a file, secrets masked; the password in a URL is one."""
    # pydantic writes a SecretStr as asterisks.
    shown: dict[str, Any] = chosen.model_dump(mode="json")
    return shown | {name: without_password(shown[name]) for name in URLS}


def without_password(url: str) -> str:
    """Return a URL with its password masked."""
    scheme, separator, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{separator}{user}{colon}{MASKED}{at}{place}" if colon else url


def secrets_in(chosen: BaseModel) -> Iterator[str]:
    """Yield every secret among the settings, as it may turn up in a text."""
    for name in type(chosen).model_fields:
        value = getattr(chosen, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from secrets_in(value)
        elif name in URLS:
            password = value.partition("://")[2].rpartition("@")[0].partition(":")[2]
            yield from (password, urllib.parse.unquote(password))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the settings, for the chart: with texts, without what belongs into a Secret."""
    made = Settings.model_json_schema()
    definitions = made.pop("$defs", {})
    models: dict[str, type[BaseModel]] = {model.__name__: model for model in groups_below(Settings)}
    models[Settings.__name__] = Settings
    for name, part in [(Settings.__name__, made), *definitions.items()]:
        texts = docstrings(models[name])
        part["properties"] = {
            key: described_property(value, texts.get(key, ""))
            for key, value in part["properties"].items()
            if value.get("format") != "password"
        }
    whole: dict[str, Any] = resolved(made, definitions)
    return whole


def groups_below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the groups among the settings."""
    for field in model.model_fields.values():
        if (inner := group_of(field.annotation)) is not None:
            yield inner
            yield from groups_below(inner)


def described_property(value: dict[str, Any], text: str) -> dict[str, Any]:
    """Return a property with its text, and without what only our defaults say."""
    kept = {key: inner for key, inner in value.items() if key not in {"title", "default"}}
    return {**kept, "description": text} if text else kept


def resolved(part: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with its references replaced: it becomes a part of the chart's."""
    if isinstance(part, list):
        return [resolved(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = definitions[part["$ref"].rpartition("/")[2]]
        return resolved({**target, **{key: value for key, value in part.items() if key != "$ref"}}, definitions)
    return {
        key: resolved(value, definitions) for key, value in part.items() if key != "title" or isinstance(value, dict)
    }


def chart_schema() -> str:
    """Return the chart's schema with today's settings in it."""
    whole = json.loads(CHART_SCHEMA.read_text(encoding="utf-8"))
    whole["properties"]["settings"] = schema() | {
        "description": "What netmedic reads as its settings file; docs/configuration.md. Secrets do not belong here.",
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Print the page, write both files or compare them; return the exit status."""
    made = {PAGE: page(), CHART_SCHEMA: chart_schema()}
    if "--write" in arguments:
        for path, text in made.items():
            path.write_text(text, encoding="utf-8")
        return 0
    if "--check" not in arguments:
        sys.stdout.write(made[PAGE])
        return 0
    stale = [str(path) for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text]
    for name in stale:
        sys.stderr.write(f"{name} is out of date: run `python -m bot.configuration --write`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
