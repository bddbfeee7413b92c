"""The electoral roll's table: which bureau it gives to each BAN address, by BAN id, else by the same point.

It is used before contours. Loading the table belongs to `open_data.layouts.roll`; choosing addresses, and contours
where the roll has no row, to `territories.tie`.
"""

from __future__ import annotations

import duckdb

from stores.sql_files import sql_of

#: Rows that were geocoded worse, or to no house, tell nothing of a house. Policy.
SURE_FROM = 0.7
#: Five decimals of a degree are a metre: two houses do not stand on it.
_SAME_POINT = 5


def read_roll(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `rolled` (address_id, map, code, weight): the roll's bureaux of each of `points`, weights summing to 1.

    Reads `points` (address_id, lon, lat), `reu_addresses` and `bureaux` (columns of the lake's tables). Two bureaux at
    one address are both kept, weighted by the roll's addresses of each.
    """
    connection.execute(sql_of(__file__, "roll_id"))
    connection.execute(sql_of(__file__, "roll"), {"same_point": _SAME_POINT, "sure_from": SURE_FROM})
    connection.execute(sql_of(__file__, "rolled"), {"same_point": _SAME_POINT})
