"""Did it help? The rules' answers after an apply, about the one fault that the plan was for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bot.cluster.errors import ClusterError
from bot.diagnosis.report import Cause, Diagnosis, Proof
from bot.engine.verdict import Outcome
from bot.remediation.look import Sleep
from bot.remediation.plan import Check

log = logging.getLogger(__name__)

GOOD_LOOKS = 2
"""In a row: one look can fall between two states of a cluster that is still settling (ours)."""
PAUSE_SECONDS = 2.0
"""Between looks: kube-proxy and endpoints follow a change within about a second (ours)."""
LOOK_SECONDS = 30.0
"""One look may take this long even where the time for confirming ends before (ours)."""


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What came of looking again."""

    is_good: bool
    after: str
    """What the last look said, as a sentence."""
    seconds: float


async def confirm(
    check: Check,
    recheck: Callable[[], Awaitable[Diagnosis]],
    *,
    sleep: Sleep,
    clock: Callable[[], float],
    look_seconds: float = LOOK_SECONDS,
) -> Confirmation:
    """Look again until the rule answers as it should, or the time is over."""
    if not check.rules:
        return Confirmation(is_good=True, after="", seconds=0)
    started = clock()
    good = 0
    while True:
        left = started + check.within_seconds - clock()
        seen, after = await _look(check, recheck, limit_seconds=max(left, look_seconds))
        good = good + 1 if seen is check.answers else 0
        seconds = clock() - started
        if good == GOOD_LOOKS or (not good and seconds >= check.within_seconds):
            return Confirmation(is_good=good == GOOD_LOOKS, after=after, seconds=seconds)
        await sleep(PAUSE_SECONDS)


async def _look(
    check: Check, recheck: Callable[[], Awaitable[Diagnosis]], *, limit_seconds: float
) -> tuple[Outcome, str]:
    """Return the rule's answer, and what was seen, as a sentence."""
    try:
        async with asyncio.timeout(limit_seconds):
            diagnosis = await recheck()
    except TimeoutError:
        return Outcome.NOT_CHECKED, "The probes did not finish in time."
    except ClusterError as problem:
        return Outcome.NOT_CHECKED, f"The probes could not look: {problem}."
    except Exception:  # the change is made: whatever goes wrong here must end in confirming or restoring it
        log.exception("looking again after a change")
        return Outcome.NOT_CHECKED, "The probes failed; the log has the details."
    seen = answer(diagnosis, check)
    return seen, in_words(diagnosis, check, seen)


def in_words(diagnosis: Diagnosis, check: Check, seen: Outcome) -> str:
    """Return what a diagnosis says about the fault, as a sentence."""
    if seen is Outcome.NOT_CHECKED:
        reasons = [item.reason for item in diagnosis.not_checked if item.rule in check.rules]
        return f"It could not be checked ({reasons[0] if reasons else 'the rule did not answer'})."
    if seen is Outcome.RULED_OUT:
        return f"Ruled out at {check.subject}: {', '.join(check.rules)}."
    found = (cause for cause in (*diagnosis.causes, *diagnosis.also_seen) if _is_it(cause, check))
    return next((cause.summary for cause in found), f"Still found: {', '.join(check.rules)}.")


def answer(diagnosis: Diagnosis, check: Check) -> Outcome:
    """Return what a diagnosis says about the fault a plan was for: the wanted answer only if all rules give it.

    The same rule at another object, or at the same object with other values for the details that tell faults apart,
    is another fault. A rule that is nowhere in the diagnosis was not checked.
    """
    answers = [_answer(diagnosis, check, rule) for rule in check.rules]
    return next((seen for seen in answers if seen is not check.answers), check.answers)


def _answer(diagnosis: Diagnosis, check: Check, rule: str) -> Outcome:
    causes = (*diagnosis.causes, *diagnosis.also_seen)
    if any(cause.rule == rule and _is_it(cause, check) for cause in causes):
        return Outcome.FOUND
    if any(item.rule == rule for item in diagnosis.not_checked):
        return Outcome.NOT_CHECKED
    if any(cause.rule == rule for cause in causes) or any(item.rule == rule for item in diagnosis.ruled_out):
        return Outcome.RULED_OUT
    # Explained by another finding now: it stands there without its object, so it may be this one.
    return Outcome.FOUND if rule in _rules(cause.proof for cause in causes) else Outcome.NOT_CHECKED


def _is_it(cause: Cause, check: Check) -> bool:
    return (
        cause.rule in check.rules
        and cause.subject == check.subject
        and all(cause.details.get(detail, value) == value for detail, value in check.same.items())
    )


def _rules(proofs: Iterable[Proof]) -> set[str]:
    found: set[str] = set()
    for proof in proofs:
        found |= {proof.rule} | _rules(proof.because)
    return found
