from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import bundle
from bot.cluster.bundle import BundleError
from bot.cluster.errors import Absent, Forbidden, NotRecorded, Unreachable
from bot.cluster.manifests import objects
from bot.cluster.memory import Helper, MemoryCluster
from bot.cluster.objects import OBJECT_TYPES, EndpointSlice, Ingress, Node, Pod, Service
from bot.cluster.snapshot import record

SHOP = """
kind: List
items:
- kind: Pod
  metadata: {name: web-1, namespace: shop, labels: {app: web}}
  spec:
    nodeName: node1
    containers: [{name: web, ports: [{containerPort: 8080}], readinessProbe: {httpGet: {port: http}}}]
  status: {phase: Running, podIP: 10.0.0.1, conditions: [{type: Ready, status: "True"}]}
- {kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{port: 80}]}}
- {kind: Namespace, metadata: {name: shop}}
- {kind: Node, metadata: {name: node1}}
- kind: NetworkPolicy
  metadata: {name: deny, namespace: shop}
  spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]}
"""

NOW = datetime(2026, 5, 4, 3, 2, 1, 500_000, tzinfo=UTC)

DOCUMENT: dict[str, Any] = {
    "format": "netmedic/bundle/v1",
    "recorded_at": "2026-05-04T03:02:01Z",
    "context": "prod",
    "server_version": "v1.30.0",
    "objects": {"pods": [{"metadata": {"name": "web-1", "namespace": "shop"}}]},
}


def shop(**options: Any) -> MemoryCluster:
    return MemoryCluster(objects(SHOP), context="prod", now=NOW, server_version="v1.29.1", **options)


def saved(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "b.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


@pytest.mark.parametrize("name", ["shop.json.gz", "shop.json", "no suffix"])
async def test_a_bundle_reads_like_the_cluster_it_is_of(tmp_path: Path, name: str) -> None:
    helper = Helper(
        pod="helper-1",
        answers={("sample", "--seconds", "3"): b'{"a": "\xc3\xa4"}'},
    )
    of = shop(
        helpers={"node1": helper},
        unreadable={
            "endpointslices.discovery.k8s.io": Absent("too old"),
            "ingresses.networking.k8s.io": Forbidden("no"),
        },
    )
    path = tmp_path / name

    bundle.write(await record(of), path)
    found = bundle.load(path)

    assert path.read_bytes().startswith(b"\x1f\x8b") is name.endswith(".gz")
    assert (found.context, found.now(), await found.server_version()) == ("prod", NOW, "v1.29.1")
    assert await found.helper_nodes() == {"node1": "helper-1"}
    assert await found.ask_helper("node1", ("sample", "--seconds", "3")) == b'{"a": "\xc3\xa4"}'
    for kind in OBJECT_TYPES:
        if kind not in (EndpointSlice, Ingress):
            assert await found.list(kind) == await of.list(kind)
    with pytest.raises(Absent, match=r"^too old$"):
        await found.list(EndpointSlice)
    assert not await found.may("list", "ingresses.networking.k8s.io")


async def test_a_bundle_of_some_namespaces_knows_what_it_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "b.json.gz"

    bundle.write(await record(shop(), namespaces=["shop"]), path)
    found = bundle.load(path)

    assert [pod.metadata.name for pod in await found.list(Pod, namespace="shop")] == ["web-1"]
    assert await found.list(Pod, namespace="kube-system") == []
    with pytest.raises(NotRecorded, match=r"^namespace bank was not recorded: the bundle holds kube-system, shop$"):
        await found.list(Service, namespace="bank")
    with pytest.raises(NotRecorded, match="of all namespaces were not recorded"):
        await found.list(Service)


async def test_the_same_cluster_makes_the_same_file_readable_by_its_owner_only(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json.gz", tmp_path / "two.json.gz"

    for path in (one, two):
        bundle.write(await record(shop()), path)

    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == [one.name, two.name]  # noqa: PTH208 - as short as it gets


async def test_a_bundle_cut_off_anywhere_says_so(tmp_path: Path) -> None:
    path = tmp_path / "b.json.gz"
    bundle.write(await record(shop()), path)
    whole = path.read_bytes()
    plain = gzip.decompress(whole)

    for content in (whole, plain):
        for length in (0, 2, 5, 11, len(content) // 2, len(content) - 9, len(content) - 1):
            path.write_bytes(content[:length])
            with pytest.raises(BundleError, match=r"is cut off: a part of the file is missing"):
                bundle.load(path)


async def test_a_bundle_with_any_byte_changed_is_read_or_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "b.json.gz"
    bundle.write(await record(shop()), path)
    whole = path.read_bytes()

    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            bundle.load(path)
        except BundleError as problem:
            assert str(path) in str(problem)  # noqa: PT017 - most changes are refused, a few do not matter


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is cut off"),
        (b"hello", "is no bundle: it is not JSON"),
        (b"\x00\x01\x02", "is no bundle: it is not JSON"),
        (b'{"format": "\xff"}', "is no bundle: it is not JSON"),
        (b"[" * 100_000, "is no bundle"),
        ([], "is no bundle: it has no format netmedic/bundle/v1"),
        ({}, "is no bundle: it has no format netmedic/bundle/v1"),
        ({"format": 1}, "is no bundle: it has no format netmedic/bundle/v1"),
        ({"format": "troubleshoot/v1"}, "is no bundle: it has no format netmedic/bundle/v1"),
        (
            DOCUMENT | {"format": "netmedic/bundle/v2", "objects": 3},
            "has format version 2; this netmedic .* reads version 1",
        ),
        ({k: v for k, v in DOCUMENT.items() if k != "context"}, "missing required field `context`"),
        (DOCUMENT | {"recorded_at": "yesterday"}, "is damaged or was edited: Invalid RFC3339"),
        (DOCUMENT | {"objects": []}, "is damaged or was edited: Expected `object`, got `array`"),
        (DOCUMENT | {"objects": {"pods": 3}}, "objects of pods: Expected `array`, got `int`"),
        (DOCUMENT | {"objects": {"pods": [{"spec": {"nodeName": 1}}]}}, "objects of pods: Expected `str`, got `int`"),
        (DOCUMENT | {"unreadable": {"pods": "no"}}, "is damaged or was edited"),
        (DOCUMENT | {"helpers": {"node1": {"answers": {}}}}, "missing required field `pod`"),
    ],
)
def test_what_is_no_bundle_is_refused_with_the_reason(tmp_path: Path, content: Any, text: str) -> None:
    path = saved(tmp_path, content)

    with pytest.raises(BundleError, match=text):
        bundle.load(path)


def test_a_bundle_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_BYTES", 2**20)
    path = saved(tmp_path, gzip.compress(b" " * 2**21))

    with pytest.raises(BundleError, match="holds more than 1 MiB; record fewer namespaces"):
        bundle.load(path)


async def test_a_bundle_too_large_to_be_read_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_BYTES", 100)
    recorded = await record(shop())

    with pytest.raises(BundleError, match="would hold more than 0 MiB; record fewer namespaces"):
        bundle.write(recorded, tmp_path / "b.json")


async def test_a_type_that_the_bundle_does_not_hold_was_not_recorded(tmp_path: Path) -> None:
    found = bundle.load(saved(tmp_path, DOCUMENT))

    with pytest.raises(NotRecorded, match=r"^services were not recorded$"):
        await found.list(Service)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"missing.json cannot be read: No such file or directory.$"):
        bundle.load(tmp_path / "missing.json")
    with pytest.raises(BundleError, match="cannot be read: Is a directory"):
        bundle.load(tmp_path)


