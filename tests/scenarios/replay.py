"""Recorded incidents, and what is said of each: ``tests/bundles/scenarios.yaml``.

Run: python -m tests.scenarios.replay writes the table anew; its difference shows which past diagnoses a change moves.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypedDict

import yaml

from bot import shipped
from bot.cluster import bundle
from bot.diagnosis.diagnose import Diagnose
from bot.diagnosis.report import Diagnosis
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.probes import PROBES

BUNDLES = Path(__file__).resolve().parent.parent / "bundles" / "scenarios"
TABLE = BUNDLES.with_suffix(".yaml")
HEAD = "# What is said of each recorded incident. `make bundles` writes it anew, and git shows which diagnoses moved.\n"


EVENTS_KEPT = timedelta(minutes=10)
"""An incident is made, and asked about, in less."""
SECOND = len("2026-01-01T12:00:00")


class Entry(TypedDict):
    """One row of the table."""

    category: str
    """Of the fault that was there, as the laboratory says."""
    symptom: str
    causes: list[str]
    """Category, rule and summary of each."""


def place(folder: Path, symptom: str) -> Path:
    """Return where a recording lies until its incident's name is known."""
    return folder / f"{hashlib.sha256(symptom.encode()).hexdigest()[:16]}.json.gz"


def keep(file: Path, *, scenario: str, category: str, symptom: str) -> None:
    """Put a recording beside the others, with its row in the table."""
    BUNDLES.mkdir(exist_ok=True)
    kept = BUNDLES / f"{scenario}.json.gz"
    kept.write_bytes(slimmed(file.read_bytes(), symptom))
    write({**table(), scenario: {"category": category, "symptom": symptom, "causes": causes(kept, symptom)}})


def slimmed(content: bytes, symptom: str) -> bytes:
    """Return a recording without what other incidents left: Events of namespaces that the symptom does not name, old
    ones of the system, and what was seen from inside Pods of others.
    """
    document = json.loads(gzip.decompress(content))
    objects = document["objects"]
    named = {item["metadata"]["name"] for item in objects["namespaces"] if item["metadata"]["name"] in symptom}
    around = named | {"default", "kube-system"}
    since = (datetime.fromisoformat(document["recorded_at"]) - EVENTS_KEPT).isoformat()[:SECOND]
    objects["events"] = [
        event
        for event in objects["events"]
        if event["metadata"]["namespace"] in around and (event.get("lastTimestamp") or since)[:SECOND] >= since
    ]
    strange = {pod["metadata"]["uid"] for pod in objects["pods"] if named and pod["metadata"]["namespace"] not in named}
    for helper in document["helpers"].values():
        helper["answers"] = {
            request: answer
            for request, answer in helper["answers"].items()
            if not (request.startswith("inside ") and request.split()[1] in strange)
        }
    return gzip.compress(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), mtime=0)


def table() -> dict[str, Entry]:
    """Return the rows by scenario."""
    found: dict[str, Entry] = yaml.safe_load(TABLE.read_text()) if TABLE.exists() else {}
    return found


def write(rows: dict[str, Entry]) -> None:
    """Write the table."""
    TABLE.write_text(HEAD + yaml.safe_dump(rows, sort_keys=True, width=120, allow_unicode=True))


def causes(file: Path, symptom: str) -> list[str]:
    """Return what is blamed for a recorded incident."""
    found = asyncio.run(diagnose()(bundle.load(file), symptom))
    if not isinstance(found, Diagnosis):
        return [f"a question: {found}"]
    return [f"{cause.category}: {cause.rule}: {cause.summary}" for cause in found.causes]


@cache
def diagnose() -> Diagnose:
    """Return what makes diagnoses, with the shipped rules, and time enough on any machine."""
    return Diagnose(book=RuleBook(load(shipped.folder("rules")), PlainEngine()), probes=PROBES, budget_seconds=600)


def main() -> None:
    """Write the table anew."""
    rows = table()
    write({name: {**row, "causes": causes(BUNDLES / f"{name}.json.gz", row["symptom"])} for name, row in rows.items()})


if __name__ == "__main__":
    main()
