WITHOUT = "durable_rules loads on Python 3.11 and 3.12 only"
