"""netmedic: find out why a Kubernetes cluster's network is failing, prove it, and offer the fix."""

__version__ = "0.1.0"
