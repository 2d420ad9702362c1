"""Times of the API."""

from __future__ import annotations

from datetime import datetime


def seconds_since(timestamp: str, now: datetime) -> int:
    """Return the whole seconds since a time of the API; 0 for none, for one in the future, and for what is no time."""
    try:
        return max(0, int((now - datetime.fromisoformat(timestamp)).total_seconds()))
    except (ValueError, TypeError):  # TypeError: without a time zone
        return 0
