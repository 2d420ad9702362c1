from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's settings reaches a test."""
    for name in (
        "COLUMNS",
        "FORCE_COLOR",
        "NO_COLOR",
        "NETMEDIC_DEBUG",
        "NETMEDIC_CONFIG",
        "TTY_COMPATIBLE",
        "TTY_INTERACTIVE",
    ):
        monkeypatch.delenv(name, raising=False)
