"""Sentences with values in them."""

from __future__ import annotations

import pytest

from bot.engine.holes import tell


@pytest.mark.parametrize(("permille", "told"), [(334, "33.4 %"), (5, "0.5 %"), (1000, "100.0 %")])
def test_a_share_in_permille_is_told_in_percent(permille: int, told: str) -> None:
    assert tell("{cpu.steal_permille} ‰ of it", {"cpu": {"steal_permille": permille}}) == f"{told} of it"


def test_a_value_is_put_in_as_it_is() -> None:
    values: dict[str, dict[str, str | int | bool]] = {"pod": {"name": "{pod.port} ‰", "port": 80}}

    assert tell("Pod {pod.name} on {pod.port}", values) == "Pod {pod.port} ‰ on 80"
