"""Alembic migrations of the operations database; `stores.operations.migrate` runs them.

Rules: a rename is add, backfill, remove in three revisions; a downgrade refuses in words.
"""
