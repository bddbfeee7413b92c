"""Delimited text of producers (BAN, INSEE): header first, then every column as text in one DuckDB relation.

A line that does not fit fails the file: a line left out silently would be missing from a territory. The ministry's
results are read in `results/`, because their header is shorter than their lines.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.layout import check_columns, file_list, literal
from open_data.sources import Source
from stores.sql_files import checked_name


def first_line(path: Path, encoding: str = "utf-8-sig") -> str:
    """Return the first line of a file (gzip by its name), without line end.

    Raises:
        SourceFailed: the file is empty, a web page, or not in this encoding.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
            line = handle.readline().decode(encoding).rstrip("\r\n")
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
        raise SourceFailed(f"{path.name} cannot be read ({type(error).__name__}).", "Fetch it again.") from None
    if not line.strip():
        raise SourceFailed(f"{path.name} is empty.", "Fetch it again.")
    if line.lstrip().lower().startswith(("<!doctype", "<html")):
        raise SourceFailed(f"{path.name} is a web page, not the file.", "Fetch it again from the official address.")
    return line


def header_of(path: Path, delimiter: str, encoding: str = "utf-8-sig") -> list[str]:
    """Return the labels of a delimited file's first line.

    Args:
        path: of the file; `.gz` is unpacked.
        delimiter: one character.
        encoding: of the text.

    Raises:
        SourceFailed: as `first_line`.
    """
    return next(csv.reader([first_line(path, encoding)], delimiter=delimiter))


def read_delimited(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    source: Source,
    paths: Sequence[Path],
    delimiter: str,
    encoding: str = "utf-8",
) -> None:
    """Create a temporary table with every column of the files as text; a blank cell stays blank.

    Args:
        connection: where the table is created.
        relation: its name.
        source: whose columns must be there.
        paths: the files.
        delimiter: one character.
        encoding: of the text.

    Raises:
        SourceFailed: a file lacks an announced column.
        duckdb.Error: a line does not fit its header or is not in this encoding.
    """
    for path in paths:
        check_columns(path, header_of(path, delimiter, "utf-8-sig" if encoding == "utf-8" else encoding), source)
    cells = cells_sql(paths, delimiter, encoding)
    connection.execute(f"create or replace temp table {checked_name(relation)} as from {cells}")


def cells_sql(paths: Sequence[Path], delimiter: str, encoding: str = "utf-8") -> str:
    """Return the relation of all cells of delimited files as text, columns by their headers.

    Args:
        paths: the files; a line that does not fit its header fails.
        delimiter: one character.
        encoding: of the text.
    """
    return (
        f"read_csv({file_list(paths)}, delim = {literal(delimiter)}, quote = '\"', header = true, all_varchar = true,"
        f" union_by_name = true, encoding = '{encoding}', null_padding = false, ignore_errors = false)"
    )
