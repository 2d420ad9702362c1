"""How many files the processes of a Pod have open, and may."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.node.collector import files, rights
from bot.node.collector.proc import Problem
from bot.node.collector.request import checked

POD = "cf581b81-43e9-401c-99bd-c76888d3bf0f"
LIMITS = "Limit                     Soft Limit           Hard Limit           Units     \n"


def limits(soft: str) -> str:
    return f"{LIMITS}Max processes             7 9 processes \nMax open files            {soft} 4096 files     \n"


def pod_of(monkeypatch: pytest.MonkeyPatch, *processes: tuple[int, int] | str) -> None:
    """Give a Pod processes with so many open files and such limits, or such a problem."""

    def opened(folder: str) -> int:
        match processes[int(folder.split("/")[2])]:
            case (count, _):
                return count
            case problem:
                raise Problem(str(problem))

    def process_numbers(_pod: str) -> Iterator[int]:
        return iter(range(len(processes)))

    monkeypatch.setattr(files, "processes_of", process_numbers)
    monkeypatch.setattr(files, "opened", opened)
    monkeypatch.setattr(files, "text_of", lambda path: limits(str(processes[int(path.split("/")[2])][1])))


def entries() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_this_process_own_files_are_counted() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(5)]
    try:
        assert files.opened("/proc/self/fd") == pytest.approx(entries(), abs=1)
    finally:
        for file in held:
            os.close(file)
    assert files.limit_in(Path("/proc/self/limits").read_text()) == soft


def test_entries_are_counted_where_the_kernel_does_not_tell_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "stat", lambda _folder: os.stat_result((0,) * 10))

    assert files.opened("/proc/self/fd") == pytest.approx(entries(), abs=1)


def test_the_process_nearest_to_its_limit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pod_of(monkeypatch, (900, 1048576), (24, 24), (3, 1024))

    assert files.of_pod(POD) == {"open": 24, "limit": 24}


def test_a_program_that_shut_itself_in_and_one_that_ended_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    pod_of(monkeypatch, (5, 0), "ENOENT: No such file or directory", (7, 1024))

    assert files.of_pod(POD) == {"open": 7, "limit": 1024}


def test_why_nothing_was_counted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pod_of(monkeypatch)
    assert files.of_pod(POD) == {"error": "no process of the Pod runs on this Node"}

    pod_of(monkeypatch, "open files cannot be counted: EACCES: Permission denied")
    assert files.of_pod(POD) == {"error": "open files cannot be counted: EACCES: Permission denied"}


def test_a_limit_of_an_unknown_form_is_no_limit() -> None:
    with pytest.raises(Problem, match="no limit"):
        files.limit_in(LIMITS)


def test_it_takes_tier_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "tier", lambda: 2)

    with pytest.raises(Problem, match="tier 3 is needed"):
        files.files([POD])


def test_a_request_names_pods_by_uid() -> None:
    assert checked(["files", POD]) == ["files", POD]
    for wrong in (["files"], ["files", "../../1"], ["files", *[POD] * 9], ["inside", POD, "10.0.0.1", "files", POD]):
        with pytest.raises(Problem):
            checked(wrong)
