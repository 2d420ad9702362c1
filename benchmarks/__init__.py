"""Measurements: medians, and the ratio to a named baseline on the same machine. ``make bench`` runs them all."""
