"""The last step: the delivery's row and its journal line in one transaction. Before it nothing of the delivery counts.

How both are stored belongs to `delivery_records`; what a run says of the delivery is made of the same row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from partners_ingest.arrival.file_names import masked_name
from partners_ingest.intake import delivery_records
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_records import DeliveryRow
from partners_ingest.intake.delivery_result import DeliveryReport, ReadResult
from stores.all_stores import Stores
from stores.evidence.redactions import is_redacted
from terms import failpoint
from terms.canonical_json import canonical_json
from terms.clock import to_micros
from terms.reasons import FileOutcome


def commit_delivery(stores: Stores, case: DeliveryCase, result: ReadResult, now: datetime) -> DeliveryReport:
    """Write what became of a delivery to the operations database, and return it as a report.

    Args:
        stores: for the operations database.
        case: the delivery.
        result: what reading it gave.
        now: when it is taken in (aware).
    """
    row = _row(stores, case, result, now)
    returned = result.rows.returned if result.rows and result.totals else ()
    delivery_records.commit(stores.engine, row, now, returned)
    failpoint.reach("delivery.committed")
    return _report(row, result)


def _row(stores: Stores, case: DeliveryCase, result: ReadResult, now: datetime) -> DeliveryRow:
    commitments, totals = result.commitments, result.totals
    return DeliveryRow(
        delivery_id=case.delivery_id,
        partner_id=case.partner_id,
        file_name=masked_name(case.file_name),
        sha256=case.sha256,
        bytes=case.size,
        **_feed_columns(result),
        **_encoding_columns(result),
        **_content_columns(stores, case, result),
        **_stop_columns(result),
        warnings_json=canonical_json([warning.value for warning in result.header.warnings] if result.header else []),
        outcome=result.outcome.value,
        data_rows=_data_rows(result),
        accepted_rows=totals.accepted_rows if totals else None,
        quarantined_rows=totals.quarantined_rows if totals else None,
        reading=case.reading if result.outcome is FileOutcome.ACCEPTED else 0,
        judged_with=case.judged_with,
        line_count=commitments.lines if commitments else None,
        evidence_root=commitments.root if commitments else None,
        exported_at=to_micros(result.named.exported_at) if result.named else None,
        arrived_at=to_micros(case.arrived_at),
        taken_in_at=to_micros(now),
    )


_Texts = Mapping[str, str | None]


def _feed_columns(result: ReadResult) -> _Texts:
    feed = result.feed
    if feed is None:
        return {"feed_id": None, "kind": None, "mode": None}
    return {"feed_id": feed.feed_id, "kind": feed.kind, "mode": feed.mode}


def _encoding_columns(result: ReadResult) -> _Texts:
    """Return how the delivery was unpacked and decoded; what has no lines has no encoding."""
    container = result.container.value if result.container else None
    if result.content is None or result.commitments is None:
        return {"container": container, "encoding": None, "encoding_rule": None}
    encoding = result.content.encoding
    return {"container": container, "encoding": encoding.name, "encoding_rule": encoding.rule.value}


def _content_columns(stores: Stores, case: DeliveryCase, result: ReadResult) -> _Texts:
    """Return what duplicates are known by: of a delivery that was redacted, what it was when it came."""
    fingerprint = result.records.fingerprint if result.records else None
    if case.known is not None and is_redacted(stores.engine, case.delivery_id):
        return {
            "content_sha256": case.known.content_sha256,
            "content_fingerprint": case.known.content_fingerprint or fingerprint,
        }
    return {
        "content_sha256": result.content.sha256 if result.content else None,
        "content_fingerprint": fingerprint,
    }


def _stop_columns(result: ReadResult) -> _Texts:
    stop = result.stop
    return {"reason": stop.reason.value if stop else None, "duplicate_of": stop.duplicate_of if stop else None}


def _data_rows(result: ReadResult) -> int | None:
    """Return the number of records; those of a duplicate were told with the first delivery of them."""
    if result.records is None or result.outcome is FileOutcome.DUPLICATE:
        return None
    return result.records.records


def _report(row: DeliveryRow, result: ReadResult) -> DeliveryReport:
    return DeliveryReport(
        delivery_id=row.delivery_id,
        partner_id=row.partner_id,
        file_name=row.file_name,
        feed_id=row.feed_id,
        kind=row.kind,
        outcome=result.outcome,
        reason=result.stop.reason if result.stop else None,
        data_rows=row.data_rows,
        accepted_rows=row.accepted_rows,
        quarantined_rows=row.quarantined_rows,
        quality=result.rows.quality if result.rows else None,
        header_version=result.header.version if result.header else None,
        detail=result.stop.detail if result.stop else None,
    )
