"""What outlives the process: incidents, plans, approvals, audit. The only home of SQLAlchemy."""
