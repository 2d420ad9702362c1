"""Writing in Slack: messages, files, modals. The only place that calls the Web API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.kit import Block, View
from bot.slack.ports import Place

NOT_INVITED = frozenset({"not_in_channel", "channel_not_found"})
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


class CannotWrite(Exception):
    """Slack did not take it; the text is Slack's own word for the reason."""

    @property
    def is_not_invited(self) -> bool:
        """The bot is not in the channel; a private one it cannot even see."""
        return str(self) in NOT_INVITED

    @property
    def is_gone(self) -> bool:
        """The message was deleted, or is too old to be edited."""
        return str(self) in GONE


class Unreachable(CannotWrite):
    """Slack gave no answer."""


@dataclass(frozen=True, kw_only=True)
class Slack:
    """The workspace, as far as the bot writes in it. Every method raises :class:`CannotWrite` and nothing else."""

    client: AsyncWebClient

    async def post(self, place: Place, text: str, blocks: Sequence[Block] = ()) -> str:
        """Post a message and return its timestamp, which is its id."""
        with _reasons():
            answer = await self.client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread or None,
                text=text,
                blocks=blocks or None,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(answer["ts"])

    async def whisper(self, place: Place, user_id: str, text: str) -> None:
        """Post what only one person sees."""
        with _reasons():
            await self.client.chat_postEphemeral(
                channel=place.channel, thread_ts=place.thread or None, user=user_id, text=text, parse="none"
            )

    async def edit(self, place: Place, ts: str, text: str, blocks: Sequence[Block] = ()) -> None:
        """Replace a message of ours."""
        with _reasons():
            await self.client.chat_update(
                channel=place.channel, ts=ts, text=text, blocks=blocks, parse="none", link_names=False
            )

    async def attach(self, place: Place, *, filename: str, title: str, content: str) -> None:
        """Attach a text as a file."""
        with _reasons():
            await self.client.files_upload_v2(
                channel=place.channel,
                thread_ts=place.thread or None,
                filename=filename,
                title=title,
                content=content,
            )

    async def open(self, trigger_id: str, view: View) -> str:
        """Open a modal and return its id; three seconds after the click it is too late."""
        with _reasons():
            answer = await self.client.views_open(trigger_id=trigger_id, view=view)
        return str(answer["view"]["id"])

    async def fill(self, view_id: str, view: View) -> None:
        """Replace the content of an open modal."""
        with _reasons():
            await self.client.views_update(view_id=view_id, view=view)


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except SlackApiError as problem:
        raise CannotWrite(str(problem.response.get("error", problem.response))) from problem
    except (aiohttp.ClientError, TimeoutError, SlackRequestError) as problem:
        raise Unreachable(type(problem).__name__) from problem
