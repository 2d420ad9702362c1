"""The Slack bot: thin listeners, and pure functions from a diagnosis to blocks."""
