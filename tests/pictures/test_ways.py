"""Round trips and loss between Nodes as a heat map."""

from __future__ import annotations

import dataclasses
import time

import pytest

from bot.pictures.canvas import WIDTH
from bot.pictures.raster import ZOOM
from bot.pictures.ways import LATE_US, LOST_PERMILLE, SILENT, ways_picture
from tests.diagnosis_fixtures import diagnosis
from tests.pictures.drawn import size, texts
from tests.pictures.samples import node, way, ways

PAIR = dataclasses.replace(way(0, 1, nodes=2), lost=0)


@pytest.mark.parametrize(
    ("lost", "median_us", "colour"),
    [
        (0, 499, LATE_US[0][1]),
        (0, 500, LATE_US[1][1]),
        (0, 49_999, LATE_US[3][1]),
        (0, 50_000, LATE_US[4][1]),
        (1, 499, LOST_PERMILLE[0][1]),
        (2, 499, LOST_PERMILLE[1][1]),
        (5, 499, LOST_PERMILLE[1][1]),
        (6, 499, LOST_PERMILLE[2][1]),
        (20, 0, SILENT),
    ],
)
def test_cells_are_coloured_by_loss_and_else_by_how_late_answers_are(lost: int, median_us: int, colour: str) -> None:
    one = dataclasses.replace(PAIR, lost=lost, median_us=median_us)

    in_legend = 1
    assert ways_picture(diagnosis(ways=(one,))).svg.count(f'fill="{colour}"') == in_legend + 1


def test_worst_pairs_are_named_silent_ones_first_without_the_domain_that_all_share() -> None:
    silent = dataclasses.replace(PAIR, lost=20, median_us=0)
    lossy = dataclasses.replace(PAIR, node=node(1), peer=node(0), lost=3, median_us=1500)
    picture = ways_picture(diagnosis(ways=(lossy, silent)))

    drawn = texts(picture)
    assert drawn[drawn.index("Worst pairs") + 1 :][:4] == [
        "no answer",
        "ip-10-0-0-0 → ip-10-0-0-1",
        "1.5 ms, 15 % lost",
        "ip-10-0-0-1 → ip-10-0-0-0",
    ]
    assert f"{node(0)} to {node(1)}: no answer. {node(1)} to {node(0)}: 1.5 ms, 15 % lost." in picture.alt_text


@pytest.mark.parametrize(("nodes", "said"), [(60, "between Nodes"), (61, "between zones"), (200, "between zones")])
def test_more_than_sixty_nodes_are_shown_by_zone(nodes: int, said: str) -> None:
    drawn = " ".join(texts(ways_picture(diagnosis(ways=ways(nodes)))))

    assert said in drawn
    assert ("1 eu-north-1a" in drawn) is (said == "between zones")


@pytest.mark.parametrize("nodes", [2, 16, 17, 60, 200])
def test_it_is_as_wide_as_a_phone_however_many_nodes_there_are(nodes: int) -> None:
    picture = ways_picture(diagnosis(ways=ways(nodes)))

    assert size(picture.png)[0] == WIDTH * ZOOM


def test_two_hundred_nodes_are_laid_out_quickly() -> None:
    known = diagnosis(ways=ways(200))
    started = time.process_time()
    ways_picture(known)

    assert time.process_time() - started < 1


def test_the_overlay_is_shown_where_it_was_measured() -> None:
    both = (PAIR, dataclasses.replace(PAIR, layer="underlay"))

    assert "overlay" in ways_picture(diagnosis(ways=both)).alt_text
    assert "underlay" in ways_picture(diagnosis(ways=both), layer="underlay").alt_text


def test_nothing_measured_is_said() -> None:
    drawn = " ".join(texts(ways_picture(diagnosis())))

    assert "No ways were measured: no node helpers, or one Node only." in drawn
