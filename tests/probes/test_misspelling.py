"""Host names that are written almost like another one."""

from __future__ import annotations

import pytest

from bot.probes.misspelling import is_misspelt


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("app.exmaple.com", "app.example.com"),
        ("app.exampel.com", "app.example.com"),
        ("app.exmapel.com", "app.example.com"),
        ("app.exmple.com", "app.example.com"),
        ("app.example.cmo", "app.example.com"),
        ("pap.example.com", "app.example.com"),
        ("APP.EXMAPLE.COM", "app.example.com"),
        ("shpo.example.com", "shop.example.com"),
        ("shp.example.com", "shop.example.com"),
    ],
)
def test_letters_that_are_swapped_missing_or_wrong(written: str, host: str) -> None:
    assert is_misspelt(written, host)
    assert is_misspelt(host, written)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("app.example.com", "app.example.com"),
        ("app2.example.com", "app1.example.com"),
        ("app-2.example.com", "app.example.com"),
        ("api.example.com", "app.example.com"),
        ("web.example.com", "www.example.com"),
        ("order.example.com", "orders.example.com"),
        ("shop-a.example.com", "shop-b.example.com"),
        ("north.example.com", "south.example.com"),
        ("app.example.org", "app.example.com"),
        ("app.example.co", "app.example.com"),
        ("app.xemapel.com", "app.example.com"),
        ("example.com", "app.example.com"),
        ("warehuose.exmaple.cmo", "warehouse.example.com"),
    ],
)
def test_another_name_is_no_misspelling(written: str, host: str) -> None:
    assert not is_misspelt(written, host)
