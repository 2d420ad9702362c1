"""The image of bot and helper: how its root file system is made."""
