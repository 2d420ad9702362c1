"""An API server's reads for the objects of a large cluster, on loopback: real paging, selectors, resource versions.

Run: ``python -m benchmarks.large_cluster``; it prints its port. ``GET /_measured`` tells what was asked since the last
time.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from benchmarks.large_objects import KINDS, Range

SERVED = {
    "v1": "namespaces nodes pods services configmaps events persistentvolumes persistentvolumeclaims resourcequotas",
    "apps/v1": "deployments daemonsets statefulsets",
    "discovery.k8s.io/v1": "endpointslices",
    "networking.k8s.io/v1": "ingresses ingressclasses networkpolicies",
    "admissionregistration.k8s.io/v1": "validatingwebhookconfigurations mutatingwebhookconfigurations",
    "coordination.k8s.io/v1": "leases",
}
FIXED: dict[str, object] = {
    "/version": {"major": "1", "minor": "29", "gitVersion": "v1.29.0", "platform": "linux/amd64"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {"name": group.split("/")[0], "versions": [{"groupVersion": group, "version": group.split("/")[1]}]}
            for group in SERVED
            if "/" in group
        ],
    },
}
PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[a-z0-9.]+/v\w+))(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?"
)
RESOURCE_VERSION = "123456"
PACKED_FROM = 128 * 1024
"""Answers from this size on are compressed, as API servers do (APIResponseCompression)."""
FIELDS = {"status.phase": "phase", "metadata.name": "name", "metadata.namespace": "namespace", "spec.nodeName": "node"}

Seen = dict[str, object]


def selected(selector: str, seen: Seen, names: dict[str, str]) -> bool:
    """Tell whether an object meets a selector of ``key=value``, ``key!=value``, ``key in (a,b)`` and ``key``."""
    for term in re.split(r",(?![^(]*\))", selector):
        match = re.fullmatch(r"\s*([^\s=!]+)\s*(?:(==|=|!=)\s*(\S*)|in\s*\(([^)]*)\))?\s*", term)
        if match is None:
            raise ValueError(f"unable to parse requirement: {term}")
        key, operator, value, several = match.groups()
        has = str(seen.get(names.get(key, key), ""))
        wanted = [each.strip() for each in several.split(",")] if several else [value]
        if operator or several:
            if (has in wanted) is (operator == "!="):
                return False
        elif not has:
            return False
    return True


def objects(plural: str, namespace: str, labels: str, fields: str) -> Iterator[str]:
    """Yield the objects that are selected, as JSON."""
    _, parts = KINDS.get(plural, ("", ()))
    for part in parts:
        if "status.phase" in fields and isinstance(part, Range) and not selected(fields, {"phase": part.phase}, FIELDS):
            continue
        numbers: Iterable[int] = part.numbers(namespace)
        if isinstance(part, Range) and part.on_node and (named := re.fullmatch(r"spec\.nodeName=node-(\d+)", fields)):
            of_namespace = part.numbers(namespace)
            numbers = [number for number in part.on_node(int(named[1])) if number in of_namespace]
        for number in numbers:
            values = part.values(number)
            if labels and not selected(labels, values, {"k8s-app": "app"} if isinstance(part, Range) else {}):
                continue
            if fields and not selected(fields, values, FIELDS):
                continue
            yield part.text % values


def sliced(plural: str, namespace: str, start: int, stop: int) -> list[str]:
    """Return some objects of a list that nothing was selected from, without making those before them."""
    _, parts = KINDS.get(plural, ("", ()))
    every = ((part, number) for part in parts for number in part.numbers(namespace))
    return [part.text % part.values(number) for part, number in itertools.islice(every, start, stop)]


def total(plural: str, namespace: str) -> int:
    """Return how many objects a list has."""
    return sum(len(part.numbers(namespace)) for part in KINDS.get(plural, ("", ()))[1])


def one(plural: str, namespace: str, name: str) -> str | None:
    """Return an object by its name."""
    return next(objects(plural, namespace, "", f"metadata.name={name}"), None)


class Measured:
    """Requests since the last question."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.plain = self.sent = 0
        self.paths: list[str] = []
        self.agents: set[str] = set()

    def told(self) -> dict[str, object]:
        """Return them, and the most in any one second."""
        times = sorted(self.times)
        busiest = max((sum(start <= each < start + 1 for each in times) for start in times), default=0)
        return {
            "requests": len(times),
            "most_in_a_second": busiest,
            "bytes": self.plain,
            "bytes_sent": self.sent,
            "paths": self.paths,
            "agents": sorted(self.agents),
        }


