"""What the cluster would do with a packet, worked out from its objects. Pure functions, no I/O."""
