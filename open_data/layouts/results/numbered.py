"""Results per bureau as the ministry publishes them from 2024 on: every block of a candidate named, `Voix 1`, `Voix 2`, …

Text (`;`; UTF-8, or latin-1 where it is not UTF-8) or Parquet with the same columns as text. Candidates of legislative
elections have their family name, lists of municipal and European ones the name of the list. Columns are found by name,
because the number of columns in a block differs between elections. Files until 2022 are read by `until_2022`. Source:
open-data README §3 b, §5.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.delimited import first_line
from open_data.layouts.layout import Layout, check_columns, file_list, literal
from open_data.layouts.results.result_rows import MEASURES, NEEDS, create_macros, refuse_lines, select_results
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAU_RESULTS
from stores.sql_files import sql_of

_VOTES = re.compile(r"Voix (\d+)")
#: In order of preference; a list is its name, its head is only one of its people.
_NAMES = ("Libellé de liste", "Libellé abrégé de liste", "Nom candidat")
_NUANCES = ("Nuance candidat", "Nuance liste")
_CHUNK = 1 << 20


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    _read(connection, source, paths)
    columns = [row[0] for row in connection.execute("describe result_lines").fetchall()]
    check_columns(paths[0], columns, source)
    blocks = [found[1] for found in map(_VOTES.fullmatch, columns) if found]
    if not blocks:
        raise SourceFailed(f"{paths[0].name} has no column Voix 1.", "Is it the announced layout?")
    refuse_lines(
        connection,
        "result_lines",
        """length("Code commune") not between 1 and 5 or length("Code BV") not between 1 and 4"""
        """ or "Code commune" is null or "Code BV" is null""",
        "do not have a commune of up to 5 and a bureau of up to 4 characters",
    )
    candidates = ", ".join(_candidate(columns, block) for block in blocks)
    connection.execute(
        f"create or replace temp view bureau_lines as select *, [{candidates}] as candidates from result_lines"
    )
    create_macros(connection)
    connection.execute(sql_of(__file__, "result_rows"))
    return {BUREAU_RESULTS: select_results(connection, source)}


def _candidate(columns: Sequence[str], block: str) -> str:
    """Return SQL of one candidate's struct; a block that a bureau does not use has no votes."""

    def first(labels: Sequence[str]) -> str:
        present = [f'''nullif("{label} {block}", '')''' for label in labels if f"{label} {block}" in columns]
        return f"coalesce({', '.join(present)})" if present else "null::varchar"

    return (
        f"{{name: {first(_NAMES)}, given_name: {first(('Prénom candidat',))}, nuance: {first(_NUANCES)},"
        f" votes: nullif(\"Voix {block}\", '')::integer}}"
    )


def _read(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> None:
    """Create `result_lines` with every column as text."""
    files = file_list(paths)
    if paths[0].suffix == ".parquet":
        connection.execute(f"create or replace temp table result_lines as from read_parquet({files})")
        return
    encodings = {_encoding(path) for path in paths}
    if len(encodings) > 1:
        raise SourceFailed("The files are not all in one encoding.", "Fetch them again.")
    encoding = encodings.pop()
    header = next(csv.reader([first_line(paths[0], "utf-8-sig" if encoding == "utf-8" else encoding)], delimiter=";"))
    check_columns(paths[0], header, source)
    names = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    # Lines end after their last candidate in some files, with empty fields in others.
    connection.execute(
        f"create or replace temp table result_lines as select * from read_csv({files}, delim = ';', quote = '\"',"
        f" header = true, auto_detect = false, null_padding = true, encoding = {literal(encoding)},"
        f" columns = {{{names}}})"
    )


def _encoding(path: Path) -> str:
    """Return `utf-8`, or `latin-1` for a file that is not UTF-8 (both occur for the same election)."""
    try:
        with path.open(encoding="utf-8") as handle:
            while handle.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


NUMBERED_BUREAU_RESULTS = Layout(
    "numbered_bureau_results", 1, (BUREAU_RESULTS,), _shape, needs=NEEDS, measures=MEASURES
)
