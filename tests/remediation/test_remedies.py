"""What is proved on a real cluster, against what is shipped and what the documentation says."""

from __future__ import annotations

import re

import pytest

from bot.remediation.playbook import Undo
from tests.remediation.fixtures import REPOSITORY, playbooks
from tests.remediation.remedies import OPEN_SHOP, REMEDIES, Remedy

PROVED = (*REMEDIES, OPEN_SHOP)


@pytest.mark.parametrize("remedy", PROVED, ids=lambda remedy: remedy.rule)
def test_a_cause_is_put_right_by_its_own_playbook_and_undone_where_that_can_be(remedy: Remedy) -> None:
    playbook = playbooks()[remedy.playbook]

    assert remedy.rule in playbook.remedies
    assert remedy.undo is (playbook.undo is Undo.RESTORE)


def test_the_documentation_lists_what_is_proved() -> None:
    text = (REPOSITORY / "docs" / "playbooks.md").read_text()
    _, proved = text.split("## Proved on a real cluster\n", maxsplit=1)

    listed = re.findall(r"^\| `([a-z0-9-]+)` \| `([a-z0-9-]+)` \|", proved, re.MULTILINE)

    assert sorted(listed) == sorted((remedy.rule, remedy.playbook) for remedy in PROVED)
