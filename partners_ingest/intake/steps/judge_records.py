"""The step that reads the records of a file and judges their rows, batch by batch.

What a record is belongs to the readers, what a row means to `partners_ingest.rows`; what all rows add up to, to
`check_contract`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from consent.dossiers.known_words import known_words
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import HeaderFound, RecordsFound, Stop
from partners_ingest.intake.steps.find_repeated import find_same_records
from partners_ingest.intake.steps.open_container import OpenedDelivery
from partners_ingest.readers.records import LinesEnd
from partners_ingest.rows.delivery_facts import DeliveryFacts
from partners_ingest.rows.record_batches import BatchReader, RecordSums
from partners_ingest.rows.row_batches import RowFiles, RowJudge
from stores.all_stores import Stores
from stores.evidence.redactions import redacted_lines
from stores.lake import HELD_READING, reading_name
from terms.reasons import FileReason


def begin_rows(opened: OpenedDelivery) -> RowJudge:
    """Create the tables that outlive a batch, and return what judges the rows."""
    stores, case = opened.stores, opened.case
    assert opened.named is not None, "a file without a feed stops before its records are read"
    assert case.dossier is not None, "a feed is one of a dossier"
    facts = DeliveryFacts(
        *(case.delivery_id, case.partner_id, opened.feed, opened.named.exported_at, case.arrived_at, case.read_on),
        words=known_words(case.dossier, opened.feed),
    )
    redacted = frozenset(redacted_lines(stores.engine, case.delivery_id))
    judge = RowJudge(opened.bench, facts, case.rules, stores.keys, stores.engine, case.marks, redacted)
    judge.begin()
    return judge


@contextmanager
def row_files(opened: OpenedDelivery) -> Iterator[RowFiles]:
    """Give the files of this reading; what is not published within the block never appears. After `begin_rows`."""
    stores, case = opened.stores, opened.case
    held_name = reading_name(case.delivery_id, HELD_READING)
    files = RowFiles(opened.bench, stores.vault, stores.lake, case.reading_name, held_name, opened.feed.kind)
    try:
        yield files
    finally:
        files.abandon()


def judge_records(opened: OpenedDelivery, header: HeaderFound, judge: RowJudge, files: RowFiles) -> RecordsFound:
    """Read the records and judge their rows; those of every batch but the last are appended to the files.

    What is wrong with the whole file shows with its last batch, and is committed to there.

    Args:
        opened: the delivery.
        header: of the file; where it stops the delivery, records are only counted.
        judge: of `begin_rows`.
        files: of `row_files`.

    Returns:
        the stop is that of the whole file, of the header, KNOWN_BAD_EXPORT, DUPLICATE_CONTENT or None.
    """
    found = RecordsFound(header.stop, None, None)
    is_heard = opened.feed.kind == "withdrawals"  # under whatever header: who withdraws is heard
    labels = replace(header.header, lines=0, text=None) if is_heard and header.stop else header.header
    batches = BatchReader(header.reader, opened.feed, labels, header.known_bad)
    for end, sums in batches.read(opened.bench, opened.lines):
        if end is LinesEnd.FILE:
            whole = opened.evidence.commit_to_lines()
            if whole.stop is not None:
                return RecordsFound(whole.stop, None, None)
            found = _check_records(opened.stores, opened.case, header, sums)
        if found.stop is None or (is_heard and found.stop.reason is FileReason.UNKNOWN_HEADER):
            judge.judge()
            if end is LinesEnd.BATCH:
                files.append()
    return found


def _check_records(stores: Stores, case: DeliveryCase, header: HeaderFound, sums: RecordSums) -> RecordsFound:
    """Run the tests on all records of the file that need no row."""
    if header.known_bad is not None and sums.is_spoilt:
        detail = header.stop.detail if header.stop else None
        return RecordsFound(Stop(FileReason.KNOWN_BAD_EXPORT, detail), sums.records, None)
    if header.stop is not None:
        return RecordsFound(header.stop, sums.records, None)
    fingerprint = sums.fingerprint(header.header)
    return RecordsFound(find_same_records(stores, case, fingerprint), sums.records, fingerprint)
