"""Questions that wait for an answer: kept in the store, so that any replica takes the answer, also after a restart."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from bot.slack.ports import Question
from bot.store.conversation import Conversation


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The open questions. Every method may raise :class:`bot.store.records.StoreError`."""

    conversation: Conversation

    async def keep(self, question: Question) -> str:
        """Keep a question, and return its id."""
        return await self.conversation.keep_question(msgspec.json.encode(question).decode())

    async def take(self, question_id: str) -> Question | None:
        """Return a question once; none where it was answered, or another version of the bot asked it."""
        document = await self.conversation.take_question(question_id)
        try:
            return msgspec.json.decode(document, type=Question) if document else None
        except msgspec.ValidationError:
            return None
