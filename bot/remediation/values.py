"""What a playbook can set: each type of value, what it accepts, and what the field becomes.

A value comes from a rule's conclusion, so in the end from the cluster. Here it is held to its type; what does not fit
gives no plan. A value never becomes a key, but for a label's or a taint's, which have to look like one.
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
NUMBER_MAX = 2**31 - 1
"""What a sysctl of the kernel can hold."""
BLOCK_LINES = 50
TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

WORD = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,62}")
LABEL_KEY = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
ONLY_PORT = re.compile(r"(?P<number>[0-9]{1,5})(?: \([a-z0-9-]{1,15}\))?")
PROBE_PORT = re.compile(r":(?P<port>[a-z0-9-]{1,15})(?:/|$| )")
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


def only_port(value: Value, before: Json) -> Json:
    """Return the one port of a list of ports as facts write it: ``8080 (http)``."""
    found = ONLY_PORT.fullmatch(str(value))
    if found is None:
        raise WrongValue(f"{shown(value)} is not one port, and which is meant is for a person to say")
    return port(int(found["number"]), before)


def labels_of(value: Value, before: Json) -> Json:
    """Return the labels there are with the values that others have, ``app=web, tier=front``; those they lack go."""
    if not isinstance(before, dict):
        raise WrongValue("there are no labels to change")
    others = dict(term.strip().partition("=")[::2] for term in str(value).split(","))
    changed: dict[str, Json] = {key: others[key] for key in before if key in others}
    if not changed:
        raise WrongValue(f"{shown(value)} has none of the labels {', '.join(sorted(before))}")
    if not all(LABEL_VALUE.fullmatch(str(text)) for text in changed.values()):
        raise WrongValue(f"{shown(value)} are no labels")
    return changed


def readiness_port(value: Value, before: Json) -> Json:
    """Return the containers of a Pod with the failing readinessProbe at the only port its container declares.

    The value is the probe in the words of facts: ``HTTP GET :8080/healthz``.
    """
    said = PROBE_PORT.search(str(value))
    if said is None:
        raise WrongValue(f"{shown(value)} is no readinessProbe that asks a port")
    containers = _mappings(before)
    failing = [
        (index, kind)
        for index, container in enumerate(containers)
        for kind, probe in _mapping(container.get("readinessProbe")).items()
        if kind in ("httpGet", "tcpSocket") and str(_mapping(probe).get("port")) == said["port"]
    ]
    if len(failing) != 1:
        raise WrongValue(f"{len(failing)} readinessProbes ask port {shown(said['port'])}, not one")
    [(index, kind)] = failing
    declared = [each.get("containerPort") for each in _mappings(containers[index].get("ports"))]
    if len(declared) != 1 or str(declared[0]) == said["port"]:
        raise WrongValue("the container does not declare one other port, and which is meant is for a person to say")
    probe = _mapping(containers[index]["readinessProbe"])
    changed = {**probe, kind: {**_mapping(probe[kind]), "port": declared[0]}}
    return [
        {**container, "readinessProbe": changed} if number == index else container
        for number, container in enumerate(containers)
    ]


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def number(value: Value, _before: Json) -> Json:
    """Return a whole number that is not negative."""
    try:
        found = int(value)
    except ValueError:
        found = -1
    if isinstance(value, bool) or not 0 <= found <= NUMBER_MAX:
        raise WrongValue(f"{shown(value)} is no number from 0 to {NUMBER_MAX}")
    return found


def digits(value: Value, before: Json) -> Json:
    """Return a number as text, as the values of a ConfigMap are."""
    return str(number(value, before))


def doubled(value: Value, before: Json) -> Json:
    """Return twice a number."""
    found = number(value, before)
    assert isinstance(found, int)  # noqa: S101
    return number(found * 2, before)


def flag(value: Value, _before: Json) -> Json:
    """Return yes, or nothing for no: API servers leave fields out that are false."""
    if not isinstance(value, bool):
        raise WrongValue(f"{shown(value)} is neither true nor false")
    return value or None


def word(value: Value, _before: Json) -> Json:
    """Return a word as settings have it: ``ClusterFirst``, ``ipvs``."""
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise WrongValue(f"{shown(value)} is no word")
    return value


def ndots(value: Value, before: Json) -> Json:
    """Return a dnsConfig with this value of the option ndots, all else kept."""
    wanted = str(number(value, before))
    config = before if isinstance(before, dict) else {}
    options = config.get("options")
    others = [option for option in _mappings(options) if option.get("name") != "ndots"]
    return {**config, "options": [*others, {"name": "ndots", "value": wanted}]}


def _mappings(items: Json) -> list[dict[str, Json]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def label(value: Value, before: Json) -> Json:
    """Return the labels there are and one more, ``key=value``."""
    key, equals, text = str(value).partition("=")
    if not equals or not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(text):
        raise WrongValue(f"{shown(value)} is no label")
    return {**(before if isinstance(before, dict) else {}), key: text}


def taint(value: Value, before: Json) -> Json:
    """Return the taints there are and one more, ``key=value:NoSchedule``."""
    rest, colon, effect = str(value).rpartition(":")
    key, _, text = rest.partition("=")
    if not colon or effect not in TAINT_EFFECTS or not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(text):
        raise WrongValue(f"{shown(value)} is no taint such as key=value:NoSchedule")
    others = [each for each in _mappings(before) if (each.get("key"), each.get("effect")) != (key, effect)]
    return [*others, {"key": key, "value": text, "effect": effect}]


def without_block(value: Value, before: Json) -> Json:
    """Return a Corefile without the one block that reads so on one line, as facts write it."""
    lines = before.splitlines(keepends=True) if isinstance(before, str) else []
    found: list[tuple[int, int]] = []
    for start in range(len(lines)):
        told = ""
        for end in range(start, min(start + BLOCK_LINES, len(lines))):
            told = f"{told} {lines[end].partition('#')[0].strip()}".strip()
            if told == value and told.count("{") == told.count("}"):
                found.append((start, end + 1))
    spans = [span for span in found if lines[span[0]].strip()]
    if len(spans) != 1:
        raise WrongValue(f"{len(spans)} blocks of the Corefile read {shown(value)}, not one")
    [(start, end)] = spans
    return "".join([*lines[:start], *lines[end:]])


DEPENDS_ON_OBJECT = frozenset({"label_values", "labels_of", "readiness_port", "without_block"})
"""Types whose value can only be judged with the object at hand."""

TYPES: Mapping[str, Callable[[Value, Json], Json]] = {
    "port": port,
    "replicas": replicas,
    "label_values": label_values,
    "labels_of": labels_of,
    "only_port": only_port,
    "readiness_port": readiness_port,
    "number": number,
    "digits": digits,
    "doubled": doubled,
    "flag": flag,
    "word": word,
    "ndots": ndots,
    "label": label,
    "taint": taint,
    "without_block": without_block,
}
"""By the name they have in playbooks. Each gets the value and what the field holds now, and returns what it becomes."""


def shown(value: object) -> str:
    """Return a value of the cluster for a message: in quotes, without control characters, cut."""
    return ascii(value if len(str(value)) <= 60 else f"{str(value)[:60]}…")  # noqa: PLR2004 - fits one line
