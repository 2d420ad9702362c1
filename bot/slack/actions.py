"""The ids of buttons and menus: what a click says to the program. Values behind them are opaque ids."""

from __future__ import annotations

import re
from enum import StrEnum

PREFIX = "netmedic"


class Detail(StrEnum):
    """What a modal shows of a diagnosis."""

    RULED_OUT = "ruled_out"
    NOT_CHECKED = "not_checked"
    ALSO_SEEN = "also_seen"
    REASONING = "reasoning"


APPROVE = f"{PREFIX}.approve"
REJECT = f"{PREFIX}.reject"
REJECTED = f"{PREFIX}.rejected"
"""Callback id of the form for the reason."""
EDIT = f"{PREFIX}.edit"
EDITED = f"{PREFIX}.edited"
"""Callback id of the form with the YAML."""
UNDO = f"{PREFIX}.undo"
CHOOSE = f"{PREFIX}.choose"
AGAIN = f"{PREFIX}.again"
RIGHT = f"{PREFIX}.right"
WRONG = f"{PREFIX}.wrong"
REFRESH = f"{PREFIX}.refresh"
REWORD = f"{PREFIX}.reword"
FORM = f"{PREFIX}.form"
"""Callback id of the form."""
SHORTCUT = f"{PREFIX}.diagnose_this"
"""Callback id of the message shortcut; also in docs/slack-app-manifest.yaml."""
DETAILS = re.compile(rf"^{PREFIX}\.details\.(?:{'|'.join(Detail)})$")


def details(detail: Detail) -> str:
    """Return the id of the button that opens a detail; :func:`detail_of` reads it back."""
    return f"{PREFIX}.details.{detail}"


def detail_of(action: str) -> Detail:
    """Return what a button opens; it is known to match :data:`DETAILS`."""
    return Detail(action.rpartition(".")[2])
