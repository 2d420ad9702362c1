"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from tests import testbed
from tests.testbed import TestBed

__all__ = ["TestBed"]

# A machine that is busy with something else is slow, and not wrong.
hypothesis.settings.register_profile("netmedic", deadline=None)
hypothesis.settings.load_profile("netmedic")


@pytest.fixture(scope="session")
def test_bed() -> Iterator[TestBed]:
    """The real test cluster with the node helper; its tests are marked ``cluster``, and skipped where there is none."""
    try:
        with testbed.running() as bed:
            bed.install_helper()
            yield bed
    except testbed.CannotStart as problem:
        pytest.skip(str(problem))
