"""The incidents of ``../shared/cases``: made for real on a test cluster, and recorded to be diagnosed without one."""
