"""Phones of a whole delivery: every phone cell read, and for each record the number or the code that counts.

The rule itself belongs to `phone` and `phone_macros`; this is its application to a relation, column by column: SQL for
nearly all cells, Python once per distinct cell that is left.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa

from partners_ingest.rows.phone import ReadPhone, RowPlace, read_phone
from partners_ingest.rows.phone_macros import create_phone_macros
from terms.environment import NumberRules

#: Distinct cells read by Python at a time; bounds memory in a file full of rubbish.
_BATCH = 50_000

_READ = pa.schema(
    [(name, pa.string()) for name in ("cell", "country", "postcode_start", "e164", "kind", "zone", "code")]
)

#: The steps of the SQL rule (`phone_macros`) for what is not common, each a column over those before it.
_STEPS = (
    "phone_folded(cell) as folded",
    "phone_unwrapped(folded) as unwrapped",
    "phone_plain(unwrapped) as plain",
    "phone_second(plain) as second",
    "phone_restored(plain, second) as restored",
    "phone_digits(restored) as digits, phone_digits(second) as second_digits",
    "phone_national(digits) as nsn, phone_national(second_digits) as second_nsn",
    "phone_read(restored, digits, nsn, country, postcode_start) as one,"
    " phone_read(second, second_digits, second_nsn, country, postcode_start) as other",
    "phone_better(one, other) as quick",
)

#: What of the row decides how a number without country code is meant.
_PLACE = "if(country = 'BE', 'BE', null) as phone_country, if(postcode[:3] in ('972', '988'), postcode[:3], null) as phone_start"


def read_phone_cells(connection: duckdb.DuckDBPyConnection, source: str, rules: NumberRules) -> None:
    """Create the temporary view `phones`: the rows of `source`, each with its number or the code of what is wrong.

    Args:
        connection: where `source` lives.
        source: relation with `phones` (VARCHAR[] of one length, in the dossier's order, null where the record is damaged),
            `country`, `postcode`.
        rules: which invented numbers count as mobiles.

    `phones` has the columns of `source` but `phones`, and `e164, kind, zone, code, phone_raw`: of the first cell that
    yields a mobile, else the first that yields a number, else the code of the first that is not missing (partners README,
    "Phone"); `is_left` tells which rows needed Python. Common cells are read where the view is; the others have been read
    before, each distinct one once, into the table `phone_read`.
    """
    create_phone_macros(connection, rules)
    read_uncommon_cells(connection, source, rules)
    _choose(connection, source, _columns_of(connection, source))


def read_uncommon_cells(connection: duckdb.DuckDBPyConnection, source: str, rules: NumberRules) -> None:
    """Read anew what the view `phones` looks up, where `source` holds other rows with as many phone cells each.

    Args:
        connection: where `source` is.
        source: relation as in `read_phone_cells`.
        rules: which invented numbers count as mobiles.
    """
    _read_uncommon(connection, source, _columns_of(connection, source))
    _read_left_over(connection, rules)


def _columns_of(connection: duckdb.DuckDBPyConnection, source: str) -> range:
    width = connection.execute(f"select len(phones) from {source} where phones is not null limit 1").fetchone()
    return range(1, (width[0] if width else 0) + 1)


def _each(columns: range, template: str, joint: str = ", ") -> str:
    return joint.join(template.replace("#", str(column)) for column in columns)


def _read_uncommon(connection: duckdb.DuckDBPyConnection, source: str, columns: range) -> None:
    """Create `phone_read`: what the macros say of each distinct cell that is not common, and Python of those left."""
    placed = f"(select phones, {_PLACE} from {source} where phones is not null)"
    uncommon = _each(
        columns,
        f"select phones[#] as cell, phone_country as country, phone_start as postcode_start from {placed}"
        " where phones[#] <> '' and (phone_country = 'BE' or phone_is_uncommon(phones[#]))",
        " union all ",
    )
    _read_quickly(
        connection,
        f"select distinct * from ({uncommon or 'select null as cell, null as country, null as postcode_start limit 0'})",
    )


def read_distinct_cells(connection: duckdb.DuckDBPyConnection, relation: str, rules: NumberRules) -> None:
    """Create `phone_read` of other cells than those of a source: the view `phones` of `read_phone_cells` is then not to be asked.

    Args:
        connection: where the macros of `phone_macros` are.
        relation: SQL of distinct `cell`, `country` (BE or null), `postcode_start` (three digits or null).
        rules: which invented numbers count as mobiles.
    """
    _read_quickly(connection, relation)
    _read_left_over(connection, rules)


def _read_quickly(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Create `phone_quick` and `phone_read` of distinct cells: what the macros say, and null where they leave it to Python."""
    for step in _STEPS:
        relation = f"select *, {step} from ({relation})"
    connection.execute(
        "create or replace temp table phone_quick as"
        f" select cell, country, postcode_start, quick, if(starts_with(quick, '+'), quick, null) as e164 from ({relation})"
    )
    connection.execute(
        """
        create or replace temp table phone_read as
        select cell, country, postcode_start, e164, phone_kind(e164, phone_nine(e164)) as kind, phone_zone(e164) as zone,
            if(starts_with(quick, 'P'), quick, null) as code, false as is_left
        from phone_quick where quick is not null
        """
    )


def _read_left_over(connection: duckdb.DuckDBPyConnection, rules: NumberRules) -> None:
    """Insert into `phone_read` what Python says of each cell that the macros do not decide."""
    connection.execute(
        "create or replace temp table phone_todo as"
        " select row_number() over () as number, cell, country, postcode_start from phone_quick where quick is null"
    )
    start = 0
    while rows := connection.execute(
        # no bound values: with the first of them DuckDB would load pandas
        f"select cell, country, postcode_start from phone_todo where number > {start} and number <= {start + _BATCH}"
    ).fetchall():
        start += _BATCH
        read = [(*row, *_columns(read_phone(row[0], RowPlace(row[1], row[2]), rules))) for row in rows]
        batch = pa.table([pa.array(column, pa.string()) for column in zip(*read, strict=True)], schema=_READ)
        connection.register("left_over_batch", batch)
        connection.execute("insert into phone_read select *, true from left_over_batch")
        connection.unregister("left_over_batch")


def _columns(read: ReadPhone) -> tuple[str | None, str | None, str | None, str | None]:
    return (read.e164, read.kind, read.zone, read.code.value if read.code else None)


#: What a common cell gives, step by step, and what one that is not common has given.
_COMMON = (
    "phones[#] as cell_#",
    "if(phone_country is null, phone_common(cell_#), null) as nsn_#",
    "phone_of(nsn_#, phone_start) as quick_#, if(nsn_# is null, cell_#, null) as uncommon_#",
    "if(starts_with(quick_#, '+'), quick_#, null) as number_#",
)
_FOUND = (
    "coalesce(number_#, l#.e164) as e164_#",
    "coalesce(phone_kind(number_#, if(starts_with(number_#, '+33'), nsn_#, null)), l#.kind) as kind_#",
    "coalesce(phone_zone(number_#), l#.zone) as zone_#",
    "case when cell_# is null or cell_# = '' then 'PHONE_MISSING' when nsn_# is null then l#.code"
    " when number_# is null then quick_# end as code_#",
    "l#.is_left as is_left_#",
)


def _choose(connection: duckdb.DuckDBPyConnection, source: str, columns: range) -> None:
    """Create the view `phones`: common cells read in place, the others looked up in `phone_read`."""
    relation = f"select *, {_PLACE} from {source}"
    for step in _COMMON if columns else ():
        relation = f"select *, {_each(columns, step)} from ({relation})"
    joins = _each(
        columns,
        " left join phone_read as l# on c.uncommon_# = l#.cell"
        " and c.phone_country is not distinct from l#.country and c.phone_start is not distinct from l#.postcode_start",
        "",
    )
    found = "".join(f", {_each(columns, column)}" for column in _FOUND) if columns else ""
    read = f"select c.*{found} from ({relation}) as c{joins}"
    worked_on = _each(
        columns, "cell_#, nsn_#, quick_#, uncommon_#, number_#, e164_#, kind_#, zone_#, code_#, is_left_#"
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
    is_left = f"coalesce({_each(columns, 'is_left_#', ' or ')}, false)" if columns else "false"
    connection.execute(
        "create or replace temp view phones as"
        f" select * exclude (phones, phone_country, phone_start{', ' if columns else ''}{worked_on}), {chosen},"
        f" {is_left} as is_left from ({read})"
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
