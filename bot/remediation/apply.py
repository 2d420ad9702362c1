"""From a yes to a confirmed fix, or back: a state machine whose every step can be interrupted and taken up again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.cluster.errors import ClusterError
from bot.cluster.writer import LOOK_AGAIN, Writer
from bot.diagnosis.report import Diagnosis
from bot.remediation.confirm import Confirmation, confirm
from bot.remediation.diff import canonical
from bot.remediation.doing import NotDone, NothingDone, do, wait
from bot.remediation.look import Live, Match, Sleep, compare, look, what_changed
from bot.remediation.plan import SHORT_HASH, Action, Change, Plan
from bot.remediation.restore import restore
from bot.store.records import PlanState, StepState
from bot.store.shelf import utc_now
from bot.store.store import Store

log = logging.getLogger(__name__)

Recheck = Callable[[], Awaitable[Diagnosis]]
"""Runs the probes of the incident again, and judges."""

PATCH_PAUSES_SECONDS = (1.0, 2.0, 4.0)
"""After each attempt of one change; each begins with a look, which is patient by itself (ours)."""

PUTTING_BACK = " Putting back what was changed."
NEXT = "Ask for a new diagnosis."


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One move of a plan."""

    plan: str
    """Its hash."""
    state: PlanState
    text: str
    """What happened and, at the end, what to do; for people."""
    after: str = ""
    """What the probes said last, where they were asked."""


class Stopped(Exception):
    """The plan cannot go on. The text says why; it has no full stop."""


