"""All wording, as functions by subject. They take raw values, escape and cut them, and return mrkdwn.

Words come before marks: every line is understood without its colour.
"""

from bot.slack.messages import (
    alert,
    answer,
    asking,
    details,
    feedback,
    form,
    home,
    information,
    pieces,
    plan,
    plan_forms,
    progress,
    refusals,
)

__all__ = [
    "alert",
    "answer",
    "asking",
    "details",
    "feedback",
    "form",
    "home",
    "information",
    "pieces",
    "plan",
    "plan_forms",
    "progress",
    "refusals",
]
