"""Simulation and reality agree: random policies on the test cluster, every connection tried for real."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from bot.cluster.objects import NetworkPolicy, Pod
from bot.simulation.networkpolicy import End, decide, end_of
from tests.conftest import TestBed

pytestmark = pytest.mark.cluster

ROUNDS = 6
PORTS = (8080, 9090)
SETTLE_SECONDS = 2.5
"""The test bed's agent applies a policy within 2 s, on a machine that is not busy with something else."""
TRIES = 5
"""What goes otherwise each time is wrong."""

SERVER = (
    "import http.server,threading,time\n"
    "for port in (8080,9090):\n"
    " s=http.server.HTTPServer(('',port),http.server.SimpleHTTPRequestHandler)\n"
    " threading.Thread(target=s.serve_forever,daemon=True).start()\n"
    "time.sleep(10**6)"
)
CONNECT = (
    "import asyncio,json,sys\n"
    "async def one(t):\n"
    " ip,port=t.rsplit(':',1)\n"
    " try:\n"
    "  _,w=await asyncio.wait_for(asyncio.open_connection(ip,int(port)),1.5); w.close(); return t,True\n"
    " except (OSError,asyncio.TimeoutError): return t,False\n"
    "async def main(): print(json.dumps(dict(await asyncio.gather(*map(one,sys.argv[1:])))))\n"
    "asyncio.run(main())"
)


@dataclass(frozen=True)
class World:
    bed: TestBed
    namespaces: tuple[str, ...]
    pods: tuple[Pod, ...]
    labels: dict[str, dict[str, str]]

    overlay_addresses: dict[str, str]
    """Of each Node: what its hostNetwork Pods come with on other Nodes."""

    @property
    def by_name(self) -> dict[str, Pod]:
        return {who(pod): pod for pod in self.pods}

    def end(self, pod: Pod) -> End:
        end = end_of(pod, self.labels[pod.metadata.namespace])
        return end if end.is_pod else replace(end, ip=self.overlay_addresses[end.node])


def pod(namespace: str, name: str, node: str, *, host: bool = False) -> dict[str, Any]:
    labels = {"app": name, "side": "left" if name in ("a", "c") else "right"}
    command = ["python3", "-c", SERVER if not host else "import time; time.sleep(10**6)"]
    container = {
        "name": "main",
        "image": "testbed/nettools:1",
        "command": command,
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9090}]
        if not host
        else [],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "nodeName": node,
            "hostNetwork": host,
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
        },
    }


@pytest.fixture(scope="module")
def world(test_bed: TestBed) -> Iterator[World]:
    if "policy" not in test_bed.features:
        pytest.skip("the test bed runs without --policy: nothing enforces NetworkPolicy there")
    suffix = "".join(random.choices("bcdfghjkmnpqrstvwxz", k=5))
    names = (f"matrix-x-{suffix}", f"matrix-y-{suffix}")
    labels = {name: {"zone": name.split("-")[1]} for name in names}
    nodes = test_bed.nodes
    objects: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels[name]}} for name in names
    ]
    objects += [pod(ns, name, nodes[i % len(nodes)]) for ns in names for i, name in enumerate(("a", "b", "c"))]
    objects.append(pod(names[0], "host", nodes[0], host=True))
    try:
        test_bed.apply(*objects)
        for name in names:
            test_bed.kubectl("wait", "pod", "--all", "--for=condition=Ready", "--timeout=200s", "-n", name)
        found = [item for name in names for item in test_bed.json("get", "pods", "-n", name)["items"]]
        overlay = {
            node["metadata"]["name"]: node["spec"]["podCIDR"].partition("/")[0]
            for node in test_bed.json("get", "nodes")["items"]
        }
        pods = tuple(msgspec.convert(prune(item), Pod) for item in found)
        yield World(test_bed, names, pods, labels, overlay)
    finally:
        test_bed.kubectl("delete", "namespace", *names, "--wait=false", "--ignore-not-found")


def prune(item: Any) -> Any:
    """Leave out nulls, as the adapters do."""
    if isinstance(item, dict):
        return {key: prune(value) for key, value in item.items() if value is not None}
    return [prune(value) for value in item] if isinstance(item, list) else item


