"""What the commands need from the rest of the program. ``bot.__main__`` provides it; tests bring their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.cluster.bundle import Bundle
    from bot.diagnosis.diagnose import Progress
    from bot.diagnosis.doctor import Check
    from bot.diagnosis.report import Diagnosis
    from bot.diagnosis.scope import Ambiguous
    from bot.engine.book import RuleBook
    from bot.facts.scope import Subject
    from bot.remediation.clerk import Clerk
    from bot.settings import Settings
    from bot.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which cluster is meant."""

    kubeconfig: str = ""
    """Path of a kubeconfig file; empty: ``KUBECONFIG``, ``~/.kube/config``, or the Pod this runs in."""
    context: str = ""
    """Empty: the kubeconfig's current one."""
    bundle: Path | None = None
    """A snapshot to read instead of a cluster."""


class Program(Protocol):
    """Everything the commands call. Nothing is connected before a method needs it."""

    def settings(self) -> Settings:
        """Return the settings.

        Raises:
            pydantic.ValidationError: A setting is wrong.
        """
        ...

    def rules_folders(self) -> tuple[Path, ...]:
        """Return the folders with the rules in use: those shipped, then the site's own."""
        ...

    def playbooks_folders(self) -> tuple[Path, ...]:
        """Return the folders with the playbooks in use."""
        ...

    def rule_book(self) -> RuleBook:
        """Return the rules, ready to judge."""
        ...

    def store(self) -> AbstractAsyncContextManager[Store]:
        """Give the database, and close it afterwards.

        Raises:
            StoreError: It cannot be opened.
        """
        ...

    def clerk(self, where: Where) -> AbstractAsyncContextManager[Clerk]:
        """Give what a person at this terminal can do with plans.

        Raises:
            ClusterError: The cluster cannot be reached, or does not say who this is.
            StoreError: The database cannot be opened.
        """
        ...

    async def diagnose(
        self,
        where: Where,
        symptom: str,
        *,
        namespace: str,
        budget_seconds: float | None,
        thorough: bool,
        chosen: Mapping[str, Subject],
        progress: Callable[[Progress], None],
    ) -> Diagnosis | Ambiguous:
        """Return the diagnosis, or the question that has to be answered first.

        ``budget_seconds`` None means the setting; ``thorough`` that Nodes are heard out, whatever objects prove.

        Raises:
            SymptomError: The words cannot be understood.
            ClusterError: The cluster or the bundle cannot be read.
        """
        ...

    async def record(
        self, where: Where, *, namespaces: tuple[str, ...], symptom: str, progress: Callable[[str], None]
    ) -> Bundle:
        """Return a recording of what diagnoses read, that of a symptom in particular; no namespaces mean all.

        Raises:
            SymptomError: The words cannot be understood.
            ClusterError: The cluster cannot be read at all.
        """
        ...

    def doctor(self, where: Where, *, namespace: str) -> AsyncIterator[Check]:
        """Yield what works and what does not, as it is found out."""
        ...

    async def serve(self) -> None:
        """Answer in Slack until it is told to end."""
        ...
