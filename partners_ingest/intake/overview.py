"""What came in, as people ask: deliveries with their outcome, quarantined records, how fresh each partner is.

Ids, names of files, codes, counts and instants; never a value of a row. Writing them belongs to `delivery_records`,
printing to the commands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from partners_ingest.arrival.file_names import masked_name
from partners_ingest.arrival.landing import Arrival
from stores.engine import connect
from stores.lake import Lake, reading_name
from stores.operations import delivery_tables
from stores.schemas.delivered_rows import QUARANTINE
from stores.warehouse.inputs import accepted_deliveries
from terms.clock import from_micros
from terms.errors import UsageError
from terms.reasons import FileOutcome


@dataclass(frozen=True)
class DeliverySummary:
    """One delivery as the operations database has it.

    `encoding_rule` says what decided the encoding (`encodings.EncodingRule`), `duplicate_of` which delivery a duplicate
    repeats, `warnings` (`terms.reasons.FileWarning`) what a person should see beside the outcome.
    """

    delivery_id: str
    feed_id: str | None
    kind: str | None
    file_name: str
    sha256: str
    partner_id: str
    outcome: str
    reason: str | None
    duplicate_of: str | None
    warnings: tuple[str, ...]
    container: str | None
    encoding: str | None
    encoding_rule: str | None
    data_rows: int | None
    accepted_rows: int | None
    quarantined_rows: int | None
    reading: int
    received_at: datetime


@dataclass(frozen=True)
class QuarantinedRow:
    """A record of an accepted delivery that cannot be trusted: its line, and all its reasons."""

    delivery_id: str
    partner_id: str
    file_name: str
    line: int
    reasons: tuple[str, ...]


def list_deliveries(engine: Engine) -> list[DeliverySummary]:
    """Return every delivery in order of arrival, then by file name."""
    table = delivery_tables.deliveries
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.arrived_at, table.c.file_name)).mappings().all()
    stored = DeliverySummary.__dataclass_fields__.keys() - {"warnings", "received_at"}
    return [
        DeliverySummary(
            **{name: row[name] for name in stored},
            warnings=tuple(json.loads(row["warnings_json"])),
            received_at=from_micros(row["arrived_at"]),
        )
        for row in rows
    ]


def list_quarantine(engine: Engine, lake: Lake, delivery_id: str | None) -> list[QuarantinedRow]:
    """Return the quarantined records of the current readings, by delivery and line.

    Args:
        engine: of the operations database.
        lake: where quarantine lies.
        delivery_id: only this delivery; None = all.

    Raises:
        UsageError: no accepted delivery has this id.
    """
    chosen = {item.delivery_id: item for item in accepted_deliveries(engine) if delivery_id in (None, item.delivery_id)}
    if delivery_id is not None and not chosen:
        raise UsageError("No accepted delivery has this id.", "See `filiation deliveries`.")
    names = [reading_name(item.delivery_id, item.reading) for item in chosen.values()]
    with connect() as connection:
        rows = connection.execute(
            f"select delivery_id, line_number, reasons from ({lake.sql(QUARANTINE, names)}) order by all"
        ).fetchall()
    return [
        QuarantinedRow(found, chosen[found].partner_id, chosen[found].file_name, line, tuple(reasons))
        for found, line, reasons in rows
    ]


def quarantine_reasons(engine: Engine, lake: Lake, delivery_id: str, line: int) -> tuple[str, ...] | None:
    """Return the codes of the quarantined record that starts at a line of an accepted delivery; None if none does.

    Args:
        engine: of the operations database.
        lake: where the quarantine is.
        delivery_id: of an accepted delivery.
        line: where the record starts, from 1.
    """
    chosen = [item for item in accepted_deliveries(engine) if item.delivery_id == delivery_id]
    names = [reading_name(item.delivery_id, item.reading) for item in chosen]
    with connect() as connection:
        row = connection.execute(
            f"select reasons from ({lake.sql(QUARANTINE, names)}) where line_number = $line", {"line": line}
        ).fetchone()
    return tuple(row[0]) if row else None


def unknown_files(engine: Engine, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return the files that no delivery knows by name and size; a corrected file keeps its name and is another one."""
    table = delivery_tables.deliveries
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.partner_id, table.c.file_name, table.c.bytes))
        known = {tuple(row) for row in rows}
    sized = [(item, (item.partner_id, masked_name(item.file_name), item.path.stat().st_size)) for item in arrivals]
    return [item for item, key in sized if key not in known]


def newest_arrivals(engine: Engine) -> Mapping[str, datetime]:
    """Return when the newest accepted delivery of each partner arrived."""
    table = delivery_tables.deliveries
    query = (
        select(table.c.partner_id, func.max(table.c.arrived_at))
        .where(table.c.outcome == FileOutcome.ACCEPTED.value)
        .group_by(table.c.partner_id)
        .order_by(table.c.partner_id)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {str(row[0]): from_micros(int(row[1])) for row in rows}
