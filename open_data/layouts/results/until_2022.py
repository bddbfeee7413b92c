"""Results per bureau as the ministry published them until 2022: one line per bureau, a block of fields per candidate.

Text (latin-1, `;`, a header that names the first block only) or Parquet with the same fields. Where the blocks begin
and how long they are is read from the header: 7 fields in presidential files, 8 with the nuance in legislative ones.
Files from 2024 on are read by `numbered`. Source: open-data README §3 b.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.delimited import first_line
from open_data.layouts.layout import Layout, check_columns, file_list
from open_data.layouts.results.result_rows import MEASURES, NEEDS, create_macros, refuse_lines, select_results
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAU_RESULTS
from stores.sql_files import sql_of

_FIRST_OF_BLOCK = "N°Panneau"
#: What is read of a line, and of a candidate's block: its name in the statement and the file's.
_OF_LINE = {
    "department": "Code du département",
    "commune": "Code de la commune",
    "bureau": "Code du b.vote",
    "registered": "Inscrits",
    "votes_cast": "Votants",
    "valid_votes": "Exprimés",
}
_OF_CANDIDATE = {"family_name": "Nom", "given_name": "Prénom", "nuance": "Nuance", "votes": "Voix"}


@dataclass(frozen=True)
class _Header:
    """Names of the fields before the first candidate, and of one candidate's."""

    base: tuple[str, ...]
    block: tuple[str, ...]

    def places(self) -> dict[str, int | None]:
        """Return where fields are, counted from 1: in the line, or in a candidate's block; None where the layout has none."""
        of_line = {name: self.base.index(label) + 1 for name, label in _OF_LINE.items()}
        of_candidate = {
            name: self.block.index(label) + 1 if label in self.block else None for name, label in _OF_CANDIDATE.items()
        }
        return of_line | of_candidate


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    header = (_read_parquet if paths[0].suffix == ".parquet" else _read_text)(connection, source, paths)
    base, block, places = len(header.base), len(header.block), header.places()
    department, commune, bureau = (f"fields[{places[name]}]" for name in ("department", "commune", "bureau"))
    refuse_lines(
        connection,
        "result_lines",
        f"len(fields) <= {base} or (len(fields) - {base}) % {block} <> 0",
        f"do not have {base} fields and {block} per candidate",
    )
    refuse_lines(
        connection,
        "result_lines",
        f"length({department}) <> 2 or length({commune}) not between 1 and 3 or length({bureau}) not between 1 and 4",
        "do not have a department, a commune and a bureau of 2, 3 and 4 characters",
    )
    create_macros(connection)
    connection.execute(sql_of(__file__, "result_rows"), {"base": base, "block": block, **places})
    return {BUREAU_RESULTS: select_results(connection, source)}


def _header(path: Path, source: Source, labels: Sequence[str]) -> _Header:
    check_columns(path, labels, source)
    starts = [place for place, label in enumerate(labels) if label == _FIRST_OF_BLOCK]
    if not starts:
        raise SourceFailed(f"{path.name} has no {_FIRST_OF_BLOCK} in its header.", "Is it the announced layout?")
    first, end = starts[0], starts[1] if len(starts) > 1 else len(labels)
    return _Header(tuple(labels[:first]), tuple(labels[first:end]))


def _read_text(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> _Header:
    headers = {_header(path, source, first_line(path, "latin-1").split(";")) for path in paths}
    if len(headers) > 1:
        raise SourceFailed("The files do not have the same header.", "Give each layout a source of its own.")
    # One column per line and a split on `;`: the header is shorter than the lines, and nothing is ever quoted.
    connection.execute(
        "create or replace temp table result_lines as select string_split(line, ';') as fields"
        f" from read_csv({file_list(paths)}, delim = '\x01', quote = '', escape = '', header = false, skip = 1,"
        " auto_detect = false, encoding = 'latin-1', columns = {line: 'VARCHAR'})"
    )
    return headers.pop()


def _read_parquet(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> _Header:
    names = [row[0] for row in connection.execute(f"describe from read_parquet({file_list(paths)})").fetchall()]
    listed = ", ".join(f'"{name}"' for name in names)
    connection.execute(
        "create or replace temp table result_lines as"
        f" select list_filter([{listed}], field -> field is not null) as fields from read_parquet({file_list(paths)})"
    )
    return _header(paths[0], source, [re.sub(r"_\d+$", "", name) for name in names])


MINISTRY_BUREAU_RESULTS = Layout(
    "ministry_bureau_results", 2, (BUREAU_RESULTS,), _shape, needs=NEEDS, measures=MEASURES
)
