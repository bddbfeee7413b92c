"""Whether the operations database has the schema of this code; asked before every command and run.

Migrating belongs to `stores.migrations.migrate`. Importing Alembic takes longer than a look-up may last, so the
revision is read from its table and compared with the newest file in `stores/migrations/versions`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, column, inspect, select, table

from terms.errors import UsageError

_VERSIONS = Path(__file__).parent / "versions"


def newest_revision() -> str:
    """Return the newest revision that this code knows: revisions are numbered, and files begin with their number."""
    return max(file.name.split("_")[0] for file in _VERSIONS.glob("[0-9]*_*.py"))


def require_schema(engine: Engine) -> None:
    """Refuse to work on a database of another schema.

    Raises:
        UsageError: it was never migrated, or is older or newer than this code.
    """
    with engine.connect() as connection:
        is_migrated = inspect(connection).has_table("alembic_version")
        query = select(table("alembic_version", column("version_num")))
        found = connection.execute(query).scalar_one_or_none() if is_migrated else None
    newest = newest_revision()
    if found is None or found < newest:
        raise UsageError(
            f"The operations database is at schema {found or 'none'}, this code needs {newest}.",
            "Run `filiation init`.",
        )
    if found > newest:
        raise UsageError(
            f"The operations database is at schema {found}, newer than this code ({newest}).",
            "Run the code that migrated it.",
        )
