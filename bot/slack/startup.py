"""Starting: what has to be set, and what keeps the bot from starting in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.settings import Alerts
from bot.settings import Slack as SlackSettings
from bot.slack.errors import CannotServe


def check(settings: SlackSettings, alerts: Alerts) -> None:
    """Check that the mode has the secrets it needs.

    Raises:
        CannotServe: One is missing, or is in the place of another.
    """
    bot, app = settings.bot_token.get_secret_value(), settings.app_token.get_secret_value()
    if not bot:
        raise CannotServe(missing("bot_token", "the token that begins with xoxb-, under “OAuth & Permissions”"))
    if bot.startswith("xapp-"):
        raise CannotServe("slack.bot_token holds an app-level token (xapp-); it wants the one of the bot (xoxb-).")
    if settings.mode == "socket" and not app:
        raise CannotServe(
            missing("app_token", "the token that begins with xapp-, under “Basic Information”, “App-Level Tokens”")
        )
    if settings.mode == "http" and not settings.signing_secret.get_secret_value():
        raise CannotServe(missing("signing_secret", "the “Signing Secret”, under “Basic Information”"))
    if alerts.token.get_secret_value() and not alerts.channel:
        raise CannotServe("NETMEDIC_ALERTS__CHANNEL is not set (alerts.channel): the id of the channel for alerts.")


def missing(setting: str, what: str) -> str:
    """Return that a setting is missing, and where in the Slack app it is found."""
    name = f"NETMEDIC_SLACK__{setting.upper()}"
    return f"{name} is not set (slack.{setting} in the settings file): {what} of the Slack app. See docs/slack.md."


@contextmanager
def starting(settings: SlackSettings) -> Iterator[None]:
    """Say in words what keeps the bot from starting.

    Raises:
        CannotServe: With those words.
    """
    try:
        yield
    except SlackApiError as problem:
        setting = "app_token" if "apps.connections.open" in problem.response.api_url else "bot_token"
        raise CannotServe(f"Slack refuses slack.{setting}: {problem.response['error']}.") from problem
    except (aiohttp.ClientError, TimeoutError) as problem:
        raise CannotServe(
            f"Slack cannot be reached at {settings.api_url} ({type(problem).__name__}). "
            "Check the network, HTTPS_PROXY and SSL_CERT_FILE."
        ) from problem
    except OSError as problem:
        raise CannotServe(
            f"Port {settings.http_port} of {settings.http_host} cannot be used ({problem.strerror}): "
            "set slack.http_port to another."
        ) from problem
