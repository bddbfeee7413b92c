"""What a layout is: the name in a source's configuration, the tables that it fills, and the function that reads its files.

Readers of each layout and of each file format are the other modules of this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import duckdb

from open_data.failures import SourceFailed
from open_data.sources import Source
from stores.engine import quoted
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAU_RESULTS

#: Reads files into temporary relations and returns, for each table, the query of its columns but the last two
#: (`source_id` and `vintage`, which are the load's).
Shape = Callable[[duckdb.DuckDBPyConnection, Source, Sequence[Path]], Mapping[Table, str]]


@dataclass(frozen=True)
class Layout:
    """How the files of one official layout become rows.

    Attributes:
        name: what a source's `layout` says.
        version: raised whenever `shape` gives other rows for the same bytes; sources are then read again.
        tables: the lake tables that it fills, all of them at each load.
        needs: fields of the source that must be set.
        shape: the reader.
        measures: SQL over the relations `shaped_<table>` for control totals, by name; see `measure_sql`.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    shape: Shape
    needs: tuple[str, ...] = ()
    measures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


#: A control total of this name is the sum of the votes for one candidate.
VOTES_OF = "votes of "


def measure_sql(layout: Layout, measure: str) -> str | None:
    """Return the query of a control total over the `shaped_<table>` relations, None if the layout cannot measure it."""
    if measure == "rows":
        return f"select count(*) from shaped_{layout.tables[0].name}"
    if measure.startswith(VOTES_OF) and BUREAU_RESULTS in layout.tables:
        candidate = literal(measure.removeprefix(VOTES_OF))
        return f"select sum(votes) from shaped_{BUREAU_RESULTS.name} where candidate = {candidate}"
    return layout.measures.get(measure)


def check_columns(path: Path, found: Sequence[str], source: Source) -> None:
    """Refuse a file that lacks one of the columns its source announces.

    Args:
        path: of the file, for the message.
        found: the file's columns.
        source: that announces columns.

    Raises:
        SourceFailed: naming the file and the columns.
    """
    missing = [column for column in source.columns if column not in found]
    if missing:
        raise SourceFailed(
            f"{path.name} lacks {len(missing)} of the columns of {source.source_id}: {', '.join(missing[:5])}.",
            "Is it the announced file? A new layout of the producer needs a reader.",
        )


def set_variables(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Let statements read by `getvariable` what the configuration says of a source: map, vintage, election and round."""
    for name in ("bureau_map", "vintage", "election", "round"):
        connection.execute(f"set variable {name} = $told", {"told": getattr(source, name)})


def literal(text: object) -> str:
    """Return text of the configuration as an SQL literal (null for None)."""
    return "null" if text is None else f"'{quoted(text)}'"


def file_list(paths: Sequence[Path]) -> str:
    """Return paths as an SQL list of literals."""
    return "[" + ", ".join(literal(path) for path in paths) + "]"
