"""Whether the operations database is the one that a home was made with: lost, empty or older ones are told in words.

Asked before every command and run, and before a database is migrated: a new empty one would look healthy, and send to
everybody again. Putting a backup back belongs to `stores.backup`, its schema to `stores.migrations.schema_version`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, Table, func, inspect, literal, select

from stores.home import Home
from stores.operations.delivery_tables import deliveries
from stores.operations.log_tables import journal, log_checkpoints
from terms.errors import UsageError

_REMEDY = (
    "Put the newest backup back into a new home (`filiation restore`; docs/runbook.md says how), and do not make an empty one:"
    " it would not know who was sent to and who said STOP."
)


def require_ledger(home: Home, engine: Engine) -> None:
    """Refuse to work where the home knows of what its operations database does not.

    Raises:
        UsageError: a base is published and the database is missing or empty, or the log was signed further than it knows.
    """
    written = written_lines(home)
    if written == 0 and not (home.warehouse / "base.duckdb").exists():
        return
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():  # connecting would make it
        raise UsageError(f"The operations database of {home.root} is gone ({file}).", _REMEDY)
    with engine.connect() as work:
        tables = set(inspect(work).get_table_names())
        if not any(_holds_something(work, table) for table in (journal, deliveries) if table.name in tables):
            raise UsageError(f"The operations database of {home.root} is empty, and the home is not.", _REMEDY)
        signed = signed_lines(work) if log_checkpoints.name in tables else 0
    if written > signed:
        raise UsageError(
            f"The operations database is older than its home: the log was signed at {written} lines, it knows of {signed}.",
            _REMEDY,
        )


def _holds_something(work: Connection, table: Table) -> bool:
    return work.execute(select(literal(1)).select_from(table).limit(1)).first() is not None


def written_lines(home: Home) -> int:
    """Return how many lines the newest checkpoint among the log's files covers; 0 = none was ever signed."""
    names = (file.name for file in (home.log / "checkpoints").glob("*"))
    return max((int(name) for name in names if name.isdecimal()), default=0)


def signed_lines(work: Connection) -> int:
    """Return how many lines the newest checkpoint covers that the database knows of; 0 = it knows of none."""
    return int(work.execute(select(func.max(log_checkpoints.c.size))).scalar() or 0)
