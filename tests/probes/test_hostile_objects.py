"""Odd objects of every kind through every probe: facts or a named reason, and nothing else.

Missing and null fields, values of other types, unknown enum values, names and labels made to break formats and
mentions, references in circles, API groups that are not there and reads that are forbidden.
"""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cluster import errors
from bot.cluster.cache import CachedCluster
from bot.cluster.manifests import KINDS
from bot.cluster.memory import MemoryCluster
from bot.cluster.objects import OBJECT_TYPES, CalicoNetworkPolicy, Object
from bot.cluster.pages import convert
from bot.facts.base import Fact, Unknown, values_of
from bot.facts.scope import Scope, Subject, SymptomKind
from bot.probes import PROBES
from tests.probes.manifests import endpoints, pod, service

ROOT = Path(__file__).parents[1]
LARGEST = 2**63 - 1
"""The rule engine's numbers end here."""

WRITTEN = yaml.safe_load_all((Path(__file__).parent / "everything.yaml").read_text())
BASE: list[dict[str, Any]] = [document for document in WRITTEN if document["kind"] in KINDS]
"""One object of every kind, that refer to each other."""

SCOPES = (
    Scope(cluster_wide=True),
    Scope(
        kind=SymptomKind.TIMEOUT,
        namespaces=("shop",),
        clients=(Subject("Pod", "shop", "till-1"),),
        services=(Subject("Service", "shop", "web"),),
        backends=(Subject("Pod", "shop", "web-1"),),
        workloads=(Subject("Deployment", "shop", "web"),),
        client_nodes=("node1",),
        target_nodes=("node1",),
        port=80,
        url_host="shop.example.org",
        url_path="/cart",
    ),
    Scope(namespaces=("shop",), clients=(Subject("Pod", "shop", "till-1"),), outside_host="example.org", dns=False),
    Scope(namespaces=("nowhere",), services=(Subject("Service", "nowhere", "x"),), named_nodes=("node9",)),
)

NASTY = st.sampled_from(
    [
        "",
        " ",
        "<!channel>",
        "@here *bold* `code`",
        "\x00\x1b[2J\u2028\u202e",
        "{fact.field} %s %(x)d",
        "a" * 5000,
        "../../etc/passwd",
        "-1",
        "1e999",
        "0/0",
        "::ffff:1.2.3.4",
        "999.1.1.1",
        "10.0.0.0/99",
        "2026-13-45T99:99:99Z",
        "2026-01-01T00:00:00",
        "port",
        "65536",
        "Ünïcødé",
        "shop",
        "web",
        "node1",
        "kubernetes",
        "Cluster",
        "SomethingNew",
    ]
)
VALUES: st.SearchStrategy[Any] = (
    NASTY
    | st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.sampled_from([2**63, -(2**63) - 1, 1.5])
    | st.text(max_size=20)
    | st.lists(NASTY, max_size=3)
    | st.dictionaries(NASTY, NASTY, max_size=3)
    | st.just({})
    | st.just([{}])
)


@st.composite
def clusters(draw: st.DrawFn) -> MemoryCluster:
    """A cluster in which a few objects are not as they should be, and a few kinds cannot be read."""
    made = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(0, 12))):
        spoil(draw, made[draw(st.integers(0, len(made) - 1))])
    unreadable = draw(
        st.dictionaries(
            st.sampled_from([of.resource.permission for of in OBJECT_TYPES] + ["pods/log", "pods/exec", "/readyz"]),
            st.sampled_from([errors.Forbidden("no"), errors.Absent("not served"), errors.TimedOut("late")]),
            max_size=3,
        )
    )
    checks = draw(st.none() | st.dictionaries(NASTY, st.booleans(), max_size=3))
    numbers = st.dictionaries(
        st.sampled_from(["etcd_request_duration_seconds_count{operation=update}", "x{le=", "{}", "a{b}"])
        | st.text(max_size=30),
        st.floats(allow_nan=False, allow_infinity=False),
        max_size=4,
    )
    metrics = draw(st.just(()) | st.tuples(numbers, numbers))
    return MemoryCluster(
        taken(made), unreadable=unreadable, checks=checks, metrics=metrics, logs={"kube-system/x": "x"}
    )


