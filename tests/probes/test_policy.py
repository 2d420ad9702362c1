"""How many NetworkPolicies there are, and whom they let in to a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bot.cluster.cache import CachedCluster
from bot.cluster.manifests import from_manifests
from bot.cluster.objects import Namespace
from bot.facts.base import Unknown
from bot.facts.policy import PolicyCount, TargetIsolation
from bot.facts.scope import Scope, Subject
from bot.probes import policy as policy_probes
from bot.probes.policy import policy_count, target_isolation
from tests.probes.manifests import WEB, Manifest, facts_of, manifest, pod, service


def policy(
    name: str = "wall",
    *,
    namespace: str = "shop",
    pods: Mapping[str, Any] | None = None,
    ingress: Sequence[Manifest] = (),
    types: Sequence[str] = ("Ingress",),
) -> Manifest:
    spec = {"podSelector": dict(pods or {}), "policyTypes": list(types), "ingress": list(ingress)}
    return {**manifest("NetworkPolicy", name, namespace=namespace), "spec": spec}


def labels(**pairs: str) -> Manifest:
    return {"matchLabels": pairs}


def namespace(name: str, **pairs: str) -> Manifest:
    return manifest("Namespace", name, namespace="", labels=pairs)


def allow(*peers: Manifest) -> Manifest:
    return {"from": list(peers)}


CLIENT = pod("till-1", labels={"app": "till", "tier": "frontend"}, ip="10.244.1.8")


async def isolation(*manifests: Manifest, scope: Scope = WEB) -> TargetIsolation:
    [fact] = await facts_of(target_isolation, from_manifests(service(), pod(), CLIENT, *manifests), scope)
    assert isinstance(fact, TargetIsolation)
    return fact


async def test_a_target_without_policies_is_open() -> None:
    assert await isolation() == TargetIsolation(
        namespace="shop",
        pod="web-1",
        service="web",
        policies=0,
        policy="",
        selects_all_pods=False,
        admits_anyone=False,
        admitted="",
        admits_addresses=False,
        from_outside=False,
        asked_for="",
    )


@pytest.mark.parametrize(
    ("rule", "addresses"),
    [
        (allow({"podSelector": labels(app="till")}), False),
        (allow({"ipBlock": {"cidr": "10.0.0.0/8"}}), True),
        ({"ports": [{"port": 8080}]}, True),
    ],
    ids=["Pods", "a block", "everybody"],
)
async def test_others_than_pods_get_in_by_their_address(rule: Manifest, addresses: bool) -> None:
    by_node_port = Scope(namespaces=("shop",), services=WEB.services, port=30080, entry_port=30080)
    found = await isolation(policy(ingress=[rule]), scope=by_node_port)

    assert (found.admits_addresses, found.from_outside) == (addresses, True)


async def test_a_policy_without_rules_lets_nobody_in() -> None:
    found = await isolation(policy(pods=labels(app="web")))

    assert (found.policies, found.policy, found.selects_all_pods) == (1, "wall", False)
    assert (found.admits_anyone, found.admitted, found.asked_for) == (False, "", "")
    assert found.source == "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/wall"


async def test_an_empty_pod_selector_selects_every_pod() -> None:
    found = await isolation(policy())

    assert (found.policies, found.selects_all_pods) == (1, True)


@pytest.mark.parametrize(
    ("rule", "admitted"),
    [
        ({}, "everybody"),
        ({"ports": [{"port": 8080}]}, "everybody"),
        (allow({"podSelector": labels(tier="frontend")}), "Pods tier=frontend"),
        (allow({"podSelector": {}}), "Pods (all)"),
        (allow({"ipBlock": {"cidr": "10.0.0.0/8"}}), "10.0.0.0/8"),
        (
            allow({"podSelector": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["frontend"]}]}}),
            "Pods tier in (frontend)",
        ),
        (
            allow({"podSelector": {"matchExpressions": [{"key": "secret", "operator": "DoesNotExist"}]}}),
            "Pods secret doesnotexist",
        ),
        (allow({"podSelector": labels(app="nobody")}, {"podSelector": labels(app="till")}), "Pods app=till"),
    ],
)
async def test_who_is_let_in_is_told(rule: Manifest, admitted: str) -> None:
    found = await isolation(policy(ingress=[rule]))

    assert (found.admits_anyone, found.admitted) == (True, admitted)


@pytest.mark.parametrize(
    ("rule", "asked_for"),
    [
        (allow({"podSelector": labels(tier="backend")}), "Pods tier=backend"),
        (allow({"podSelector": labels(app="web")}), "Pods app=web"),
        (
            allow(
                {
                    "podSelector": {
                        "matchExpressions": [
                            {"key": "tier", "operator": "NotIn", "values": ["frontend"]},
                            {"key": "tier", "operator": "Exists"},
                        ]
                    }
                }
            ),
            "Pods tier notin (frontend), tier exists",
        ),
    ],
    ids=["no such Pod", "only the target itself", "an expression that nobody meets"],
)
async def test_peers_that_match_no_other_pod_let_nobody_in(rule: Manifest, asked_for: str) -> None:
    found = await isolation(policy(ingress=[rule]))

    assert (found.admits_anyone, found.admitted, found.asked_for) == (False, "", asked_for)


@pytest.mark.parametrize(
    "ghost",
    [
        pod("ghost", labels={"tier": "backend"}, phase="Succeeded"),
        pod("ghost", labels={"tier": "backend"}, deleted=True),
        pod("ghost", labels={"tier": "backend"}, host_network=True),
        pod("ghost", labels={"tier": "backend"}, namespace="other"),
    ],
    ids=["it has ended", "it is on its way out", "it uses the Node's address", "another namespace"],
)
async def test_a_pod_that_policies_do_not_mean_lets_nobody_in(ghost: Manifest) -> None:
    found = await isolation(ghost, policy(ingress=[allow({"podSelector": labels(tier="backend")})]))

    assert not found.admits_anyone


async def test_pods_of_namespaces_that_are_selected_by_label_are_let_in() -> None:
    rule = allow({"namespaceSelector": labels(team="a"), "podSelector": labels(app="till")})
    guest = pod("guest", namespace="tills", labels={"app": "till"})
    found = await isolation(policy(ingress=[rule]), namespace("tills", team="a"), namespace("shop"), guest)

    assert (found.admits_anyone, found.admitted) == (True, "Pods app=till in Namespaces team=a")


async def test_a_namespace_without_the_label_is_not_let_in() -> None:
    rule = allow({"namespaceSelector": labels(team="a")})
    guest = pod("guest", namespace="tills", labels={"app": "till"})
    found = await isolation(policy(ingress=[rule]), namespace("tills", team="b"), namespace("shop"), guest)

    assert (found.admits_anyone, found.asked_for) == (False, "all Pods in Namespaces team=a")


TILLS_OF_TEAM_A = policy(ingress=[allow({"namespaceSelector": labels(team="a"), "podSelector": labels(app="till")})])


@pytest.mark.parametrize("few", [0, 100])
@pytest.mark.parametrize(("team", "admitted"), [("a", True), ("b", False)])
async def test_of_a_large_cluster_the_namespaces_that_policies_select_are_read(
    few: int, team: str, admitted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_probes, "FEW_PODS", few)
    guest = pod("guest", namespace="tills", labels={"app": "till"})
    found = await isolation(TILLS_OF_TEAM_A, namespace("tills", team=team), namespace("shop"), guest)

    assert found.admits_anyone is admitted


async def test_more_namespaces_than_can_be_read_are_said_to_be_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_probes, "FEW_PODS", 0)
    monkeypatch.setattr(policy_probes, "MOST_NAMESPACES", 1)
    cluster = from_manifests(service(), pod(), TILLS_OF_TEAM_A, namespace("tills", team="a"), namespace("shop"))
    [found] = await facts_of(target_isolation, cluster, WEB)

    assert isinstance(found, Unknown)
    assert found.detail == "policies select 2 namespaces, too many to read at once"


async def test_policies_add_up_and_the_first_by_name_is_named() -> None:
    found = await isolation(policy("b-wall"), policy("a-door", ingress=[allow({"podSelector": labels(app="till")})]))

    assert (found.policies, found.policy, found.admits_anyone) == (2, "a-door", True)


@pytest.mark.parametrize(
    "other",
    [
        policy(pods=labels(app="db")),
        policy(namespace="other"),
        policy(types=["Egress"]),
    ],
    ids=["another Pod", "another namespace", "egress only"],
)
async def test_a_policy_that_does_not_concern_the_target_isolates_nothing(other: Manifest) -> None:
    found = await isolation(other)

    assert found.policies == 0


async def test_a_pod_with_the_address_of_its_node_is_isolated_by_nothing() -> None:
    target = pod("web-0", host_network=True)
    [found] = await facts_of(target_isolation, from_manifests(service(), target, policy()))

    assert isinstance(found, TargetIsolation)
    assert found.policies == 0


async def test_a_pod_that_the_symptom_names_is_a_target_too() -> None:
    named = Scope(namespaces=("shop",), backends=(Subject("Pod", "shop", "till-1"),))
    found = await isolation(policy(), scope=named)

    assert (found.pod, found.service, found.policies) == ("till-1", "", 1)


async def test_namespaces_are_read_only_where_a_policy_selects_them() -> None:
    manifests = (service(), pod(), policy(ingress=[allow({"podSelector": labels(app="till")})]))
    cluster = CachedCluster(from_manifests(*manifests))
    await target_isolation.observe(cluster, WEB)

    assert cluster.read == 3
    assert Namespace in target_isolation.reads


async def count(*manifests: Manifest, scope: Scope) -> PolicyCount:
    [fact] = await facts_of(policy_count, from_manifests(*manifests), scope)
    assert isinstance(fact, PolicyCount)
    return fact


async def test_the_policies_of_the_symptoms_namespaces_are_counted() -> None:
    found = await count(policy("b"), policy("a"), policy(namespace="other"), scope=WEB)

    assert found == PolicyCount(policies=2, namespaces=1, example_namespace="shop", example_name="a")


async def test_for_the_whole_cluster_all_policies_are_counted() -> None:
    found = await count(policy("b"), policy(namespace="other"), scope=Scope(cluster_wide=True))

    assert found == PolicyCount(policies=2, namespaces=2, example_namespace="other", example_name="wall")


async def test_no_policies_are_a_count_too() -> None:
    assert await count(service(), scope=WEB) == PolicyCount(
        policies=0, namespaces=0, example_namespace="", example_name=""
    )
