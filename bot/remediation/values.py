"""What a playbook can set: each type of value, what it accepts, and what the field becomes.

A value comes from a rule's conclusion, so in the end from the cluster. Here it is held to its type; what does not fit
gives no plan. No type can add a key to an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.cluster.writer import Json
from bot.facts.base import Value

PORT_MAX = 65535
REPLICAS_MAX = 100
"""Nothing that starts more Pods than this at once is a repair (ours)."""

DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1123 label: namespaces, Services."""
DNS_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
"""RFC 1123 subdomain: most other objects."""
NOT_SET = " (not set)"
LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


class WrongValue(ValueError):
    """The value is none that the field can take. The text says what was there instead of what."""


def port(value: Value, _before: Json) -> Json:
    """Return a port number."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= PORT_MAX:
        raise WrongValue(f"{shown(value)} is no port number")
    return value


def replicas(value: Value, _before: Json) -> Json:
    """Return a number of Pods to run."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= REPLICAS_MAX:
        raise WrongValue(f"{shown(value)} is no number of Pods from 1 to {REPLICAS_MAX}")
    return value


def label_values(value: Value, before: Json) -> Json:
    """Return the labels there are with other values for some, and without those that are ``(not set)``.

    As facts write them: ``version=v1, tier (not set)``. None is added, and one at least stays.
    """
    if not isinstance(before, dict):
        raise WrongValue("there are no labels to change")
    others: dict[str, str | None] = {}
    for term in str(value).split(","):
        is_unset = term.endswith(NOT_SET) and "=" not in term
        key, equals, text = (part.strip() for part in (term.removesuffix(NOT_SET) if is_unset else term).partition("="))
        if not (equals or is_unset) or key not in before:
            raise WrongValue(f"{shown(term)} is no other value for one of the labels {', '.join(sorted(before))}")
        if key in others:
            raise WrongValue(f"there are several values for the label {key}, and which is meant is for a person to say")
        if not LABEL_VALUE.fullmatch(text):
            raise WrongValue(f"{shown(text)} is no value of a label")
        others[key] = None if is_unset else text
    changed: dict[str, Json] = {key: text for key, text in {**before, **others}.items() if text is not None}
    if not changed:
        raise WrongValue("no label would be left")
    return changed


TYPES: Mapping[str, Callable[[Value, Json], Json]] = {
    "port": port,
    "replicas": replicas,
    "label_values": label_values,
}
"""By the name they have in playbooks. Each gets the value and what the field holds now, and returns what it becomes."""


def shown(value: object) -> str:
    """Return a value of the cluster for a message: in quotes, without control characters, cut."""
    return ascii(value if len(str(value)) <= 60 else f"{str(value)[:60]}…")  # noqa: PLR2004 - fits one line
