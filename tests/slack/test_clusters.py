"""Which cluster is meant."""

from __future__ import annotations

import pytest

from bot.diagnosis.scope import Ambiguous
from bot.facts.scope import Subject
from bot.slack.clusters import Clusters, KnownCluster
from tests.slack.conftest import Bot
from tests.slack.test_flows import thread_of_the_only_message

PROD = KnownCluster(name="prod", context="gke_prod", channels=("CPROD", "CBOTH"))
STAGING = KnownCluster(name="prod-staging", context="kind-shop", channels=("CBOTH",))
TWO = Clusters((PROD, STAGING))


@pytest.mark.parametrize(
    ("text", "channel", "earlier", "meant", "rest"),
    [
        ("web cannot reach cart in prod", "C", "", "prod", "web cannot reach cart"),
        ("web cannot reach cart on prod-staging?", "C", "", "prod-staging", "web cannot reach cart"),
        ("Prod: dns is slow", "C", "", "prod", "dns is slow"),
        ("dns is slow in the prod cluster since noon", "C", "", "prod", "dns is slow since noon"),
        ("dns is slow in cluster prod-staging", "CPROD", "prod", "prod-staging", "dns is slow"),
        ("web in prod cannot reach cart", "C", "", "", "web in prod cannot reach cart"),
        ("prod:8080 refuses", "C", "", "", "prod:8080 refuses"),
        ("dns is slow in prod-eu", "C", "", "", "dns is slow in prod-eu"),
        ("dns is slow", "CPROD", "", "prod", "dns is slow"),
        ("dns is slow", "CPROD", "prod-staging", "prod-staging", "dns is slow"),
        ("dns is slow", "CBOTH", "", "", "dns is slow"),
        ("dns is slow", "C", "", "", "dns is slow"),
    ],
)
def test_it_is_named_or_the_threads_or_the_channels(
    text: str, channel: str, earlier: str, meant: str, rest: str
) -> None:
    assert TWO.choose(text, channel=channel, earlier=earlier) == (meant, rest)


def test_the_only_one_is_meant_and_its_name_left_in_the_text() -> None:
    assert Clusters((PROD,)).choose("web in prod", channel="C") == ("prod", "web in prod")


def test_a_diagnosis_leads_back_to_its_cluster() -> None:
    assert TWO.of_context("kind-shop") == "prod-staging"
    assert TWO.of_context("gone") == ""


async def test_a_named_cluster_is_the_one_that_is_looked_at(any_bot: Bot) -> None:
    any_bot.clusters = TWO

    async with any_bot.runs():
        await any_bot.edge.slash("web cannot reach checkout in prod-staging")
        await any_bot.edge.until(lambda: any_bot.store.documents)

    assert any_bot.diagnose.asked == [("web cannot reach checkout", {})]
    assert any_bot.diagnose.clusters == ["prod-staging"]


async def test_where_it_is_not_clear_people_are_asked(any_bot: Bot) -> None:
    any_bot.clusters = TWO
    edge = any_bot.edge

    async with any_bot.runs():
        await edge.slash("web cannot reach checkout")
        await edge.until_said("It is not clear what *the cluster* is. Which one is meant?")
        _, [question] = await thread_of_the_only_message(any_bot)
        await edge.click(question, "netmedic.choose", option=1)
        await edge.until(lambda: any_bot.store.documents)

        _, [answer] = await thread_of_the_only_message(any_bot)
    assert answer["ts"] == question["ts"]
    assert any_bot.diagnose.clusters == ["prod-staging"]


async def test_the_cluster_stays_when_a_name_has_to_be_chosen_too(bot: Bot) -> None:
    bot.clusters = TWO
    bot.diagnose.answer = Ambiguous(word="cart", candidates=(Subject("Service", "shop", "cart"),))
    edge = bot.edge

    async with bot.runs():
        await edge.slash("prod: web cannot reach cart")
        await edge.until_said("It is not clear what *cart* is.")
        _, [question] = await thread_of_the_only_message(bot)
        bot.diagnose.answer = RuntimeError("enough")
        await edge.click(question, "netmedic.choose")
        await edge.until(lambda: len(bot.diagnose.clusters) == 2)

    assert bot.diagnose.clusters == ["prod", "prod"]
