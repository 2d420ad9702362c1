"""Reading a cluster: one read-only port, and its adapters (live API, bundle file, manifests)."""
