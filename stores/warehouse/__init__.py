"""The warehouse: building, publishing and reading a base, and what went into it.

Models belong to `dbt_project/`.
"""
