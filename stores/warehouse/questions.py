"""Questions to one open database by SQL text: planned anew each time, or planned once by a process that asks them often.

Planning a large question takes longer than answering it for one contact. DuckDB keeps the plan only of a statement
without parameters, so the values of each asking are put into temporary tables by `Questions.fill`. Opening databases
belongs to `stores.warehouse.warehouse`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from stores.engine import quoted

#: Least and greatest value of each type that a filled table may have.
_LIMITS = {
    "uuid": ("'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    "timestamp": ("'-infinity'", "'infinity'"),
    "bigint": ("-9223372036854775808", "9223372036854775807"),
    "varchar": ("''", "repeat(chr(1114111), 16)"),
}


class Questions:
    """Plans each question anew: right for one asking, or for many contacts at once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question without parameters."""
        return self.connection.execute(sql).fetchall()

    def ask_whole(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question that reads no filled table: the same each time, as the base does not change."""
        return self.ask(sql)

    def fill(self, relation: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        """Make a temporary table hold exactly these rows.

        Args:
            relation: name of the table.
            columns: type by name: uuid, timestamp, bigint or varchar.
            rows: values in the order of the columns.
        """
        self.connection.execute(f"create or replace temp table {relation} ({_declared(columns)})")
        self._add(relation, columns, rows)

    def _add(self, relation: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        if rows:
            cells = ", ".join(f"unnest($c{place}::{kind}[])" for place, kind in enumerate(columns.values()))
            values = {f"c{place}": list(cells) for place, cells in enumerate(zip(*rows, strict=True))}
            self.connection.execute(f"insert into {relation} select {cells}", values)


class KeptQuestions(Questions):
    """Plans each question once. For few contacts: a plan made for one does not suit ten thousand."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self._planned: dict[str, str] = {}
        self._filled: dict[str, int] = {}  # rows by relation
        self._whole: dict[str, list[tuple[Any, ...]]] = {}

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question without parameters, by the plan of its first asking."""
        name = self._planned.get(sql)
        if name is None:
            name = f"question_{len(self._planned)}"
            self.connection.execute(f"prepare {name} as {sql}")
            self._planned[sql] = name
        return self.connection.execute(f"execute {name}").fetchall()

    def ask_whole(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question that reads no filled table, as they were at its first asking."""
        if sql not in self._whole:
            self._whole[sql] = super().ask(sql)
        return self._whole[sql]

    def fill(self, relation: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        """Make a temporary table hold exactly these rows; a table made anew would make every plan that reads it anew.

        Args:
            relation: name of the table.
            columns: type by name: uuid, timestamp, bigint or varchar.
            rows: values in the order of the columns.
        """
        if relation not in self._filled:
            self._make(relation, columns)
        if len(rows) == 1 == self._filled[relation]:
            cells = ", ".join(f"{name} = {_literal(cell)}" for name, cell in zip(columns, rows[0], strict=True))
            self.connection.execute(f"update {relation} set {cells}")
            return
        self.connection.execute(f"delete from {relation}")
        self._add(relation, columns, rows)
        self._filled[relation] = len(rows)

    def _make(self, relation: str, columns: Mapping[str, str]) -> None:
        """Make an empty table whose columns have once had all values.

        A plan rests on the least and greatest value that its tables have had, and DuckDB 1.5 does not see that these
        changed: a join with rows that are filled in later would find nothing.
        """
        super().fill(relation, columns, [])
        least, greatest = (", ".join(_LIMITS[kind][place] for kind in columns.values()) for place in (0, 1))
        nothing = ", ".join("null" for _ in columns)
        self.connection.execute(f"insert into {relation} values ({least}), ({greatest}), ({nothing})")
        self._filled[relation] = 3


def _declared(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _literal(cell: object) -> str:
    return "null" if cell is None else f"'{quoted(cell)}'"