def spoil(draw: st.DrawFn, document: dict[str, Any]) -> None:
    """Replace, remove or rename something somewhere in an object; its kind stays."""
    place: Any = document
    while True:
        keys = (
            [key for key in place if key not in ("kind", "apiVersion")]
            if isinstance(place, dict)
            else range(len(place))
        )
        if not keys:
            return
        key = draw(st.sampled_from(list(keys)))
        if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 6)):
            place = place[key]
            continue
        what = draw(st.sampled_from(["replace", "replace", "remove", "repeat"]))
        if what == "replace":
            place[key] = draw(VALUES)
        elif isinstance(place, dict):
            del place[key]
        elif what == "remove":
            place.pop(key)
        else:
            place.append(copy.deepcopy(place[key]))
        return


def taken(documents: list[dict[str, Any]]) -> list[Object]:
    """The objects, as the adapters take them: what cannot be decoded is left out."""
    found = []
    for document in documents:
        is_calicos = document["kind"] == "NetworkPolicy" and "calico" in document.get("apiVersion", "")
        of = CalicoNetworkPolicy if is_calicos else KINDS[document["kind"]]
        try:
            found.append(convert(document, of))
        except errors.Malformed:
            continue
    return found


async def observed(cluster: MemoryCluster, scope: Scope) -> list[Fact]:
    shared = CachedCluster(cluster)
    facts = await asyncio.gather(*(probe.observe(shared, scope) for probe in PROBES))
    return [fact for some in facts for fact in some]


def is_a_fact(fact: Fact) -> bool:
    """Whether a fact holds what the rules can take."""
    if isinstance(fact, Unknown):
        return bool(fact.of) and len(fact.detail) <= 256
    return all(
        type(value) in (str, bool) or (type(value) is int and abs(value) <= LARGEST)
        for value in values_of(fact).values()
    )


def test_there_is_an_object_of_every_kind() -> None:
    assert set(KINDS.values()) - {type(item) for item in taken(BASE)} == set()


async def test_as_they_should_be_the_objects_give_facts() -> None:
    facts = await observed(MemoryCluster(taken(BASE)), SCOPES[1])
    kinds = {fact.kind for fact in facts if not isinstance(fact, Unknown)}

    assert {"service_backends", "policy_flow", "gateway_backend", "engine_policy_flow", "namespace_quota"} <= kinds
    assert {"cni_node_address", "endpoint_lag", "client_address", "ingress_route", "node_lease"} <= kinds


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cluster=clusters(), scope=st.sampled_from(SCOPES))
def test_odd_objects_give_facts_or_reasons(cluster: MemoryCluster, scope: Scope) -> None:
    facts = asyncio.run(observed(cluster, scope))

    assert [fact for fact in facts if not is_a_fact(fact)] == []


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("problem", [errors.Forbidden("no"), errors.Absent("not served"), errors.Unreachable("gone")])
async def test_a_cluster_of_which_nothing_can_be_read_gives_reasons(problem: errors.ClusterError, scope: Scope) -> None:
    every = [of.resource.permission for of in OBJECT_TYPES] + ["pods/log", "pods/exec", "/readyz", "/metrics"]
    facts = await observed(MemoryCluster(unreadable=dict.fromkeys(every, problem)), scope)

    assert all(map(is_a_fact, facts))
    assert any(isinstance(fact, Unknown) for fact in facts)


async def test_ten_thousand_endpoints_are_counted() -> None:
    entries = [(f"web-{number}", True) for number in range(10_000)]
    slices = [endpoints("web", *entries[start : start + 1000], name=f"web-{start}") for start in range(0, 10_000, 1000)]
    facts = await observed(MemoryCluster(taken([service(ports=[{"port": 80}]), *slices])), SCOPES[1])
    [backends] = [values_of(fact) for fact in facts if fact.kind == "service_backends"]

    assert backends["ready_endpoints"] == 10_000


async def test_references_in_circles_end() -> None:
    circle = [
        {"kind": "ReplicaSet", "name": "web-1", "controller": True},
        {"kind": "Pod", "name": "web-1", "controller": True},
    ]
    mine = pod()
    mine["metadata"]["ownerReferences"] = circle
    alias = service(type="ExternalName", externalName="web.shop.svc.cluster.local")
    route = {
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": "shop"},
        "spec": {
            "parentRefs": [{"kind": "HTTPRoute", "name": "r"}],
            "rules": [{"backendRefs": [{"kind": "HTTPRoute", "name": "r"}]}],
        },
    }
    facts = await observed(MemoryCluster(taken([mine, alias, route])), SCOPES[1])

    assert all(map(is_a_fact, facts))
