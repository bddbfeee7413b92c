"""Engines and transactions of the operations database, on SQLite and PostgreSQL.

Ids are text, instants 64-bit microseconds of UTC, lists and records canonical JSON text. A row that may have been
inserted before is inserted by `insert_once`. Tables are in the `…_tables` modules, migrations in `stores.migrations`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    bindparam,
    column,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError

from stores.operations.plan_tables import LIVING, living_plan
from terms.errors import FiliationError, UsageError


class DatabaseUnavailable(FiliationError):
    """The database can do nothing for us now; what was not committed was not written, and it can be tried again."""


class DatabaseBusy(DatabaseUnavailable):
    """Another process wrote for longer than we wait; nothing of ours was written."""


class DatabaseFull(DatabaseUnavailable):
    """No room is left where the database lies; nothing of ours was written."""


class DatabaseAway(DatabaseUnavailable):
    """The database does not answer, or its connection was lost: nobody knows whether a commit under way was made."""


class RowRefused(FiliationError):
    """A constraint of the ledger refused a row; nothing of its transaction was written, and no value of it is told."""


#: Values of a list in one statement, far below the 32,766 that SQLite takes.
VALUES_AT_ONCE = 500

_SEE_THAT_IT_RUNS = "See that FILIATION_DATABASE_URL is right and its server runs (SQLite: that the home can be written), then run this again."

#: PostgreSQL's code for a full disk, and SQLite's for a file that is no whole database.
_NO_SPACE, _UNREADABLE = "53100", (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

#: PostgreSQL's codes for a table or column that is not there.
_OTHER_SCHEMA = ("42P01", "42703")


#: Execution options of a connection: one that means to write, one that writes tables anew, and one whose every statement
#: sees the latest commit.
_WRITES, _REWRITES, _LATEST = "filiation_writes", "filiation_rewrites", "filiation_latest"


def open_operations(url: str) -> Engine:
    """Return an engine for `url` (SQLite or PostgreSQL by psycopg).

    SQLite runs in WAL with `synchronous = FULL`: with NORMAL a committed claim can vanish at a power cut,
    and a vanished claim is a message sent twice. `engine.connect()` reads: a snapshot that no writer delays and
    that may write nothing. `transaction` writes.

    Raises:
        UsageError: `url` cannot be read; or of an engine without driver; it is not repeated, because it may hold a
            password.
        FiliationError: later, when the server does not answer or is busy, or its schema is another (UsageError).
    """
    try:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise UsageError(
            "FILIATION_DATABASE_URL cannot be read.",
            "Give postgresql://USER:PASSWORD@HOST/NAME, or unset it for SQLite under the home.",
        ) from None
    event.listen(engine, "handle_error", _say_in_words)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # told here: naming the other dialect's option imports it, a tenth of the time of a cold look-up
        living_plan.kwargs["postgresql_where"] = LIVING
    return engine


def _say_in_words(context: ExceptionContext) -> None:
    """Put into words what a person can mend; the driver's own text names host and user, or values of a statement."""
    error, said = context.sqlalchemy_exception, str(context.original_exception)
    trouble = _trouble(context)
    if trouble is not None:
        raise trouble
    if isinstance(error, IntegrityError):
        raise RowRefused(
            f"The operations database refused a row: {_broken(context)}.",
            "Nothing of it was written. It is a defect of ours: report it with this line.",
        )
    if (
        said.startswith(("no such table", "no such column"))
        or getattr(context.original_exception, "sqlstate", "") in _OTHER_SCHEMA
    ):
        raise UsageError("The operations database has another schema than this code.", "Run `filiation init`.")


def _trouble(context: ExceptionContext) -> FiliationError | None:
    """Return what is wrong with the database itself, whatever was asked of it; None = nothing."""
    error, original = context.sqlalchemy_exception, context.original_exception
    is_operational = isinstance(error, OperationalError)
    if is_operational and "database is locked" in str(original):
        return DatabaseBusy("The operations database is busy.", "Run this again when the other command has ended.")
    if _is_full(context):
        return DatabaseFull(
            "No room is left for the operations database.", "Free space where it lies, then run this again."
        )
    if is_operational and (context.connection is None or context.is_disconnect):
        return DatabaseAway("The operations database does not answer.", _SEE_THAT_IT_RUNS)
    if getattr(original, "sqlite_errorcode", 0) & 0xFF in _UNREADABLE:
        return FiliationError(
            "The operations database is damaged.", "Put the newest backup back (`filiation restore`, docs/runbook.md)."
        )
    return None


def _is_full(context: ExceptionContext) -> bool:
    error = context.original_exception
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", "") == _NO_SPACE


def _broken(context: ExceptionContext) -> str:
    """Return table and constraint that refused a row; SQLite does not tell which reference, only whose."""
    error = context.original_exception
    told = getattr(error, "diag", None)
    if told is not None:
        return f"{told.constraint_name or f'{told.column_name} is missing'} of {told.table_name}"
    what, _, which = str(error).partition(" constraint failed")
    return f"{which.removeprefix(': ') or what} of {', '.join(_refusing_tables(context))}"