def test_simulation_and_real_connections_agree_on_at_least_300_flows(world: World) -> None:
    dice = random.Random(20)
    flows, wrong = 0, []
    for number in range(ROUNDS):
        policies = [random_policy(dice, world, f"r{number}-{i}") for i in range(dice.randint(1, 4))]
        world.bed.apply(*policies)
        time.sleep(SETTLE_SECONDS)
        stored = [msgspec.convert(prune(item), NetworkPolicy) for item in policies]
        tried, different = compared(world, stored)
        for _ in range(TRIES - 1):
            if not different:
                break
            time.sleep(SETTLE_SECONDS)
            tried, different = compared(world, stored)
        flows += tried
        wrong += [f"round {number}: {each}" for each in different]
        for namespace in world.namespaces:
            world.bed.kubectl("delete", "networkpolicy", "--all", "-n", namespace)

    assert "\n".join(wrong) == ""
    assert flows >= 300


def compared(world: World, policies: list[NetworkPolicy]) -> tuple[int, list[str]]:
    """Return how many connections were tried, and those that went otherwise than simulated."""
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda source: connect(world, source), world.pods))
    tried, different = 0, []
    for source, found in zip(world.pods, answers, strict=True):
        for (target, port), passed in found.items():
            tried += 1
            expected = decide(policies, world.end(source), world.end(world.by_name[target]), port=port)
            if expected.allowed is not passed:
                different.append(f"{who(source)} to {target}:{port}, expected {expected}")
    return tried, different


def connect(world: World, source: Pod) -> dict[tuple[str, int], bool]:
    """Try every port of every other Pod from inside one; by the target's ``namespace/name`` and port."""
    targets = {
        f"{pod.status.pod_ip}:{port}": (who(pod), port)
        for pod in world.pods
        if pod is not source and not pod.spec.host_network
        for port in PORTS
    }
    inside = ("-n", source.metadata.namespace, source.metadata.name, "--", "python3", "-c", CONNECT)
    answers: dict[str, bool] = json.loads(world.bed.kubectl("exec", *inside, *targets))
    return {targets[address]: passed for address, passed in answers.items()}


def who(pod: Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"


def random_policy(dice: random.Random, world: World, name: str) -> dict[str, Any]:
    types = dice.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
    spec: dict[str, Any] = {"podSelector": selector(dice, "app", ("a", "b", "c")), "policyTypes": types}
    for kind, key in (("Ingress", "from"), ("Egress", "to")):
        if kind in types:
            spec[kind.lower()] = [rule(dice, world, key) for _ in range(dice.randint(0, 2))]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": dice.choice(world.namespaces)},
        "spec": spec,
    }


def rule(dice: random.Random, world: World, key: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if dice.random() < 0.8:
        made[key] = [peer(dice, world) for _ in range(dice.randint(1, 2))]
    if dice.random() < 0.6:
        made["ports"] = [
            dice.choice([{"port": 8080}, {"port": "http"}, {"port": "admin"}, {"port": 9090}, {"protocol": "TCP"}])
        ]
    return made


def peer(dice: random.Random, world: World) -> dict[str, Any]:
    match dice.randint(0, 4):
        case 0:
            return {"podSelector": selector(dice, "side", ("left", "right"))}
        case 1:
            return {"namespaceSelector": selector(dice, "zone", ("x", "y", "z"))}
        case 2:
            return {
                "namespaceSelector": selector(dice, "zone", ("x", "y")),
                "podSelector": selector(dice, "app", ("a", "b", "c")),
            }
        case 3:
            return {"ipBlock": {"cidr": "10.244.0.0/16", "except": [f"{dice.choice(world.pods).status.pod_ip}/32"]}}
        case _:
            return {"ipBlock": {"cidr": "10.231.0.0/24"}}


def selector(dice: random.Random, key: str, values: tuple[str, ...]) -> dict[str, Any]:
    value = dice.choice(values)
    match dice.randint(0, 4):
        case 0:
            return {}
        case 1:
            return {"matchLabels": {key: value}}
        case 2:
            return {"matchExpressions": [{"key": key, "operator": "In", "values": [value, "nobody"]}]}
        case 3:
            return {"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}
        case _:
            return {"matchExpressions": [{"key": key, "operator": dice.choice(["Exists", "DoesNotExist"])}]}
