"""Records of persons who were erased or purged and come again: known by their mark, then redacted or let in.

Only the mark of a number is kept of such a person, so a number must be read before it can be recognised: by the
reader where the file is read, else from every cell that could be one. Of a person who was purged, what they did later
is let in. Erasing and purging persons belongs to `lineage`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import duckdb
import pyarrow as pa
from sqlalchemy import Engine, select

from stores.keys import KeyedHash
from stores.operations import erasure_tables
from stores.operations.suppressions import open_marks

_CELLS = re.compile(r"[^;,\t|\"'<>\r\n]+")
_FEWEST_DIGITS, _MOST_DIGITS = 9, 16


@dataclass(frozen=True)
class Marks:
    """The marks of all persons who were erased or purged, and the key that makes one of a number."""

    key: KeyedHash
    marks: frozenset[str]
    opened: frozenset[str] = frozenset()  # those of them that let in later acts

    def __bool__(self) -> bool:
        return bool(self.marks)

    def is_marked(self, e164: str) -> bool:
        """Return whether the person of this number was erased or purged."""
        return bool(self.marks) and self.key.hex(e164) in self.marks

    def closed(self) -> Marks:
        """Return those that let nothing in."""
        return Marks(self.key, self.marks - self.opened)


def load_marks(engine: Engine, key: KeyedHash) -> Marks:
    """Return the marks that are set now."""
    table = erasure_tables.suppression_marks
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.mark, table.c.acts_from.is_not(None))).tuples().all()
    return Marks(key, frozenset(mark for mark, _ in rows), frozenset(mark for mark, is_open in rows if is_open))


def note_erased(
    connection: duckdb.DuckDBPyConnection, engine: Engine, marks: Marks, kind: str, redacted: Iterable[int]
) -> None:
    """Create `erased_lines` (line_number): records whose number is marked, and lines that were redacted before.

    `let_in` (line_number, mark) are the marked ones that are no longer old. To be called when `typed` is there and
    before the rows of a batch are judged.

    Args:
        connection: the workbench.
        engine: of the operations database, where marks say what they let in.
        marks: the marks that are set.
        kind: what the feed tells, opt-ins or withdrawals.
        redacted: lines that were redacted before.
    """
    connection.execute("create or replace table erased_lines (line_number bigint)")
    connection.execute("create or replace table let_in (line_number bigint, mark varchar)")
    connection.register("redacted_before", pa.table({"line_number": pa.array(sorted(redacted), pa.int64())}))
    connection.execute("insert into erased_lines select line_number from redacted_before")
    connection.unregister("redacted_before")
    if marks:
        connection.register("known_marks", pa.table({"mark": sorted(marks.marks)}))
        connection.execute(
            f"create or replace table marked_rows as select line_number, mark from phones join known_marks"
            f" on {KeyedHash.sql('e164', 'mark')} = mark where e164 is not null",
            marks.key.parameters("mark"),
        )
        connection.unregister("known_marks")
        _let_in(connection, engine, kind)
        connection.execute(
            "insert into erased_lines select line_number from marked_rows anti join let_in using (line_number)"
        )


#: When the person of a record did what it tells, as far as that is dated and was possible then, and whether it takes
#: something back without saying since when.
_ACTED: Mapping[str, str] = {
    "optins": "greatest(if(consented.at <= exported_at, consented.at, null),"
    " if(withdrawal.quality <> 'export_instant', withdrawal.at, null)) as acted_at,"
    " coalesce(withdrawal.quality = 'export_instant', false) as is_undated",
    "withdrawals": "if(withdrawn_at_quality <> 'export_instant', withdrawn_at, null) as acted_at,"
    " withdrawn_at_quality = 'export_instant' as is_undated",
}


def _let_in(connection: duckdb.DuckDBPyConnection, engine: Engine, kind: str) -> None:
    """Fill `let_in` from `marked_rows`: acts that the purge of their person did not mean.

    Lists tell refusals without dates again in each file: they bring nobody back, but count for who is back.
    """
    found: list[tuple[str]] = connection.execute("select distinct mark from marked_rows").fetchall()
    with engine.connect() as reading:
        opened = open_marks(reading, [mark for (mark,) in found])
    if not opened:
        return
    connection.register("open_marks", pa.Table.from_pylist([asdict(mark) for mark in opened]))
    connection.execute(
        f"""
        insert into let_in
        select line_number, mark
        from (
            select line_number, exported_at, {_ACTED[kind]} from typed cross join delivery
            where line_number in (select line_number from marked_rows)
        ) join marked_rows using (line_number) join open_marks using (mark)
        where epoch_us(acted_at) >= acts_from or (is_back and is_undated and epoch_us(exported_at) > purged_at)
        """
    )
    connection.unregister("open_marks")


def returned_marks(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the marks of those of whom an accepted row was let in; to be called when the rows are judged."""
    rows: list[tuple[str]] = connection.execute(
        "select distinct mark from let_in join keyed using (line_number) where len(reasons) = 0 order by mark"
    ).fetchall()
    return tuple(mark for (mark,) in rows)


def erased_physical_lines(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Return every physical line of the records of this batch in `erased_lines`."""
    rows = connection.execute(
        "select unnest(range(line_number, line_number + line_count)) from fields"
        " where line_number in (select line_number from erased_lines)"
    ).fetchall()
    return {int(line) for (line,) in rows}


def marked_lines(lines: Iterable[tuple[int, bytes]], marks: Marks) -> set[int]:
    """Return the numbers of those lines in which a cell is a number that is marked; for files that no reader typed."""
    return {number for number, raw in lines if any(map(marks.is_marked, _numbers(raw)))}


def _numbers(raw: bytes) -> Iterator[str]:
    """Yield what the cells of a line may mean as French numbers."""
    text = raw.replace(b"\0", b"").decode("utf-8", errors="replace")
    for cell in _CELLS.findall(text):
        digits = re.sub(r"\D", "", cell)
        if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
            core = digits.removeprefix("00").removeprefix("33")[-9:]
            yield f"+33{core}"
            yield f"+{digits.removeprefix('00')}"
