"""What is fuzzed: everything that reads text or bytes of a Node, and answers of helpers.

A target takes any bytes and raises only where the program would be wrong: an exception past a parser's edge, or a value
that is not in the text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.cluster.errors import ClusterError
from bot.facts.base import Fact, fields_of
from bot.node.answers import Answer, decode
from bot.node.collector import (
    conntrack,
    exposition,
    netlink,
    proc,
    queues,
    recorder,
    resolve,
    resolver,
    routes,
    sockets,
    throttling,
)
from bot.node.collector.proc import Problem
from bot.node.recording import History, Recall
from bot.node.requests import recall_request, sample_request
from bot.node.sampled import Sample
from bot.probes import counters, history, kernel, mtu, platform, sysctl
from bot.probes import queues as queue_facts

Target = Callable[[bytes], None]

CAPTURED = Path(__file__).parent.parent / "node" / "captured"
TEXTS: Mapping[str, Callable[[str], Any]] = {
    "net_dev": proc.net_dev,
    "softnet_stat": proc.softnet_stat,
    "stat": proc.stat,
    "nf_conntrack": proc.conntrack_stat,
    "snmp": proc.snmp,
    "snmp6": proc.snmp6,
    "netstat": proc.snmp,
    "sockstat": proc.sockstat,
    "pressure_cpu": proc.pressure,
    "cpu_stat": throttling.periods,
}
HEXADECIMAL = frozenset({"softnet_stat", "nf_conntrack"})
OF_SAMPLE: tuple[Callable[[Sample], list[Fact]], ...] = (
    *(counters.interfaces_of, counters.conntrack_of, counters.cpu_of, counters.softnet_of),
    *(kernel.ip_of, kernel.tcp_of, kernel.udp_of, kernel.pressure_of, mtu.overlays_of),
    *(sysctl.settings_of, sysctl.neighbours_of, sysctl.timeouts_of, platform.modules_of, platform.tunnels_of),
    *(queue_facts.send_queues_of, queue_facts.listen_queues_of),
)
OF_HISTORY: tuple[Callable[[History], list[Fact]], ...] = (
    *(history.drops_of, history.losses_of, history.steal_of, history.conntrack_of, history.correlations_of),
)


class Invented(Exception):
    """A parser gave a number that is not in the text."""


def text_target(name: str, parse: Callable[[str], Any]) -> Target:
    """Return the target of a parser of text."""
    base = 16 if name in HEXADECIMAL else 10

    def target(content: bytes) -> None:
        text = content.decode(errors="backslashreplace")
        try:
            found = parse(text)
        except Problem:
            return
        said = set(numbers_in(text, base))
        # cgroup v2 counts no periods without a limit; that is the one zero that stands for "none".
        if name == "cpu_stat" and set(found.values()) == {0}:
            return
        if not set(numbers(found)) <= said:
            raise Invented(f"{name}: {sorted(set(numbers(found)) - said)[:3]}")

    return target


def numbers(found: Any) -> Iterator[int]:
    """Yield the numbers of what a parser gave."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list):
        for item in found:
            yield from numbers(item)
    elif isinstance(found, int):
        yield found


def numbers_in(text: str, base: int) -> Iterator[int]:
    """Yield the numbers that stand in a text."""
    digits = set("0123456789abcdef"[:base])
    for word in text.replace(":", " ").replace("=", " ").split():
        if set(word) <= digits:
            yield int(word, base)


def binary(*parses: Callable[[bytes], Any]) -> Target:
    """Return the target of parsers of bytes."""

    def target(content: bytes) -> None:
        for parse in parses:
            try:
                parse(content)
            except Problem:
                continue

    return target


def recorded(content: bytes) -> None:
    """Read a ring, and each source of the recorder."""
    recorder.slots(content)
    text = content.decode(errors="backslashreplace")
    for parse in recorder.SOURCES.values():
        try:
            parse(text, frozenset({"eth0"}))
        except Problem:
            continue


