"""Floor 0: the only Python that opens a store.

Evidence, vault, lake, warehouse, operations database and journal each have one module here.
Rules, formats and Dagster do not belong here; no module of this room imports one above it.
"""
