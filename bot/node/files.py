"""How many files Pods have open, as a helper counted them."""

from __future__ import annotations

import msgspec

from bot.node.answers import Answer, Count


class OpenFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Of one Pod, the process that is nearest to its limit."""

    open: Count = 0
    limit: Count = 0
    """RLIMIT_NOFILE, the soft one."""
    error: str = ""
    """Why they could not be counted."""


class FilesOfPods(Answer, frozen=True, kw_only=True):
    """The open files of Pods of one Node, by the Pods' uids."""

    files: dict[str, OpenFiles]