def _refusing_tables(context: ExceptionContext) -> list[str]:
    """Return the table that a statement wrote, or at SQLite's commit those of which rows refer to nothing."""
    compiled = getattr(context.execution_context, "compiled", None)
    table = getattr(getattr(compiled, "statement", None), "table", None)
    if table is not None:
        return [table.name]
    raw = None if context.connection is None else context.connection.connection.dbapi_connection
    return [] if raw is None else sorted({row[0] for row in raw.cursor().execute("PRAGMA foreign_key_check")})


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 20000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin as a writer, who waits for the other writer at once, or as a reader, whom nobody delays.

    A reader that turned writer halfway would fail as soon as anybody else wrote: it may not.
    """
    options = connection.get_execution_options()
    is_writer = bool(options.get(_WRITES))
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if is_writer else 'ON'}")
    if is_writer:
        connection.exec_driver_sql(f"PRAGMA foreign_keys = {'OFF' if options.get(_REWRITES) else 'ON'}")
    if not options.get(_LATEST):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is committed at the end of the block, or not at all; the only way to write.

    Raises:
        RowRefused: a constraint refused a row, at its statement or at the commit.
    """
    try:
        with engine.execution_options(**{_WRITES: True}).begin() as connection:
            yield connection
    except RowRefused as refused:
        raise refused from None  # the driver's own error holds values of the row


@contextmanager
def rewriting(engine: Engine) -> Iterator[Connection]:
    """Give what `transaction` gives, in which SQLite's tables may be written anew: references are looked at once, at the end.

    SQLite would otherwise take a table that is dropped for rows that go.

    Raises:
        RowRefused: a row refers to one that is not there.
    """
    with transaction(engine.execution_options(**{_REWRITES: True})) as connection:
        yield connection
        if engine.dialect.name == "sqlite":
            broken = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
            if broken:
                raise RowRefused(
                    f"Rows of {', '.join(sorted(broken))} refer to rows that are not there.",
                    "Nothing was written. It is a defect of ours: report it with this line.",
                )


def connect_to_latest(engine: Engine) -> Connection:
    """Return a reading connection that may be kept: each of its statements sees all that was committed before it.

    `engine.connect()` sees one instant; asking it anew for each question costs more than the question. The caller
    closes it.
    """
    if engine.dialect.name == "sqlite":
        return engine.connect().execution_options(**{_LATEST: True})
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()  # it stays a reader: the pool must not give it to a writer
    connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    return connection


def compact(engine: Engine) -> None:
    """Write the database anew, so that what was deleted or changed leaves no bytes behind.

    PostgreSQL frees them for later rows; its archives of the log and its backups age out by their own rules.

    Raises:
        DatabaseBusy: another process still reads an earlier state; what was committed stays committed.
    """
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")
        return
    raw = engine.raw_connection()  # SQLAlchemy begins a transaction, in which SQLite does not vacuum
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA query_only = OFF")
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        busy = 1
    finally:
        raw.close()
    if busy:
        raise DatabaseBusy("The operations database is busy.", "Run this again when the other command has ended.")


def insert_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> int:
    """Insert rows, leaving those whose key exists as they are.

    Args:
        connection: of a `transaction`.
        table: where the rows go.
        rows: values by column name; all with the same columns.

    Returns:
        The number of rows that were new.
    """
    if not rows:
        return 0
    dialect, columns = connection.dialect.name, tuple(rows[0])
    kept = connection.execution_options(preserve_rowcount=True)
    return kept.execute(_insert(dialect, table, columns).on_conflict_do_nothing(), _values(dialect, rows)).rowcount


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, every one of which must be new.

    Args:
        connection: of a `transaction`.
        table: where the rows go.
        rows: values by column name; all with the same columns.

    Raises:
        RowRefused: a constraint refuses a row, for example because its key exists.
    """
    if rows:
        dialect, columns = connection.dialect.name, tuple(rows[0])
        connection.execute(_insert(dialect, table, columns), _values(dialect, rows))


@cache
def _insert(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    """Return the dialect's own INSERT; the other dialect is not imported, a cold look-up must start at once.

    PostgreSQL looks at the constraints of a table anew for each statement: it gets one statement for all rows, with an array
    per column, so that its text is the same for any number of rows. SQLite gets a short statement that the driver runs for
    each row.
    """
    if dialect != "postgresql":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table).inline()
    from sqlalchemy.dialects import postgresql

    arrays = [bindparam(name, type_=postgresql.ARRAY(table.c[name].type)) for name in columns]
    given = func.unnest(*arrays).table_valued(*(column(name, table.c[name].type) for name in columns), name="given")
    return postgresql.insert(table).from_select(columns, select(*given.render_derived().c)).inline()


def _values(dialect: str, rows: Sequence[Mapping[str, object]]) -> Any:
    if dialect != "postgresql":
        return [dict(row) for row in rows]
    return {name: [row[name] for row in rows] for name in rows[0]}