class Handler(BaseHTTPRequestHandler):
    """Lists and objects."""

    protocol_version = "HTTP/1.1"
    measured = Measured()

    def do_GET(self) -> None:
        """Answer a read."""
        url = urlsplit(self.path)
        if url.path == "/_measured":
            told, Handler.measured = Handler.measured.told(), Measured()
            return self.answer(200, json.dumps(told), count=False)
        Handler.measured.times.append(time.monotonic())
        Handler.measured.paths.append(self.path)
        Handler.measured.agents.add(self.headers.get("user-agent", ""))
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        status, body = self.found(url.path, query)
        return self.answer(status, body)

    def do_POST(self) -> None:
        """Allow everything that is asked about."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        Handler.measured.times.append(time.monotonic())
        Handler.measured.paths.append(self.path)
        self.answer(201, json.dumps({"status": {"allowed": True}}))

    def found(self, path: str, query: dict[str, str]) -> tuple[int, str]:
        """Return the answer to a read."""
        if path in FIXED:
            return 200, json.dumps(FIXED[path])
        if (version := re.fullmatch(r"/apis?/(.+)", path)) and version[1] in SERVED:
            return 200, json.dumps(resources(version[1]))
        match = PATH.fullmatch(path)
        if not match or match["plural"] not in SERVED.get(match["core"] or match["group"], "").split():
            return 404, "404 page not found"
        plural, namespace = match["plural"], match["namespace"] or ""
        if match["name"]:
            found = one(plural, namespace, match["name"])
            missing = {
                "kind": "Status",
                "status": "Failure",
                "reason": "NotFound",
                "code": 404,
                "details": {"name": "-"},
            }
            return (200, found) if found else (404, json.dumps(missing))
        return 200, listed(match["core"] or match["group"], plural, namespace, query)

    def answer(self, status: int, text: str, *, count: bool = True) -> None:
        """Send an answer, compressed where a server would."""
        body = plain = text.encode()
        packed = len(plain) >= PACKED_FROM and "gzip" in self.headers.get("accept-encoding", "")
        if packed:
            body = gzip.compress(plain, 1)
        if count:
            Handler.measured.plain += len(plain)
            Handler.measured.sent += len(body)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if packed:
            self.send_header("content-encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""


def resources(version: str) -> dict[str, object]:
    """Return the discovery document of a group."""
    names = SERVED[version].split()
    found = [
        {
            "name": name,
            "singularName": "",
            "namespaced": name not in ("namespaces", "nodes", "persistentvolumes", "ingressclasses"),
            "kind": KINDS[name][0] if name in KINDS else name,
            "verbs": ["get", "list"],
        }
        for name in names
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": found}


def listed(version: str, plural: str, namespace: str, query: dict[str, str]) -> str:
    """Return one page of a list. From the watch cache (resourceVersion=0) it comes whole, as API servers do."""
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    start = int(base64.b64decode(query["continue"])) if "continue" in query else 0
    limit = 0 if query.get("resourceVersion") == "0" else int(query.get("limit", 0))
    stop = start + limit if limit else None
    if labels or fields:
        items = list(itertools.islice(objects(plural, namespace, labels, fields), start, stop))
    else:
        items = sliced(plural, namespace, start, stop or 10**9)
    more = base64.b64encode(str(stop).encode()).decode() if stop and len(items) == limit else ""
    remaining = total(plural, namespace) - stop if more and stop and not (labels or fields) else 0
    kind = KINDS[plural][0] if plural in KINDS else plural.title()
    head = json.dumps(
        {
            "resourceVersion": RESOURCE_VERSION,
            **({"continue": more} if more else {}),
            **({"remainingItemCount": remaining} if remaining > 0 else {}),
        }
    )
    return f'{{"kind":"{kind}List","apiVersion":"{version}","metadata":{head},"items":[{",".join(items)}]}}'


class Server(ThreadingHTTPServer):
    """A server that says nothing of clients that go away: a diagnosis stops reading when its time is up."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of it."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def main() -> None:
    """Serve until told to end."""
    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
