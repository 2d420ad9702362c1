"""The Slack app: built from its dependencies, its listeners attached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Slack as SlackSettings
from bot.slack import (
    approve,
    choose,
    details,
    diagnose,
    edit,
    feedback,
    form,
    home,
    mention,
    messages,
    reject,
    undo,
    unknown,
)
from bot.slack.api import Slack
from bot.slack.approve import Approval
from bot.slack.carry_out import Carrier
from bot.slack.deliver import Deliverer
from bot.slack.desk import Desk
from bot.slack.details import Archive
from bot.slack.diagnose import Counter
from bot.slack.edit import Editing
from bot.slack.feedback import Feedback
from bot.slack.form import Form
from bot.slack.gate import Gate
from bot.slack.health import Check
from bot.slack.home import Home
from bot.slack.identity import Identity, authorizer
from bot.slack.information import Information
from bot.slack.investigate import Investigator
from bot.slack.ledger import Ledger
from bot.slack.live import Pace
from bot.slack.mail import Mail, Postman
from bot.slack.mention import Listener
from bot.slack.ports import Backend
from bot.slack.privacy import Privacy
from bot.slack.questions import Questions
from bot.slack.reception import Reception, once_among_replicas
from bot.slack.reject import Rejection
from bot.slack.successor import Successor
from bot.slack.undo import Undoing
from bot.slack.work import Work


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the listeners share, put together once."""

    identity: Identity
    slack: Slack
    work: Work
    reception: Reception
    carrier: Carrier
    investigator: Investigator
    successor: Successor
    information: Information
    postman: Postman


def assemble(
    settings: SlackSettings,
    backend: Backend,
    *,
    identity: Identity,
    client: AsyncWebClient,
    checks: Mapping[str, Check],
    pace: Pace,
) -> Parts:
    """Return the parts of a bot; ``checks`` are those of Slack and the store."""
    slack = Slack(client=client)
    work = Work(claim=once_among_replicas(backend.store.conversation))
    mail = Mail(slack=slack, outbox=backend.store.outbox)
    investigator = Investigator(
        mail=mail,
        diagnose=backend.diagnose,
        clusters=backend.clusters,
        deliverer=Deliverer(
            identity=identity,
            mail=mail,
            pictures=backend.pictures,
            remedies=backend.remedies,
            store=backend.store,
        ),
        work=work,
        questions=Questions(conversation=backend.store.conversation),
        privacy=Privacy(details_channel=settings.details_channel, private_channels=settings.private_channels),
        pace=pace,
        ledger=Ledger(answers=backend.store.answers),
    )
    return Parts(
        identity=identity,
        slack=slack,
        work=work,
        reception=Reception(gate=gate_of(settings, slack), work=work),
        carrier=Carrier(mail=mail, remedies=backend.remedies, work=work, pace=pace),
        investigator=investigator,
        successor=Successor(investigator=investigator),
        information=Information(
            store=backend.store,
            clusters=backend.clusters,
            rules=backend.rules,
            checks={**checks, **backend.checks},
            single_operator=backend.remedies.policy.single_operator,
            work=work,
        ),
        postman=Postman(slack=slack, outbox=backend.store.outbox),
    )


def gate_of(settings: SlackSettings, slack: Slack) -> Gate:
    """Return who may ask, and where; the channel for details is always one of them."""
    details = (settings.details_channel,) if settings.channels and settings.details_channel else ()
    return Gate(
        slack=slack,
        workspaces=settings.workspaces,
        channels=(*settings.channels, *details),
        user_groups=settings.user_groups,
    )


def build(parts: Parts, *, signing_secret: str) -> AsyncApp:
    """Return the app.

    A request goes through: signature (HTTP mode), workspace, then the one listener that takes it. A listener reads,
    acknowledges, and begins work; nothing in it waits.
    """
    slack, investigator, information, reception = parts.slack, parts.investigator, parts.information, parts.reception
    app = AsyncApp(
        name="netmedic",
        client=without_token(slack.client),
        signing_secret=signing_secret,
        authorize=authorizer(parts.identity),
        user_facing_authorize_error_message=messages.refusals.foreign(),
    )
    filled = Form(slack=slack, clusters=investigator.clusters, investigator=investigator)
    counter = Counter(bot_user=parts.identity.bot_user, form=filled, information=information, investigator=investigator)
    diagnose.register(app, counter, reception)
    mention.register(app, Listener(slack=slack, information=information, investigator=investigator), reception)
    form.register(app, filled, reception)
    choose.register(app, investigator, reception)
    archive = Archive(slack=slack, information=information, deliverer=investigator.deliverer)
    details.register(app, archive, reception)
    feedback.register(
        app, Feedback(identity=parts.identity, investigator=investigator, store=information.store), reception
    )
    home.register(
        app,
        Home(slack=slack, information=information, gate=reception.gate, privacy=investigator.privacy),
        parts.work,
    )
    desk = Desk(
        identity=parts.identity,
        slack=slack,
        remedies=parts.carrier.remedies,
        deliverer=investigator.deliverer,
    )
    approve.register(app, Approval(desk=desk, carrier=parts.carrier), parts.work)
    reject.register(app, Rejection(desk=desk), parts.work)
    edit.register(app, Editing(desk=desk), parts.work)
    undo.register(app, Undoing(desk=desk), reception)
    unknown.register(app)
    return app


def without_token(client: AsyncWebClient) -> AsyncWebClient:
    """Return the client that Bolt copies for every request; nothing here calls Slack with those copies."""
    return AsyncWebClient(base_url=client.base_url, session=client.session, proxy=client.proxy)
