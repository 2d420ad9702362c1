"""A program that answers what a test told it to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli.app import cli
from bot.cli.program import Where
from bot.cluster.bundle import Bundle
from bot.diagnosis.diagnose import Progress
from bot.diagnosis.doctor import Check
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.settings import Settings


@dataclass
class FakeProgram:
    """Each answer may be an error, which is raised then."""

    answers: list[Diagnosis | Ambiguous | BaseException] = field(default_factory=list)
    """Those of ``diagnose``, one a call."""
    bundle: Bundle | BaseException | None = None
    checks: tuple[Check, ...] = ()
    folders: tuple[Path, ...] = ()
    asked: list[dict[str, object]] = field(default_factory=list)
    served: bool = False

    def settings(self) -> Settings:
        return Settings()

    def rules_folders(self) -> tuple[Path, ...]:
        return self.folders

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
        self.asked.append(
            {
                "where": where,
                "symptom": symptom,
                "namespace": namespace,
                "budget_seconds": budget_seconds,
                "thorough": thorough,
                "chosen": dict(chosen),
            }
        )
        progress(Progress(doing="Read service_backends", done=1, total=2))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def record(
        self, where: Where, *, namespaces: tuple[str, ...], symptom: str, progress: Callable[[str], None]
    ) -> Bundle:
        self.asked.append({"where": where, "namespaces": namespaces, "symptom": symptom})
        progress("Reading objects")
        if isinstance(self.bundle, BaseException):
            raise self.bundle
        assert self.bundle is not None
        return self.bundle

    async def doctor(self, where: Where, *, namespace: str) -> AsyncIterator[Check]:
        self.asked.append({"where": where, "namespace": namespace})
        for check in self.checks:
            yield check

    async def serve(self) -> None:
        self.served = True


def run(program: FakeProgram, *words: str, typed: str = "") -> Result:
    """Return what a command line wrote, and its exit status; nothing is a terminal."""
    return CliRunner().invoke(cli, words, obj=program, input=typed)
