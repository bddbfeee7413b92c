"""Comparing the files of the stores with their seals; making the seals belongs to `sealing.seals.files`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Engine, select

from sealing.checks.alterations import Alteration, Mismatch
from sealing.checks.ledger_check import payload_of
from sealing.seals.files import SealedFile, current_seals, hash_files, listing_sha256
from stores.home import Home
from stores.operations import log_tables
from stores.operations.journal import Entry


def check_files(engine: Engine, home: Home) -> tuple[list[Mismatch], int]:
    """Return the files and listings that differ from their seals, and how many files were read."""
    seals = current_seals(engine)
    mismatches = list(_unequal_listings(engine))
    for path, now in zip(seals, hash_files(home, list(seals)), strict=True):
        if now is None:
            mismatches.append(Mismatch(Alteration.FILE_MISSING, path))
        elif now != seals[path]:
            mismatches.append(Mismatch(Alteration.FILE_CHANGED, path))
    return mismatches, len(seals)


def _unequal_listings(engine: Engine) -> Iterator[Mismatch]:
    """Compare each batch of sealed files with its journal line: the seals themselves must not be changed."""
    table, journal = log_tables.sealed_files, log_tables.journal
    batches: dict[str, list[SealedFile]] = defaultdict(list)
    with engine.connect() as reading:
        for row in reading.execute(select(table)):
            batches[str(row.batch)].append(SealedFile(row.path, row.bytes, row.sha256))
        lines = select(journal.c.subject, journal.c.payload_json).where(journal.c.kind == Entry.FILES.value)
        told = {subject: payload_of(text).get("listing_sha256") for subject, text in reading.execute(lines).tuples()}
    for batch in sorted(batches.keys() | told.keys()):
        if told.get(batch) != listing_sha256(batches.get(batch, [])):
            yield Mismatch(Alteration.SEAL_CHANGED, f"batch {batch} of sealed files")
