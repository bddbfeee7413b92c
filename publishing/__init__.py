"""Floor 1: what must hold before a build becomes the base, and the manifest that it gets.

Which inputs a base is made of is collected here, how they are stored is `stores`' business, what is made of
them is dbt's. No Dagster.
"""
