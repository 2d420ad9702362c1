"""What people write, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.cleaning import TEXT_LIMIT, clean
from bot.diagnosis.symptom import Mention, Role, SymptomError, parse
from bot.facts.scope import SymptomKind

PHRASINGS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("phrasings.yaml").read_text())


def name_of(mention: Mention) -> str:
    return "*" if mention.generic else mention.name


@pytest.mark.parametrize("row", PHRASINGS, ids=[row["say"][:60] for row in PHRASINGS])
def test_words_say(row: dict[str, Any]) -> None:
    symptom = parse(row["say"], namespace=row.get("given", ""))
    guessed = "?" if symptom.namespace and not symptom.namespace_certain else ""
    sources = [word.mention.name for word in symptom.words if word.role is Role.SOURCE]
    said = {
        "kind": str(symptom.kind),
        "source": name_of(symptom.source),
        "source_kind": symptom.source.kind,
        "more_sources": sources[1:],
        "target": name_of(symptom.target),
        "target_kind": symptom.target.kind,
        "target_namespace": symptom.target.namespace,
        "namespace": symptom.namespace + guessed,
        "nodes": [node.name for node in symptom.nodes],
        "address": symptom.address,
        "port": symptom.port,
        "since": symptom.since,
        "doubtful": symptom.doubtful,
    }
    empty = {"kind": "unknown", "nodes": [], "more_sources": [], "port": 0, "doubtful": False}
    beside = {"source_kind", "target_kind", "target_namespace"} - row.keys()

    expected = {key: row.get(key, empty.get(key, "")) for key in said}

    assert {key: said[key] for key in said.keys() - beside} == {key: expected[key] for key in said.keys() - beside}


@pytest.mark.parametrize(
    "client", ["cart", "search-api", "import", "chat-v2", "notes-svc", "x", "3scale", "auth-backend"]
)
@pytest.mark.parametrize("target", ["ledger", "export", "metrics", "forms-server", "session", "planner-api", "a.b-c"])
@pytest.mark.parametrize(
    "sentence",
    [
        "{client} cannot reach {target} in namespace {ns}",
        "{ns}: {client} gets timeouts from {target}",
        "{target} ({ns}) is unreachable from {client}",
        "calls from {client} to {target} in {ns} fail, the pods of {target} look fine",
        "connection refused: {client} -> {target} (namespace {ns})",
    ],
)
def test_any_name_keeps_its_part(sentence: str, client: str, target: str) -> None:
    symptom = parse(sentence.format(client=client, target=target, ns="depot-bcdf"))

    assert (symptom.source.name, symptom.target.name, symptom.namespace) == (client, target, "depot-bcdf")


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t", "?!", "<@U024BE7LH>", "<!channel> :fire:", "\x00\x07", "\u200b\u202e", "```\n```"]
)
def test_nothing_to_read_is_refused(text: str) -> None:
    with pytest.raises(SymptomError) as refused:
        parse(text)

    assert str(refused.value) == (
        "The symptom is empty. Say in one sentence who cannot reach what, "
        "for example: checkout cannot reach redis in namespace shop."
    )


def test_ten_kilobytes_are_refused_with_the_limit_and_what_to_do() -> None:
    with pytest.raises(SymptomError) as refused:
        parse("web is down. " * 800)

    assert str(refused.value) == (
        "The symptom has 10,400 characters; at most 2,000 are read. Say in one sentence who cannot reach what, "
        "for example: checkout cannot reach redis in namespace shop. Leave logs and whole alerts out."
    )


def test_the_limit_is_the_last_length_that_is_read() -> None:
    text = "web is down" + "!" * (TEXT_LIMIT - 11)

    assert parse(text).target.name == "web"
    with pytest.raises(SymptomError):
        parse(text + "!")


@pytest.mark.parametrize(
    ("pasted", "plain"),
    [
        ("<@U024BE7LH> web is down", "web is down"),
        ("<!here|here> web is down <!subteam^S1|@net>", "web is down"),
        ("<#C1|ops> web", "web"),
        ("<http://web.shop:80|web.shop:80> hangs", "web.shop:80 hangs"),
        ("<http://web.shop:80> hangs", "http://web.shop:80 hangs"),
        ("<https://grafana.example.com/d/1|this graph> web", "this graph web"),
        ("ask <mailto:a@example.com|a@example.com>", "ask"),
        ("web -&gt; db &amp; cache", "web -> db & cache"),
        ("*web* _db_ ~cache~ nf_conntrack_max", "web db cache nf_conntrack_max"),
        ("web :fire: :rotating_light: redis:6379", "web redis:6379"),
        ("\u201cweb\u201d can\u2019t \u2192 db", '"web" can\'t -> db'),
        ("web\x00is\x1b[31m down\x1b[0m", "web is down"),
        ("we\u200bb \u202eis down", "web is down"),
        ("```\nweb is down\n```", "web is down"),
        ("> web is down\n> db too", "web is down\ndb too"),
        ("\uff57eb is down", "web is down"),
    ],
)
def test_pasted_text_is_cleaned(pasted: str, plain: str) -> None:
    assert clean(pasted) == plain


def test_slack_mention_cannot_come_out_of_entities() -> None:
    assert "<!channel>" in clean("&lt;!channel&gt; web")  # plain text, for the output to escape


def test_more_than_one_kind_is_told_by_the_one_that_counts() -> None:
    assert parse("DNS lookups time out").kind is SymptomKind.DNS
    assert parse("intermittent timeouts").kind is SymptomKind.TIMEOUT
    assert parse("intermittent 502").kind is SymptomKind.FLAPPING


def test_what_only_happened_before_does_not_tell_the_kind() -> None:
    assert parse("web is slow since node1 died").kind is SymptomKind.SLOW


def test_a_name_that_is_fine_is_for_comparison() -> None:
    symptom = parse("cart cannot reach ledger, invoice can")

    assert [(word.mention.name, word.role) for word in symptom.words] == [
        ("cart", Role.SOURCE),
        ("ledger", Role.TARGET),
        ("invoice", Role.OTHER),
    ]


def test_quotes_make_a_name_of_any_word() -> None:
    assert parse("`requests` is down").target.certain
    assert not parse("requests time out").target


def test_a_port_that_is_none_is_left_out() -> None:
    assert parse("web:65535 hangs").port == 65535
    assert parse("web:65536 hangs").port == 0


def test_hosts_outside_are_told_from_names_of_the_cluster_and_from_files() -> None:
    assert parse("web cannot reach api.example.com").hosts == ("api.example.com",)
    assert parse("web cannot reach db.shop.svc.cluster.local").hosts == ()
    assert parse("nginx.conf is wrong").hosts == ()


def test_a_pod_s_dashed_dns_name_is_its_address() -> None:
    assert parse("no answer from 10-244-1-7.shop.pod.cluster.local").address == "10.244.1.7"


PIECES = [
    *"->():'\"`[]{},.|\n",
    "->",
    "web",
    "db:80",
    "80",
    "10.0.0.1",
    "::1",
    "a.b.svc",
    "x/y",
    "-n",
    "k=v",
    "http://",
]
PIECES += [
    "in",
    "namespace",
    "ns",
    "node",
    "port",
    "cannot",
    "reach",
    "from",
    "to",
    "times out",
    "since",
    "pods",
    "of",
    "it",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.text(max_size=300))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        symptom = parse(text)
    except SymptomError:
        return

    assert all(c.isprintable() or c == "\n" for c in symptom.text)
    assert 0 <= symptom.port <= 65535
    assert not symptom.source or symptom.source.generic or symptom.source in [word.mention for word in symptom.words]
