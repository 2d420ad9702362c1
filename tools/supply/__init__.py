"""What this repository brings along: no secret, licences that are allowed, no known vulnerability."""
