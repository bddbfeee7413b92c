"""Merkle tree hash of RFC 9162 §2.1.1 over a relation of leaves, level by level in SQL.

Pairing neighbours and carrying an odd last node up gives the RFC's tree. Proofs and checkpoints of the
transparency log do not belong here.
"""

from __future__ import annotations

from hashlib import sha256

import duckdb


def tree_hash(connection: duckdb.DuckDBPyConnection, leaves: str) -> bytes:
    """Return the root over the relation `leaves` (columns `position` 0-based and gapless, `leaf` BLOB).

    Needs memory for two levels of 32-byte nodes; no Python per leaf.
    """
    connection.execute(
        "create or replace temp table merkle_level as"
        f" select position, unhex(sha256('\\x00'::blob || leaf)) as node from {leaves}"
    )
    while (count := _count(connection)) > 1:
        connection.execute(
            "create or replace temp table merkle_level as select position // 2 as position,"
            " case when count(*) = 2 then unhex(sha256('\\x01'::blob || min_by(node, position) || max_by(node, position)))"
            " else any_value(node) end as node from merkle_level group by position // 2"
        )
    row = connection.execute("select node from merkle_level").fetchone()
    connection.execute("drop table merkle_level")
    return bytes(row[0]) if row and count else sha256(b"").digest()


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from merkle_level").fetchone()
    return int(row[0]) if row else 0
