"""Brings the operations database to the newest schema.

The tables are in `stores.operations`, their history in `stores.migrations`. This module is imported only where a
database is migrated, because Alembic is slow to import; `stores.migrations.schema_version` checks which schema a
database has.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from stores.operations.database import rewriting


def migrate(engine: Engine) -> str:
    """Run every migration that has not run yet and return the revision reached; safe to repeat.

    Raises:
        UsageError: rows of the ledger break what its new schema asks for; nothing was changed.
    """
    newest = head()
    with engine.connect() as connection:
        reached = MigrationContext.configure(connection).get_current_revision()
    if reached != newest:
        with rewriting(engine) as connection:
            command.upgrade(_config(connection), "head")
    return newest


def head() -> str:
    """Return the newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config(None)).get_current_head()
    return str(revision)


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
