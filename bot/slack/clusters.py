"""Which cluster is meant: by its name in the text, by the thread's earlier answer, by the channel; else it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.facts.scope import Subject

KIND = "Cluster"
"""Of the candidates when people are asked which cluster they mean."""


@dataclass(frozen=True, kw_only=True)
class KnownCluster:
    """A cluster the bot looks at."""

    name: str
    """What people call it."""
    context: str
    """What a diagnosis calls it."""
    channels: tuple[str, ...] = ()
    """Ids of the channels in which it is meant where no other is named."""


@dataclass(frozen=True)
class Clusters:
    """The clusters one bot looks at; at least one."""

    known: tuple[KnownCluster, ...]

    def choose(self, text: str, *, channel: str, earlier: str = "") -> tuple[str, str]:
        """Return the cluster that is meant, empty where it has to be asked, and the text without its name."""
        if len(self.known) == 1:
            return self.known[0].name, text
        for cluster in sorted(self.known, key=lambda known: len(known.name), reverse=True):
            for naming in _ways_to_name(cluster.name):
                rest, count = naming.subn(" ", text, count=1)
                if count:
                    return cluster.name, " ".join(rest.split())
        return earlier or self.of_channel(channel), text

    def of_channel(self, channel: str) -> str:
        """Return the cluster a channel belongs to; empty where it belongs to none, or to several."""
        here = [cluster.name for cluster in self.known if channel in cluster.channels]
        return here[0] if len(here) == 1 else ""

    def of_context(self, context: str) -> str:
        """Return the name of the cluster that a diagnosis was made in; empty where it is no longer known."""
        return next((cluster.name for cluster in self.known if cluster.context == context), "")

    def is_known(self, name: str) -> bool:
        """Tell whether there is a cluster of this name."""
        return any(cluster.name == name for cluster in self.known)

    def candidates(self) -> tuple[Subject, ...]:
        """Return the clusters to choose from, as answers to a question."""
        return tuple(Subject(KIND, "", cluster.name) for cluster in self.known)


def _ways_to_name(name: str) -> Iterator[re.Pattern[str]]:
    """Yield the ways people name a cluster; a bare name may be a namespace, and counts only where it ends a text."""
    word = rf"(?<![\w./-]){re.escape(name)}(?![\w./-])"
    before = r"(?:(?<!\w)(?:in|on|at|of|for)\s+)?(?:the\s+)?"
    for pattern in (
        rf"{before}(?<!\w)cluster\s+{word}",
        rf"{before}{word}\s+cluster(?!\w)",
        rf"^\s*{word}\s*:(?!\d)",
        rf"(?<!\w)(?:in|on|at)\s+{word}\s*[?.!]?\s*$",
    ):
        yield re.compile(pattern, re.IGNORECASE)
