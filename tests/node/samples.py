"""Answers of helpers, made for tests from the one that was captured."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.node.answers import decode
from bot.node.requests import Request, sample_request
from bot.node.sampled import Sample

CAPTURED: dict[str, Any] = json.loads((Path(__file__).parent / "captured/sample.json").read_text())
HOST_IP = "10.231.0.11"


def link(index: int, name: str, **fields: Any) -> dict[str, Any]:
    plain = {"kind": "", "arp_type": 1, "mtu": 1500, "up": True, "operstate": "up", "qdisc": "", "master": 0, "link": 0}
    return {"index": index, "name": name, **plain, **fields}


def vxlan(index: int, name: str, *, local: str = HOST_IP, carrier: int = 2, **fields: Any) -> dict[str, Any]:
    settings = {"id": 1, "port": 8472, "local": local, "link": carrier, "learning": False}
    return link(index, name, **{"kind": "vxlan", "mtu": 1450, "operstate": "unknown", "vxlan": settings, **fields})


def answer(node: str = "node1", *, series: Mapping[str, Any] | None = None, **envelope: Any) -> bytes:
    """Return an answer to ``sample``; a series given as a list has these values 500 ms apart, as a text this error."""
    made = copy.deepcopy(CAPTURED) | {"node": node, "request": list(sample_request())} | envelope
    for name, values in (series or {}).items():
        made["series"].setdefault(name, {"source": f"/{name}"})["readings"] = (
            [{"at_ms": 0, "error": values}]
            if isinstance(values, str)
            else [{"at_ms": 500 * step, "value": value} for step, value in enumerate(values)]
        )
    return json.dumps(made).encode()


def sample(node: str = "node1", **series: Any) -> Sample:
    return decode(answer(node, series=series), Sample, node=node, request=sample_request())


def connects(node: str, results: Mapping[str, str]) -> tuple[Request, bytes]:
    request = ("connect", *sorted(results))
    found = {text: {"result": word, "us": 0 if word == "silent" else 120} for text, word in results.items()}
    made = {name: value for name, value in CAPTURED.items() if name != "series"}
    made |= {"node": node, "request": list(request), "connects": found}
    return request, json.dumps(made).encode()


def reached(node: str, results: Mapping[str, Mapping[str, int]]) -> tuple[Request, bytes]:
    request = ("reach", "--times", "4", *sorted(results))
    found = {text: {"results": dict(ends), "us": 120 if ends.get("open") else 0} for text, ends in results.items()}
    return request, json.dumps(_envelope(node, request) | {"reached": found}).encode()


def resolved(node: str, answers: Mapping[str, Mapping[str, Any]]) -> tuple[Request, bytes]:
    """Answers to A and AAAA alike, by question: ``code``, ``ip`` (of A), how many were ``lost`` of five, ``ms``."""
    request = ("resolve", *sorted(answers))
    found = {
        text: {
            kind: {
                "asked": 5,
                "times_us": [said.get("ms", 1) * 1000] * (5 - said.get("lost", 0)),
                "codes": {said.get("code", "NOERROR"): 5 - said.get("lost", 0)} if said.get("lost", 0) < 5 else {},
                "addresses": [said["ip"]] if kind == "A" and said.get("ip") else [],
            }
            for kind in ("A", "AAAA")
        }
        for text, said in answers.items()
    }
    return request, json.dumps(_envelope(node, request) | {"resolved": found}).encode()


def _envelope(node: str, request: Request) -> dict[str, Any]:
    made = {name: value for name, value in CAPTURED.items() if name != "series"}
    return made | {"node": node, "request": list(request)}
