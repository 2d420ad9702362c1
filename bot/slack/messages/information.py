"""Status, history, rules and clusters in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC

from bot.diagnosis.report import Diagnosis
from bot.remediation.approval import SINGLE_OPERATOR
from bot.slack.clusters import KnownCluster
from bot.slack.escape import code, words
from bot.slack.messages.answer import verdict
from bot.slack.messages.pieces import DETAIL, GREEN, NAME, RED, SUMMARY, YELLOW, channel_name, mention
from bot.slack.ports import KnownRule
from bot.store.chat_records import Opinion
from bot.store.records import Incident, IncidentState

CLUSTERS_NAMED = 30
CHANNELS_NAMED = 10
SYMPTOM_SHORT = 150


def status(
    *, wrong: Mapping[str, str], running: int, open_incidents: int, waiting_plans: int, single_operator: bool
) -> str:
    """Return how the bot is, and what is going on."""
    health = [f"{RED} *{words(name, NAME)}*: {words(why, SUMMARY)}" for name, why in wrong.items()]
    return "\n".join(
        [
            *([f"{YELLOW} {SINGLE_OPERATOR.capitalize()}."] if single_operator else []),
            *(health or [f"{GREEN} All is well: Slack, the database and every cluster answer."]),
            " · ".join(
                (
                    f"{running} {'diagnosis' if running == 1 else 'diagnoses'} running",
                    _counted(open_incidents, "open incident"),
                    f"{_counted(waiting_plans, 'plan')} waiting for an approval",
                )
            ),
        ]
    )


def history_title(*, here: bool) -> str:
    """Return the heading of the list of incidents."""
    return "*The latest diagnoses in this channel*" if here else "*The latest diagnoses*"


def incident(found: Incident, diagnosis: Diagnosis | None, opinions: Sequence[Opinion]) -> str:
    """Return one incident: when, who asked what, the answer, and what became of it."""
    when = f"{found.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    marks = [
        *(["fixed by a plan"] if found.state is IncidentState.FIXED else []),
        *(["confirmed: this was it"] if Opinion.RIGHT in opinions else []),
        *(["called wrong"] if Opinion.WRONG in opinions else []),
    ]
    asked = f"• {when} {mention(found.requester)}: {words(found.symptom, SYMPTOM_SHORT)}"
    answer = f"\n{verdict(diagnosis)}" if diagnosis else ""
    return asked + answer + (f"\n{', '.join(marks)}" if marks else "")


def no_incidents() -> str:
    """Return that nothing was asked yet."""
    return "Nothing was asked yet."


def more_incidents(count: int) -> str:
    """Return that there are more incidents than a message holds."""
    return f"… and {count} more"


def rules(known: Sequence[KnownRule]) -> str:
    """Return what can be found out, by category."""
    count = Counter(rule.category for rule in known)
    listed = ", ".join(f"{words(category, DETAIL)} {number}" for category, number in sorted(count.items()))
    return f"I know {_counted(len(known), 'rule')}: {listed}. `rules dns` lists those with a word in them."


def rule(known: KnownRule) -> str:
    """Return one rule."""
    return f"• {code(known.id, NAME)} {words(known.title, SUMMARY)} · {words(known.severity, DETAIL)}"


def more_rules(count: int) -> str:
    """Return that there are more rules than are shown."""
    return f"… and {count} more"


def no_rules(word: str) -> str:
    """Return that no rule has a word in it."""
    return f"No rule has {code(word, DETAIL)} in its id, title or category."


def clusters(known: Sequence[KnownCluster], *, here: str) -> str:
    """Return the clusters, and which is meant where."""
    lines = ["*Clusters I look at*"]
    for cluster in known[:CLUSTERS_NAMED]:
        channels = " ".join(channel_name(channel) for channel in cluster.channels[:CHANNELS_NAMED])
        mine = " · *meant in this channel*" if cluster.name == here else ""
        lines.append(f"• *{words(cluster.name, NAME)}*{f' in {channels}' if channels else ''}{mine}")
    if len(known) > CLUSTERS_NAMED:
        lines.append(f"… and {len(known) - CLUSTERS_NAMED} more")
    if len(known) > 1:
        lines.append(f"Name another at the end: `web cannot reach cart in {words(known[0].name, DETAIL)}`.")
    return "\n".join(lines)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
