"""How well a word fits a name: what is forgiven, and what is not."""

from __future__ import annotations

import pytest

from bot.diagnosis.names import Fit, best, fitting


@pytest.mark.parametrize(
    ("word", "name", "fit"),
    [
        ("web", "web", Fit.EXACT),
        ("orders", "order", Fit.SAME),
        ("order", "orders", Fit.SAME),
        ("policies", "policy", Fit.SAME),
        ("productcatalog", "product-catalog", Fit.SAME),
        ("product-catalog", "productcatalogservice", Fit.SAME),
        ("catalog-product", "product-catalog", Fit.SAME),
        ("cart", "cart-svc", Fit.SAME),
        ("cart-service", "cart", Fit.SAME),
        ("node-2", "node2", Fit.SAME),
        ("web", "web-frontend", Fit.PREFIX),
        ("ip-10-0-1-2", "ip-10-0-1-2.ec2.internal", Fit.PREFIX),
        ("catalog", "product-catalog", Fit.PART),
        ("db", "orders-db", Fit.PART),
        ("chekout", "checkout", Fit.FUZZY),
        ("checkuot", "checkout", Fit.FUZZY),
        ("recomendatoin", "recommendation", Fit.FUZZY),
    ],
)
def test_forgiven(word: str, name: str, fit: Fit) -> None:
    found = fitting(word, name)

    assert found is not None
    assert found.fit is fit


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("cart", "card"),  # four letters: no typing error is forgiven
        ("db", "dc"),
        ("reach", "teach"),  # the first letter has to be right
        ("checkot", "checkups"),  # seven letters: one error, not two
        ("ledger", "leger-old"),
        ("web-1", "web-2"),
        ("node-3", "node-4"),
        ("dns", "dn"),
        ("art", "cart"),
        ("car", "cart"),
        ("webfront", "web"),
    ],
)
def test_not_forgiven(word: str, name: str) -> None:
    assert fitting(word, name) is None


def test_one_error_from_five_letters_on_and_two_from_eight() -> None:
    assert fitting("stok", "stock") is None
    assert fitting("stokc", "stock") is not None
    assert fitting("chekuot", "checkout") is None
    assert fitting("chekcuot", "checkout") is not None


def test_better_fits_win_over_worse_ones() -> None:
    names = ["webb", "web-api", "my-web", "webs", "web"]

    order = []
    while names:
        _, found = best("web", ((name, name) for name in names))
        order += found
        names = [name for name in names if name not in found] if found else []

    assert order == ["web", "webs", "web-api", "my-web"]


def test_fewer_errors_win() -> None:
    assert best("recomendation", [("recommendation", 1), ("recomendatoins-x", 2)]) == (Fit.FUZZY, [1])


def test_equally_good_ones_are_all_returned() -> None:
    assert best("redis", [("redis-master", 1), ("redis-replica", 2), ("rediss", 3)]) == (Fit.PREFIX, [1, 2])


def test_a_worse_fit_than_asked_for_does_not_count() -> None:
    assert best("web", [("web-api", 1)], worst=Fit.SAME) == (None, [])
    assert best("chekout", [("checkout", 1)], worst=Fit.PART) == (None, [])
