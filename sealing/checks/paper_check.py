"""Comparing the file of a paper (a document handed out) with what was sealed when it was issued.

Sealing papers belongs to `sealing.seals.papers`. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from sealing.checks.alterations import Alteration, Mismatch
from sealing.checks.ledger_check import payload_of
from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log, commitment, entry_text
from sealing.log.tiles import DamagedTile
from sealing.log.tree import inclusion_path, leaf_hash, root_by_path
from sealing.seals.papers import claimed_paper_id, parts_of
from stores.operations import journal, log_tables
from terms.clock import from_micros


@dataclass(frozen=True)
class PaperCheck:
    """What is known of a file that claims to be a paper: which one, and everything that does not agree."""

    paper_id: str | None
    kind: str | None
    issued_at: datetime | None
    mismatches: tuple[Mismatch, ...]


def check_paper(log: Log, content: bytes, checkpoint: Checkpoint) -> PaperCheck:
    """Compare a file with what was issued, its journal line with its leaf, and the leaf with a signed checkpoint.

    Args:
        log: of the home that issued it.
        content: the bytes of the file.
        checkpoint: one that this log signed; not larger than the newest.

    Returns:
        The paper that the file is or claims to be, and what differs; `kind` and `issued_at` are None for an unknown paper.
    """
    claimed = claimed_paper_id(content)
    with log.engine.connect() as reading:
        line = _line_of(reading, content, claimed)
    if line is None:
        return PaperCheck(claimed, None, None, (Mismatch(Alteration.PAPER_UNKNOWN, f"paper {claimed or '?'}"),))
    payload = payload_of(line.payload_json)
    mismatches = [*_unequal_file(content, line.subject, payload), *_unsealed(log, line, checkpoint)]
    kind = payload.get("paper")
    return PaperCheck(line.subject, str(kind) if kind else None, from_micros(line.at), tuple(mismatches))


def _line_of(reading: Connection, content: bytes, claimed: str | None) -> Row[Any] | None:
    """Return the line of the paper that these bytes are, else of the one that they claim to be."""
    lines = log_tables.journal
    whole = lines.c.payload_json.contains(f'"sha256":"{sha256(content).hexdigest()}"')
    row = reading.execute(_papers().where(whole)).first()
    if row is None and claimed is not None:
        row = reading.execute(_papers().where(lines.c.subject == claimed)).first()
    return row


def _papers() -> Select[Any]:
    lines, leaves = log_tables.journal, log_tables.log_leaves
    query = select(lines, leaves.c.position, leaves.c.salt, leaves.c.leaf_hash)
    joined = query.outerjoin(leaves, leaves.c.journal_sequence == lines.c.sequence)
    return joined.where(lines.c.kind == journal.Entry.PAPER.value).order_by(lines.c.sequence)


def _unequal_file(content: bytes, paper_id: str, payload: Mapping[str, object]) -> Iterator[Mismatch]:
    if payload.get("sha256") == sha256(content).hexdigest():
        return
    sealed, found = _named(payload.get("parts")), _named(parts_of(content))
    changed = [name for name in sealed if found.get(name) != sealed[name]] + [n for n in found if n not in sealed]
    if set(sealed) <= set(changed):  # with another salt, or of another paper: no part says where
        changed = ["its mark, or all of it"]
    for name in changed or ["the file"]:
        yield Mismatch(Alteration.PAPER_CHANGED, f"paper {paper_id}, {name}")


def _named(parts: object) -> dict[str, str]:
    pairs = parts if isinstance(parts, list) else []
    return {str(name): str(digest) for name, digest in pairs}


def _unsealed(log: Log, line: Row[Any], checkpoint: Checkpoint) -> Iterator[Mismatch]:
    """Yield what keeps the line from being proved: no leaf yet, another text, or a path to another root."""
    where = f"paper {line.subject}"
    if line.position is None or line.position >= checkpoint.size:
        yield Mismatch(Alteration.PAPER_NOT_SEALED, where)
        return
    if line.salt is not None and _leaf_of(line) != line.leaf_hash:
        yield Mismatch(Alteration.JOURNAL_CHANGED, f"journal line {line.sequence} ({where})")
        return
    if _root_over(log, line, checkpoint.size) != checkpoint.root:
        yield Mismatch(Alteration.LEAF_CHANGED, where)


def _leaf_of(line: Row[Any]) -> str | None:
    """Return the leaf hash (hex) that salt and text of the line give, or None where they cannot be read."""
    try:
        return leaf_hash(commitment(bytes.fromhex(line.salt), entry_text(line))).hex()
    except ValueError:
        return None


def _root_over(log: Log, line: Row[Any], size: int) -> bytes | None:
    """Return the root that the leaf's path leads to, or None where leaf or tiles cannot be read."""
    try:
        path = inclusion_path(log.tiles.node, line.position, size)
        return root_by_path(bytes.fromhex(line.leaf_hash), line.position, size, path)
    except (DamagedTile, ValueError):
        return None
