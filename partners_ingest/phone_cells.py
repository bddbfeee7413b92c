"""Phones of a whole delivery: every phone cell read, and for each record the number or the code that counts.

The rule itself belongs to `phone`; this is its application to a relation: SQL for nearly all cells, Python once
per distinct cell that is left.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from partners_ingest.phone import ReadPhone, RowPlace, create_phone_macros, read_phone
from terms.environment import NumberRules

#: Distinct cells read by Python at a time; bounds memory in a file full of rubbish.
_BATCH = 50_000

_LEFT_OVER = pa.schema(
    [(name, pa.string()) for name in ("cell", "country", "postcode_start", "e164", "kind", "zone", "code")]
)


def read_phone_cells(connection: duckdb.DuckDBPyConnection, source: str, rules: NumberRules) -> None:
    """Create the table `phones`: one row per record of `source` that has phone cells.

    Args:
        connection: where `source` lives.
        source: relation with `line_number`, `phones` (VARCHAR[], in the dossier's order), `country`, `postcode`.
        rules: which invented numbers count as mobiles.

    `phones` has `line_number, e164, kind, zone, code, phone_raw`: of the first cell that yields a mobile, else the
    first that yields a number, else the code of the first that is not missing (partners README, "Phone").
    """
    create_phone_macros(connection, rules)
    connection.execute(
        f"""
        create or replace temp table phone_cells as
        with cells as (
            select line_number, unnest(phones) as cell, generate_subscripts(phones, 1) as position,
                if(country = 'BE', 'BE', null) as country, postcode[:3] as postcode_start
            from {source}
        ),
        plain as (select *, phone_plain(cell) as plain from cells),
        digits as (select *, phone_digits(plain) as digits from plain),
        national as (select *, phone_national(digits) as nsn from digits)
        select line_number, cell, position, country, postcode_start,
            phone_quick(plain, digits, nsn, country, postcode_start) as quick
        from national
        """
    )
    _read_left_over(connection, rules)
    connection.execute(
        """
        create or replace temp table phones as
        with decided as (
            select c.line_number, c.position, c.cell as phone_raw,
                if(c.quick[1] = '+', c.quick, l.e164) as e164,
                coalesce(l.kind, if(c.quick[1] = '+', phone_kind(c.quick), null)) as kind,
                coalesce(l.zone, if(c.quick[1] = '+', phone_zone(c.quick), null)) as zone,
                coalesce(l.code, if(c.quick[1] = 'P', c.quick, null)) as code
            from phone_cells as c
            left join phone_left_over as l
                on c.quick is null and c.cell = l.cell
                and c.country is not distinct from l.country
                and c.postcode_start is not distinct from l.postcode_start
        )
        select line_number, best.e164, best.kind, best.zone, best.code, best.phone_raw
        from (
            select line_number, arg_min(
                {'e164': e164, 'kind': kind, 'zone': zone, 'code': code, 'phone_raw': phone_raw},
                1000 * case when kind = 'mobile' then 0 when e164 is not null then 1
                    when code <> 'PHONE_MISSING' then 2 else 3 end + position) as best
            from decided group by line_number
        )
        """
    )


def _read_left_over(connection: duckdb.DuckDBPyConnection, rules: NumberRules) -> None:
    """Create `phone_left_over`: what Python says of each distinct cell that the macros do not decide."""
    connection.execute(
        "create or replace temp table phone_left_over (cell varchar, country varchar, postcode_start varchar,"
        " e164 varchar, kind varchar, zone varchar, code varchar)"
    )
    connection.execute(
        "create or replace temp table phone_todo as select row_number() over () as number, *"
        " from (select distinct cell, country, postcode_start from phone_cells where quick is null)"
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
