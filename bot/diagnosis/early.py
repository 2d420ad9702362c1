"""When a diagnosis is over before the Nodes have answered.

What Nodes count takes a window of seconds. Where an object of the API alone proves what breaks every attempt (a Service
that selects no Pods), nothing that a Node counts would say why: packets get there only once that is mended. What it
costs: a second fault on a Node shows only when somebody asks again, so a diagnosis that was cut short says so, lists
the rules that had to wait as not checked, and is never the one that confirms a fix.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnosis.judge import Judgement
from bot.diagnosis.report import Cause
from bot.engine.rule import Confidence, Severity
from bot.engine.verdict import Verdict
from bot.facts.base import Reason
from bot.facts.scope import Scope, SymptomKind

BROKEN_FOR_ALL = frozenset({SymptomKind.UNREACHABLE, SymptomKind.TIMEOUT, SymptomKind.DNS, SymptomKind.UNKNOWN})
"""Symptoms that an object can explain whole. What is slow or comes and goes needs what Nodes count."""
HOPS = frozenset({"name-lookup", "entry", "service", "target-pod"})
"""What a client is configured to call is not among them: a wrong setting of it may be one that nobody means."""
CATEGORIES = frozenset(
    {"service-selection", "service-ports", "dns-client", "dns-cluster", "network-policy", "ingress", "not-network"}
)
"""Faults of what people wrote. Others show in objects as well, and come from what happens on a Node."""


def may_end_early(scope: Scope) -> bool:
    """Tell whether a symptom can be explained by one object: it names what is reached, and nothing gets there."""
    target = scope.services or scope.backends or scope.missing
    return bool(target) and not scope.cluster_wide and not scope.outside_host and scope.kind in BROKEN_FOR_ALL


def is_over(judgement: Judgement, verdicts: Sequence[Verdict]) -> bool:
    """Tell whether the causes found are whole: each breaks every attempt, and no rule that waits may explain it."""
    waiting = {explained for verdict in verdicts if waits(verdict) for explained in verdict.rule.explains}
    return bool(judgement.causes) and all(breaks_all(cause) and cause.rule not in waiting for cause in judgement.causes)


def breaks_all(cause: Cause) -> bool:
    """Tell whether no attempt succeeds while a cause is there."""
    return (
        cause.severity == Severity.ERROR
        and cause.confidence == Confidence.PROVEN
        and (cause.hop in HOPS or cause.category == "network-policy")
        and cause.category in CATEGORIES
    )


def waits(verdict: Verdict) -> bool:
    """Tell whether a rule may still be found, or found once more, when Nodes have answered."""
    return any(unknown.reason is Reason.NOT_NEEDED for unknown in verdict.missing)
