"""Alembic migrations of the operations database, run by `stores.migrations.migrate.migrate`.

Rules: a rename is add, backfill, remove in three revisions; a downgrade refuses in words. The tables of today are in
`stores.operations`.
"""
