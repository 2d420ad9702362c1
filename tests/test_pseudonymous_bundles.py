"""A recorded cluster under pseudonyms: nobody's names are in it, and the same thing is wrong with it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli.snapshot import vocabulary
from bot.cluster.bundle import Bundle, Failure, HelperRecord
from bot.cluster.disguise import disguised
from bot.cluster.errors import TimedOut
from bot.cluster.pseudonyms import Pseudonyms
from bot.cluster.selectors import selects
from bot.diagnosis.diagnose import Diagnose
from bot.diagnosis.report import Diagnosis
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.facts.scope import Subject
from bot.node.requests import connect_requests, reach_requests
from bot.probes import PROBES
from tests.scenarios import replay

ROOT = Path(__file__).parent.parent
BUNDLES = Path(__file__).parent / "bundles"
RECORDED = {
    "wrong-target-port.json.gz": "storefront cannot reach cart in namespace shop: connection refused",
    **{f"scenarios/{name}.json.gz": row["symptom"] for name, row in replay.table().items()},
}
"""Each bundle, and the symptom it was recorded for."""
FAULTY = {"wrong-target-port.json.gz"} | {
    f"scenarios/{name}.json.gz" for name, row in replay.table().items() if row["causes"]
}
"""Those in which something is wrong."""
SECRET = b"not the one that is used"
KEYS = st.sampled_from(["app", "tier", "acme.example/team", "app.kubernetes.io/name", "pod-template-hash"])
LABELS = st.dictionaries(KEYS, st.sampled_from(["cart", "cart-v2", "shop", "7f79b94d55", "", "true"]), max_size=4)


@pytest.fixture(scope="module")
def book() -> Iterator[RuleBook]:
    book = RuleBook(load(ROOT / "rules"), PlainEngine())
    yield book
    book.close()


def recorded(name: str) -> Bundle:
    return msgspec.json.decode(gzip.decompress((BUNDLES / name).read_bytes()), type=Bundle)


def under_pseudonyms(bundle: Bundle) -> tuple[Bundle, Pseudonyms]:
    return disguised(bundle, secret=SECRET, vocabulary=vocabulary([ROOT / "rules"]))


def made(**objects: list[dict[str, Any]]) -> Bundle:
    lists = {permission: msgspec.Raw(json.dumps(found).encode()) for permission, found in objects.items()}
    return Bundle(recorded_at=datetime(2026, 1, 1, tzinfo=UTC), context="acme-prod", server_version="v1", objects=lists)


def objects_of(bundle: Bundle, permission: str) -> Any:
    return json.loads(bytes(bundle.objects[permission]))


@pytest.mark.parametrize(("name", "symptom"), RECORDED.items())
async def test_the_same_cause_is_found_in_a_recording_with_and_without_names(
    book: RuleBook, name: str, symptom: str
) -> None:
    bundle = recorded(name)
    hidden, names = under_pseudonyms(bundle)
    diagnose = Diagnose(book=book, probes=PROBES, thorough=True, budget_seconds=300)

    plain = await diagnose(bundle.cluster(), symptom)
    other = await diagnose(hidden.cluster(), names.text(symptom))

    assert isinstance(plain, Diagnosis)
    assert isinstance(other, Diagnosis)
    assert bool(plain.causes) == (name in FAULTY)
    # Causes of one rank are in the order of their names.
    assert sorted((cause.rule, str(cause.subject)) for cause in other.causes) == sorted(
        (cause.rule, str(renamed(cause.subject, names))) for cause in plain.causes
    )
    assert {one.rule for one in other.ruled_out} == {one.rule for one in plain.ruled_out}
    assert {one.rule for one in other.not_checked} == {one.rule for one in plain.not_checked}


def renamed(subject: Subject, names: Pseudonyms) -> Subject:
    return Subject(subject.kind, names.text(subject.namespace), names.text(subject.name))


def test_no_name_and_no_address_of_the_cluster_is_left() -> None:
    hidden, names = under_pseudonyms(recorded("wrong-target-port.json.gz"))
    text = msgspec.json.encode(hidden).decode()

    assert not re.findall(r"\b(?:shop|cart|storefront|node1|node2)\b", text)
    assert "10.244.1." not in text
    assert "10.231.0." not in text
    assert {names.text(word) for word in ("kube-system", "kube-dns", "flannel.1")} == {
        "kube-system",
        "kube-dns",
        "flannel.1",
    }


@settings(max_examples=50)
@given(labels=LABELS, selector=LABELS.filter(bool))
def test_selectors_still_match_the_same_labels(labels: dict[str, str], selector: dict[str, str]) -> None:
    bundle = made(
        pods=[{"metadata": {"name": "cart-1", "namespace": "shop", "labels": labels}}],
        services=[{"metadata": {"name": "cart", "namespace": "shop"}, "spec": {"selector": selector}}],
    )

    hidden, _ = under_pseudonyms(bundle)

    [pod], [service] = objects_of(hidden, "pods"), objects_of(hidden, "services")
    assert selects(service["spec"]["selector"], pod["metadata"]["labels"]) == selects(selector, labels)
    assert len(pod["metadata"]["labels"]) == len(labels)


def test_a_host_name_still_means_the_same_service_and_an_address_is_still_in_its_network() -> None:
    address = {"where": "CART_URL", "host": "cart.shop.svc.cluster.local", "port": 8080}
    container = {"name": "web", "addresses": [address]}
    policy = {"ingress": [{"from": [{"ipBlock": {"cidr": "10.9.0.0/16", "except": ["10.9.3.0/24"]}}]}]}
    bundle = made(
        services=[{"metadata": {"name": "cart", "namespace": "shop"}, "spec": {"clusterIP": "10.96.7.7"}}],
        pods=[
            {
                "metadata": {"name": "cart-1", "namespace": "shop"},
                "spec": {"containers": [container]},
                "status": {"podIP": "10.9.3.4"},
            }
        ],
        networkpolicies=[{"metadata": {"name": "let-in", "namespace": "shop"}, "spec": policy}],
    )

    hidden, names = under_pseudonyms(bundle)

    [service], [pod] = objects_of(hidden, "services"), objects_of(hidden, "pods")
    [found] = pod["spec"]["containers"][0]["addresses"]
    name, namespace, *rest = found["host"].split(".")
    assert (name, namespace) == (service["metadata"]["name"], service["metadata"]["namespace"])
    assert (rest, found["port"]) == (["svc", "cluster", "local"], 8080)
    [block] = objects_of(hidden, "networkpolicies")[0]["spec"]["ingress"][0]["from"]
    assert block["ipBlock"]["except"][0].rpartition(".")[0] == pod["status"]["podIP"].rpartition(".")[0]
    assert block["ipBlock"]["cidr"].split(".")[:2] == pod["status"]["podIP"].split(".")[:2]
    assert names.text("cart.shop") == f"{name}.{namespace}"


async def test_helpers_keep_their_order_and_what_they_were_asked_is_found_under_pseudonyms() -> None:
    addresses = [f"10.244.{number}.7:80" for number in range(20)]
    asked = HelperRecord(
        pod="helper",
        answers={"connect " + " ".join(sorted(addresses)): "{}"},
        failures={"reach --times 4 " + " ".join(sorted(addresses)): Failure(error="TimedOut", detail="no answer")},
    )
    nodes = [f"fruit-{word}" for word in ("apple", "banana", "cherry", "mango", "orange", "plum")]
    bundle = msgspec.structs.replace(
        made(nodes=[{"metadata": {"name": node}} for node in nodes]), helpers=dict.fromkeys(nodes, asked)
    )

    hidden, names = under_pseudonyms(bundle)

    cluster = hidden.cluster()
    [connect], [reach] = connect_requests(map(names.text, addresses)), reach_requests(map(names.text, addresses))
    assert list(await cluster.helper_nodes()) == list(map(names.text, nodes)) != sorted(map(names.text, nodes))
    assert await cluster.ask_helper(names.text("fruit-plum"), connect) == b"{}"
    with pytest.raises(TimedOut, match="no answer"):
        await cluster.ask_helper(names.text("fruit-plum"), reach)


def test_names_in_sentences_are_replaced_and_sentences_stay() -> None:
    event = {
        "metadata": {"name": "cart-1.17a", "namespace": "shop"},
        "reason": "BackOff",
        "message": 'Back-off pulling image "registry.acme.example/shop/cart:1.2" for cart-1 in shop',
    }

    hidden, names = under_pseudonyms(made(events=[event]))

    [found] = objects_of(hidden, "events")
    assert found["reason"] == "BackOff"
    assert found["message"].startswith('Back-off pulling image "registry.')
    assert found["message"].endswith(f" in {names.words['shop']}")
    assert "acme" not in found["message"]


def test_regions_stay_as_settings_and_people_name_them() -> None:
    labels = {"topology.kubernetes.io/region": "eu-north-1", "kubernetes.io/hostname": "db7.eu-north-1.acme.example"}

    hidden, _ = under_pseudonyms(made(nodes=[{"metadata": {"name": "db7", "labels": labels}}]))

    [node] = objects_of(hidden, "nodes")
    assert node["metadata"]["labels"]["topology.kubernetes.io/region"] == "eu-north-1"
    assert "acme" not in json.dumps(node)
    assert "db7" not in json.dumps(node)


def test_components_are_recognised_and_quantities_stay() -> None:
    daemonset = {"metadata": {"name": "kube-flannel-ds", "namespace": "kube-system"}}
    limits = {"cpu": "500m", "memory": "128Mi"}
    pod = {
        "metadata": {"name": "ds-1", "namespace": "shop"},
        "spec": {"containers": [{"name": "flannel", "resources": {"limits": limits}}]},
    }

    hidden, _ = under_pseudonyms(made(**{"daemonsets.apps": [daemonset]}, pods=[pod]))

    assert objects_of(hidden, "daemonsets.apps") == [daemonset]
    assert objects_of(hidden, "pods")[0]["spec"]["containers"][0]["resources"]["limits"] == limits
