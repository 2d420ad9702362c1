"""The node helper: the program that runs on Nodes, its manifest, and how to ask it."""
