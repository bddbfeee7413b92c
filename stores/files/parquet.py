"""Writing one Parquet file whole or not at all, checked against its table's schema; reading several as one relation.

`stores.lake`, `stores.vault` and `stores.snapshots` decide where files lie and whether they are encrypted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from stores.engine import quoted
from stores.schemas.column_classes import Table
from stores.schemas.delivered_rows import OPT_INS
from stores.schemas.vault_tables import IDENTITIES
from terms.errors import FiliationError

Parameters = Mapping[str, object]

#: Level 1 takes two thirds of the time of the default and is as small on hashes, which fill most bytes.
COMPRESSION = "compression zstd, compression_level 1"
#: Nearly every text differs from row to row, or is one of a few: of more words than these no dictionary is begun, which takes a
#: fifth of the writing and would be given up in the end.
_FEW_WORDS = ", dictionary_size_limit 2000"
_FEW_WORDS_OR_DISTINCT = frozenset({IDENTITIES, OPT_INS})


def write_table(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    target: Path,
    select: str,
    *,
    parameters: Parameters | None = None,
    options: str = "",
) -> int:
    """Write the rows of `select` to `target` and return their number.

    Args:
        connection: where the relations that `select` names live.
        table: the schema; `select` must give exactly its columns, in order.
        target: file that appears only when it is whole; replaced if it exists.
        select: SQL text with named parameters.
        parameters: values for them.
        options: further COPY options, such as encryption.

    Raises:
        FiliationError: the columns are not the table's.
    """
    bound = dict(parameters or {})
    _check_columns(connection, table, select, bound)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    columns = ", ".join(f"{column.name}::{column.type} as {column.name}" for column in table.columns)
    options += _FEW_WORDS if table in _FEW_WORDS_OR_DISTINCT else ""
    try:
        copied = connection.execute(
            f"copy (select {columns} from ({select})) to '{quoted(partial)}' (format parquet, {COMPRESSION}{options})",
            bound,
        ).fetchone()
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    os.replace(partial, target)
    return int(copied[0]) if copied else 0


def read_sql(table: Table, files: Iterable[Path], options: str = "") -> str:
    """Return SQL that reads the files as one relation, or an empty relation with the table's types if there are none.

    Files are immutable and a schema grows. A column that a file was written without is null ("not known then"); a
    column that the schema has dropped is left out.

    Args:
        table: the schema.
        files: Parquet files of this table.
        options: further options of `read_parquet`, such as decryption.
    """
    columns = ", ".join(f"null::{column.type} as {column.name}" for column in table.columns)
    empty = f"select {columns} where false"
    # one scan per file: DuckDB 1.5's own union_by_name fails with an internal error on encrypted files
    reads = [f"select * from read_parquet('{quoted(file)}'{options})" for file in files]
    if not reads:
        return empty
    return f"select {', '.join(table.names())} from ({' union all by name '.join([empty, *reads])})"


def remove_files(root: Path, name: str) -> None:
    """Remove the file of a name from every table under `root`, and what `write_table` had not finished of it."""
    for file in (*root.glob(f"*/{name}.parquet"), *root.glob(f"*/{name}.parquet.partial")):
        file.unlink()


def _check_columns(
    connection: duckdb.DuckDBPyConnection, table: Table, select: str, bound: Mapping[str, object]
) -> None:
    found = [row[0] for row in connection.execute(f"describe {select}", dict(bound)).fetchall()]
    if found != table.names():
        missing = sorted(set(table.names()) - set(found))
        extra = sorted(set(found) - set(table.names()))
        raise FiliationError(
            f"A write to {table.name} does not have its columns (missing {missing}, extra {extra}, or another order).",
            "Compare the query with the table of stores/schemas.",
        )
