"""Writing in Slack: messages, files, modals. The only place that calls the Web API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.kit import Block, View
from bot.slack.ports import File, Place

NOT_INVITED = frozenset({"not_in_channel", "channel_not_found"})
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
NOT_NOW = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Errors of the Web API that pass by themselves (docs.slack.dev, the errors of every method)."""
SERVER_ERROR = 500


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
    """Slack gave no answer, or said that it cannot now."""

    def __init__(self, reason: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds
        """What Slack asked to wait; 0 where it did not say."""


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

    async def attach(self, place: Place, file: File) -> None:
        """Attach a file, over the external upload flow."""
        with _reasons():
            await self.client.files_upload_v2(
                channel=place.channel,
                thread_ts=place.thread or None,
                filename=file.name,
                title=file.title,
                alt_txt=file.alt_text or None,
                file=file.data,
                request_file_info=False,
            )

    async def publish(self, user_id: str, view: View) -> None:
        """Show a view as a person's App Home."""
        with _reasons():
            await self.client.views_publish(user_id=user_id, view=view)

    async def group_members(self, group: str) -> Sequence[str]:
        """Return the ids of a user group's members; needs the scope ``usergroups:read``."""
        with _reasons():
            answer = await self.client.usergroups_users_list(usergroup=group)
        return [str(user) for user in answer["users"]]

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
        raise _reason(problem) from problem
    except (aiohttp.ClientError, TimeoutError, SlackRequestError) as problem:
        raise Unreachable(type(problem).__name__) from problem


def _reason(problem: SlackApiError) -> CannotWrite:
    """Return what an answer of Slack that is no success means; a gateway's answer is no JSON and has no error."""
    answer = problem.response  # a mapping of slack_sdk's, or aiohttp's answer as it is
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))
    data = getattr(answer, "data", None)
    word = str(data.get("error", "") if isinstance(data, dict) else "") or f"HTTP {status}"
    if word in NOT_NOW or status >= SERVER_ERROR:
        wait = str(answer.headers.get("Retry-After", "0"))
        return Unreachable(word, retry_after_seconds=float(wait) if wait.isdecimal() else 0.0)
    return CannotWrite(word)
