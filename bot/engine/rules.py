"""A rule as a value, and reading rule files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.facts.scope import SymptomKind


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    """How sure a finding is, from the kind of evidence it rests on."""

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule file."""

    id: str
    title: str
    category: str
    severity: Severity
    confidence: Confidence
    hop: str
    symptoms: tuple[SymptomKind, ...]
    subject: Mapping[str, str]
    details: Mapping[str, str]
    explains: tuple[str, ...]
    summary: str
    refuted_by: str
    remedy: str
    playbook: str
    docs: str
    path: Path
