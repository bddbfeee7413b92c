"""The lake: Parquet without identity, one immutable file per delivery reading or open-data vintage.

A table with a column of the class `identity` is refused by `Lake.write`. Which file is current is a row of the
operations database, not a file name here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import duckdb

from stores.engine import connect_for_few
from stores.files.growing_file import GrowingFile
from stores.files.parquet import Parameters, read_sql, remove_files, write_table
from stores.home import Home
from stores.schemas.column_classes import Privacy, Table
from stores.schemas.territory_tables import CONTOURS
from terms.errors import FiliationError

#: The writer holds a group in memory: the usual 122,880 contours would be half a gigabyte.
_ROWS_PER_GROUP: Mapping[Table, int] = MappingProxyType({CONTOURS: 2_048})


class Lake:
    """Files under `lake/<table>/<name>.parquet`."""

    def __init__(self, home: Home) -> None:
        self._root = home.lake

    def path(self, table: Table, name: str) -> Path:
        """Return where the file of this name lies, whether it exists or not."""
        return self._root / table.name / f"{name}.parquet"

    def files(self, table: Table) -> list[str]:
        """Return the names of all files of a table, sorted, those of outdated readings and vintages included."""
        return sorted(file.stem for file in (self._root / table.name).glob("*.parquet"))

    def forget(self, name: str) -> None:
        """Remove the files of this name from every table, those included that were never finished."""
        remove_files(self._root, name)

    def write(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        name: str,
        select: str,
        parameters: Parameters | None = None,
    ) -> int:
        """Write a query as one file; a file of the same name is replaced whole.

        Args:
            connection: where the relations of `select` are.
            table: the schema; `select` must give exactly its columns.
            name: of the file, as of `reading_name` or `vintage_name`.
            select: SQL text with named parameters.
            parameters: their values.

        Returns:
            The number of rows.

        Raises:
            FiliationError: the table holds identity, or the columns are not the table's.
        """
        if any(column.privacy is Privacy.IDENTITY for column in table.columns):
            raise FiliationError(f"{table.name} holds identity.", "Write it to the vault.")
        rows = _ROWS_PER_GROUP.get(table)
        options = f", row_group_size {rows}" if rows else ""
        return write_table(connection, table, self.path(table, name), select, parameters=parameters, options=options)

    def grow(self, table: Table, name: str, shared: Mapping[str, str]) -> GrowingFile:
        """Return a file that is written batch by batch.

        Args:
            table: the schema.
            name: of the file.
            shared: name -> SQL of columns that have the same value in every row.
        """
        return GrowingFile(
            table, connect_for_few, lambda connection, select: self.write(connection, table, name, select), shared
        )

    def sql(self, table: Table, names: Iterable[str]) -> str:
        """Return SQL that reads the files of these names as one relation (typed and empty for none)."""
        return read_sql(table, [self.path(table, name) for name in names])


#: In place of a reading: what a held file of withdrawals tells, and nothing else of it.
HELD_READING = 0


def reading_name(delivery_id: str, reading: int) -> str:
    """Return the file name of one reading of a delivery, the same in lake and vault."""
    return f"{delivery_id}.r{reading}"


def vintage_name(source_id: str, vintage: str, sha256: str) -> str:
    """Return the file name of one load of an open-data vintage: changed bytes never overwrite the file that is in use.

    Args:
        source_id: of the source.
        vintage: as its record names it.
        sha256: (hex) of the bytes that were loaded.
    """
    return f"{source_id}@{vintage}.{sha256[:12]}"
