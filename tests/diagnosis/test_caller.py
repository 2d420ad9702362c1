"""Who calls, where the words leave it open."""

from __future__ import annotations

import pytest

from bot.facts.scope import Scope
from tests.diagnosis.asking import names, scope_of
from tests.diagnosis.manifests import Manifest, app, namespace, pods_of, workload


def calling(name: str, *addresses: str, place: str = "shop") -> list[Manifest]:
    """A Deployment that nothing stands before, and what its Pod is configured with."""
    [made] = pods_of(place, name, 1, ip="10.244.9")
    made["spec"]["containers"][0]["env"] = [{"name": f"A{i}_ADDR", "value": it} for i, it in enumerate(addresses)]
    return [workload(place, name), made]


CALLER = "Pod shop/reviews-5f6d7c8b9-bbbbb"
WORLD = [*namespace("shop", "other"), *app("shop", "gallery", ip="10.96.0.7"), *app("shop", "media", ip="10.96.0.8")]


async def asked(text: str, *more: Manifest) -> Scope:
    return await scope_of(text, *WORLD, *more)


@pytest.mark.parametrize(
    "text",
    [
        "is gallery in shop down? reviews says: Connection timed out after 2001 milliseconds",
        "gallery in shop times out. I see it in reviews",
        "nobody touched gallery but reviews times out since someone cleaned up labels. ns shop",
        "each deploy of gallery = a few seconds of connection refused at reviews, ns shop",
    ],
)
@pytest.mark.parametrize(
    "address", ["gallery:80", "http://gallery.shop/x", "gallery.shop.svc.cluster.local:80", "10.96.0.7:80"]
)
async def test_a_workload_of_the_text_that_is_configured_to_call_the_other_is_the_caller(
    text: str, address: str
) -> None:
    scope = await asked(text, *calling("reviews", address))

    assert (names(scope.clients), names(scope.services)) == ([CALLER], ["Service shop/gallery"])


async def test_a_reader_is_told_who_was_taken_for_the_caller() -> None:
    scope = await asked("is gallery in shop down? reviews says: Connection timed out", *calling("reviews", "gallery"))

    assert scope.notes == (
        "Deployment shop/reviews was read as who calls: it is configured to call Service shop/gallery.",
    )


async def test_an_address_outside_has_its_caller_too() -> None:
    text = "reviews (shop): connect timeout to 192.0.2.88 port 8080"
    scope = await asked(text, *calling("reviews", "192.0.2.88:8080"))

    assert (names(scope.clients), scope.outside_host) == ([CALLER], "192.0.2.88")


@pytest.mark.parametrize("address", ["media:80", "gallery.other:80", "10.96.0.9:80"])
async def test_a_workload_that_calls_something_else_is_no_caller(address: str) -> None:
    scope = await asked("is gallery in shop down? reviews says: Connection timed out", *calling("reviews", address))

    assert (scope.clients, names(scope.services), scope.notes) == ((), ["Service shop/gallery"], ())


async def test_what_nobody_can_call_times_out_at_the_one_service_it_calls() -> None:
    scope = await asked("reviews in shop times out", *calling("reviews", "media:80"))

    assert (names(scope.clients), names(scope.services)) == ([CALLER], ["Service shop/media"])


async def test_of_two_services_it_may_be_either() -> None:
    scope = await asked("reviews in shop times out", *calling("reviews", "media:80", "gallery:80"))

    assert (scope.clients, scope.services) == ((), ())


async def test_what_is_down_is_meant_itself() -> None:
    scope = await asked("reviews in shop is down", *calling("reviews", "media:80"))

    assert (scope.clients, names(scope.backends)) == ((), [CALLER])


async def test_a_part_of_a_word_is_no_name() -> None:
    scope = await asked(
        "gallery in shop times out, see gallery-reviews and reviews.example.com", *calling("reviews", "gallery")
    )

    assert scope.clients == ()
