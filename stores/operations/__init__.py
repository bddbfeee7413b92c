"""The ledger: the operations database, which holds what changes during the day; one schema for SQLite and PostgreSQL.

Its tables are in the `…_tables` modules, one per subject, and other rooms build their statements from them. Parquet
tables are in `stores.schemas`, migrations in `stores.migrations`.
"""
