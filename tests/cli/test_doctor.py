from __future__ import annotations

from bot.cli.program import Where
from bot.diagnosis.doctor import Check, Health
from tests.cli.fakes import FakeProgram, run
from tests.cli.golden_files import same_as_golden

CREDENTIALS = Check(health=Health.OK, about="credentials", found="context kind-shop")
FORBIDDEN = Check(
    health=Health.FAIL,
    about="get, list networkpolicies.networking.k8s.io",
    found="list forbidden in all namespaces",
    remedy="Grant list on networkpolicies.networking.k8s.io to this identity (a ClusterRole that only reads).",
)
NO_HELPER = Check(
    health=Health.WARN,
    about="node helper",
    found="missing on node2 of 2 Nodes",
    remedy="See why its DaemonSet has no running Pod there: kubectl describe the DaemonSet and the Node's taints.",
)


def test_each_check_is_a_line_with_its_remedy() -> None:
    result = run(FakeProgram(checks=(CREDENTIALS, FORBIDDEN, NO_HELPER)), "doctor")

    assert same_as_golden(result.stdout, "doctor.txt")


def test_something_to_mend_ends_with_1() -> None:
    assert run(FakeProgram(checks=(CREDENTIALS, FORBIDDEN)), "doctor").exit_code == 1


def test_something_optional_ends_with_0() -> None:
    assert run(FakeProgram(checks=(CREDENTIALS, NO_HELPER)), "doctor").exit_code == 0


def test_a_hostile_context_cannot_act() -> None:
    check = Check(health=Health.OK, about="credentials", found="context \x1b[2J[red]")

    assert "context \\x1b[2J[red]" in run(FakeProgram(checks=(check,)), "doctor").stdout


def test_the_cluster_that_was_asked_for_is_examined() -> None:
    program = FakeProgram()
    run(program, "doctor", "--context", "prod", "-n", "shop")

    assert program.asked == [{"where": Where(context="prod"), "namespace": "shop"}]
