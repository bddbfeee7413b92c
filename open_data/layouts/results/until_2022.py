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
from open_data.layouts.results.result_rows import MEASURES, NEEDS, department_sql, refuse_lines, select_results
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAU_RESULTS

_FIRST_OF_BLOCK = "N°Panneau"


@dataclass(frozen=True)
class _Header:
    """Names of the fields before the first candidate, and of one candidate's."""

    base: tuple[str, ...]
    block: tuple[str, ...]

    def field(self, name: str) -> str:
        """Return SQL for a field before the candidates."""
        return f"fields[{self.base.index(name) + 1}]"

    def of_candidate(self, name: str) -> str:
        """Return SQL for a field of the candidate number `block`, null where the layout has none."""
        if name not in self.block:
            return "null"
        return f"fields[{len(self.base) + 1 + self.block.index(name)} + {len(self.block)} * block]"


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    header = (_read_parquet if paths[0].suffix == ".parquet" else _read_text)(connection, source, paths)
    base, block = len(header.base), len(header.block)
    department, commune, bureau = (
        header.field(name) for name in ("Code du département", "Code de la commune", "Code du b.vote")
    )
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
    connection.execute(
        f"""
        create or replace temp table result_rows as
        select {department_sql(department)} || lpad({commune}, 3, '0') || '_' || lpad({bureau}, 4, '0') as bureau_code,
            {header.field("Inscrits")}::integer as registered, {header.field("Votants")}::integer as votes_cast,
            {header.field("Exprimés")}::integer as valid_votes, {header.of_candidate("Nom")} as name,
            {header.of_candidate("Prénom")} as given_name, nullif({header.of_candidate("Nuance")}, '') as nuance,
            {header.of_candidate("Voix")}::integer as votes
        from (select fields, unnest(range((len(fields) - {base}) // {block})) as block from result_lines)
        """
    )
    return {BUREAU_RESULTS: select_results(source)}


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
