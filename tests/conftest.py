"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from bot.node.manifest import manifest
from bot.settings import Settings
from tests import testbed
from tests.testbed import TestBed

__all__ = ["TestBed"]

# A machine that is busy with something else is slow, and not wrong.
hypothesis.settings.register_profile("netmedic", deadline=None)
hypothesis.settings.load_profile("netmedic")


def install_helper(bed: TestBed) -> None:
    """Have this version of the node helper on every Node."""
    settings = Settings()
    bed.apply(*manifest(image="testbed/nettools:1", namespace=settings.helper_namespace, labels=settings.helper_labels))
    bed.kubectl("-n", settings.helper_namespace, "rollout", "status", "daemonset/netmedic-helper", "--timeout=120s")


@pytest.fixture(scope="session")
def test_bed() -> Iterator[TestBed]:
    """The real test cluster with the node helper; its tests are marked ``cluster``, and skipped where there is none."""
    try:
        with testbed.running() as bed:
            install_helper(bed)
            yield bed
    except testbed.CannotStart as problem:
        pytest.skip(str(problem))
