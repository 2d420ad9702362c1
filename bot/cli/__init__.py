"""The command line: thin commands, and pure functions from a diagnosis to text."""
