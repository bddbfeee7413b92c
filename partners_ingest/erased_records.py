"""Records of persons who were erased, at the door: they are recognised by their mark, quarantined and taken out again.

Only the mark of a number is kept of an erased person, so a number must be read before it can be recognised: by the
reader where the file is read, else from every cell that could be one. Erasing itself belongs to `lineage`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlalchemy import Engine, select

from stores import operations
from stores.keys import KeyedHash

_CELLS = re.compile(r"[^;,\t|\"'<>\r\n]+")
_FEWEST_DIGITS, _MOST_DIGITS = 9, 16
_FETCH = 50_000


@dataclass(frozen=True)
class Marks:
    """The marks of all erased persons, and the key that makes one of a number."""

    key: KeyedHash
    marks: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.marks)

    def is_marked(self, e164: str) -> bool:
        """Return whether the person of this number was erased."""
        return bool(self.marks) and self.key.hex(e164) in self.marks


def load_marks(engine: Engine, key: KeyedHash) -> Marks:
    """Return the marks that stand now."""
    with engine.connect() as connection:
        return Marks(key, frozenset(connection.execute(select(operations.suppression_marks.c.mark)).scalars()))


def note_erased(connection: duckdb.DuckDBPyConnection, marks: Marks, redacted: Iterable[int]) -> None:
    """Create `erased_lines` (line_number): records whose number is marked, and lines that were redacted before.

    To be called when `phones` is there and before the rows are judged.
    """
    connection.execute("create table erased_lines (line_number bigint)")
    connection.register("redacted_before", pa.table({"line_number": pa.array(sorted(redacted), pa.int64())}))
    connection.execute("insert into erased_lines select line_number from redacted_before")
    connection.unregister("redacted_before")
    if marks:
        connection.register("known_marks", pa.table({"mark": sorted(marks.marks)}))
        connection.execute(
            f"insert into erased_lines select line_number from phones semi join known_marks"
            f" on {KeyedHash.sql('e164', 'mark')} = mark where e164 is not null",
            marks.key.parameters("mark"),
        )
        connection.unregister("known_marks")


def erased_physical_lines(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Return every physical line of the records in `erased_lines`."""
    rows = connection.execute(
        "select unnest(range(line_number, line_number + line_count)) from records"
        " where line_number in (select line_number from erased_lines)"
    ).fetchall()
    return {int(line) for (line,) in rows}


def marked_lines(connection: duckdb.DuckDBPyConnection, marks: Marks) -> set[int]:
    """Return the physical lines of `lines` in which a cell is a number that is marked; for files that no reader typed."""
    if not marks:
        return set()
    found, rows = set(), connection.execute("select line_number, raw from lines")
    while batch := rows.fetchmany(_FETCH):
        found |= {number for number, raw in batch if any(map(marks.is_marked, _numbers(bytes(raw))))}
    return found


def _numbers(raw: bytes) -> Iterator[str]:
    """Yield what the cells of a line may mean as French numbers."""
    text = raw.replace(b"\0", b"").decode("utf-8", errors="replace")
    for cell in _CELLS.findall(text):
        digits = re.sub(r"\D", "", cell)
        if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
            core = digits.removeprefix("00").removeprefix("33")[-9:]
            yield f"+33{core}"
            yield f"+{digits.removeprefix('00')}"
