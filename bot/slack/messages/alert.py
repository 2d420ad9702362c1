"""Alerts in words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.alert_payload import Alert
from bot.slack.escape import words
from bot.slack.fit import lines_that_fit
from bot.slack.limits import SECTION_TEXT
from bot.slack.messages.pieces import GREEN, NAME, RED, SUMMARY, WHITE, YELLOW
from bot.store.chat_records import AlertNews, AlertSeen


def opened(alerts: Sequence[Alert]) -> str:
    """Return the line that opens a thread: what fires."""
    if len(alerts) == 1:
        return f"{YELLOW} Alert {_line(alerts[0])}"
    return f"{RED} *{len(alerts)} alerts at once*, told together:\n{_lines(alerts)}"


def joined(alerts: Sequence[Alert]) -> str:
    """Return that more alerts came while many did."""
    return f"{RED} Many alerts within minutes, so these are told here too:\n{_lines(alerts)}"


def moved_on(news: Sequence[tuple[Alert, AlertSeen]]) -> str:
    """Return what alerts of a thread do now."""
    return lines_that_fit([_news(alert, seen) for alert, seen in news], SECTION_TEXT, more)


def more(count: int) -> str:
    """Return that there are more alerts than are named."""
    return f"… and {count} more"


def _news(alert: Alert, seen: AlertSeen) -> str:
    name = f"*{words(alert.name, NAME)}*"
    match seen.news:
        case AlertNews.RESOLVED:
            return f"{GREEN} {name} is resolved."
        case AlertNews.AGAIN:
            return f"{YELLOW} {name} fires again. Looking once more …"
        case _:
            return f"{WHITE} {name} still fires (told {seen.times} times)."


def _lines(alerts: Sequence[Alert]) -> str:
    return lines_that_fit([f"• {_line(alert)}" for alert in alerts], SECTION_TEXT, more)


def _line(alert: Alert) -> str:
    where = alert.labels.get("namespace", "")
    place = f" in {words(where, NAME)}" if where else ""
    return f"*{words(alert.name, NAME)}*{place} · {words(alert.summary, SUMMARY)}"
