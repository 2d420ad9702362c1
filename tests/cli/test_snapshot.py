from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bot.cli.program import Where
from bot.cli.snapshot import size
from bot.cluster.bundle import Bundle, Failure, HelperRecord, load
from bot.cluster.errors import Unreachable
from tests.cli.fakes import FakeProgram, run


def raw(*names: str) -> msgspec.Raw:
    return msgspec.Raw(json.dumps([{"metadata": {"name": name}} for name in names]).encode())


BUNDLE = Bundle(
    recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    context="kind-shop",
    server_version="v1.31.2",
    namespaces=("kube-system", "shop"),
    objects={"pods": raw("web-1", "web-2"), "services": raw("web"), "events": raw()},
    unreadable={"networkpolicies.networking.k8s.io": Failure(error="Forbidden", detail="may not list\x1b[2J them")},
    helpers={
        "node1": HelperRecord(pod="h1", answers={"sample": "{}"}),
        "node2": HelperRecord(pod="h2", failures={"sample": Failure(error="TimedOut", detail="no answer in 5 s")}),
    },
    notes=("Not every Service was connected to.",),
)


def test_it_says_what_went_in_and_what_did_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(FakeProgram(bundle=BUNDLE), "snapshot", "-o", "shop.json")

    assert result.exit_code == 0
    assert [line.strip() for line in result.stdout.splitlines()] == [
        f"✓ shop.json: {size(Path('shop.json').stat().st_size)}, 3 objects",
        "Cluster     kind-shop v1.31.2",
        "Namespaces  kube-system, shop",
        "Objects          2  pods",
        "1  services",
        "Helpers     node1",
        "Notes       Not every Service was connected to.",
        "? 2 reads failed; rules that need them will say “not checked”",
        "networkpolicies.networking.k8s.io: may not list\\x1b[2J them",
        "node2: sample: no answer in 5 s",
    ]


def test_the_file_can_be_read_back(tmp_path: Path) -> None:
    file = tmp_path / "shop.json.gz"
    run(FakeProgram(bundle=BUNDLE), "snapshot", "-o", str(file))

    assert asyncio.run(load(file).server_version()) == "v1.31.2"


def test_namespaces_cluster_and_symptom_are_passed_on(tmp_path: Path) -> None:
    program = FakeProgram(bundle=BUNDLE)
    run(
        program,
        "snapshot",
        "-o",
        str(tmp_path / "x.json"),
        "-n",
        "shop",
        "-n",
        "blog",
        "--context",
        "prod",
        "--symptom",
        "no answer",
    )

    assert program.asked == [{"where": Where(context="prod"), "namespaces": ("shop", "blog"), "symptom": "no answer"}]


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text("precious")
    program = FakeProgram(bundle=BUNDLE)
    result = run(program, "snapshot", "-o", str(file))

    assert (result.exit_code, file.read_text(), program.asked) == (2, "precious", [])
    assert "say --force to overwrite it" in result.stderr


def test_unless_it_is_forced(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text("old")

    assert run(FakeProgram(bundle=BUNDLE), "snapshot", "-o", str(file), "--force").exit_code == 0
    assert file.read_text() != "old"


def test_a_folder_that_is_missing_is_noticed_before_the_cluster_is_read(tmp_path: Path) -> None:
    program = FakeProgram(bundle=BUNDLE)
    result = run(program, "snapshot", "-o", str(tmp_path / "nowhere" / "shop.json"))

    assert (result.exit_code, program.asked) == (2, [])
    assert "There is no folder" in result.stderr


def test_nothing_is_written_when_the_cluster_cannot_be_reached(tmp_path: Path) -> None:
    result = run(FakeProgram(bundle=Unreachable("No route.")), "snapshot", "-o", str(tmp_path / "x.json"))

    assert (result.exit_code, result.stderr, list(tmp_path.iterdir())) == (2, "Error: No route.\n", [])


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (2**20 - 1, "1024.0 KiB"),
        (2**20, "1.0 MiB"),
    ],
)
def test_size(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words


def test_under_pseudonyms_no_name_is_left_and_the_owner_can_tell_what_stands_for_what(tmp_path: Path) -> None:
    file, names = tmp_path / "shop.json", tmp_path / "names.json"
    result = run(FakeProgram(bundle=BUNDLE), "snapshot", "-o", str(file), "--pseudonyms", "--names", str(names))

    assert result.exit_code == 0
    assert "shop" not in file.read_text()
    assert "shop" in json.loads(names.read_text())["words"]
    assert names.stat().st_mode & 0o777 == 0o600


def test_names_are_written_down_only_of_pseudonyms(tmp_path: Path) -> None:
    result = run(FakeProgram(bundle=BUNDLE), "snapshot", "-o", str(tmp_path / "a"), "--names", str(tmp_path / "b"))

    assert result.exit_code == 2
    assert "--names needs --pseudonyms." in result.stderr
