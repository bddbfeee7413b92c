"""Floor 3: the code location for Dagster and the `filiation` command.

Jobs, schedules, sensors, resources and the wiring of commands to rooms belong here; parsing, SQL and HTTP do not.
"""
