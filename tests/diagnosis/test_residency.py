"""The regions that the settings allow to the namespaces of a symptom."""

from __future__ import annotations

import pytest

from bot.diagnosis.residency import Residency
from bot.facts.scope import Scope

RULES = Residency(
    regions={"pay": ("eu-north-1",), "*": ("eu-north-1", "eu-west-1")}, outside={"oslo.example.net": "eu-north-1"}
)


def test_a_namespace_is_held_to_its_own_regions_and_any_other_to_those_of_all() -> None:
    scope = RULES.applied_to(Scope(namespaces=("pay", "shop")), "x")

    assert scope.regions_allowed == (("pay", ("eu-north-1",)), ("shop", ("eu-north-1", "eu-west-1")))


def test_without_regions_nothing_is_held() -> None:
    assert Residency().applied_to(Scope(namespaces=("pay",)), "x").regions_allowed == ()
    assert Residency(regions={"pay": ("a",)}).applied_to(Scope(namespaces=("shop",)), "x").regions_allowed == ()


def test_for_the_whole_cluster_the_namespaces_that_are_named_are_held() -> None:
    assert RULES.applied_to(Scope(cluster_wide=True), "x").regions_allowed == (("pay", ("eu-north-1",)),)


def test_the_region_of_a_host_outside_is_known_from_the_settings() -> None:
    assert RULES.applied_to(Scope(outside_host="oslo.example.net"), "x").outside_region == "eu-north-1"
    assert RULES.applied_to(Scope(outside_host="lima.example.net"), "x").outside_region == ""


@pytest.mark.parametrize(
    "text",
    [
        "does payments data leave the EU?",
        "data residency of payments",
        "which region do the pods of payments run in",
        "is customer data stored in another country",
        "traffic of payments goes abroad",
        "GDPR: where does shop call to",
        "pods of payments run in the wrong region",
    ],
)
def test_questions_about_where_data_is(text: str) -> None:
    assert RULES.applied_to(Scope(), text).asks_residency


@pytest.mark.parametrize("text", ["web cannot reach db", "timeouts to Oslo", "latency between regions is high"])
def test_other_symptoms_do_not_ask_for_it(text: str) -> None:
    assert not RULES.applied_to(Scope(), text).asks_residency