def resolv_conf(content: bytes) -> None:
    """Read a Pod's file: what is told stands in it, whole words of known forms."""
    text = content.decode(errors="replace")
    found = resolver.parsed(text)
    told = [*found["nameservers"], *found["search"]]  # type: ignore[misc]
    if not set(found["search"]) <= set(text.split()) or len("".join(told)) > len(text) * 4:  # type: ignore[arg-type]
        raise Invented(f"resolv_conf: {told}")


def sample_answer(content: bytes) -> None:
    """Decode an answer to ``sample``, and make facts of it."""
    try:
        sample = decode(content, Sample, node="node1", request=sample_request())
    except ClusterError:
        return
    for make in OF_SAMPLE:
        facts_or_reason(lambda make=make: make(sample))  # type: ignore[misc]


def recall_answer(content: bytes) -> None:
    """Decode an answer to ``recall``, and make facts of it."""
    try:
        found = History(decode(content, Recall, node="node1", request=recall_request()))
    except ClusterError:
        return
    for make in OF_HISTORY:
        facts_or_reason(lambda make=make: make(found))  # type: ignore[misc]


def facts_or_reason(make: Callable[[], list[Fact]]) -> None:
    """Check that facts hold what their types say."""
    try:
        facts = make()
    except ClusterError:
        return
    for fact in facts:
        for name, type_ in fields_of(type(fact)).items():
            if type(getattr(fact, name)) is not type_:
                raise Invented(f"{fact.kind}.{name} is {getattr(fact, name)!r}")


def any_answer(content: bytes) -> None:
    """Decode an answer to anything."""
    try:
        decode(content, Answer, node="node1", request=("version",))
    except ClusterError:
        return


def tcp_sockets(content: bytes) -> object:
    """Read a text as the sockets of every kind."""
    read = sockets.sockets_of(content.decode(errors="backslashreplace"))
    return sockets.found(read, read, [read])


TARGETS: Mapping[str, Target] = {
    **{name: text_target(name, parse) for name, parse in TEXTS.items()},
    "cgroup": binary(lambda content: throttling.cgroup_of(content.decode(errors="backslashreplace"))),
    "exposition": binary(lambda content: exposition.numbers(content.decode(errors="backslashreplace"))),
    "netlink": binary(
        lambda content: list(netlink.messages(content)),
        *(netlink.link_of, netlink.address_of, routes.route_of, routes.neighbour_of),
        *(queues.discipline_of, queues.listener_of),
    ),
    "tcp": binary(tcp_sockets),
    "conntrack": binary(lambda content: conntrack.answered_by([content], bytes([10, 244, 2, 2]))),
    "dns": binary(lambda content: resolve.addresses(content, 1), lambda content: resolve.addresses(content, 28)),
    "resolv_conf": resolv_conf,
    "recorder": recorded,
    "sample_answer": sample_answer,
    "recall_answer": recall_answer,
    "any_answer": any_answer,
}


WRITTEN: Mapping[str, list[bytes]] = {
    "cpu_stat": [b"nr_periods 73\nnr_throttled 5\nthrottled_time 0\n", b"usage_usec 5\nnr_periods 3\nnr_throttled 0\n"],
    "cgroup": [b"12:cpu,cpuacct:/kubepods/pod1/c\n0::/\n", b"0::/kubepods.slice/x.scope\n"],
    "resolv_conf": [b"nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\noptions ndots:5\n"],
}
"""What targets get that need no capture."""


def seeds(name: str) -> list[bytes]:
    """Return what a target normally gets, where it was captured."""
    if name in ("sample_answer", "any_answer"):
        whole = json.loads((CAPTURED / "sample.json").read_text())
        made = whole | {"node": "node1", "request": list(sample_request())}
        return [json.dumps(made if name == "sample_answer" else {**made, "series": {}}).encode()]
    if name == "netlink":
        return [bytes.fromhex(line.split()[1]) for line in (CAPTURED / "netlink.hex").read_text().splitlines()]
    if name == "conntrack":
        return [bytes.fromhex(line) for line in (CAPTURED / "conntrack.hex").read_text().splitlines()]
    file = CAPTURED / f"{name}.txt"
    return WRITTEN.get(name) or [file.read_bytes() if file.exists() else b""]
