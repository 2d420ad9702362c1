"""Which channels see names and addresses."""

from __future__ import annotations

from dataclasses import dataclass

DIRECT_MESSAGE = "D"
"""Begins the id of a conversation between two."""


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """Where the details of an answer go.

    Slack does not say with a request whether its channel is public, and asking takes a scope: so they are listed.
    """

    details_channel: str = ""
    """Gets every answer that was asked for in a channel not listed; empty: nothing is hidden."""
    private_channels: tuple[str, ...] = ()

    def hides(self, channel: str) -> bool:
        """Tell whether a channel sees no names."""
        shown = (self.details_channel, *self.private_channels)
        return bool(self.details_channel) and channel not in shown and not channel.startswith(DIRECT_MESSAGE)
