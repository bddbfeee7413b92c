"""Papers in the log: what was issued is sealed by the hash of its whole file, and a check names what was changed.

What a paper says belongs to `lineage`, its looks to `pages`. The journal keeps no contact and no number: the hash of a
file that holds a salt of its own tells nothing about what stands in it, and nobody can try numbers against it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from sealing.checks.alterations import Alteration, Finding
from sealing.checks.ledger_check import payload_of
from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log, commitment, entry_text
from sealing.log.proofs import Proof, prove_lines
from sealing.log.tiles import DamagedTile
from sealing.log.tree import inclusion_path, leaf_hash, root_by_path
from stores.operations import journal, log_tables
from terms.clock import from_micros

#: Identifier and salt (hex) as `pages.paper` writes them into every form of a paper.
_MARK = re.compile(rb"filiation-paper:([0-9a-f]{16}):([0-9a-f]{32})")
_HTML_PART = re.compile(rb'(?=<section id="([a-z-]+)">)|(?=</main>)')
_PDF_PART = re.compile(rb"(?<=endobj\n)(?=\d+ 0 obj\n)")
_PDF_PAGE = re.compile(rb"/Contents (\d+) 0 R")
#: Hex digits of a part's hash: it only says where to look, the hash of the whole file decides.
_PART_DIGITS = 16


@dataclass(frozen=True)
class IssuedPaper:
    """A paper as it goes out: kind and form by name, its number, its bytes (identity), and ids of what it rests on."""

    paper_id: str
    kind: str
    form: str
    content: bytes
    rests_on: Mapping[str, str]


@dataclass(frozen=True)
class PaperCheck:
    """What is known of a file that claims to be a paper: which one, and every thing that does not agree."""

    paper_id: str | None
    kind: str | None
    issued_at: datetime | None
    findings: tuple[Finding, ...]


def record_paper(work: Connection, at: datetime, paper: IssuedPaper) -> None:
    """Write the journal's line of a paper in the caller's transaction; it is a leaf of the log at the next sealing."""
    told: dict[str, object] = {
        "paper": paper.kind,
        "form": paper.form,
        "sha256": sha256(paper.content).hexdigest(),
        "bytes": len(paper.content),
        "parts": [list(part) for part in parts_of(paper.content)],
        "rests_on": dict(paper.rests_on),
    }
    journal.append(work, at, journal.Entry.PAPER, paper.paper_id, told)


def parts_of(content: bytes) -> list[tuple[str, str]]:
    """Return the parts of a paper's file in order: a name fixed by code, and a salted hash that says where to look."""
    mark = _MARK.search(content)
    salt = mark.group(2) if mark else b""
    pieces = _pdf_pieces(content) if content.startswith(b"%PDF-") else _html_pieces(content)
    return [(name, sha256(salt + piece).hexdigest()[:_PART_DIGITS]) for name, piece in pieces]


def check_paper(log: Log, content: bytes, checkpoint: Checkpoint) -> PaperCheck:
    """Compare a file with what was issued, its journal line with its leaf, and the leaf with a signed checkpoint.

    Args:
        log: of the home that issued it.
        content: the bytes of the file.
        checkpoint: one that this log signed; not larger than the newest.
    """
    mark = _MARK.search(content)
    claimed = mark.group(1).decode() if mark else None
    with log.engine.connect() as reading:
        line = _line_of(reading, content, claimed)
    if line is None:
        return PaperCheck(claimed, None, None, (Finding(Alteration.PAPER_UNKNOWN, f"paper {claimed or '?'}"),))
    payload = payload_of(line.payload_json)
    findings = [*_unequal_file(content, line.subject, payload), *_unsealed(log, line, checkpoint)]
    kind = payload.get("paper")
    return PaperCheck(line.subject, str(kind) if kind else None, from_micros(line.at), tuple(findings))


def prove_papers(log: Log, checkpoint: Checkpoint, paper_ids: Sequence[str]) -> dict[str, Proof]:
    """Return the proof of each paper's line by its number; one that the checkpoint does not cover yet is left out."""
    proofs = prove_lines(log, checkpoint, journal.Entry.PAPER.value, paper_ids)
    return {json.loads(proof.text)["subject"]: proof for proof in proofs if proof.text is not None}


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


def _unequal_file(content: bytes, paper_id: str, payload: Mapping[str, object]) -> Iterator[Finding]:
    if payload.get("sha256") == sha256(content).hexdigest():
        return
    sealed, found = _named(payload.get("parts")), _named(parts_of(content))
    changed = [name for name in sealed if found.get(name) != sealed[name]] + [n for n in found if n not in sealed]
    if set(sealed) <= set(changed):  # with another salt, or of another paper: no part says where
        changed = ["its mark, or all of it"]
    for name in changed or ["the file"]:
        yield Finding(Alteration.PAPER_CHANGED, f"paper {paper_id}, {name}")


def _named(parts: object) -> dict[str, str]:
    pairs = parts if isinstance(parts, list) else []
    return {str(name): str(digest) for name, digest in pairs}


def _unsealed(log: Log, line: Row[Any], checkpoint: Checkpoint) -> Iterator[Finding]:
    """Yield what keeps the line from being proved: no leaf yet, another text, or a path to another root."""
    where = f"paper {line.subject}"
    if line.position is None or line.position >= checkpoint.size:
        yield Finding(Alteration.PAPER_NOT_SEALED, where)
        return
    if line.salt is not None:
        try:
            leaf = leaf_hash(commitment(bytes.fromhex(line.salt), entry_text(line))).hex()
        except ValueError:  # a text or salt that was changed beyond reading
            leaf = ""
        if leaf != line.leaf_hash:
            yield Finding(Alteration.JOURNAL_CHANGED, f"journal line {line.sequence} ({where})")
            return
    try:
        path = inclusion_path(log.tiles.node, line.position, checkpoint.size)
        root = root_by_path(bytes.fromhex(line.leaf_hash), line.position, checkpoint.size, path)
    except (DamagedTile, ValueError):
        root = None
    if root != checkpoint.root:
        yield Finding(Alteration.LEAF_CHANGED, where)


def _html_pieces(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield head, each section under its id, and foot; together they are the file."""
    start, name = 0, "head"
    for cut in _HTML_PART.finditer(content):
        if cut.start() > start:
            yield name, content[start : cut.start()]
        start, name = cut.start(), f"section {cut.group(1).decode()}" if cut.group(1) else "foot"
    yield name, content[start:]


def _pdf_pieces(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the objects of the file by number, contents of pages by page; together they are the file."""
    pages = {number: f"page {i}" for i, number in enumerate(_PDF_PAGE.findall(content), 1)}
    cuts = [0, *(cut.start() for cut in _PDF_PART.finditer(content)), len(content)]
    for start, end in zip(cuts, cuts[1:], strict=False):
        number = content[start:end].partition(b" ")[0] if start else b""
        yield pages.get(number, f"object {number.decode('ascii', 'replace')}" if start else "head"), content[start:end]
