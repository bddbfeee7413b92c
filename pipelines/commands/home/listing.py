"""Answers to "what came in, what is published?" as records with the keys that the commands print.

They hold counts, ids, codes and instants only. Reading the stores belongs to the rooms.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine

from open_data.freshness import loaded_vintages
from partners_ingest.intake.overview import list_deliveries, list_quarantine, newest_arrivals
from staff.break_glass import broken_glass
from stores.all_stores import Stores
from terms.clock import to_iso

Row = dict[str, object]


def deliveries_told(engine: Engine) -> list[Row]:
    """Return one record per delivery in order of arrival, with the keys of the contract."""
    return [
        {
            "delivery_id": found.delivery_id,
            "feed_id": found.feed_id,
            "file": found.file_name,
            "sha256": found.sha256,
            "partner": found.partner_id,
            "outcome": found.outcome,
            "reason": found.reason,
            "duplicate_of": found.duplicate_of,
            "warnings": list(found.warnings),
            "container": found.container,
            "encoding": found.encoding,
            "encoding_rule": found.encoding_rule,
            "data_rows": found.data_rows,
            "accepted_rows": found.accepted_rows,
            "quarantined_rows": found.quarantined_rows,
            "reading": found.reading,
            "received_at": to_iso(found.received_at),
        }
        for found in list_deliveries(engine)
    ]


def quarantine_told(opened: Stores, delivery_id: str | None) -> list[Row]:
    """Return one record per quarantined row of the current readings, by delivery and line."""
    return [
        {
            "delivery_id": found.delivery_id,
            "partner": found.partner_id,
            "file": found.file_name,
            "line": found.line,
            "reasons": list(found.reasons),
        }
        for found in list_quarantine(opened.engine, opened.lake, delivery_id)
    ]


def base_status(opened: Stores) -> Row:
    """Return what is published and how fresh everything is."""
    manifest = opened.warehouse.manifest()
    last_run, warnings = _last_run(opened)
    return {
        "version": manifest.version if manifest else None,
        "published_at": manifest.published_at if manifest else None,
        "row_counts": dict(manifest.row_counts) if manifest else {},
        "partners": _told(newest_arrivals(opened.engine)),
        "open_data": _told(loaded_vintages(opened.engine)),
        "last_run": last_run,
        "warnings": warnings,
        "broken_glass": [
            {"person": leave.person_id, "act": leave.subject, "at": to_iso(leave.at)} for leave in broken_glass(opened)
        ],
    }


def _told(instants: Mapping[str, datetime]) -> Row:
    return {name: to_iso(at) for name, at in instants.items()}


def _last_run(opened: Stores) -> tuple[Row | None, list[str]]:
    """Return the newest refresh from Dagster's own record, and the checks that warned or failed in it."""
    import dagster as dg

    from pipelines.instance import use_instance
    from pipelines.jobs import REFRESH

    use_instance(opened.home)
    with dg.DagsterInstance.get() as instance:
        records = instance.get_run_records(filters=dg.RunsFilter(job_name=REFRESH), limit=1)
        if not records:
            return None, []
        record = records[0]
        events = instance.all_logs(record.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    run: Row = {
        "run_id": record.dagster_run.run_id,
        "started_at": _seconds(record.start_time),
        "ended_at": _seconds(record.end_time),
        "outcome": record.dagster_run.status.value,
    }
    checks = [entry.dagster_event.asset_check_evaluation_data for entry in events if entry.dagster_event]
    failed = [check for check in checks if not check.passed]
    return run, sorted(f"{check.asset_key.to_user_string()}: {check.check_name}" for check in failed)


def _seconds(timestamp: float | None) -> str | None:
    return None if timestamp is None else to_iso(datetime.fromtimestamp(int(timestamp), UTC))
