"""Node helpers that see what connects to Pods, as answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.cluster.memory import Helper
from bot.node.requests import SOCKETS_REQUEST, VERSION_REQUEST, Request, flows_requests, inside, sample_request
from tests.node.samples import CAPTURED
from tests.node.samples import answer as sample_answer

Manifest = dict[str, Any]


def flow(source: str, port: int, *, protocol: str = "tcp", seen: str = "", **known: bool | int) -> Manifest:
    """Return connections that a Node tracks."""
    found = {"protocol": protocol, "source": source, "seen": seen or source, "port": port}
    return {**found, "replied": True, "assured": protocol == "tcp", "open": protocol == "tcp", "ended": 20, **known}


def sockets(*accepted: tuple[str, int], tcp: Sequence[int] = (8080,), udp: Sequence[int] = ()) -> Manifest:
    """Return the sockets of a Pod."""
    waits = [("tcp", port) for port in tcp] + [("udp", port) for port in udp]
    return {
        "listening": [{"protocol": protocol, "port": port} for protocol, port in waits],
        "accepted": [{"peer": peer, "port": port} for peer, port in accepted],
        "more": 0,
    }


def helper(
    node: str,
    pods: Sequence[Manifest],
    *,
    flows: Mapping[str, Sequence[Manifest]] | None = None,
    own: Mapping[str, Manifest] | None = None,
    addresses: Sequence[str] = (),
    tier: int = 3,
    bridged: bool = True,
    more: int = 0,
) -> Helper:
    """Return a Node's helper: what it tracks and the Pods' own sockets, by the Pod's name."""
    here = [pod for pod in pods if pod["spec"]["nodeName"] == node]
    tracked = {
        pod["status"]["podIP"]: {"flows": list((flows or {}).get(pod["metadata"]["name"], ())), "more": more}
        for pod in here
    }
    answers = {VERSION_REQUEST: _answer(node, VERSION_REQUEST, tier)}
    for request in flows_requests(tracked):
        answers[request] = _answer(node, request, tier, flows={ip: tracked[ip] for ip in request[1:]})
    for pod in here:
        request = inside(pod["metadata"]["uid"], pod["status"]["podIP"], SOCKETS_REQUEST)
        answers[request] = _answer(node, request, tier, sockets=(own or {}).get(pod["metadata"]["name"], sockets()))
    settings: Manifest = {"values": {"bridge/bridge-nf-call-iptables": "1" if bridged else "0"}, "missing": {}}
    held = [[{"index": 2, "ip": ip, "prefix_length": 24} for ip in addresses]]
    answers[sample_request(1)] = sample_answer(node, series={"settings": [settings], "addresses": held}, tier=tier)
    return Helper(pod=f"helper-{node}", answers=answers)


def _answer(node: str, request: Request, tier: int, **found: Any) -> bytes:
    envelope = {name: value for name, value in CAPTURED.items() if name != "series"}
    return json.dumps(envelope | {"node": node, "request": list(request), "tier": tier} | found).encode()
