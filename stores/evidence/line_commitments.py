"""Salted commitments to physical lines and the Merkle root over them, made in the pass that reads the lines.

They are made in Python on purpose: its sha256 uses the processor's instructions and DuckDB's does not, so a line takes
half the time, the loop included. `stores.evidence.evidence_store` keeps commitments; `stores.evidence.merkle` computes
over those that are kept already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

import pyarrow as pa

from stores.evidence.lines import SALT_BYTES, SCHEMA

COMMITMENT_BYTES = 32
COMMITTED_SCHEMA = SCHEMA.append(pa.field("commitment", pa.binary(COMMITMENT_BYTES)))


class GrowingTree:
    """The Merkle tree of RFC 9162 §2.1 over leaves that come in order; it keeps one node (32 bytes) per level."""

    def __init__(self) -> None:
        self._single: list[bytes | None] = []  # by level: the node that waits for its right neighbour

    def add(self, leaves: Iterable[bytes]) -> None:
        """Add leaves after those before."""
        nodes, level = [sha256(b"\0" + leaf).digest() for leaf in leaves], 0
        while nodes:
            if level == len(self._single):
                self._single.append(None)
            waiting = self._single[level]
            nodes = nodes if waiting is None else [waiting, *nodes]
            self._single[level] = nodes.pop() if len(nodes) % 2 else None
            nodes = [sha256(b"\1" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=True)]
            level += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far: nodes without a neighbour are carried up."""
        carried: bytes | None = None
        for node in self._single:
            if node is not None:
                carried = node if carried is None else sha256(b"\1" + node + carried).digest()
        return sha256(b"").digest() if carried is None else carried


class CommittedLines:
    """Batches of `physical_lines` with their commitments; once all were read, `root` is the root over all lines."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self._tree = GrowingTree()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches with the further column `commitment`: sha256 of salt and bytes of the line."""
        for batch in self._batches:
            commitments = _commitments(batch)
            self._tree.add(commitments)
            joined = pa.py_buffer(b"".join(commitments))
            column = pa.Array.from_buffers(pa.binary(COMMITMENT_BYTES), len(commitments), [None, joined])
            yield pa.RecordBatch.from_arrays([*batch.columns, column], schema=COMMITTED_SCHEMA)

    @property
    def root(self) -> str:
        """The Merkle root (hex) over the lines read so far."""
        return self._tree.root().hex()


def _commitments(batch: pa.RecordBatch) -> list[bytes]:
    """Hash each line of a batch as `physical_lines` makes it: texts and salts one behind the other, from their beginning."""
    _, bounds, texts = batch.column("raw").buffers()
    salts = batch.column("salt").buffers()[1].to_pybytes()
    data, ends = memoryview(texts), memoryview(bounds).cast("q").tolist()
    starts = range(0, len(salts), SALT_BYTES)
    return [
        sha256(salts[salt : salt + SALT_BYTES] + data[first:last]).digest()
        for salt, first, last in zip(starts, ends, ends[1:], strict=False)
    ]
