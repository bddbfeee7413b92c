"""Answers to "what came in, what is published?" read from operations database, lake and base.

Counts, ids, codes and instants only.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, func, select

from pipelines.commands.answers import instant
from stores import operations
from stores.house import House
from stores.lake import reading_name
from stores.schemas import QUARANTINE
from terms.clock import to_iso
from terms.errors import UsageError

Row = dict[str, object]


def list_deliveries(engine: Engine) -> list[Row]:
    """Return one record per delivery in order of arrival, with the keys of the contract."""
    table = operations.deliveries
    query = select(table).order_by(table.c.arrived_at, table.c.file_name)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [
        {
            "delivery_id": row["delivery_id"],
            "feed_id": row["feed_id"],
            "file": row["file_name"],
            "sha256": row["sha256"],
            "partner": row["partner_id"],
            "outcome": row["outcome"],
            "reason": row["reason"],
            "data_rows": row["data_rows"],
            "accepted_rows": row["accepted_rows"],
            "quarantined_rows": row["quarantined_rows"],
            "received_at": instant(row["arrived_at"]),
        }
        for row in rows
    ]


def list_quarantine(opened: House, delivery_id: str | None) -> list[Row]:
    """Return one record per quarantined row of the current readings, by delivery and line."""
    from stores.engine import connect
    from stores.inputs import accepted_deliveries

    chosen = [item for item in accepted_deliveries(opened.engine) if delivery_id in (None, item.delivery_id)]
    if delivery_id is not None and not chosen:
        raise UsageError("No accepted delivery has this id.", "See `filiation deliveries`.")
    names = [reading_name(item.delivery_id, item.reading) for item in chosen]
    files = {item.delivery_id: item for item in chosen}
    with connect() as connection:
        rows = connection.execute(
            f"select delivery_id, line_number, reasons from ({opened.lake.sql(QUARANTINE, names)}) order by all"
        ).fetchall()
    return [
        {
            "delivery_id": delivery,
            "partner": files[delivery].partner_id,
            "file": files[delivery].file_name,
            "line": line,
            "reasons": reasons,
        }
        for delivery, line, reasons in rows
    ]


def base_status(opened: House) -> Row:
    """Return what is published and how fresh everything is."""
    manifest = opened.warehouse.manifest()
    last_run, warnings = _last_run(opened)
    return {
        "version": manifest.version if manifest else None,
        "published_at": manifest.published_at if manifest else None,
        "row_counts": dict(manifest.row_counts) if manifest else {},
        "partners": _freshness(opened.engine),
        "open_data": _vintages(opened.engine),
        "last_run": last_run,
        "warnings": warnings,
    }


def _freshness(engine: Engine) -> Row:
    table = operations.deliveries
    query = (
        select(table.c.partner_id, func.max(table.c.arrived_at))
        .where(table.c.outcome == "accepted")
        .group_by(table.c.partner_id)
        .order_by(table.c.partner_id)
    )
    with engine.connect() as connection:
        return {partner: instant(newest) for partner, newest in connection.execute(query)}


def _vintages(engine: Engine) -> Row:
    table = operations.open_data_vintages
    query = select(table.c.source_id, table.c.vintage, func.max(table.c.loaded_at)).group_by(
        table.c.source_id, table.c.vintage
    )
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(table.c.source_id)).all()
    return {f"{source}@{vintage}": instant(loaded) for source, vintage, loaded in rows}


def _last_run(opened: House) -> tuple[Row | None, list[str]]:
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
