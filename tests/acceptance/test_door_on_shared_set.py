"""The door against the truth of the shared set: every file and every record of all partners.

Needs the shared data (FILIATION_SHARED, default ../shared). Values of rows are compared, never printed: a failure
names file, line and column.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.landing import scan_landing
from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.take_in import take_in
from partners_ingest.rows import opt_ins, withdrawals
from partners_ingest.rows.phone_cells import read_phone_cells
from stores.all_stores import Stores, open_stores
from stores.engine import connect
from stores.home import init_home
from stores.lake import reading_name
from stores.migrations.migrate import migrate
from stores.schemas import delivered_rows
from stores.warehouse.inputs import accepted_deliveries
from terms.environment import NumberRules
from terms.settings import load_settings
from tests.scenes.door.reading_here import ReadingHere

SHARED = Path(os.environ.get("FILIATION_SHARED", "../shared")) / "data" / "partners"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")


@dataclass(frozen=True)
class Door:
    """A home into which the shared landing folder was taken, and what the runs reported."""

    stores: Stores
    reports: dict[tuple[str, str], DeliveryReport]
    second_run: int
    told: list[str]
    records: int
    records_for_python: int


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    settings = load_settings(
        {
            "FILIATION_ENV": "test",
            "FILIATION_HOME": str(tmp_path_factory.mktemp("home")),
            "FILIATION_NOW": "2026-11-24T09:00:00+01:00",
        }
    )
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    dossiers = read_dossiers(SHARED / "dossiers")
    told: list[str] = []
    counts: list[tuple[int, int]] = []

    def counted(connection: duckdb.DuckDBPyConnection, source: str, rules: NumberRules) -> None:
        read_phone_cells(connection, source, rules)
        counts.extend(connection.execute("select count(*), count(*) filter (is_left) from phones").fetchall())

    patched = pytest.MonkeyPatch()
    patched.setattr(opt_ins, "read_phone_cells", counted)
    patched.setattr(withdrawals, "read_phone_cells", counted)
    runs = [
        take_in(
            *(stores, scan_landing(SHARED / "landing"), dossiers, settings.clock(), settings.environment, told.append),
            settings.limits,
            ReadingHere,
        )
        for _ in range(2)
    ]
    reports = {(report.partner_id, report.file_name): report for report in runs[0]}
    patched.undo()
    records, for_python = (sum(part) for part in zip(*counts, strict=True))
    yield Door(stores, reports, len(runs[1]), told, records, for_python)
    stores.engine.dispose()


def _truth(name: str) -> list[dict[str, str]]:
    with (SHARED / "truth" / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_file_has_the_true_outcome_reason_and_totals(door: Door) -> None:
    wrong = []
    for truth in _truth("files.csv"):
        report = door.reports[truth["partner"], truth["file"]]
        found = (report.outcome.value, report.reason.value if report.reason else "")
        totals = [report.data_rows, report.accepted_rows, report.quarantined_rows]
        wanted = [truth["data_rows"], truth["accepted_rows"], truth["quarantined_rows"]]
        compared = [str(total) == want for total, want in zip(totals, wanted, strict=True) if want]
        if found != (truth["outcome"], truth["reason_code"]) or not all(compared):
            wrong.append((truth["file"], *found, *totals))
    assert wrong == []


def test_a_second_run_takes_nothing_in(door: Door) -> None:
    assert door.second_run == 0


@pytest.fixture(scope="module")
def found_rows(door: Door) -> Iterator[duckdb.DuckDBPyConnection]:
    """`found`: one row per record of the accepted deliveries, as in the table of rows beside the set."""
    deliveries = accepted_deliveries(door.stores.engine)
    names = [reading_name(item.delivery_id, item.reading) for item in deliveries]
    kinds = {"optins": delivered_rows.OPT_INS, "withdrawals": delivered_rows.WITHDRAWALS}
    sources = {
        kind: door.stores.lake.sql(
            table, [name for name, item in zip(names, deliveries, strict=True) if item.kind == kind]
        )
        for kind, table in kinds.items()
    }
    connection = connect()
    connection.execute("create table file_names (delivery_id varchar, partner varchar, file varchar)")
    for item in deliveries:
        connection.execute(
            "insert into file_names values (?, ?, ?)", [item.delivery_id, item.partner_id, item.file_name]
        )
    with door.stores.vault.identities(names) as identities:
        rows = identities.execute("select delivery_id, line_number, e164 from identities").fetchall()
    connection.execute("create table numbers (delivery_id varchar, line_number bigint, e164 varchar)")
    connection.executemany("insert into numbers values (?, ?, ?)", rows)
    connection.execute(
        f"""
        create table found as
        with opt_ins as ({sources["optins"]}), withdrawals as ({sources["withdrawals"]}),
        owners as (
            select source_key, any_value(n.e164) as e164 from opt_ins as o
            inner join numbers as n using (delivery_id, line_number) where source_key is not null group by source_key
        ),
        listed as (
            select delivery_id, line_number, [] as reasons, e164, consented_at as event_at
            from opt_ins left join numbers using (delivery_id, line_number)
            union all
            select delivery_id, line_number, [], coalesce(n.e164, o.e164), withdrawn_at
            from withdrawals as w left join numbers as n using (delivery_id, line_number)
            left join owners as o on w.source_key = o.source_key
            union all
            select delivery_id, line_number, reasons, null, null
            from ({door.stores.lake.sql(delivered_rows.QUARANTINE, names)})
        )
        select partner, file, line_number as line, array_to_string(reasons, '|') as reason_codes,
            coalesce(e164, '') as phone_e164, coalesce(strftime(event_at, '%Y-%m-%dT%H:%M:%SZ'), '') as consented_at_utc
        from listed inner join file_names using (delivery_id)
        """
    )
    connection.execute(
        f"create table truth as select * from read_csv('{SHARED / 'truth' / 'rows.csv'}', all_varchar = true, header = true)"
    )
    connection.execute("update truth set reason_codes = coalesce(reason_codes, '')")
    yield connection
    connection.close()


def test_every_record_has_the_true_outcome_reasons_number_and_instant(
    found_rows: duckdb.DuckDBPyConnection,
) -> None:
    differences = found_rows.execute(
        """
        select coalesce(t.file, f.file), coalesce(t.line::bigint, f.line), t.reason_codes, f.reason_codes,
            t.phone_e164 is not distinct from nullif(f.phone_e164, '') as same_number,
            t.consented_at_utc is not distinct from nullif(f.consented_at_utc, '') as same_instant
        from truth as t full join found as f on t.partner = f.partner and t.file = f.file and t.line::bigint = f.line
        where t.reason_codes is distinct from f.reason_codes or not same_number or not same_instant
        order by 1, 2
        """
    ).fetchall()
    assert differences == []
    assert found_rows.execute("select count(*) from found").fetchone() == (8556,)
    assert found_rows.execute("select count(*) from found where reason_codes <> ''").fetchone() == (344,)


def test_most_phones_are_decided_in_sql(door: Door) -> None:
    assert door.records > 8_000
    assert door.records_for_python / door.records <= 0.03


def test_nothing_that_is_told_holds_a_number(door: Door) -> None:
    assert len(door.told) == len(door.reports)
    digits = ["".join(char for char in line if char.isdigit()) for line in door.told]
    assert not any("63998" in line for line in digits)
