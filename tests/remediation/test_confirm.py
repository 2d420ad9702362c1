from __future__ import annotations

import asyncio
import dataclasses

import pytest

from bot.cluster.errors import Unreachable
from bot.diagnosis.report import Diagnosis, Proof
from bot.engine.verdict import Outcome
from bot.facts.scope import Subject
from bot.remediation.confirm import Confirmation, answer, confirm
from bot.remediation.plan import Check
from tests.remediation.fixtures import BLIND, BROKEN, FAULT, HEALTHY, Clock, Looks, cause, diagnosis

CHECK = Check(
    rules=(FAULT,),
    answers=Outcome.RULED_OUT,
    subject=Subject("Service", "shop", "web"),
    same={"port": 80},
    within_seconds=60,
)

OTHER_PORT = cause(details={**cause().details, "port": 443})
OTHER_SERVICE = cause(subject=Subject("Service", "shop", "cart"))
PARENT = cause(
    rule="something-else",
    proof=Proof(
        rule="something-else",
        summary="",
        evidence=(),
        because=(Proof(rule="middle", summary="", evidence=(), because=(Proof(rule=FAULT, summary="", evidence=()),)),),
    ),
)


async def confirmed(*looks: Diagnosis | Exception, check: Check = CHECK) -> tuple[Confirmation, Looks, Clock]:
    clock, recheck = Clock(), Looks(*looks)
    return await confirm(check, recheck, sleep=clock.sleep, clock=clock), recheck, clock


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (BROKEN, Outcome.FOUND),
        (diagnosis(also_seen=[cause()]), Outcome.FOUND),
        (HEALTHY, Outcome.RULED_OUT),
        (BLIND, Outcome.NOT_CHECKED),
        (diagnosis(), Outcome.NOT_CHECKED),
        (diagnosis(OTHER_SERVICE), Outcome.RULED_OUT),
        (diagnosis(OTHER_PORT), Outcome.RULED_OUT),
        (diagnosis(OTHER_PORT, cause()), Outcome.FOUND),
        (diagnosis(OTHER_PORT, not_checked=[FAULT]), Outcome.NOT_CHECKED),
        (diagnosis(PARENT), Outcome.FOUND),
        (diagnosis(cause(details={})), Outcome.FOUND),
    ],
)
def test_the_answer_is_about_the_one_fault(seen: Diagnosis, expected: Outcome) -> None:
    assert answer(seen, CHECK) is expected


@pytest.mark.parametrize(
    ("ruled_out", "not_checked", "expected"),
    [
        (["a", "b"], [], Outcome.RULED_OUT),
        (["a"], ["b"], Outcome.NOT_CHECKED),
        (["b"], [], Outcome.NOT_CHECKED),
    ],
)
def test_all_rules_have_to_answer_so(ruled_out: list[str], not_checked: list[str], expected: Outcome) -> None:
    check = dataclasses.replace(CHECK, rules=("a", "b"))

    assert answer(diagnosis(ruled_out=ruled_out, not_checked=not_checked), check) is expected


async def test_two_good_looks_in_a_row_confirm() -> None:
    result, recheck, clock = await confirmed(HEALTHY)

    assert result == Confirmation(is_good=True, after=f"Ruled out at Service shop/web: {FAULT}.", seconds=2.0)
    assert (recheck.count, clock.waits) == (2, [2.0])


async def test_a_single_good_look_between_bad_ones_does_not() -> None:
    result, recheck, _ = await confirmed(BROKEN, HEALTHY, BROKEN, HEALTHY, HEALTHY)

    assert result.is_good
    assert recheck.count == 5


async def test_what_never_gets_better_is_given_up_when_the_time_is_over() -> None:
    result, recheck, _ = await confirmed(BROKEN)

    assert result == Confirmation(is_good=False, after=cause().summary, seconds=60.0)
    assert recheck.count == 31


async def test_a_good_look_at_the_end_gets_its_second() -> None:
    result, _, _ = await confirmed(*[BROKEN] * 30, HEALTHY)

    assert result.is_good
    assert result.seconds == 62.0


async def test_not_being_able_to_look_is_not_better() -> None:
    result, _, _ = await confirmed(BLIND)

    assert not result.is_good
    assert result.after == "It could not be checked (no_helper)."


async def test_a_rule_that_says_nothing_is_not_better() -> None:
    result, _, _ = await confirmed(diagnosis())

    assert not result.is_good
    assert result.after == "It could not be checked (the rule did not answer)."


async def test_an_unreachable_cluster_is_not_better_and_may_come_back() -> None:
    result, _, _ = await confirmed(Unreachable("connection refused"), HEALTHY)
    gone, _, _ = await confirmed(Unreachable("connection refused"))

    assert result.is_good
    assert not gone.is_good
    assert gone.after == "The probes could not look: connection refused."


async def test_a_probe_that_fails_cannot_keep_a_change_unconfirmed_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    result, _, _ = await confirmed(ZeroDivisionError("a mistake of ours"))

    assert not result.is_good
    assert result.after == "The probes failed; the log has the details."
    assert "a mistake of ours" in caplog.text


async def test_a_look_that_never_ends_is_ended() -> None:
    clock = Clock()

    async def hangs() -> Diagnosis:
        clock.seconds += 100
        await asyncio.Event().wait()
        raise AssertionError

    result = await confirm(
        dataclasses.replace(CHECK, within_seconds=0), hangs, sleep=clock.sleep, clock=clock, look_seconds=0.01
    )

    assert result == Confirmation(is_good=False, after="The probes did not finish in time.", seconds=100.0)
