"""What Alertmanager sends: its webhook's payload, version 4, read into values.

Source: prometheus.io/docs/alerting/latest/configuration/#webhook_config.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

import msgspec

from bot.diagnosis.cleaning import TEXT_LIMIT
from bot.diagnosis.vocabulary import english

VERSION = "4"
FIRING = "firing"
FINGERPRINT = re.compile(r"[0-9a-zA-Z]{1,64}")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
FLOOD_SYMPTOM = "something is wrong"
"""What is asked where alerts have nothing in common: the whole cluster is looked at."""


class NotAnAlert(ValueError):
    """The body is no payload of a version that is understood here."""


class Alert(msgspec.Struct, frozen=True):
    """One alert of a payload."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    fingerprint: str = ""

    @property
    def is_firing(self) -> bool:
        """It fires; else it is resolved."""
        return self.status == FIRING

    @property
    def key(self) -> str:
        """What makes it the same alert next time: Alertmanager's fingerprint, which is made from the labels."""
        if FINGERPRINT.fullmatch(self.fingerprint):
            return self.fingerprint
        return hashlib.sha256(repr(sorted(self.labels.items())).encode()).hexdigest()[:32]

    @property
    def name(self) -> str:
        """Its name."""
        return self.labels.get("alertname") or "alert"

    @property
    def summary(self) -> str:
        """What it says for people."""
        said = (self.annotations.get(key, "") for key in ("summary", "message", "description"))
        return next((text for text in said if text.strip()), "") or CAMEL.sub(" ", self.name)


class Payload(msgspec.Struct, frozen=True):
    """What comes with one request."""

    version: str
    alerts: list[Alert]
    truncatedAlerts: int = 0  # noqa: N815 - Alertmanager's spelling


def read(body: bytes) -> Payload:
    """Return a payload.

    Raises:
        NotAnAlert: It is none, or of another version.
    """
    try:
        payload = msgspec.json.decode(body, type=Payload)
    except msgspec.MsgspecError as problem:
        raise NotAnAlert(f"This is no payload of Alertmanager's webhook: {problem}.") from problem
    if payload.version != VERSION:
        raise NotAnAlert(f"Version {payload.version[:20]!r} of the payload is not known; it should be {VERSION!r}.")
    return payload


def symptom_of(alert: Alert) -> str:
    """Return what an alert complains about: its words, and those of its labels that name something."""
    known = english().labels
    labels = [f"{key}={value}" for key, value in sorted(alert.labels.items()) if key.lower() in known and value.strip()]
    room = TEXT_LIMIT - sum(len(label) + 1 for label in labels)
    if room <= 0:
        return alert.summary[:TEXT_LIMIT]
    return "\n".join([" ".join(alert.summary.split())[:room], *labels])[:TEXT_LIMIT]


def symptom_of_flood(alerts: Sequence[Alert]) -> str:
    """Return what many alerts complain about together."""
    namespaces = {alert.labels.get("namespace", "") for alert in alerts}
    if len(namespaces) == 1 and (namespace := namespaces.pop()):
        return f"{FLOOD_SYMPTOM} in namespace {namespace}"[:TEXT_LIMIT]
    return FLOOD_SYMPTOM


def cluster_label(labels: Mapping[str, str]) -> str:
    """Return the cluster that an alert names, if it does."""
    return labels.get("cluster", "") or labels.get("cluster_name", "")
