"""What NetworkPolicies do to the Pods of their namespace, whoever connects."""

from __future__ import annotations

from bot.cluster.manifests import from_manifests
from bot.facts.policy import PolicyCoverage, PolicyEffect
from bot.facts.scope import Scope
from bot.probes.policy_effect import policy_coverage, policy_effect
from tests.probes.manifests import WEB, Manifest, facts_of, pod
from tests.probes.test_policy import CLIENT, allow, labels, policy
from tests.probes.test_policy_flow import SCOPE, egress

HOST = pod("agent", host_network=True)
GONE = pod("gone", phase="Succeeded")


async def effects(*manifests: Manifest, scope: Scope = WEB) -> list[PolicyEffect]:
    found = await facts_of(policy_effect, from_manifests(pod(), CLIENT, HOST, GONE, *manifests), scope)
    return [fact for fact in found if isinstance(fact, PolicyEffect)]


async def effect(*manifests: Manifest, scope: Scope = WEB) -> PolicyEffect:
    [found] = await effects(*manifests, scope=scope)
    return found


async def covered(*manifests: Manifest) -> PolicyCoverage:
    [found] = await facts_of(policy_coverage, from_manifests(pod(), CLIENT, HOST, GONE, *manifests), WEB)
    assert isinstance(found, PolicyCoverage)
    return found


async def test_a_policy_for_all_pods_that_names_one_application_shuts_out_the_others() -> None:
    assert await effect(policy("rule", ingress=[allow({"podSelector": labels(app="web")})])) == PolicyEffect(
        namespace="shop",
        name="rule",
        selected="all Pods",
        selects_all_pods=True,
        pods=2,
        selected_pods=2,
        isolates_ingress=True,
        isolates_egress=False,
        ingress_rules=1,
        egress_rules=0,
        named="Pods app=web",
        names_own_pods=True,
        shut_out_pods=1,
        alone_pods=2,
        mute_pods=0,
        client_named=False,
    )


async def test_a_rule_for_everybody_shuts_out_nobody() -> None:
    found = await effect(policy(ingress=[{}]))

    assert (found.named, found.names_own_pods, found.shut_out_pods) == ("", False, 0)


async def test_a_rule_for_another_namespace_names_others_than_its_own_pods() -> None:
    found = await effect(policy(ingress=[allow({"namespaceSelector": labels(team="a")})]))

    assert (found.names_own_pods, found.shut_out_pods) == (False, 2)


async def test_a_policy_is_not_alone_where_another_isolates_the_same_pod() -> None:
    rule, wall = await effects(policy("rule", pods=labels(app="web")), policy("wall"))

    assert (rule.selected_pods, rule.alone_pods) == (1, 0)
    assert (wall.selected_pods, wall.alone_pods) == (2, 1)


async def test_pods_that_no_policy_lets_send_anything_are_mute() -> None:
    lone = await effect(egress("wall"))
    opened = await effects(egress("wall"), egress("door", pods=labels(app="web"), rules=[{}]))

    assert (lone.isolates_ingress, lone.isolates_egress, lone.mute_pods, lone.shut_out_pods) == (False, True, 2, 0)
    assert [(item.name, item.mute_pods) for item in opened] == [("door", 0), ("wall", 1)]


async def test_a_policy_can_select_nobody() -> None:
    found = await effect(policy(pods=labels(app="nobody")))

    assert (found.selected_pods, found.selected) == (0, "Pods app=nobody")


async def test_it_is_told_whether_the_symptom_names_who_connects() -> None:
    assert (await effect(policy(), scope=SCOPE)).client_named


async def test_without_policies_there_is_nothing_to_tell() -> None:
    assert await effects() == []


async def test_pods_that_no_policy_isolates_are_counted() -> None:
    found = await covered(policy(pods=labels(app="web")), policy("other", namespace="other"))

    assert found == PolicyCoverage(
        namespace="shop",
        policies=1,
        pods=2,
        open_ingress_pods=1,
        open_egress_pods=2,
        open_to_all_namespaces_pods=0,
        default_deny_ingress=False,
        default_deny_egress=False,
    )


async def test_what_is_open_to_all_namespaces_is_counted() -> None:
    everybody = await covered(policy(ingress=[{}]))
    namespaces = await covered(policy(ingress=[allow({"namespaceSelector": {}})]))
    some = await covered(policy(ingress=[allow({"namespaceSelector": labels(team="a")})]))

    assert [one.open_to_all_namespaces_pods for one in (everybody, namespaces, some)] == [2, 2, 0]


async def test_a_namespace_without_policies_is_open() -> None:
    found = await covered()

    assert (found.policies, found.pods, found.open_ingress_pods, found.default_deny_ingress) == (0, 2, 2, False)


async def test_a_default_deny_is_a_policy_for_all_pods_without_rules() -> None:
    ingress = await covered(policy())
    opened = await covered(policy(ingress=[{}]))
    closed = await covered(egress())

    assert (ingress.default_deny_ingress, ingress.default_deny_egress, ingress.open_ingress_pods) == (True, False, 0)
    assert not opened.default_deny_ingress
    assert (closed.default_deny_ingress, closed.default_deny_egress, closed.open_egress_pods) == (False, True, 0)
