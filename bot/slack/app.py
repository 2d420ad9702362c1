"""The Slack app: built from its dependencies, its listeners attached."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import approve, choose, details, diagnose, mention, messages, unknown
from bot.slack.approve import Desk
from bot.slack.carry_out import Carrier
from bot.slack.details import Archive
from bot.slack.identity import Identity, authorizer
from bot.slack.investigate import Investigator
from bot.slack.live import Pace
from bot.slack.ports import Diagnose, Remedies, Store
from bot.slack.questions import Questions
from bot.slack.work import Work


def build(
    *,
    identity: Identity,
    signing_secret: str,
    work: Work,
    carrier: Carrier,
    answer_with: Diagnose,
    remedies: Remedies,
    store: Store,
    pace: Pace,
) -> AsyncApp:
    """Return the app.

    A request goes through: signature (HTTP mode), workspace, then the one listener that takes it. A listener reads,
    acknowledges, and begins ``work``; nothing in it waits.
    """
    slack = carrier.slack
    app = AsyncApp(
        name="netmedic",
        client=without_token(slack.client),
        signing_secret=signing_secret,
        authorize=authorizer(identity),
        user_facing_authorize_error_message=messages.refusals.foreign(),
    )
    investigator = Investigator(
        identity=identity,
        slack=slack,
        diagnose=answer_with,
        remedies=remedies,
        store=store,
        work=work,
        questions=Questions(),
        pace=pace,
    )
    diagnose.register(app, investigator)
    mention.register(app, investigator)
    choose.register(app, investigator)
    details.register(app, Archive(slack=slack, store=store, work=work))
    approve.register(app, Desk(identity=identity, slack=slack, remedies=remedies, carrier=carrier, work=work))
    unknown.register(app)
    return app


def without_token(client: AsyncWebClient) -> AsyncWebClient:
    """Return the client that Bolt copies for every request; nothing here calls Slack with those copies."""
    return AsyncWebClient(base_url=client.base_url, session=client.session, proxy=client.proxy)
