"""Exit status: what a script can tell from an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.diagnosis.report import Diagnosis

NOTHING_FOUND = 0
CAUSE_FOUND = 1
COULD_NOT = 2
"""Could not run, or could not check what was asked."""
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""
NOBODY_READS = 141
"""128 + SIGPIPE: the reader of the output went away."""


def answered(diagnosis: Diagnosis) -> bool:
    """Tell whether anything could be checked at all."""
    return bool(diagnosis.causes or diagnosis.also_seen or diagnosis.ruled_out)


def status_of(diagnosis: Diagnosis) -> int:
    """Return the exit status for a diagnosis; a cause of category ``no-fault`` says that nothing is wrong."""
    if any(cause.category != "no-fault" for cause in diagnosis.causes):
        return CAUSE_FOUND
    return NOTHING_FOUND if answered(diagnosis) and not diagnosis.unread else COULD_NOT