@dataclass(frozen=True, kw_only=True)
class Applier:
    """Carries out approved plans."""

    store: Store
    writer: Writer
    now: Callable[[], datetime] = utc_now
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], float] = time.monotonic

    async def run(self, plan: Plan, recheck: Recheck) -> AsyncIterator[Progress]:
        """Take a plan from wherever it is to its end, yielding each move.

        Raises:
            StoreError: The database failed; a later run goes on from where this one was.
        """
        while (stored := await self.store.plan(plan.hash)) is not None:
            match stored.state:
                case PlanState.APPROVED:
                    move = await self._begin(plan)
                case PlanState.APPLYING:
                    move = await self._apply(plan)
                case PlanState.CONFIRMING:
                    move = await self._confirm(plan, recheck)
                case PlanState.RESTORING:
                    move = await self._restore(plan, reason=stored.detail.removesuffix(PUTTING_BACK))
                case _:
                    return
            if not await self.store.move(plan.hash, expected=stored.state, to=move.state, detail=move.text):
                log.warning("plan %s: another process carries on", plan.short)
                return
            log.info("plan %s: %s", plan.short, move.state)
            yield move

    async def _begin(self, plan: Plan) -> Progress:
        """Refuse a plan that was left lying, or whose objects changed since it was made."""
        if self.now() >= plan.expires:
            text = f"Not applied: it was approved and not begun before it expired at {plan.expires:%H:%M} UTC."
            return _move(plan, PlanState.STALE, f"{text} Nothing was changed; ask for a new diagnosis.")
        for change in plan.changes:
            try:
                live = await look(self.writer, change, sleep=self.sleep)
            except ClusterError as problem:
                return _move(
                    plan, PlanState.FAILED, f"Not applied: {problem}. Nothing was changed; ask for a new diagnosis."
                )
            if live.match is not Match.UNTOUCHED:
                return _move(
                    plan,
                    PlanState.STALE,
                    f"Not applied: {change.target} is no longer what this plan was made from. Nothing was changed; "
                    f"ask for a new diagnosis.\n{what_changed(change, live.obj)}",
                )
        targets = ", ".join(str(change.target) for change in plan.changes)
        return _move(plan, PlanState.APPLYING, f"Changing {targets}.")

    async def _apply(self, plan: Plan) -> Progress:
        """Make the changes that are not made yet."""
        begun = {record.step: record.state for record in await self.store.steps(plan.hash)}
        try:
            for number, change in enumerate(plan.changes):
                if begun.get(number) is not StepState.DONE:
                    await self._step(plan, number, change, was_sent=number in begun)
        except Stopped as reason:
            if all(record.state is StepState.UNDONE for record in await self.store.steps(plan.hash)):
                return _move(
                    plan, PlanState.FAILED, f"Not applied: {reason}. Nothing was changed; ask for a new diagnosis."
                )
            return _move(plan, PlanState.RESTORING, f"Stopped: {reason}.{PUTTING_BACK}")
        return _move(plan, PlanState.CONFIRMING, "Applied. Looking again, with the probes that found the fault.")

    async def _step(self, plan: Plan, number: int, change: Change, *, was_sent: bool) -> None:
        """Make one change once, whatever gets lost on the way.

        Raises:
            Stopped: It cannot be made.
        """
        problem: ClusterError | None = None
        for pause in PATCH_PAUSES_SECONDS:
            live = await self._untouched(change, was_sent=was_sent)
            if live is None:
                break
            await self._record(plan, number, change, StepState.SENT)
            was_sent = True
            try:
                after = await do(change, live, self.writer)
            except LOOK_AGAIN as again:
                problem = again
                await self.sleep(pause)
                continue
            except ClusterError as refused:
                await self._record(plan, number, change, StepState.UNDONE)
                raise Stopped(str(refused)) from refused
            if compare(change, after) is not Match.APPLIED:
                raise Stopped(f"the API server made something else of {change.target}")
            break
        else:
            if await self._untouched(change, was_sent=True) is not None:
                raise Stopped(str(problem))
        try:
            await wait(change, self.writer, sleep=self.sleep)
        except NothingDone as failed:
            await self._record(plan, number, change, StepState.UNDONE)
            raise Stopped(str(failed)) from failed
        except (NotDone, ClusterError) as failed:
            raise Stopped(str(failed)) from failed
        await self._record(plan, number, change, StepState.DONE)

    async def _untouched(self, change: Change, *, was_sent: bool) -> Live | None:
        """Return the live object if the change can be made; None if it is made already.

        Raises:
            Stopped: Neither.
        """
        try:
            live = await look(self.writer, change, sleep=self.sleep)
        except ClusterError as problem:
            raise Stopped(str(problem)) from problem
        if live.match is Match.UNTOUCHED:
            return live
        if live.match is Match.APPLIED and was_sent:
            return None
        raise Stopped(f"somebody else changed {change.target} in the meantime")

    async def _record(self, plan: Plan, number: int, change: Change, state: StepState) -> None:
        await self.store.record_step(
            plan.hash,
            number,
            state=state,
            target=str(change.target),
            before=canonical({str(edit.path): edit.before for edit in change.edits}),
            after=canonical({str(edit.path): edit.after for edit in change.edits}),
        )

    async def _confirm(self, plan: Plan, recheck: Recheck) -> Progress:
        result = await confirm(plan.check, recheck, sleep=self.sleep, clock=self.clock)
        if plan.undoes:
            await self.store.move(
                plan.undoes, expected=PlanState.CONFIRMED, to=PlanState.UNDONE, detail=f"Undone by plan {plan.short}."
            )
            return _move(plan, PlanState.CONFIRMED, f"Undone: what plan {plan.undoes[:SHORT_HASH]} changed is back.")
        if result.is_good:
            text = f"Confirmed: the fault is gone, seen {result.seconds:.0f} s after the change."
            return _move(plan, PlanState.CONFIRMED, text, result)
        text = f"Not confirmed within {plan.check.within_seconds} s: {result.after}"
        if not plan.reversible:
            return _move(plan, PlanState.NEEDS_HAND, f"{text} This change has no automatic way back.", result)
        return _move(plan, PlanState.RESTORING, f"{text}{PUTTING_BACK}", result)

    async def _restore(self, plan: Plan, *, reason: str) -> Progress:
        """Put back the steps that were made, the last one first, restarts after all others."""
        by_hand: list[str] = []
        begun = [
            record for record in reversed(await self.store.steps(plan.hash)) if record.state is not StepState.UNDONE
        ]
        # Pods that restart read settings as they find them, so these go back first.
        for record in sorted(begun, key=lambda record: plan.changes[record.step].action is Action.RESTART):
            change = plan.changes[record.step]
            left = await restore(change, self.writer, sleep=self.sleep)
            if left is None:
                await self._record(plan, record.step, change, StepState.UNDONE)
            else:
                by_hand += [f"{change.target} could not be put back: {left.why}.", *left.what]
        if by_hand:
            return _move(plan, PlanState.NEEDS_HAND, "\n".join([reason, *by_hand]))
        return _move(plan, PlanState.RESTORED, f"{reason} Put back: everything netmedic changed is as it was. {NEXT}")


def _move(plan: Plan, state: PlanState, text: str, result: Confirmation | None = None) -> Progress:
    return Progress(plan=plan.hash, state=state, text=text, after=result.after if result else "")
