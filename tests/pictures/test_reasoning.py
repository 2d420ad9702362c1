"""The rule chain as a picture."""

from __future__ import annotations

import dataclasses

from bot.diagnosis.report import Proof
from bot.pictures.reasoning import MOST_FACTS, MOST_PIECES, reasoning_picture
from tests.diagnosis_fixtures import DROPS, NEIGHBOUR, changed, diagnosis
from tests.pictures.drawn import texts

NAMES = [
    "steal-starves-packets",
    "node_softnet",
    "cpu-steal-high",
    "node_cpu",
    "interface-drops-rising",
    "node_interface",
]


def proof(depth: int, *, facts: int = 1) -> Proof:
    below = (proof(depth - 1, facts=facts),) if depth else ()
    return Proof(rule=f"rule-{depth}", summary=f"Finding {depth}.", evidence=(DROPS,) * facts, because=below)


def test_a_cause_stands_above_its_facts_and_what_it_rests_on() -> None:
    drawn = texts(reasoning_picture(diagnosis(), NEIGHBOUR))

    assert [text for text in drawn if text in NAMES] == NAMES


def test_facts_come_with_their_values_and_source() -> None:
    drawn = " ".join(texts(reasoning_picture(diagnosis(), NEIGHBOUR)))

    assert "steal_permille 312" in drawn
    assert "from node2:/proc/stat" in drawn


def test_those_who_cannot_see_it_are_told_the_same() -> None:
    said = reasoning_picture(diagnosis(), NEIGHBOUR).alt_text

    assert "cpu-steal-high: The host takes 31.2 % of node2's CPU time for others. Facts: node_cpu." in said


def test_a_finding_that_two_others_rest_on_is_drawn_once() -> None:
    shared = proof(0)
    twice = dataclasses.replace(proof(0), summary="Top.", because=(shared, shared))
    drawn = texts(reasoning_picture(diagnosis(), changed(NEIGHBOUR, proof=twice)))

    assert (drawn.count("Finding 0."), drawn.count("see above")) == (1, 1)


def test_more_facts_than_there_is_room_for_are_counted() -> None:
    drawn = texts(reasoning_picture(diagnosis(), changed(NEIGHBOUR, proof=proof(0, facts=MOST_FACTS + 3))))

    assert "and 3 more facts" in drawn


def test_a_chain_without_end_is_cut_and_says_so() -> None:
    picture = reasoning_picture(diagnosis(), changed(NEIGHBOUR, proof=proof(MOST_PIECES)))

    assert f"and {2 * (MOST_PIECES + 1) - MOST_PIECES} more: see the text" in texts(picture)
    assert picture.png
