"""Every probe there is."""
