"""The way of a delivery: its steps in their order. Each step has a module of its own under `steps`.

    step                      stops with                                        effect
    identify_file             FILE_EMPTY, DOSSIER_INVALID, UNKNOWN_FILE         none
    open_container            SEAL_…, ZIP_MULTIPLE_MEMBERS, FORMAT_MISMATCH     none
    commit_to_lines           FILE_EMPTY, GZIP_TRUNCATED, DUPLICATE_BYTES, …    commitments to lines: evidence, vault
    check_content             HTML_NOT_DATA, FORMAT_MISMATCH, NO_READER         none
    read_header               WRONG_PARTNER, UNKNOWN_HEADER                     none
    judge_records             KNOWN_BAD_EXPORT, DUPLICATE_CONTENT               none that is seen
    check_contract            ROW_COUNT_LOW, ROW_COUNT_CHANGE                   none
    keep_figures              never                                             figures: lake
    publish_rows              never                                             rows: vault, then lake

The first step that stops decides, in the order of `terms.reasons.FileReason`. Before this, `take_in` chooses the file and
copies its bytes into the evidence; after it, `redact_erased_lines` and `commit_delivery` follow there.
"""

from __future__ import annotations

from contextlib import ExitStack

from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import ReadRecords, ReadResult, Stop, Unopened, first_stop
from partners_ingest.intake.steps.check_content import check_content, read_header
from partners_ingest.intake.steps.check_contract import check_contract, keep_figures, publish_rows
from partners_ingest.intake.steps.identify_file import identify_file
from partners_ingest.intake.steps.judge_records import begin_rows, judge_records, row_files
from partners_ingest.intake.steps.open_container import OpenedDelivery, open_container
from stores.all_stores import Stores
from terms.reasons import FileReason


def read_delivery(stores: Stores, case: DeliveryCase) -> ReadResult:
    """Read one delivery, whose bytes are in the evidence: its file, then its lines.

    Effects: the commitments to its lines, its figures and, where nothing stops it, the files of its rows.

    Raises:
        FiliationError: a line or a record went missing between reading and judging.
    """
    identified = identify_file(case)
    if identified.stop is not None and identified.stop.reason is FileReason.FILE_EMPTY:
        return ReadResult(identified.stop, identified.named)
    with ExitStack() as until_read:
        opened = open_container(stores, case, identified.named, until_read)
        if isinstance(opened, Unopened):
            return ReadResult(first_stop(identified.stop, opened.stop), identified.named, opened.container)
        return _read_lines(opened, identified.stop)


def _read_lines(opened: OpenedDelivery, earlier: Stop | None) -> ReadResult:
    """Commit to the lines of every file, and read the records of one that nothing stopped earlier.

    Of a file of several batches the whole is known with the last one. What is wrong with the whole still comes before
    what is wrong with header or records.
    """
    if earlier is not None or opened.lines.is_whole:
        whole = opened.evidence.commit_to_lines()
        stop = first_stop(earlier, whole.stop)
        if stop is not None:
            return ReadResult(stop, opened.named, opened.container, whole)
    read = _read_records(opened)
    whole = opened.evidence.commit_to_lines()
    if whole.stop is not None:
        return ReadResult(whole.stop, opened.named, opened.container, whole)
    header = read.header.told if read.header else None
    return ReadResult(read.stop, opened.named, opened.container, whole, header, read.records, read.rows)


def _read_records(opened: OpenedDelivery) -> ReadRecords:
    """Read header and records, judge the rows, and publish them unless something stops the delivery."""
    reader = check_content(opened)
    if isinstance(reader, Stop):
        return ReadRecords(reader)
    header = read_header(opened, reader)
    if header.stop is not None and header.stop.reason is FileReason.WRONG_PARTNER:
        return ReadRecords(header.stop, header)
    judge = begin_rows(opened)
    with row_files(opened) as files:
        records = judge_records(opened, header, judge, files)
        if records.stop is not None:
            if records.stop.reason is FileReason.UNKNOWN_HEADER and opened.feed.kind == "withdrawals":
                files.finish_heard()
            return ReadRecords(records.stop, header, records)
        rows = check_contract(opened, header, judge)
        keep_figures(opened)
        if rows.stop is None:
            publish_rows(files)
        elif opened.feed.kind == "withdrawals":
            files.finish_heard()
        return ReadRecords(rows.stop, header, records, rows)
