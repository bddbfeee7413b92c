"""An excerpt of a base: a database in memory that has the base's tables as views, and some of its own instead.

A question about some contacts reads little where the excerpt holds only theirs. Which tables are its own, and whose rows they
hold, is decided by whoever fills them; the base itself is attached read-only and is not changed.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from stores.engine import connect_for_few, load_httpfs, quoted

#: Name under which the base is attached to an excerpt.
BASE = "base"

#: Name that DuckDB gives to the one database of a connection in memory.
_OWN = "memory"


def open_excerpt(path: Path, own_tables: Collection[str]) -> duckdb.DuckDBPyConnection:
    """Return a connection to a new excerpt of a base: its macros, and a view of each table.

    The macros find the excerpt's tables and nothing else: what is neither a view nor a table here is an error, never
    read from the base unseen.

    Args:
        path: the base's file, attached read-only.
        own_tables: names of tables of the base that are the excerpt's own instead: empty, with the base's columns.
    """
    excerpt = connect_for_few()
    load_httpfs(excerpt)
    excerpt.execute(f"attach '{quoted(path)}' as {BASE} (read_only)")
    excerpt.execute(f"copy from database {BASE} to {_OWN} (schema)")
    for name in _names(excerpt, "duckdb_views()", "view_name"):
        excerpt.execute(f'drop view main."{name}"')
        excerpt.execute(f'create view main."{name}" as from {BASE}.main."{name}"')
    for name in _names(excerpt, "duckdb_tables()", "table_name"):
        if name not in own_tables:
            excerpt.execute(f'drop table main."{name}"')
            excerpt.execute(f'create view main."{name}" as from {BASE}.main."{name}"')
    return excerpt


def _names(excerpt: duckdb.DuckDBPyConnection, listing: str, column: str) -> list[str]:
    query = f"select {column} from {listing} where database_name = '{_OWN}' and schema_name = 'main' and not internal"
    return [row[0] for row in excerpt.execute(query).fetchall()]
