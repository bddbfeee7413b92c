"""Floor 2: Dagster assets and asset checks, thin: a decorator, a docstring, a call of floor 1, counts as metadata.

Domain logic, SQL and storage do not belong here; jobs, schedules and resources belong to `pipelines`.
"""
