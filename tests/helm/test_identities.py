"""The security page says what the chart's identities may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helm import identities
from tests.helm.chart import helm

pytestmark = pytest.mark.skipif(helm() is None, reason="there is no helm; `make chart` fetches it")


def test_the_tables_of_the_security_page_are_fresh() -> None:
    assert identities.main(["--check"]) == 0


def test_a_right_that_is_not_in_the_chart_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "security.md"
    page.write_text(
        identities.PAGE.read_text().replace("| writer |", "| writer | the whole cluster | get | `secrets` |", 1)
    )

    assert identities.main(["--check"], page) == 1
    assert identities.main(["--write"], page) == 0
    assert page.read_text() == identities.PAGE.read_text()


def test_nobody_reads_secrets_changes_rights_or_is_somebody_else() -> None:
    told = identities.tables()

    assert not [
        word for word in ("`secrets", "`roles", "`clusterroles", "bindings", "impersonate", "*") if word in told
    ]


def test_the_helper_may_ask_the_api_server_nothing() -> None:
    assert "| helper | nowhere | nothing: it has no token | |" in identities.tables()
