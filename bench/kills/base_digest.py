"""What a published base says, as one hash per table: two bases made of the same facts give the same hashes.

When a run read or published something is no part of it: such columns are named here, with why. How bases come about
belongs to what compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stores.engine import connect_read_only

#: Tables that say when this base was published, not what it says.
_OF_THE_RUN = frozenset({"base_manifest"})


def base_digest(base: Path) -> Mapping[str, str]:
    """Return row count and hash of every table of `main`, whatever the order of its rows."""
    with connect_read_only(base) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'main' order by all"
        ).fetchall()
        return {
            name: str(connection.execute(f'select count(*), sum(hash(t)::hugeint) from "{name}" as t').fetchone())
            for (name,) in tables
            if name not in _OF_THE_RUN
        }


def differing_tables(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the names of the tables that differ, or that only one base has."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
