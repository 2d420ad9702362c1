"""What Slack sends, read into values."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.form_blocks import CLUSTER, SYMPTOM
from bot.slack.ports import Person, Place

Json = dict[str, Any]
"""A payload as Slack writes it; the keys are in Slack's reference of commands, events and interactions."""

MARKUP = re.compile(r"<(?P<sign>[@#!]?)(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command."""

    delivery: str
    """The same for every delivery of the same thing."""
    name: str
    text: str
    person: Person
    channel: str
    trigger_id: str


@dataclass(frozen=True, kw_only=True)
class Mention:
    """The bot was mentioned in a message."""

    delivery: str
    text: str
    person: Person
    place: Place
    """The thread it was mentioned in; the message itself opens one where there is none yet."""
    is_from_bot: bool


@dataclass(frozen=True, kw_only=True)
class Click:
    """A button was pressed, or an entry of a menu chosen."""

    delivery: str
    trigger_id: str
    action: str
    value: str
    person: Person
    place: Place
    """The thread of the message; the message itself opens one where it is in none."""
    message: str
    """Its timestamp; empty in a modal."""
    blocks: tuple[Json, ...]
    """The message's blocks as Slack has them now."""


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A message was chosen to be diagnosed."""

    delivery: str
    trigger_id: str
    text: str
    """All that can be read in the message, that of attachments too."""
    person: Person
    place: Place


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A form was sent."""

    delivery: str
    text: str
    cluster: str
    """Number of the chosen cluster; empty where there is none to choose, or none was chosen."""
    wants_cluster: bool
    metadata: str
    person: Person


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A form about a plan was sent."""

    delivery: str
    metadata: str
    values: Mapping[str, str]
    """What was put into its inputs, by their ids, as it was typed."""
    person: Person


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody opened App Home."""

    delivery: str
    person: Person


def command(body: Json) -> Command:
    """Read a slash command."""
    return Command(
        delivery=f"command/{body['trigger_id']}",
        name=body["command"],
        text=as_typed(body.get("text") or ""),
        person=Person(team=body.get("team_id") or "", user=body["user_id"]),
        channel=body["channel_id"],
        trigger_id=body["trigger_id"],
    )


def mention(body: Json) -> Mention:
    """Read an app_mention event."""
    event = body["event"]
    return Mention(
        delivery=f"event/{body['event_id']}",
        text=as_typed(event.get("text") or ""),
        person=Person(
            team=event.get("user_team") or event.get("team") or body.get("team_id") or "", user=event.get("user") or ""
        ),
        place=Place(channel=event["channel"], thread=event.get("thread_ts") or event["ts"]),
        is_from_bot="bot_id" in event,
    )


def click(body: Json) -> Click:
    """Read a block_actions interaction."""
    action, user, message = body["actions"][0], body["user"], body.get("message") or {}
    chosen = action.get("selected_option") or action
    team = user.get("team_id") or (body.get("team") or {}).get("id") or ""
    channel = (body.get("channel") or {}).get("id") or ""
    return Click(
        delivery=f"click/{body['trigger_id']}",
        trigger_id=body["trigger_id"],
        action=action["action_id"],
        value=chosen.get("value") or "",
        person=Person(team=team, user=user["id"]),
        place=Place(channel=channel, thread=message.get("thread_ts") or message.get("ts") or ""),
        message=message.get("ts") or "",
        blocks=tuple(message.get("blocks") or ()),
    )


def shortcut(body: Json) -> Shortcut:
    """Read a message shortcut."""
    message, user = body["message"], body["user"]
    return Shortcut(
        delivery=f"shortcut/{body['trigger_id']}",
        trigger_id=body["trigger_id"],
        text=as_typed(text_of(message)),
        person=Person(team=user.get("team_id") or (body.get("team") or {}).get("id") or "", user=user["id"]),
        place=Place(channel=body["channel"]["id"], thread=message.get("thread_ts") or message["ts"]),
    )


def filled(body: Json) -> Filled:
    """Read a view_submission of the form."""
    view, user = body["view"], body["user"]
    values = view["state"]["values"]
    chosen = (values.get(CLUSTER) or {}).get(CLUSTER) or {}
    return Filled(
        delivery=f"form/{view['id']}/{view.get('hash') or ''}",
        text=as_typed(values[SYMPTOM][SYMPTOM].get("value") or ""),
        cluster=(chosen.get("selected_option") or {}).get("value") or "",
        wants_cluster=CLUSTER in values,
        metadata=view.get("private_metadata") or "",
        person=Person(team=user.get("team_id") or (body.get("team") or {}).get("id") or "", user=user["id"]),
    )


def submission(body: Json) -> Submission:
    """Read a view_submission of a form of texts."""
    view, user = body["view"], body["user"]
    return Submission(
        delivery=f"form/{view['id']}/{view.get('hash') or ''}",
        metadata=view.get("private_metadata") or "",
        values={name: inputs[name].get("value") or "" for name, inputs in view["state"]["values"].items()},
        person=Person(team=user.get("team_id") or (body.get("team") or {}).get("id") or "", user=user["id"]),
    )


def visit(body: Json) -> Visit:
    """Read an app_home_opened event."""
    event = body["event"]
    return Visit(
        delivery=f"event/{body['event_id']}",
        person=Person(team=event.get("user_team") or body.get("team_id") or "", user=event["user"]),
    )


def text_of(message: Json) -> str:
    """Return what can be read in a message: its text, and what tools attach, which alerts come as."""
    attached = (
        part
        for attachment in message.get("attachments") or ()
        for part in (attachment.get("pretext"), attachment.get("title"), attachment.get("text"), *_fields(attachment))
        if part
    )
    texts = [message.get("text") or "", *attached]
    if not any(text.strip() for text in texts):
        texts = [attachment.get("fallback") or "" for attachment in message.get("attachments") or ()]
    return "\n".join(text for text in texts if text.strip())


def _fields(attachment: Json) -> Iterator[str]:
    for field in attachment.get("fields") or ():
        yield f"{field.get('title') or ''}: {field.get('value') or ''}"


def as_typed(text: str) -> str:
    """Return a text as the person typed it: Slack turns host names into links, people into ids, ``<`` into entities."""
    return html.unescape(MARKUP.sub(_typed, text)).strip()


def _typed(markup: re.Match[str]) -> str:
    label: str | None = markup["label"]
    match markup["sign"]:
        case "@" | "!":
            return ""
        case "#":
            return label or ""
        case _:
            return label or re.sub(r"^(?:https?://|mailto:)", "", markup["target"])
