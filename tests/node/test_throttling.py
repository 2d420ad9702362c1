"""Where container runtimes put containers, and what their cgroups count."""

from __future__ import annotations

import pytest

from bot.node.collector import rights, throttling
from bot.node.collector.pods import POD
from bot.node.collector.proc import Problem

UID, ID = "636f095d-9ec8-4f5e-b9b9-aec291a4c3f7", "e6" * 32
V1 = f"9:name=systemd:/x\n3:cpuset:/c\n1:cpu:/kubepods/burstable/pod{UID}/{ID}\n0::/y\n"
JOINED = f"4:cpu,cpuacct:/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-{ID}.scope\n0::/\n"
V2 = f"0::/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/crio-{ID}.scope\n"


@pytest.mark.parametrize(
    ("text", "start"), [(V1, "/cpu/kubepods/"), (JOINED, "/cpu,cpuacct/kubepods.slice/"), (V2, "/kubepods.slice/")]
)
def test_a_container_is_found_by_its_pod_and_its_id(text: str, start: str) -> None:
    place = throttling.cgroup_of(text)

    pod, container = POD.search(place), throttling.CONTAINER.search(place)
    assert place.startswith(start)
    assert pod is not None
    assert pod[1].replace("_", "-") == UID
    assert container is not None
    assert container[1] == ID


def test_a_cgroup_outside_of_what_is_seen_is_a_named_problem() -> None:
    with pytest.raises(Problem, match="a cgroup outside of what is seen"):
        throttling.cgroup_of("0::/../../kubepods/x\n")


@pytest.mark.parametrize(
    ("text", "periods", "throttled"),
    [
        ("nr_periods 1324\nnr_throttled 800\nthrottled_time 29684139762\n", 1324, 800),
        ("usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 7\nnr_throttled 2\nthrottled_usec 3\n", 7, 2),
        ("usage_usec 9\nuser_usec 5\nsystem_usec 4\n", 0, 0),
    ],
)
def test_periods_are_those_of_either_version(text: str, periods: int, throttled: int) -> None:
    assert throttling.periods(text) == {"periods": periods, "throttled": throttled}


def test_without_the_nodes_processes_the_tier_that_is_needed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "sees_processes", lambda: False)

    with pytest.raises(Problem, match="tier 3 is needed"):
        throttling.throttling()
