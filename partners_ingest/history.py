"""Counts of blank cells of a delivery and of the one before it, for the contract's drift.

Only columns of the lake are counted, none that could name a person. Bounds and their effect belong to `quality`.
"""

from __future__ import annotations

import duckdb

from partners_ingest.ledger import LastAccepted
from stores import schemas
from stores.lake import Lake, reading_name

#: Columns whose share of blanks tells that an export has changed, by kind of feed: name -> SQL over `judged`.
_WATCHED = {
    "optins": {
        "sex": "sex",
        "birth_date": "birth_date",
        "postcode": "postcode",
        "consented_at": "consented.at",
        "notice_id": "notice_id",
        "form_version": "form_version",
    },
    "withdrawals": {"withdrawn_at": "withdrawn_at"},
}


def count_blanks(connection: duckdb.DuckDBPyConnection, kind: str) -> dict[str, int]:
    """Return the number of accepted rows of `judged` in which each watched column is null."""
    watched = _WATCHED[kind]
    counted = ", ".join(f"count(*) filter ({column} is null)" for column in watched.values())
    return _named(kind, connection.execute(f"select {counted} from judged where len(reasons) = 0").fetchone())


def count_blanks_before(
    connection: duckdb.DuckDBPyConnection, lake: Lake, kind: str, last: LastAccepted
) -> dict[str, int]:
    """Return the same counts of the last accepted delivery, read from the lake."""
    table = schemas.OPT_INS if kind == "optins" else schemas.WITHDRAWALS
    source = lake.sql(table, [reading_name(last.delivery_id, last.reading)])
    counted = ", ".join(f"count(*) filter ({column} is null)" for column in _WATCHED[kind])
    return _named(kind, connection.execute(f"select {counted} from ({source})").fetchone())


def _named(kind: str, row: tuple[int, ...] | None) -> dict[str, int]:
    return dict(zip(_WATCHED[kind], row or (), strict=True))
