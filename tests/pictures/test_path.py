"""The path as a picture."""

from __future__ import annotations

import pytest

from bot.diagnosis.report import Hop, HopStatus
from bot.pictures.canvas import MARGIN, WIDTH
from bot.pictures.path import path_picture
from bot.pictures.raster import ZOOM
from bot.pictures.words import ALT_LIMIT
from tests.diagnosis_fixtures import diagnosis
from tests.pictures.drawn import columns_with_ink, size, texts

LONG = "a" * 63 + ".w" * 95


def hop(**changes: object) -> Hop:
    values = {"hop": "service", "subject": "Service shop/cart", "status": HopStatus.OK, "detail": "1 fault ruled out"}
    return Hop(**(values | changes))  # type: ignore[arg-type]


BROKEN = hop(status=HopStatus.BROKEN, detail="It sends to port 9090.", first_broken=True)
AFTER = hop(hop="target-pod", subject="Pod shop/cart-1, Pod shop/cart-2", status=HopStatus.NOT_CHECKED)


def test_hops_stand_in_packet_order_with_what_is_known_of_them() -> None:
    drawn = texts(path_picture(diagnosis(path=(hop(hop="name-lookup", subject="cluster DNS"), BROKEN, AFTER))))

    told = ["name lookup", "ok", "Service", "first broken hop", "target Pod", "not checked"]
    assert [text for text in drawn if text in told] == told


def test_each_status_has_a_sign_and_words_besides_its_colour() -> None:
    drawn = texts(path_picture(diagnosis(path=tuple(hop(status=status) for status in HopStatus))))

    assert [text for text in drawn if text in "✓✗!?"] == ["✓", "✗", "!", "?"]
    assert {"ok", "broken", "suspicious", "not checked"} <= set(drawn)


def test_the_way_beyond_the_first_broken_hop_is_dashed() -> None:
    whole = path_picture(diagnosis(path=(hop(), hop(), hop())))
    broken = path_picture(diagnosis(path=(hop(), BROKEN, AFTER, hop())))

    assert (whole.svg.count("stroke-dasharray"), broken.svg.count("stroke-dasharray")) == (0, 2)


def test_those_who_cannot_see_it_are_told_the_same() -> None:
    picture = path_picture(diagnosis(path=(hop(hop="name-lookup", subject="cluster DNS"), BROKEN)))

    assert "1. name lookup cluster DNS: ok. 2. Service Service shop/cart: first broken hop." in picture.alt_text


def test_it_is_as_wide_as_a_phone_and_nothing_is_cut_off_at_the_side() -> None:
    odd = hop(hop=LONG, subject=f"Service {LONG}/{LONG}", detail=f"{LONG} W" + "W" * 200, status=HopStatus.NOT_CHECKED)
    png = path_picture(diagnosis(path=(odd,))).png

    ink = columns_with_ink(png, top=ZOOM * 60)
    assert size(png)[0] == WIDTH * ZOOM == 780
    assert ink[0] >= MARGIN * ZOOM - 1
    assert ink[-1] <= (WIDTH - MARGIN) * ZOOM + 1


@pytest.mark.parametrize("hops", [0, 1, 12])
def test_it_is_as_long_as_its_hops(hops: int) -> None:
    picture = path_picture(diagnosis(path=(hop(),) * hops))

    assert picture.svg.count("<circle") == hops


HOSTILE = [
    "<script>&\"'",
    "\x00\x1b[31m",
    "\u202egnp.exe",
    "\ud800",
    "\uffff",
    "שלום עולם",
    "مرحبا",
    "服务",
    "🚨",
    "@" * 9999,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_can_break_it(text: str) -> None:
    picture = path_picture(diagnosis(path=(hop(subject=text, detail=text, hop=text, first_broken=True),)))

    assert picture.png
    assert len(picture.alt_text) <= ALT_LIMIT


def test_signs_that_turn_the_direction_of_text_are_left_out() -> None:
    picture = path_picture(diagnosis(path=(hop(subject="\u202egnp.exe"),)))

    assert "\u202e" not in picture.svg + picture.alt_text
    assert "gnp.exe" in [text.strip() for text in texts(picture)]


def test_the_same_diagnosis_gives_the_same_bytes() -> None:
    one, other = (path_picture(diagnosis(path=(hop(), BROKEN))) for _ in range(2))

    assert (one.svg, one.png) == (other.svg, other.png)
