"""Brings the operations database to the newest schema, or says that it is not there.

The schema itself stands in `stores.operations`, its history in `stores/migrations`. Imported only by
commands that migrate or check: Alembic is slow to import.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from stores.operations import transaction
from terms.errors import UsageError


def migrate(engine: Engine) -> str:
    """Run every migration that has not run yet and return the revision reached; safe to repeat."""
    with transaction(engine) as connection:
        command.upgrade(_config(connection), "head")
    return head()


def head() -> str:
    """Return the newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config(None)).get_current_head()
    return str(revision)


def require_head(engine: Engine) -> None:
    """Refuse to work on a database of another schema.

    Raises:
        UsageError: the database is older or newer than this code.
    """
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != head():
        raise UsageError(f"The operations database is at schema {found}, not {head()}.", "Run `filiation init`.")


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
