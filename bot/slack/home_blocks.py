"""App Home as blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.diagnosis.report import Diagnosis
from bot.slack import actions, kit, messages
from bot.slack.fit import groups_that_fit
from bot.slack.kit import Block, View
from bot.slack.limits import MODAL_BLOCKS, MODAL_TOTAL
from bot.store.records import Incident


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An incident in a list."""

    incident: Incident
    diagnosis: Diagnosis | None
    veiled: bool
    """Names and addresses stay out: who looks may not see its channel."""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All that App Home shows."""

    wrong: Mapping[str, str]
    running: int
    single_operator: bool
    opened: Sequence[Listed]
    recent: Sequence[Listed]
    waiting: Sequence[tuple[str, Incident]]
    """Plans that wait for an approval: the title, and the incident."""


def home_view(overview: Overview) -> View:
    """Return App Home."""
    counts = {"open_incidents": len(overview.opened), "waiting_plans": len(overview.waiting)}
    status = messages.information.status(
        wrong=overview.wrong, running=overview.running, single_operator=overview.single_operator, **counts
    )
    waiting = [messages.home.waiting(title, incident) for title, incident in overview.waiting]
    lists = [
        *_listed(messages.home.waiting_title(), waiting),
        *_listed(messages.home.open_title(), map(line, overview.opened)),
        *_listed(messages.home.recent_title(), map(line, overview.recent)),
    ]
    head = [
        kit.section(status),
        kit.context(messages.home.how_to_ask()),
        kit.actions(kit.button(messages.home.refresh(), action=actions.REFRESH, value="home")),
    ]
    shown = groups_that_fit(([block] for block in lists), beside=head, blocks=MODAL_BLOCKS, total=MODAL_TOTAL)
    return kit.home([*head, *(block for group in shown for block in group)])


def refused_view(why: str) -> View:
    """Return App Home for somebody to whom nothing is shown."""
    return kit.home([kit.section(why)])


def line(listed: Listed) -> str:
    """Return one incident."""
    return messages.home.incident(listed.incident, listed.diagnosis, veiled=listed.veiled)


def _listed(title: str, lines: Iterable[str]) -> list[Block]:
    sections = [kit.section(text) for text in lines]
    return [kit.divider(), kit.section(title), *(sections or [kit.context(messages.details.nothing_here())])]
