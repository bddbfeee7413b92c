"""Appending the journal to the log: each line becomes a leaf, then a signed checkpoint says how far the log goes.

A leaf is a salted commitment, so the log may be shown to anybody and reveals nobody. Destroying a salt erases the trace
of its line; every other proof still works. What deserves a journal line is decided where it is written.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from sealing.log.checkpoint import Checkpoint, LogKey
from sealing.log.tiles import Tiles
from sealing.log.tree import leaf_hash, root_of
from stores.all_stores import Stores
from stores.operations import database, log_tables
from terms.canonical_json import canonical_json
from terms.clock import from_micros, to_iso, to_micros
from terms.errors import FiliationError

_BATCH = 5_000
_SALT_BYTES = 32


@dataclass(frozen=True)
class Log:
    """The log of one home: engine of the ledger, folder of the tiles, signing key."""

    engine: Engine
    folder: Path
    key: LogKey

    @classmethod
    def of(cls, stores: Stores) -> Log:
        """Return the log of the opened stores."""
        return cls(stores.engine, stores.home.log, LogKey.of(stores.keys.log_seed))

    @property
    def tiles(self) -> Tiles:
        """The hashes of the tree."""
        return Tiles(self.folder)

    def last_checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint, or None before the first.

        It is read from its file, not from the ledger: a ledger restored from an older backup must not make us forget
        what was signed.

        Raises:
            FiliationError: its note was not signed by this home's key, or was changed.
        """
        file = self.folder / "checkpoint"
        if not file.exists():
            return None
        opened = self.key.opened(file.read_text(errors="replace"))
        if opened is None:
            raise FiliationError(
                "The last checkpoint of the log was changed, or signed by another key.",
                "Run `filiation log check`; put back the newest file of `log/checkpoints` that it does not name.",
            )
        return opened


def entry_text(line: Row[Any]) -> str:
    """Return what a leaf commits to: the journal line as canonical JSON.

    Args:
        line: row of `journal`.
    """
    told = {
        "at": to_iso(from_micros(line.at)),
        "kind": line.kind,
        "payload": json.loads(line.payload_json),
        "sequence": line.sequence,
        "subject": line.subject,
    }
    return canonical_json(told)


def commitment(salt: bytes, text: str) -> bytes:
    """Return the leaf of an entry: sha256 of its salt and its text."""
    return sha256(salt + text.encode()).digest()


def append_journal(log: Log, now: datetime) -> Checkpoint | None:
    """Add every journal line that has no leaf yet, and sign a checkpoint.

    The caller holds the writer's lock. Leaves are committed first, tiles are made from them, the checkpoint comes last,
    so calling again after a crash completes the work.

    Args:
        log: of the home.
        now: the signing instant.

    Returns:
        The newest checkpoint, or None while the journal is empty.

    Raises:
        FiliationError: the last checkpoint is not ours, or the ledger has fewer leaves than it says.
    """
    last = log.last_checkpoint()
    signed = last.size if last else 0
    with database.transaction(log.engine) as work:
        _add_leaves(work)
    size, new = _leaves_after(log.engine, signed)
    if size < signed:
        raise FiliationError(
            f"The log has {size} leaves and its checkpoint says {signed}.",
            "The operations database is older than the log: restore its newest backup.",
        )
    if size == signed:
        return last
    log.tiles.extend(signed, new)
    checkpoint = Checkpoint(size, root_of(log.tiles.node, size))
    _sign(log, checkpoint, now)
    return checkpoint


def _add_leaves(work: Connection) -> None:
    journal, leaves = log_tables.journal, log_tables.log_leaves
    unsealed = (
        select(journal)
        .outerjoin(leaves, leaves.c.journal_sequence == journal.c.sequence)
        .where(leaves.c.position.is_(None))
        .order_by(journal.c.sequence)
        .limit(_BATCH)
    )
    position = work.execute(select(func.count()).select_from(leaves)).scalar_one()
    while lines := work.execute(unsealed).all():
        work.execute(leaves.insert(), [_leaf(line, position + i) for i, line in enumerate(lines)])
        position += len(lines)


def _leaf(line: Row[Any], position: int) -> dict[str, object]:
    salt = secrets.token_bytes(_SALT_BYTES)
    return {
        "position": position,
        "journal_sequence": line.sequence,
        "salt": salt.hex(),
        "leaf_hash": leaf_hash(commitment(salt, entry_text(line))).hex(),
    }


def _leaves_after(engine: Engine, size: int) -> tuple[int, list[bytes]]:
    """Return how many leaves there are, and the hashes of those after the first `size`."""
    table = log_tables.log_leaves
    new = select(table.c.leaf_hash).where(table.c.position >= size).order_by(table.c.position)
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
        hashes: list[str] = list(connection.execute(new).scalars())
    return count, [bytes.fromhex(leaf) for leaf in hashes]


def _sign(log: Log, checkpoint: Checkpoint, now: datetime) -> None:
    note = log.key.sign(checkpoint)
    row = {"size": checkpoint.size, "note": note, "signed_at": to_micros(now)}
    with database.transaction(log.engine) as work:
        database.insert_once(work, log_tables.log_checkpoints, [row])
    kept = log.folder / "checkpoints"
    kept.mkdir(mode=0o700, exist_ok=True)
    for file, text in (
        (log.folder / "verifier_key", log.key.verifier_key() + "\n"),
        (kept / str(checkpoint.size), note),
        (log.folder / "checkpoint", note),
    ):
        partial = file.with_name(f".{file.name}.partial")
        partial.write_text(text)
        os.replace(partial, file)
