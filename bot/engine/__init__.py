"""Rules over facts. Nobody outside knows which engine runs them."""
