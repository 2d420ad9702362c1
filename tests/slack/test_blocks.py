"""A diagnosis as blocks: what it says, and that Slack takes it whatever is in it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View as SdkView

from bot.diagnosis.report import Diagnosis
from bot.facts.scope import Subject
from bot.remediation.approval import Policy
from bot.remediation.plan import Plan
from bot.slack.actions import Detail
from bot.slack.blocks import diagnosis_blocks, is_shortened
from bot.slack.detail_blocks import detail_view, loading_view
from bot.slack.plan_blocks import decided_card, plan_card, plan_files
from bot.slack.ports import Person, Place, Question, Request
from bot.slack.question_blocks import question_blocks
from tests.slack import fixtures
from tests.slack.block_rules import message_problems, pings, texts, view_problems
from tests.slack.edge import ALICE, BOB
from tests.slack.fixtures import NASTY, many_causes, noisy_neighbour, nothing_checked, nothing_found, wrong_port

INCIDENT = "1" * 32
POLICY = Policy(approvers=(BOB,))


def shown(blocks: Any) -> str:
    """Return all texts of blocks, one a line."""
    return "\n".join(text for _, text in texts(blocks))


def answer(diagnosis: Diagnosis) -> list[Any]:
    """Return a diagnosis as a message."""
    return [*diagnosis_blocks(diagnosis, incident=INCIDENT)]


def card(plan: Plan, policy: Policy = POLICY) -> list[Any]:
    """Return a plan as a message."""
    return [*plan_card(plan, policy=policy, requester=ALICE)]


def labels(blocks: Any) -> list[str]:
    return [e["text"]["text"] for block in blocks if block["type"] == "actions" for e in block["elements"]]


# What it says ---------------------------------------------------------------------------------------------------------


def test_the_verdict_comes_first_in_one_sentence() -> None:
    [first, *_] = answer(wrong_port())

    assert first["text"]["text"] == (
        "🔴 *Service shop/checkout sends to port 9999, where none of its 2 Pods listens; they listen on 8080.*"
    )


def test_how_the_question_was_understood_is_said() -> None:
    text = shown(answer(wrong_port()))

    assert (
        "understood as unreachable in shop from Pod shop/web-5c7d8-xk2lp to Service shop/checkout"
        " · cluster kind-shop v1.31.2 · 4.2 s"
    ) in text


def test_the_path_is_read_without_colours() -> None:
    text = shown(answer(wrong_port()))

    assert "🟢 ok · *name lookup* cluster DNS · 2 faults ruled out" in text
    assert "🔴 *broken* · *service* Service shop/checkout · cause 1  ← *first broken hop*" in text
    assert (
        "⚪ not checked · *encapsulation* Node node1 to Node node2 · 0 faults ruled out, 2 could not be checked" in text
    )
    assert "🟡 suspicious · *target node* Node node2 · The clock of node2 is 2 s behind." in text


def test_a_cause_has_evidence_with_value_source_and_time() -> None:
    text = shown(answer(wrong_port()))

    assert "*1. The Service sends to a port nobody listens on* · error · proven: seen directly" in text
    assert (
        "What to do: Set targetPort to the port the Pods listen on. "
        "<https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports|Read more>"
    ) in text
    assert "`namespace=shop name=checkout port=80 port_name=http" in text
    assert "· /api/v1/namespaces/shop/services/checkout · 09:15:04 UTC" in text


def test_what_a_cause_explains_is_said() -> None:
    text = shown(answer(noisy_neighbour()))

    assert "It explains: flannel.1 on node2 dropped 5127 packets in 3 s." in text
    assert "2 Pods could not be decoded and were left out." in text


def test_the_rest_is_counted_on_buttons_that_carry_only_the_incident() -> None:
    blocks = answer(wrong_port())

    assert labels(blocks) == [
        *("Ruled out (3)", "Could not check (3)", "Also seen (1)", "Show the reasoning"),
        *("Ask again", "This was it", "Wrong diagnosis"),
    ]
    assert {e["value"] for block in blocks[-2:] for e in block["elements"]} == {INCIDENT}


def test_what_was_not_understood_is_offered_to_be_said_differently() -> None:
    blocks = answer(dataclasses.replace(nothing_checked(), unread=("nothing is called crat",)))

    assert labels(blocks)[-2:] == ["Ask again", "Say it differently"]


def test_what_was_seen_and_what_more_could_be_is_said() -> None:
    text = shown(answer(nothing_checked()))

    assert "seen with access tier 0. The node helper would show more." in text


def test_nothing_found_is_green_only_when_everything_was_looked_at() -> None:
    healthy, blind = (answer(made()) for made in (nothing_found, nothing_checked))

    assert healthy[0]["text"]["text"] == "🟢 *No fault found: 4 ruled out.*"
    assert blind[0]["text"]["text"] == "⚪ *No fault found: 0 ruled out, 3 could not be checked.*"
    assert "That is not a clean bill" in shown(blind)


def test_what_does_not_fit_is_counted_and_the_file_is_named() -> None:
    blocks = answer(many_causes(500))

    text = shown(blocks)
    assert is_shortened(blocks)
    assert "*… and 497 more causes*" in text
    assert text.endswith("Shortened to fit. The whole diagnosis is in the file in this thread.")


def test_what_fits_names_no_file() -> None:
    assert not is_shortened(answer(noisy_neighbour()))


# Modals ---------------------------------------------------------------------------------------------------------------


def test_what_was_ruled_out_has_a_fact_that_shows_it() -> None:
    view = detail_view(Detail.RULED_OUT, wrong_port())

    assert "• Service selects no Pods\n`namespace=shop name=checkout type=ClusterIP" in shown([view])


def test_what_could_not_be_checked_says_why_and_how_to_enable_it() -> None:
    view = detail_view(Detail.NOT_CHECKED, wrong_port())

    assert "• *A Node has no kube-proxy*\nkube_proxy_pod: forbidden (may not list" in shown([view])
    assert "Grant the reader this permission; `netmedic doctor` lists what is missing." in shown([view])


def test_the_reasoning_goes_from_the_conclusion_down_to_the_facts() -> None:
    lines = shown([detail_view(Detail.REASONING, noisy_neighbour())]).splitlines()

    assert [line for line in lines if "`" in line and "•" not in line] == [
        f"∴ {noisy_neighbour().causes[0].summary} `steal-starves-packets`",
        "    because The host takes 31.2 % of node2's CPU time for others. `cpu-steal-high`",
        "    because flannel.1 on node2 dropped 5127 packets in 3 s. `interface-drops-rising`",
        "∴ 3 NetworkPolicies exist; none is enforced. `policy-not-enforced`",
    ]


def test_an_empty_list_says_so() -> None:
    assert shown([detail_view(Detail.ALSO_SEEN, nothing_found())]).splitlines()[-1] == "Nothing."


# Plans ----------------------------------------------------------------------------------------------------------------


def test_a_plan_card_says_what_to_know_before_a_yes() -> None:
    text = shown(card(fixtures.plan()))

    assert "*Proposed fix: Point the Service at the port its Pods listen on*" in text
    assert "*Changes*\nService shop/checkout" in text
    assert "*Who feels it*\nOne Service; connections in flight are not cut." in text
    assert "*Risk*\nlow" in text
    assert "targetPort: 8080" in text
    assert "-    targetPort: 9999\n+    targetPort: 8080" in text
    assert f"· until 09:45 UTC · may be approved by <@{BOB}>, but not by who asked · asked by <@{ALICE}>" in text
    assert f"plan `{fixtures.plan().hash[:12]}`" in text


def test_the_buttons_carry_the_whole_hash_and_nothing_else() -> None:
    plan = fixtures.plan()

    [buttons] = [block for block in card(plan) if block["type"] == "actions"]
    assert [(e["text"]["text"], e["value"]) for e in buttons["elements"]] == [
        ("Approve", plan.hash),
        ("Edit", plan.hash),
        ("Reject", plan.hash),
    ]


def test_without_approvers_the_card_says_that_nobody_may() -> None:
    text = shown(card(fixtures.plan(), Policy(approvers=())))

    assert "*nobody may approve*: no approver is configured" in text


def test_a_plan_that_was_not_tried_has_no_buttons() -> None:
    shown_card = card(fixtures.plan(unchecked="forbidden: patch services"))

    assert labels(shown_card) == []
    assert "*Not applied from here*\nforbidden: patch services" in shown(shown_card)
    assert "*cannot be approved*" in shown(shown_card)


def test_advice_shows_its_commands_and_why_it_is_for_a_person() -> None:
    advice = fixtures.plan(changes=(), diff="", unchecked="the provider sets it", commands=("ip link show",))

    text = shown(card(advice))
    assert "*Not applied from here*\nthe provider sets it\n*For a person to run*\n```\nip link show\n```" in text
    assert "*Changes*" not in text


def test_what_is_known_beforehand_is_on_the_card() -> None:
    text = shown(card(fixtures.plan(foreseen=("The new selector fits 2 Pods, 2 of them ready.",))))

    assert "*What is known beforehand*\n• The new selector fits 2 Pods, 2 of them ready." in text


def test_single_operator_mode_is_on_the_card() -> None:
    text = shown(card(fixtures.plan(), Policy(approvers=(BOB,), single_operator=True)))

    assert f"may be approved by <@{BOB}> · *single-operator mode is on: who asked may approve too*" in text


def test_a_long_diff_is_a_file() -> None:
    plan = fixtures.plan(diff="+ a\n" * 2000)

    assert [file.name for file in plan_files(plan)] == [f"plan-{plan.short}.diff"]
    assert (
        "*What would change*, tried on the API server without changing anything: in the file in this thread."
        in shown(card(plan))
    )


def test_a_decided_card_has_a_line_instead_of_buttons() -> None:
    shown_card = card(fixtures.plan())

    closed = decided_card(shown_card, "🟢 Approved by <@U00000BOB>.")
    assert labels(closed) == []
    assert len(closed) == len(shown_card)
    assert shown(closed[-1:]) == "🟢 Approved by <@U00000BOB>."


# Whatever is in it ----------------------------------------------------------------------------------------------------


def question(names: tuple[str, ...], word: str) -> Question:
    request = Request(symptom="x", requester=Person(team="T1", user=ALICE), place=Place(channel="C1"))
    return Question(request=request, word=word, candidates=tuple(Subject("Service", name, name) for name in names))


def messages_of(diagnosis: Diagnosis, nasty: tuple[str, ...]) -> list[list[Any]]:
    shown_card = card(fixtures.poisoned_plan(nasty))
    return [
        answer(diagnosis),
        shown_card,
        decided_card(shown_card, "closed"),
        question_blocks(question(nasty * 20, nasty[0]), question_id=INCIDENT),
    ]


def check(diagnosis: Diagnosis, nasty: tuple[str, ...]) -> None:
    known = frozenset({ALICE, BOB})
    for blocks in messages_of(diagnosis, nasty):
        assert message_problems(blocks) == []
        assert pings(blocks, known=known) == []
        for block in SdkBlock.parse_all(json.loads(json.dumps(blocks))):
            block.validate_json()
    for detail in Detail:
        view = detail_view(detail, diagnosis)
        assert view_problems(view) == []
        assert pings(view) == []
        SdkView(**json.loads(json.dumps(view))).validate_json()


@pytest.mark.parametrize("nasty", NASTY)
def test_one_nasty_text_everywhere_is_taken_and_pings_nobody(nasty: str) -> None:
    check(fixtures.poisoned(wrong_port(), (nasty,)), (nasty,))


@pytest.mark.parametrize("count", [0, 1, 2, 20, 500])
def test_any_number_of_causes_is_taken(count: int) -> None:
    check(fixtures.poisoned(many_causes(count), NASTY), NASTY)


def test_a_cause_is_shown_whatever_the_rest_holds() -> None:
    blocks = diagnosis_blocks(fixtures.poisoned(many_causes(500), ("x" * 5000,)), incident=INCIDENT)

    assert "*1. xxx" in shown(blocks)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    nasty=st.lists(st.text(max_size=300) | st.sampled_from(NASTY), min_size=1, max_size=5).map(tuple),
    count=st.integers(1, 12),
)
def test_generated_texts_are_taken_and_ping_nobody(nasty: tuple[str, ...], count: int) -> None:
    check(fixtures.poisoned(many_causes(count), nasty), nasty)


@pytest.mark.parametrize("detail", Detail)
def test_a_loading_modal_is_taken(detail: Detail) -> None:
    assert view_problems(loading_view(detail)) == []


def test_a_menu_beyond_its_limit_says_how_to_ask_again() -> None:
    many = question(tuple(f"n{n}" for n in range(150)), "cart")

    blocks: list[Any] = [*question_blocks(many, question_id=INCIDENT)]

    assert len(blocks[1]["elements"][0]["options"]) == 50
    assert shown(blocks).endswith("… and 100 more. If yours is not in the list, ask again with its namespace.")
