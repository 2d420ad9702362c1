"""The worker process: whatever becomes of it, the diagnosis is complete, and nothing is left running."""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.engine.book import RuleBook
from bot.engine.durable import LOSSES, MAX_FACTS, DurableEngine
from bot.engine.plain import PlainEngine
from bot.engine.process import Lost, Worker
from bot.engine.rule import Join, Operator, Pattern, Test
from bot.facts import Fact
from tests.engine import WITHOUT, generate
from tests.engine.generate import One

RULE = generate.rule("rule-0", when=[Pattern(key="a", kind="one")])
FACTS: list[Fact] = [One(name="x"), One(name="y")]
READY = "import sys; print('{}', flush=True); line = sys.stdin.readline(); "


@pytest.fixture
def real() -> None:
    """Skip where the worker can do nothing."""
    pytest.importorskip("durable_rules_engine", reason=WITHOUT, exc_type=ImportError)


@contextmanager
def fake(
    program: str, *, answer_seconds: float = 10.0, answer_bytes: int = 1000
) -> Iterator[tuple[DurableEngine, Worker]]:
    """Give an engine whose worker is a few lines of Python."""
    worker = Worker((sys.executable, "-c", program), answer_seconds=answer_seconds, answer_bytes=answer_bytes)
    engine = DurableEngine(worker)
    yield engine, worker
    engine.close()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


