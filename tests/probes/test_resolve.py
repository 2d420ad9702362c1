"""What Nodes are answered by the cluster's DNS."""

from __future__ import annotations

from dataclasses import replace

from bot.cluster.memory import MemoryCluster
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.dns import DnsAnswer, DnsName, DnsReach, DnsServer
from bot.facts.scope import Scope, Subject
from bot.probes.resolve import dns_answer, dns_name, dns_reach, dns_server
from tests.probes.dns_cluster import BY_POD, FROM_NODE2, NOBODY, OUTSIDE, WEB, answers, cluster
from tests.probes.manifests import Manifest, facts_of, unknown_of


async def reach(reading: MemoryCluster) -> dict[str, DnsReach]:
    facts = await facts_of(dns_reach, reading, FROM_NODE2)
    return {fact.node: fact for fact in facts if isinstance(fact, DnsReach)}


async def name(reading: MemoryCluster, wanted: str) -> DnsName:
    facts = await facts_of(dns_name, reading, FROM_NODE2)
    [found] = [fact for fact in facts if isinstance(fact, DnsName) and fact.dns_name == wanted]
    return found


async def test_each_server_is_asked_for_each_name_in_both_types_from_the_nodes_of_the_path_and_of_the_servers() -> None:
    reading = cluster(node1=answers(), node2=answers())
    facts = [fact for fact in await facts_of(dns_answer, reading, FROM_NODE2) if isinstance(fact, DnsAnswer)]

    assert len(facts) == 2 * 2 * 3 * 2
    assert {fact.node for fact in facts} == {"node1", "node2"}
    assert (
        DnsAnswer(
            node="node2",
            server=BY_POD,
            pod="kube-dns-1",
            dns_name=WEB,
            type="A",
            asked=5,
            answered=5,
            silent_permille=0,
            rcode="NOERROR",
            addresses="10.96.0.7",
            fastest_us=1000,
            slowest_us=1000,
        )
        in facts
    )


async def test_a_service_that_is_silent_while_its_pods_answer_is_told_apart_by_node() -> None:
    found = await reach(cluster(node1=answers(), node2=answers(service={"lost": 5})))

    assert (found["node2"].service_result, found["node2"].pods_result, found["node2"].elsewhere) == (
        "silent",
        "answers",
        "answers",
    )
    assert (found["node1"].service_result, found["node1"].elsewhere) == ("answers", "silent")


async def test_one_answer_is_an_answer() -> None:
    found = await reach(cluster(node1=answers(), node2=answers(service={"lost": 4})))

    assert (found["node2"].service_result, found["node2"].service_answered) == ("answers", 6)


async def test_a_server_is_judged_by_what_its_own_node_gets() -> None:
    reading = cluster(node1=answers(pod={"ms": 300, "lost": 1}), node2=answers(pod={"lost": 5}))
    [found] = [fact for fact in await facts_of(dns_server, reading, FROM_NODE2) if isinstance(fact, DnsServer)]

    assert (found.node, found.near_asked, found.near_lost, found.near_median_ms) == ("node1", 30, 6, 300)
    assert (found.asked, found.answered, found.ready, found.workload) == (60, 24, True, "kube-dns")


async def test_a_name_is_compared_with_its_service() -> None:
    found = await name(cluster(node1=answers(), node2=answers()), WEB)

    assert (found.about, found.rcode, found.as_expected, found.others_resolve) == ("service", "NOERROR", True, True)
    assert found.age_seconds == 120


async def test_a_name_that_is_denied_is_found_in_the_servers_arguments() -> None:
    denied = answers(web={"code": "NXDOMAIN", "ip": ""})
    words = ("dnsmasq", f"--address=/{WEB}/", "--local=/cluster.local/")
    found = await name(cluster(scope_words=words, node1=denied, node2=denied), WEB)

    assert (found.rcode, found.addresses, found.as_expected) == ("NXDOMAIN", "none", False)
    assert found.override == f"--address=/{WEB}/"


async def test_a_denied_name_that_no_setting_speaks_of_has_no_override() -> None:
    denied = answers(web={"code": "NXDOMAIN", "ip": ""})
    found = await name(cluster(scope_words=("dnsmasq",), node1=denied, node2=denied), WEB)

    assert found.override == ""


async def test_where_unknown_names_go_is_told() -> None:
    words = ("dnsmasq", "--server=198.51.100.35", "--server=/corp.example/192.0.2.7")
    found = await name(cluster(scope_words=words, node1=answers(), node2=answers()), WEB)
    unsaid = await name(cluster(scope_words=("dnsmasq",), node1=answers(), node2=answers()), WEB)

    assert (found.forwards_to, unsaid.forwards_to) == ("198.51.100.35", "nothing that its settings name")


async def test_a_name_outside_is_timed_beside_one_of_the_cluster() -> None:
    reading = cluster(node1=answers(), node2=answers(), outside_ms={"node1": 2, "node2": 900})

    facts = await facts_of(dns_name, reading, replace(FROM_NODE2, outside_host=OUTSIDE))
    [found] = [fact for fact in facts if isinstance(fact, DnsName) and fact.about == "outside"]
    assert (found.node, found.median_ms, found.common_median_ms) == ("node2", 900, 1)


async def test_a_name_nobody_has_is_told_with_what_answers_it() -> None:
    anything = answers(nobody={"code": "NOERROR", "ip": "192.0.2.9"})
    found = await name(cluster(node1=anything, node2=anything), NOBODY)

    assert (found.about, found.rcode, found.addresses) == ("nobody", "NOERROR", "192.0.2.9")


async def test_servers_that_disagree_have_a_mixed_code() -> None:
    found = await name(cluster(node1=answers(), node2=answers(web={"code": "NXDOMAIN", "ip": ""})), WEB)

    assert found.rcode == "mixed"


async def test_the_domain_is_that_of_the_corefile() -> None:
    config: Manifest = {
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "data": {"Corefile": ".:53 {\n  kubernetes example.org\n}\n"},
    }
    said = {question.replace("cluster.local", "example.org"): how for question, how in answers().items()}
    facts = await facts_of(dns_name, cluster(config, node1=said, node2=said), FROM_NODE2)

    assert {fact.dns_name for fact in facts if isinstance(fact, DnsName)} == {
        "kubernetes.default.svc.example.org",
        "netmedic-asks-for-nobody.default.svc.example.org",
        "web.shop.svc.example.org",
    }


async def test_a_node_of_the_path_without_a_helper_is_named() -> None:
    facts: list[Fact] = await facts_of(dns_reach, cluster(node1=answers()), FROM_NODE2)

    assert [(fact.subject, fact.reason) for fact in facts if isinstance(fact, Unknown)] == [("node2", Reason.NO_HELPER)]


async def test_without_any_helper_nothing_is_told() -> None:
    found = await unknown_of(dns_name, cluster(), FROM_NODE2)

    assert (found.reason, found.detail) == (
        Reason.NO_HELPER,
        "no node helper runs in this cluster, so no name could be looked up",
    )


async def test_where_an_address_was_named_no_name_is_looked_up() -> None:
    scope = Scope(namespaces=("shop",), services=(Subject("Service", "shop", "web"),), dns=False)

    assert (await unknown_of(dns_reach, cluster(node1=answers()), scope)).reason is Reason.OUT_OF_SCOPE