async def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    recorded = await record(shop())

    with pytest.raises(BundleError, match=r"b.json cannot be written: No such file or directory.$"):
        bundle.write(recorded, tmp_path / "missing" / "b.json")


async def test_what_a_later_program_recorded_besides_is_left_out_and_told_of(tmp_path: Path) -> None:
    more = {"rockets.example.com": [], **DOCUMENT["objects"]}
    failures = {"nodes": {"error": "Melted", "detail": "hot"}}
    path = saved(tmp_path, DOCUMENT | {"objects": more, "unreadable": failures, "weather": "fine"})

    found = bundle.load(path)

    assert found.notes == ("The bundle holds rockets.example.com, which this program does not read.",)
    assert len(await found.list(Pod)) == 1
    with pytest.raises(Unreachable, match="hot"):
        await found.get(Node, name="node1")


async def test_no_secret_of_the_cluster_is_in_a_bundle(tmp_path: Path) -> None:
    planted = """
kind: List
items:
- kind: Pod
  metadata: {name: web-1, namespace: shop, annotations: {token: hunter2}, managedFields: [{manager: hunter2}]}
  spec:
    containers:
    - name: web
      image: shop/web:1
      env: [{name: PASSWORD, value: hunter2}]
      args: [--password=hunter2]
      command: [sh, -c, hunter2]
      readinessProbe: {httpGet: {path: "/ready?token=hunter2", port: 80}}
      livenessProbe: {exec: {command: [hunter2]}}
    volumes: [{name: hunter2}]
  status: {message: hunter2}
- kind: ConfigMap
  metadata: {name: kube-proxy, namespace: kube-system}
  data: {config.conf: "mode: ipvs\\nclientConnection: {token: hunter2}", kubeconfig.conf: hunter2}
- {kind: ConfigMap, metadata: {name: shop, namespace: shop}, data: {key: hunter2}, binaryData: {key: hunter2}}
- kind: Event
  metadata: {name: e, namespace: shop}
  message: "pull https://u:hunter2@registry failed, password=hunter2, Bearer hunter2"
- {kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{args: [hunter2]}]}}}}
- {kind: Ingress, metadata: {name: i}, spec: {tls: [{secretName: hunter2}], rules: [{host: web.shop}]}}
"""
    of = MemoryCluster(
        [*objects(SHOP), *objects(planted)],
        logs={"kube-system/kube-proxy-1": "Using ipvs Proxier token=hunter2\npassword hunter2\n"},
    )
    path = tmp_path / "b.json"

    bundle.write(await record(of), path)

    assert "hunter2" not in path.read_text()
    assert "mode: ipvs" in path.read_text()
