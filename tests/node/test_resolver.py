"""Whom a Pod asks for names, read from a file that the Pod may have arranged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.node.collector import resolver
from bot.node.collector.proc import Problem
from bot.node.collector.request import checked

POD = "cf581b81-43e9-401c-99bd-c76888d3bf0f"
WRITTEN = """# made by kubelet
nameserver 10.96.0.10
search shop.svc.cluster.local svc.cluster.local cluster.local
options ndots:5 timeout:1
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path


def test_servers_search_list_and_ndots_are_told() -> None:
    assert resolver.parsed(WRITTEN) == {
        "nameservers": ["10.96.0.10"],
        "search": ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"],
        "ndots": 5,
    }


def test_nothing_but_known_lines_with_known_forms_is_told() -> None:
    text = (
        "password hunter2\nnameserver secret\nnameserver fe80::1%stolen\nnameserver 2001:DB8::1 hunter2\n"
        "domain stolen\nsortlist stolen\nsearch ok.example a/b $(x) -----BEGIN\noptions ndots:x key:hunter2 ndots:999\n"
    )

    assert resolver.parsed(text) == {"nameservers": ["2001:db8::1"], "search": ["ok.example"], "ndots": 1}


def test_the_first_three_servers_and_the_last_search_list_count() -> None:
    lines = [*(f"nameserver 10.0.0.{number}" for number in range(1, 6)), "search a", "search b"]

    found = resolver.parsed("\n".join(lines))

    assert (found["nameservers"], found["search"]) == (["10.0.0.1", "10.0.0.2", "10.0.0.3"], ["b"])


def test_a_regular_file_is_read(root: Path) -> None:
    (root / "etc/resolv.conf").write_text(WRITTEN)

    assert resolver.text_in(str(root)) == WRITTEN


def test_no_link_is_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "resolv.conf").write_text("nameserver 192.0.2.1\n")
    (root / "etc/resolv.conf").symlink_to(outside / "resolv.conf")

    with pytest.raises(Problem, match="no regular file"):
        resolver.text_in(str(root))

    (root / "etc/resolv.conf").unlink()
    (root / "etc").rmdir()
    (root / "etc").symlink_to(outside)

    with pytest.raises(Problem, match="cannot be read: ENOTDIR"):
        resolver.text_in(str(root))


def test_a_pipe_a_folder_and_a_long_file_are_not_read(root: Path) -> None:
    place = root / "etc/resolv.conf"
    os.mkfifo(place)

    with pytest.raises(Problem, match="no regular file"):
        resolver.text_in(str(root))

    place.unlink()
    place.mkdir()

    with pytest.raises(Problem, match="no regular file"):
        resolver.text_in(str(root))

    place.rmdir()
    place.write_bytes(b"#" * (resolver.MAX_BYTES + 1))

    with pytest.raises(Problem, match="longer than"):
        resolver.text_in(str(root))


def test_no_file_is_left_open(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    (root / "etc/resolv.conf").write_text(WRITTEN)

    resolver.text_in(str(root))

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_container_is_asked_before_the_sandbox_of_its_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def text_in(root: str) -> str:
        read.append(root)
        return WRITTEN

    monkeypatch.setattr(resolver, "processes_of", lambda pod: iter([7, 9]))
    monkeypatch.setattr(resolver, "is_sandbox", lambda process: process == 7)
    monkeypatch.setattr(resolver, "text_in", text_in)
    resolver.of_pod("any")

    assert read == ["/proc/9/root"]


def test_a_process_is_a_sandbox_by_its_name_and_so_is_one_that_is_gone() -> None:
    assert not resolver.is_sandbox(os.getpid())
    assert resolver.is_sandbox(2**22 + 1)


def test_only_uids_of_pods_are_taken() -> None:
    assert checked(["resolver", POD]) == ["resolver", POD]
    for words in (
        ["resolver"],
        ["resolver", "../../1"],
        ["resolver", *[POD] * 9],
        ["inside", POD, "10.0.0.1", "resolver", POD],
    ):
        with pytest.raises(Problem):
            checked(words)
