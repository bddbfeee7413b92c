"""DuckDB connections as every room gets them: UTC, encrypted spill files, httpfs for AES-GCM.

Which file is opened is decided by `stores.warehouse`, `stores.vault` and `stores.lake`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from terms.errors import FiliationError

#: Memory that one connection may use before it spills (encrypted) to its temporary folder.
MEMORY_LIMIT = "2GB"

#: The extension file, once this process has had its signature checked.
_CHECKED: list[Path] = []

#: Opened so, DuckDB hashes no extension when it loads one; `checked_httpfs` has had it hashed once.
_SIGNATURES_CHECKED_BEFORE = {"allow_unsigned_extensions": "true"}

#: Settings that a further connection to the same database does not have from the first.
_OF_EACH_CONNECTION = "set TimeZone = 'UTC'; set enable_progress_bar = false"


def connect(path: Path | None = None, *, spill_to: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open `path` (None = in memory) for reading and writing.

    Args:
        path: database file, created if absent.
        spill_to: folder for spill files; None = DuckDB's own choice beside the file.
    """
    opened = duckdb.connect(str(path) if path else ":memory:", config={**_SIGNATURES_CHECKED_BEFORE})
    connection = _configure(opened, spill_to)
    load_httpfs(connection)  # without it the first spill fails: its file would be encrypted by nothing
    return connection


def connect_in_groups(path: Path, name: str, rows: int, *, spill_to: Path) -> duckdb.DuckDBPyConnection:
    """Open a file for reading and writing as the connection's current catalog, in row groups of a given size.

    DuckDB does not keep the size of row groups in the file. Opened without it, each checkpoint would merge a hundred
    groups into one of DuckDB's own size; only an attached file can be given a size.

    Args:
        path: of the database file, created if absent.
        name: of the catalog.
        rows: in a row group.
        spill_to: folder for spill files.
    """
    connection = connect(spill_to=spill_to)
    connection.execute(f"attach '{quoted(path)}' as {name} (row_group_size {rows})")
    connection.execute(f"use {name}")
    return connection


def connect_read_only(path: Path) -> duckdb.DuckDBPyConnection:
    """Open an existing database file read-only; temporary tables and views still work, and spill encrypted."""
    connection = connect_for_few(path)
    load_httpfs(connection)
    return connection


def connect_for_few(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open an existing database file read-only, or none, for a look-up too small to spill: it starts 50 ms earlier.

    It has one thread: for few rows, handing work to a second one takes longer than the work.
    """
    settings = {**_SIGNATURES_CHECKED_BEFORE, "threads": "1"}
    opened = duckdb.connect(str(path) if path else ":memory:", read_only=path is not None, config={**settings})
    return _configure(opened, None)


def another(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return a further connection to the same open database, with temporary tables of its own; the caller closes it."""
    opened = connection.cursor()
    opened.execute(_OF_EACH_CONNECTION)
    return opened


def use_every_core(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection that was opened for few rows all threads again: for a question about every contact."""
    connection.execute("reset threads")


def _configure(connection: duckdb.DuckDBPyConnection, spill_to: Path | None) -> duckdb.DuckDBPyConnection:
    connection.execute(_OF_EACH_CONNECTION)
    connection.execute("set temp_file_encryption = true")
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    if spill_to is not None:
        connection.execute(f"set temp_directory = '{quoted(spill_to)}'")
    return connection


def load_httpfs(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the httpfs extension from its wheel: without it DuckDB cannot write encrypted files, spill files included."""
    connection.execute(f"load '{quoted(checked_httpfs())}'")


def checked_httpfs() -> Path:
    """Return the extension file after DuckDB has checked its signature, which takes it 85 ms: once in a process."""
    if not _CHECKED:
        found = httpfs_file()
        with duckdb.connect() as checking:
            checking.execute(f"load '{quoted(found)}'")
        _CHECKED.append(found)
    return _CHECKED[0]


def take_as_checked(file: Path) -> None:
    """Take an extension file as checked: the process that this one works for has done so just before."""
    _CHECKED[:] = [file]


def httpfs_file() -> Path:
    """Return the signed extension file that the pinned wheel ships.

    Raises:
        FiliationError: the wheel is not installed or of another DuckDB version.
    """
    spec = importlib.util.find_spec("duckdb_extension_httpfs")
    if spec is None or not spec.submodule_search_locations:
        raise FiliationError("The package duckdb-extension-httpfs is missing.", "Run `make setup`.")
    root = Path(next(iter(spec.submodule_search_locations)))
    found = root / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    if not found.exists():
        raise FiliationError(f"duckdb-extension-httpfs does not fit DuckDB {duckdb.__version__}.", "Run `make setup`.")
    return found


@contextmanager
def without_pandas() -> Iterator[None]:
    """Keep DuckDB from importing pandas within the block; a no-op where pandas is already there.

    Binding its first value, DuckDB 1.5 imports pandas to recognise its types: 0.27 s of a look-up that may take
    one second. With pandas absent it goes on without, and finds it again after the block. For a process that
    answers one command: another thread could not import pandas meanwhile.
    """
    if "pandas" in sys.modules:
        yield
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]  # how Python marks a module that must not be imported
    try:
        yield
    finally:
        del sys.modules["pandas"]


def quoted(text: object) -> str:
    """Return text for use inside single quotes of SQL, where a bound parameter is not allowed."""
    return str(text).replace("'", "''")


def text_sql(text: str) -> str:
    """Return SQL for a text that a file may hold, where no parameter is allowed: a NUL in a literal would end the statement."""
    parts = (f"'{quoted(part)}'" for part in text.split("\0"))
    return f"concat({', chr(0), '.join(parts)})"
