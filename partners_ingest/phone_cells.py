"""Phones of a whole delivery: every phone cell read, and for each record the number or the code that counts.

The rule itself belongs to `phone` and `phone_macros`; this is its application to a relation, column by column: SQL for
nearly all cells, Python once per distinct cell that is left.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa

from partners_ingest.phone import ReadPhone, RowPlace, read_phone
from partners_ingest.phone_macros import create_phone_macros
from terms.environment import NumberRules

#: Distinct cells read by Python at a time; bounds memory in a file full of rubbish.
_BATCH = 50_000

_LEFT_OVER = pa.schema(
    [(name, pa.string()) for name in ("cell", "country", "postcode_start", "e164", "kind", "zone", "code")]
)

#: The steps of the SQL rule (`phone_macros`), each a column over those before it; `#` is the number of the phone column.
_STEPS = (
    "if(country is null, phone_common(cell_#), null) as common_#",
    "if(cell_# is null or cell_# = '' or common_# is not null, null, phone_folded(cell_#)) as folded_#",
    "phone_unwrapped(folded_#) as unwrapped_#",
    "phone_plain(unwrapped_#) as plain_#",
    "phone_second(plain_#) as second_#",
    "phone_restored(plain_#, second_#) as restored_#",
    "phone_digits(restored_#) as digits_#, phone_digits(second_#) as second_digits_#",
    "phone_national(digits_#) as nsn_#, phone_national(second_digits_#) as second_nsn_#",
    "phone_read(restored_#, digits_#, nsn_#, country, postcode_start) as first_#,"
    " phone_read(second_#, second_digits_#, second_nsn_#, country, postcode_start) as other_#",
    "case when cell_# is null or cell_# = '' then 'PHONE_MISSING' when common_# is not null"
    " then phone_of(common_#, postcode_start) else phone_better(first_#, other_#) end as quick_#",
)


def read_phone_cells(connection: duckdb.DuckDBPyConnection, source: str, rules: NumberRules) -> None:
    """Create the table `phones`: one row per record of `source`.

    Args:
        connection: where `source` lives.
        source: relation with `line_number`, `phones` (VARCHAR[] of one length, in the dossier's order), `country`,
            `postcode`.
        rules: which invented numbers count as mobiles.

    `phones` has `line_number, e164, kind, zone, code, phone_raw`: of the first cell that yields a mobile, else the
    first that yields a number, else the code of the first that is not missing (partners README, "Phone"). The table
    `phone_cells` keeps the cells; its column `is_left` tells which records needed Python.
    """
    create_phone_macros(connection, rules)
    width = connection.execute(f"select coalesce(max(len(phones)), 0) from {source}").fetchone()
    columns = range(1, (width[0] if width else 0) + 1)
    _decide_in_sql(connection, source, columns)
    _read_left_over(connection, columns, rules)
    _choose(connection, columns)


def _each(columns: range, template: str, joint: str = ", ") -> str:
    return joint.join(template.replace("#", str(column)) for column in columns)


def _decide_in_sql(connection: duckdb.DuckDBPyConnection, source: str, columns: range) -> None:
    """Create `phone_cells`: per record its cells and what the macros say of each (null = Python must decide)."""
    cells = _each(columns, ", phones[#] as cell_#", "")
    relation = (
        "select line_number, if(country = 'BE', 'BE', null) as country,"
        f" if(postcode[:3] in ('972', '988'), postcode[:3], null) as postcode_start{cells} from {source}"
    )
    for step in _STEPS if columns else ():
        relation = f"select *, {_each(columns, step)} from ({relation})"
    kept = _each(columns, ", cell_#, quick_#", "")
    is_left = _each(columns, "quick_# is null", " or ") or "false"
    connection.execute(
        f"create or replace temp table phone_cells as"
        f" select line_number, country, postcode_start{kept}, {is_left} as is_left from ({relation})"
    )


def _read_left_over(connection: duckdb.DuckDBPyConnection, columns: range, rules: NumberRules) -> None:
    """Create `phone_left_over`: what Python says of each distinct cell that the macros do not decide."""
    connection.execute(
        "create or replace temp table phone_left_over (cell varchar, country varchar, postcode_start varchar,"
        " e164 varchar, kind varchar, zone varchar, code varchar)"
    )
    undecided = _each(
        columns,
        "select cell_# as cell, country, postcode_start from phone_cells where is_left and quick_# is null",
        " union all ",
    )
    if not undecided:
        return
    connection.execute(
        "create or replace temp table phone_todo as"
        f" select row_number() over () as number, * from (select distinct * from ({undecided}))"
    )
    start = 0
    while rows := connection.execute(
        "select cell, country, postcode_start from phone_todo where number > ? and number <= ?", [start, start + _BATCH]
    ).fetchall():
        start += _BATCH
        read = [(*row, *_columns(read_phone(row[0], RowPlace(row[1], row[2]), rules))) for row in rows]
        batch = pa.table([pa.array(column, pa.string()) for column in zip(*read, strict=True)], schema=_LEFT_OVER)
        connection.register("left_over_batch", batch)
        connection.execute("insert into phone_left_over select * from left_over_batch")
        connection.unregister("left_over_batch")


def _columns(read: ReadPhone) -> tuple[str | None, str | None, str | None, str | None]:
    return (read.e164, read.kind, read.zone, read.code.value if read.code else None)


def _choose(connection: duckdb.DuckDBPyConnection, columns: range) -> None:
    """Create `phones` from `phone_cells` and `phone_left_over`."""
    numbers = _each(columns, ", if(starts_with(quick_#, '+'), quick_#, null) as number_#", "")
    nine = _each(columns, ", phone_nine(number_#) as nine_#", "")
    read = _each(
        columns,
        ", coalesce(number_#, l#.e164) as e164_#"
        ", coalesce(phone_kind(number_#, nine_#), l#.kind) as kind_#"
        ", coalesce(phone_zone(number_#), l#.zone) as zone_#"
        ", if(starts_with(quick_#, 'P'), quick_#, l#.code) as code_#",
        "",
    )
    joins = _each(
        columns,
        " left join phone_left_over as l# on if(c.quick_# is null, c.cell_#, null) = l#.cell"
        " and c.country is not distinct from l#.country and c.postcode_start is not distinct from l#.postcode_start",
        "",
    )
    chosen = ", ".join(
        f"{_best(columns, f'{name}_#')} as {target}"
        for name, target in (
            ("e164", "e164"),
            ("kind", "kind"),
            ("zone", "zone"),
            ("code", "code"),
            ("cell", "phone_raw"),
        )
    )
    connection.execute(
        f"create or replace temp table phones as select line_number, {chosen}"
        f" from (select c.*{read} from (select *{nine} from (select *{numbers} from phone_cells)) as c{joins})"
    )


def _best(columns: range, value: str) -> str:
    """Return SQL for a value of the column that counts."""
    orders: tuple[Callable[[int], str], ...] = (
        lambda column: f"kind_{column} = 'mobile'",
        lambda column: f"e164_{column} is not null",
        lambda column: f"code_{column} <> 'PHONE_MISSING'",
    )
    if len(columns) < 2:
        return _each(columns, value) or "null::varchar"
    branches = " ".join(
        f"when {order(column)} then {value.replace('#', str(column))}" for order in orders for column in columns
    )
    return f"case {branches} else {value.replace('#', '1')} end"
