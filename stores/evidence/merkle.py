"""Merkle tree hash and inclusion paths of RFC 9162 §2.1 over a relation of leaves, level by level in SQL.

Pairing neighbours and carrying an odd last node up gives the RFC's tree. Tiles and checkpoints of the transparency log
belong to `sealing.log`.
"""

from __future__ import annotations

from hashlib import sha256

import duckdb

from stores.sql_files import sql_of


def tree_hash(connection: duckdb.DuckDBPyConnection, leaves: str) -> bytes:
    """Return the root over the relation `leaves` (columns `position` 0-based and gapless, `leaf` BLOB).

    Needs memory for two levels of 32-byte nodes; no Python per leaf.
    """
    _hash_leaves(connection, leaves)
    while (count := _count(connection)) > 1:
        _go_up(connection)
    row = connection.execute("select node from merkle_level").fetchone()
    connection.execute("drop table merkle_level")
    return bytes(row[0]) if row and count else sha256(b"").digest()


def tree_path(connection: duckdb.DuckDBPyConnection, leaves: str, index: int) -> list[bytes]:
    """Return the inclusion path of one leaf (RFC 9162 §2.1.3): 32-byte siblings from the leaf to the root.

    Args:
        connection: where the relation is.
        leaves: relation with the columns `position` (0-based, gapless) and `leaf` (BLOB).
        index: position of the leaf.
    """
    _hash_leaves(connection, leaves)
    path, position = [], index
    while _count(connection) > 1:
        row = connection.execute("select node from merkle_level where position = ?", [position ^ 1]).fetchone()
        path += [bytes(row[0])] if row else []
        _go_up(connection)
        position //= 2
    connection.execute("drop table merkle_level")
    return path


def _hash_leaves(connection: duckdb.DuckDBPyConnection, leaves: str) -> None:
    connection.execute(
        "create or replace temp table merkle_level as"
        f" select position, unhex(sha256('\\x00'::blob || leaf)) as node from {leaves}"
    )


def _go_up(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(sql_of(__file__, "go_up"))


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from merkle_level").fetchone()
    return int(row[0]) if row else 0
