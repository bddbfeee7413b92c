"""The operations database: what changes during the day, one schema for SQLite and PostgreSQL.

Domain code builds its statements from these tables; parquet tables stand in `stores.schemas`.
"""