BAD = {
    "crashes": (READY + "import os; os.kill(os.getpid(), 11)", "it ended by signal 11"),
    "ends": (READY + "sys.exit(3)", "it ended with status 3"),
    "hangs": (READY + "import time; time.sleep(600)", "no answer within 0.3 s"),
    "hangs before it begins": ("import time; time.sleep(600)", "no answer within 0.3 s"),
    "dribbles": (READY + "\nwhile True: print('x', end='', flush=True)", "an answer of more than 1000 bytes"),
    "answers too much": (READY + "print('x' * 10**7, flush=True)", "an answer of more than 1000 bytes"),
    "answers no JSON": (READY + "print('matches', flush=True)", "answered something else than JSON"),
    "answers a list": (READY + "print('[]', flush=True)", "answered something else than an object"),
    "reports a fault": (READY + 'print(\'{"fault": "a fact was lost"}\', flush=True)', "a fact was lost"),
    "names a rule that is not there": (
        READY + "print('{\"matches\": [[1, 0]]}', flush=True)",
        "a match of rules or facts that do not exist",
    ),
    "names a fact that is not there": (
        READY + "print('{\"matches\": [[0, 2]]}', flush=True)",
        "a match of rules or facts that do not exist",
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_worker_that_fails_costs_a_retry_a_log_line_and_a_note(bad: str, caplog: pytest.LogCaptureFixture) -> None:
    program, reason = BAD[bad]
    expected = RuleBook([RULE], PlainEngine()).evaluate(FACTS)
    with (
        fake(program, answer_seconds=0.3 if "0.3" in reason else 10.0) as (engine, _),
        caplog.at_level(logging.WARNING),
    ):
        book = RuleBook([RULE], engine)

        assert book.evaluate(FACTS) == expected
        assert book.take_notes() == (
            f"The rule engine's worker was lost ({reason}); plain Python applied the rules instead.",
        )
        assert book.take_notes() == ()
    assert caplog.messages == [
        f"the rule engine's worker was lost ({reason}); rules run in plain Python this time",
    ]


def test_a_worker_that_does_not_read_is_not_waited_for() -> None:
    """The request is larger than what a pipe holds."""
    facts = [One(name=f"name-{n}") for n in range(3000)]
    with fake("import time; print('{}', flush=True); time.sleep(600)", answer_seconds=0.3) as (engine, _):
        book = RuleBook([RULE], engine)

        assert book.evaluate(facts) == RuleBook([RULE], PlainEngine()).evaluate(facts)
        assert "no answer within 0.3 s" in book.take_notes()[0]


def test_a_worker_that_cannot_be_started_costs_the_same() -> None:
    engine = DurableEngine(Worker(("/nonexistent",)))
    book = RuleBook([RULE], engine)

    assert book.evaluate(FACTS) == RuleBook([RULE], PlainEngine()).evaluate(FACTS)
    assert "cannot be started: No such file or directory" in book.take_notes()[0]


def test_after_three_losses_in_a_row_it_is_not_started_again() -> None:
    with fake(READY + "sys.exit(3)") as (engine, worker):
        book = RuleBook([RULE], engine)
        for _ in range(LOSSES + 2):
            book.evaluate(FACTS)

        assert worker.starts == LOSSES


def test_a_python_that_cannot_load_durable_rules_asks_once_and_is_no_note(caplog: pytest.LogCaptureFixture) -> None:
    with fake('print(\'{"refused": "undefined symbol"}\', flush=True)') as (engine, worker):
        book = RuleBook([RULE], engine)
        for _ in range(3):
            assert book.evaluate(FACTS) == RuleBook([RULE], PlainEngine()).evaluate(FACTS)

        assert worker.starts == 1
        assert book.take_notes() == ()
    assert caplog.messages == ["durable_rules cannot be loaded (undefined symbol); rules run in plain Python"]


def test_the_worker_does_not_see_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMEDIC_SLACK__BOT_TOKEN", "xoxb-secret")
    program = "import json, os, sys; print(json.dumps({'fault': ' '.join(os.environ)}), flush=True)"
    with fake(program) as (_, worker), pytest.raises(Lost) as caught:
        worker.run(1, {}, [])

    assert set(str(caught.value).split()) <= {
        "LD_LIBRARY_PATH",
        "PATH",
        "PYTHONHOME",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "LC_CTYPE",
    }


def test_more_facts_than_the_worker_is_given_are_judged_in_plain_python() -> None:
    with fake(READY + "sys.exit(3)") as (engine, worker):
        few = Pattern(key="a", kind="one", tests=(Test(field="count", operator=Operator.LT, values=(5,)),))
        rest = Pattern(
            key="b",
            kind="one",
            tests=(Test(field="count", operator=Operator.GTE, values=(5,)),),
            joins=(Join(field="count", key="a", other="count"),),
        )
        rules = [generate.rule("rule-0", when=[few]), generate.rule("rule-1", when=[few, rest])]

        found, nothing = RuleBook(rules, engine).evaluate([One(count=n) for n in range(MAX_FACTS + 1)])

        assert (len(found.findings), len(nothing.findings)) == (5, 0)
        assert worker.starts == 0


def test_no_worker_is_started_before_it_is_needed() -> None:
    worker = Worker()
    RuleBook([RULE], DurableEngine(worker)).evaluate([])

    assert worker.starts == 0


@pytest.mark.usefixtures("real")
def test_the_worker_is_replaced_after_its_share_of_answers() -> None:
    worker = Worker(runs=3)
    engine = DurableEngine(worker)
    book = RuleBook([RULE], engine)

    starts = [book.evaluate(FACTS) and worker.starts for _ in range(7)]
    engine.close()

    assert starts == [1, 1, 1, 2, 2, 2, 3]


@pytest.mark.usefixtures("real")
def test_a_worker_that_was_killed_between_two_diagnoses_is_replaced_without_a_note(worker: Worker) -> None:
    book = RuleBook([RULE], DurableEngine(worker))
    first = book.evaluate(FACTS)
    os.kill(worker.pid, signal.SIGKILL)
    wait_for_end(worker.pid)

    assert book.evaluate(FACTS) == first
    assert (book.take_notes(), worker.starts) == ((), 2)


@pytest.mark.usefixtures("real")
def test_a_closed_engine_leaves_nothing_and_can_be_used_again(worker: Worker) -> None:
    book = RuleBook([RULE], DurableEngine(worker))
    first = book.evaluate(FACTS)
    pid = worker.pid
    book.close()

    assert not Path(f"/proc/{pid}").exists()
    assert book.evaluate(FACTS) == first


@pytest.mark.usefixtures("real")
def test_several_threads_may_judge_at_once(worker: Worker) -> None:
    book = RuleBook([RULE], DurableEngine(worker))
    facts = [[One(name=f"{thread}-{n}") for n in range(20)] for thread in range(4)]
    found: dict[int, set[str]] = {}

    def judge(thread: int) -> None:
        for _ in range(10):
            [verdict] = book.evaluate(facts[thread])
            found.setdefault(thread, set()).update(str(finding.details["name"]) for finding in verdict.findings)

    threads = [threading.Thread(target=judge, args=(thread,)) for thread in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    assert found == {thread: {f"{thread}-{n}" for n in range(20)} for thread in range(4)}
    assert (book.take_notes(), worker.starts) == ((), 1)


@pytest.mark.usefixtures("real")
def test_the_worker_has_limits(worker: Worker) -> None:
    RuleBook([RULE], DurableEngine(worker)).evaluate(FACTS)

    limits = Path(f"/proc/{worker.pid}/limits").read_text(encoding="ascii")
    soft = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}

    assert soft["Max address space"] == str(1 << 30)
    assert soft["Max core file size"] == "0"
    assert 30 <= int(soft["Max cpu time"]) <= 32


@pytest.mark.usefixtures("real")
def test_an_interrupt_at_the_terminal_is_left_to_the_parent(worker: Worker) -> None:
    book = RuleBook([RULE], DurableEngine(worker))
    first = book.evaluate(FACTS)
    os.kill(worker.pid, signal.SIGINT)

    assert book.evaluate(FACTS) == first
    assert worker.starts == 1


PARENT = """
import sys
from bot.engine.book import RuleBook
from bot.engine.durable import DurableEngine
from bot.engine.process import Worker
from tests.engine.test_worker import FACTS, RULE

worker = Worker()
RuleBook([RULE], DurableEngine(worker)).evaluate(FACTS)
print(worker.pid, flush=True)
sys.stdin.readline()
"""


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("ending", ["killed", "done", "interrupted"])
def test_the_worker_ends_with_its_parent(ending: str) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        (sys.executable, "-c", PARENT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=root,
    ) as parent:
        assert parent.stdin
        assert parent.stdout
        pid = int(parent.stdout.readline())
        watched = os.pidfd_open(pid)
        if ending == "done":
            parent.stdin.close()
        else:
            parent.send_signal(signal.SIGKILL if ending == "killed" else signal.SIGINT)

        ended, _, _ = select.select([watched], [], [], 10)
        os.close(watched)

        assert ended


def wait_for_end(pid: int) -> None:
    watched = os.pidfd_open(pid)
    select.select([watched], [], [], 10)
    os.close(watched)


def test_the_worker_imports_nothing_of_its_parent() -> None:
    program = (
        "import json, sys, bot.engine.worker; print(json.dumps(sorted(m for m in sys.modules if m.startswith('bot'))))"
    )
    modules = json.loads(subprocess.check_output((sys.executable, "-c", program), cwd=Path(__file__).parents[2]))

    assert modules == ["bot", "bot.engine", "bot.engine.worker"]
