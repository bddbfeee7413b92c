"""The steps on a file's first bytes and on its header: is it what its feed says, and whose is it.

The tests themselves are in `preflight`; the records after the header belong to `judge_records`.
"""

from __future__ import annotations

from partners_ingest.arrival.damage import LimitPassed
from partners_ingest.arrival.unpacking import Container
from partners_ingest.intake import preflight
from partners_ingest.intake.delivery_result import HeaderFound, Stop
from partners_ingest.intake.steps.find_repeated import find_same_bytes
from partners_ingest.intake.steps.open_container import OpenedDelivery
from partners_ingest.readers.headers import fit_header, header_version
from partners_ingest.readers.records import Header, Reader
from partners_ingest.readers.registry import missing_capability, reader_for
from partners_ingest.readers.text_lines import first_bytes
from stores.evidence.redactions import is_redacted
from terms.reasons import FileReason


def check_content(opened: OpenedDelivery) -> Reader | Stop:
    """Return the reader of a file, or the stop DUPLICATE_BYTES, HTML_NOT_DATA, FORMAT_MISMATCH or NO_READER."""
    stores, case, feed = opened.stores, opened.case, opened.feed
    if opened.container is Container.NONE and not is_redacted(stores.engine, case.delivery_id):
        repeated = find_same_bytes(stores, case, case.sha256)  # not packed: known before the last line is read
        if repeated is not None:
            return repeated
    reason = preflight.check_content(opened.lines.head, feed, opened.container)
    if reason is not None:
        return Stop(reason)
    return reader_for(feed, case.limits) or Stop(FileReason.NO_READER, missing_capability(feed))


def read_header(opened: OpenedDelivery, reader: Reader) -> HeaderFound:
    """Read the header and compare it with those of the feed, and of all partners where it is none of them.

    The stop is WRONG_PARTNER or UNKNOWN_HEADER. Records under an unknown header are counted all the same: a known bad
    export has a header of its own.

    Raises:
        LimitPassed: it has more columns than are compared.
    """
    feed, bench = opened.feed, opened.bench
    header = reader.read_header(bench, feed)
    if len(header.labels) > opened.case.limits.columns:
        raise LimitPassed(f"it has more than {opened.case.limits.columns} columns")
    fitted = fit_header(header, feed) or header
    return HeaderFound(
        stop=_check_header(opened, header),
        reader=reader,
        header=fitted,
        version=header_version(header, feed),
        known_bad=preflight.known_bad_export(fitted, feed),
        warnings=preflight.warnings_of(bench, header, feed),
    )


def _check_header(opened: OpenedDelivery, header: Header) -> Stop | None:
    case, feed, first_line = opened.case, opened.feed, first_bytes(opened.bench)
    assert case.dossier is not None, "a feed is one of a dossier"
    reason = preflight.check_header(header, first_line, feed, case.dossier, case.dossiers.dossiers)
    if reason is FileReason.UNKNOWN_HEADER:
        return Stop(reason, preflight.describe_unknown(header, first_line, feed))
    return Stop(reason) if reason is not None else None
