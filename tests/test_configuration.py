"""The settings as people meet them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import configuration
from bot.configuration import UnknownSetting, described, in_effect, nearest, refuse_strangers, secrets_in
from bot.settings import Settings, Slack

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("setting", list(described()), ids=lambda each: ".".join(each.path))
def test_every_setting_is_documented(setting: configuration.Described) -> None:
    assert setting.text


def test_the_page_is_fresh() -> None:
    assert (ROOT / configuration.PAGE).read_text(encoding="utf-8") == configuration.page()


def test_the_schema_of_the_chart_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert (ROOT / configuration.CHART_SCHEMA).read_text(encoding="utf-8") == configuration.chart_schema()


def test_a_group_says_what_is_in_it() -> None:
    variables = {each.variable for each in described()}

    assert {"NETMEDIC_SLACK", "NETMEDIC_SLACK__BOT_TOKEN", "NETMEDIC_BUDGET_SECONDS"} <= variables


def test_what_is_in_a_list_has_no_variable_of_its_own() -> None:
    [port] = [each for each in described() if each.path == ("outside_targets[]", "port")]

    assert port.variable == ""
    assert port.default == "443"


def test_no_secret_gets_into_the_schema_of_the_chart() -> None:
    slack = configuration.schema()["properties"]["slack"]["properties"]

    assert "http_port" in slack
    assert not {"bot_token", "app_token", "signing_secret"} & set(slack)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (["bugdet_seconds"], "budget_seconds"),
        (["slack", "bot_tokn"], "slack.bot_token"),
        (["clusters", "0", "nmae"], "clusters.name"),
        (["coffee"], ""),
    ],
)
def test_the_nearest_setting_is_named(wrong: list[str], right: str) -> None:
    assert nearest(wrong) == right


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(UnknownSetting) as refused:
        refuse_strangers({"PATH": "/bin", "NETMEDIC_BUGDET_SECONDS": "3"})

    assert str(refused.value) == (
        "NETMEDIC_BUGDET_SECONDS is no setting; NETMEDIC_BUDGET_SECONDS was probably meant. "
        "docs/configuration.md lists all."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NETMEDIC_BUDGET_SECONDS", "3"),
        ("NETMEDIC_SLACK__MODE", "http"),
        ("NETMEDIC_CONFIG", "settings.yaml"),
        # What kubelet sets for a Service called netmedic.
        ("NETMEDIC_PORT", "tcp://10.96.0.7:80"),
        ("NETMEDIC_PORT_80_TCP_ADDR", "10.96.0.7"),
        ("NETMEDIC_SERVICE_HOST", "10.96.0.7"),
        ("NETMEDIC_SERVICE_PORT_HTTP", "80"),
    ],
)
def test_other_variables_are_left_alone(name: str, value: str) -> None:
    refuse_strangers({name: value})


def test_secrets_are_never_shown() -> None:
    settings = Settings(
        slack=Slack(bot_token=SecretStr("xoxb-secret"), mode="http"),
        database_url="postgresql+psycopg://netmedic:s3cret@db:5432/netmedic",
        traces_endpoint="https://netmedic:tr4cing@collector/v1/traces",
    )

    shown = in_effect(settings)

    assert shown["slack"]["bot_token"] == "**********"
    assert shown["slack"]["mode"] == "http"
    assert shown["database_url"] == "postgresql+psycopg://netmedic:**********@db:5432/netmedic"
    assert shown["traces_endpoint"] == "https://netmedic:**********@collector/v1/traces"
    assert "s3cret" not in str(shown)
    assert set(secrets_in(settings)) >= {"xoxb-secret", "s3cret", "tr4cing"}
    assert "xoxb-secret" not in str(shown)


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///netmedic.db", "postgresql+psycopg://db/netmedic"])
def test_a_url_without_a_password_stays_as_it_is(url: str) -> None:
    assert configuration.without_password(url) == url
