"""Sealing papers (documents handed out): the journal keeps the hash of each issued file and of its parts.

Comparing a file with its seal belongs to `sealing.checks.paper_check`, what a paper says to `lineage.papers`, its
layout to `pages.paper`. The journal keeps no contact and no number of a paper: each file holds a random salt, so nobody
can guess a number by trying hashes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log
from sealing.log.proofs import Proof, prove_lines
from stores.operations import journal

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


def record_paper(work: Connection, at: datetime, paper: IssuedPaper) -> None:
    """Write the journal line of a paper; it becomes a leaf of the log at the next sealing.

    Args:
        work: the caller's transaction on the ledger.
        at: when the paper was issued.
        paper: its file and what it rests on.
    """
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


def claimed_paper_id(content: bytes) -> str | None:
    """Return the paper's number that a file claims by its mark, or None where it has no mark."""
    mark = _MARK.search(content)
    return mark.group(1).decode() if mark else None


def prove_papers(log: Log, checkpoint: Checkpoint, paper_ids: Sequence[str]) -> dict[str, Proof]:
    """Return the proof of each paper's journal line, by the paper's number.

    Args:
        log: of the home that issued the papers.
        checkpoint: signed by this log; a paper that it does not cover yet is left out of the answer.
        paper_ids: numbers of the papers.

    Returns:
        One proof per paper that the checkpoint covers.
    """
    proofs = prove_lines(log, checkpoint, journal.Entry.PAPER.value, paper_ids)
    return {json.loads(proof.text)["subject"]: proof for proof in proofs if proof.text is not None}


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
