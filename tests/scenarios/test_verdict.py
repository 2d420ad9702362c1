"""Which incidents CI makes, and when their answers are good enough."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.scenarios.__main__ import CASES, THIRD, Run, verdict


def answered(right: bool, *, category: str = "mtu", name: str = "one") -> Run:
    answer = {"causes": [{"rule": "overlay-mtu-too-large", "subject": {"kind": "Node", "name": "node1"}}]}
    return {
        "id": name,
        "category": category,
        "status": "ok",
        "score": {"full": float(right)},
        "answer": answer,
        "symptom": "large answers hang",
    }


VOID: Run = {"id": "void", "category": "mtu", "status": "void", "reason": "the symptom did not appear"}


@pytest.mark.parametrize(
    ("runs", "status"),
    [
        pytest.param([answered(True)] * 19 + [answered(False)], 0, id="95 of 100"),
        pytest.param([answered(True)] * 18 + [answered(False)], 1, id="fewer"),
        pytest.param([answered(True)] * 19 + [answered(False, category="no-fault")], 1, id="a trap"),
        pytest.param([answered(True), VOID], 0, id="what could not be made counts neither way"),
        pytest.param([VOID], 1, id="nothing that counts"),
    ],
)
def test_enough_answers_have_to_be_right(runs: list[Run], status: int) -> None:
    assert verdict(runs, out_of_time=False) == status


def test_no_time_for_any_is_no_fault() -> None:
    assert verdict([], out_of_time=True) == 0


def test_what_was_wrong_is_told_with_what_was_blamed(capsys: pytest.CaptureFixture[str]) -> None:
    verdict([answered(True), answered(False, name="KS-mtu-1400")], out_of_time=False)

    assert capsys.readouterr().out.splitlines() == [
        "netmedic: 1 of 2 incidents answered right in everything",
        "  KS-mtu-1400: overlay-mtu-too-large {'kind': 'Node', 'name': 'node1'}; large answers hang",
    ]


def test_ci_makes_a_third_of_the_incidents_and_of_each_category_one() -> None:
    if not (CASES / "score").is_file():
        pytest.skip(f"no laboratory at {CASES}; NETMEDIC_TEST_CASES names another")
    command = [sys.executable, str(CASES / "score"), "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    category = {line.split()[0]: line.split()[1] for line in listed}

    assert {category[name] for name in THIRD} == set(category.values())
    assert len(set(THIRD)) == len(THIRD) >= len(category) // 3
