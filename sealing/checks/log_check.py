"""Comparing journal, leaves, tiles and checkpoints with each other; making them belongs to `sealing.log.log`."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, ScalarResult, select

from sealing.checks.alterations import Alteration, Mismatch
from sealing.checks.ledger_check import payload_of
from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log, commitment, entry_text
from sealing.log.tiles import WIDTH, DamagedTile
from sealing.log.tree import leaf_hash, nodes_of, root_of
from stores.operations import log_tables
from stores.operations.journal import Entry
from terms.errors import FiliationError

_FETCH = 20_000


def check_log(log: Log, reading: Connection) -> tuple[list[Mismatch], int]:
    """Return what differs between journal, leaves, tiles and checkpoints, and how many leaves there are."""
    leaves = _leaves(reading)
    mismatches = [Mismatch(what, where) for what, where in _unequal_lines(reading)]
    try:
        last = log.last_checkpoint()
    except FiliationError:
        return [*mismatches, Mismatch(Alteration.CHECKPOINT_CHANGED, "log/checkpoint")], len(leaves)
    mismatches += _check_tiles(log, last, leaves)
    mismatches += _check_checkpoints(log, reading, leaves)
    return mismatches, len(leaves)


def _leaves(reading: Connection) -> list[bytes]:
    table = log_tables.log_leaves
    hashes: list[str] = list(reading.execute(select(table.c.leaf_hash).order_by(table.c.position)).scalars())
    return [bytes.fromhex(leaf) for leaf in hashes]


def _unequal_lines(reading: Connection) -> Iterator[tuple[Alteration, str]]:
    journal, leaves = log_tables.journal, log_tables.log_leaves
    query = select(leaves, journal).outerjoin(journal, journal.c.sequence == leaves.c.journal_sequence)
    told = _told_as_erased(reading)
    lines = reading.execution_options(yield_per=_FETCH).execute(query.order_by(leaves.c.position))
    for expected, line in enumerate(lines):
        if line.position != expected:
            yield Alteration.LEAF_CHANGED, f"leaf {expected}"
            return
        if line.sequence is None:
            yield Alteration.JOURNAL_MISSING, f"journal line {line.journal_sequence}"
        elif line.salt is None and line.position not in told:
            yield Alteration.LEAF_CHANGED, f"leaf {expected} (its salt is gone, and no erasure tells of it)"
        elif line.salt is not None and not _agrees(line):
            yield Alteration.JOURNAL_CHANGED, f"journal line {line.sequence} ({line.kind})"


def _told_as_erased(reading: Connection) -> frozenset[int]:
    """Return the leaves whose salts were destroyed by an erasure or a purge that says so."""
    journal = log_tables.journal
    payloads: ScalarResult[str] = reading.execute(
        select(journal.c.payload_json).where(journal.c.kind.in_([Entry.ERASURE.value, Entry.PURGE.value]))
    ).scalars()
    return frozenset(leaf for text in payloads for leaf in _positions(payload_of(text)))


def _positions(payload: dict[str, object]) -> list[int]:
    leaves = payload.get("leaves", [])
    return leaves if isinstance(leaves, list) else []


def _agrees(line: Row[Any]) -> bool:
    try:
        leaf = leaf_hash(commitment(bytes.fromhex(line.salt), entry_text(line)))
    except ValueError:  # a payload or a salt that no longer reads
        return False
    payload = sha256(line.payload_json.encode()).hexdigest()
    return bool(leaf.hex() == line.leaf_hash and payload == line.payload_sha256)


def _check_tiles(log: Log, last: Checkpoint | None, leaves: list[bytes]) -> Iterator[Mismatch]:
    """Compare every tile that the last checkpoint rests on with the tiles that the leaves make."""
    if last is None:
        return
    entries = leaves[: last.size]
    levels: dict[int, list[bytes]] = {0: entries}
    for file, (level, number, width) in log.tiles.files(last.size).items():
        if level not in levels:
            levels[level] = _tile_roots(levels[level - 1])
        wanted = b"".join(levels[level][number * WIDTH : number * WIDTH + width])
        if not file.exists() or file.read_bytes() != wanted:
            yield Mismatch(Alteration.TILE_CHANGED, file.relative_to(log.folder.parent).as_posix())


def _tile_roots(hashes: list[bytes]) -> list[bytes]:
    return [nodes_of(hashes[i : i + WIDTH])(8, 0) for i in range(0, len(hashes) - WIDTH + 1, WIDTH)]


def _check_checkpoints(log: Log, reading: Connection, leaves: list[bytes]) -> Iterator[Mismatch]:
    """Each checkpoint ever signed must open with our key and be the root of the log's beginning."""
    roots: dict[int, bytes | None] = {}
    for where, size, note in _signed_notes(log, reading):
        opened = log.key.opened(note)
        if opened is None or opened.size != size or note != log.key.sign(opened):
            yield Mismatch(Alteration.CHECKPOINT_CHANGED, where)
            continue
        if size not in roots:
            roots[size] = _root_of_first(log, leaves, size)
        if roots[size] != opened.root:
            yield Mismatch(Alteration.CHECKPOINT_INCONSISTENT, where)


def _signed_notes(log: Log, reading: Connection) -> Iterator[tuple[str, int, str]]:
    """Yield place, claimed size and text of each note of the ledger and of the log's folder."""
    table = log_tables.log_checkpoints
    for row in reading.execute(select(table).order_by(table.c.size)):
        yield f"checkpoint {row.size} of the ledger", row.size, row.note
    for file in sorted((log.folder / "checkpoints").glob("*")):
        if not file.name.startswith("."):
            size = int(file.name) if file.name.isdigit() else -1
            yield f"log/checkpoints/{file.name}", size, file.read_text(errors="replace")


def _root_of_first(log: Log, leaves: list[bytes], size: int) -> bytes | None:
    if len(leaves) < size:
        return None
    try:
        return root_of(log.tiles.node, size)
    except DamagedTile:
        return None
