"""A delivery's way on small files: what is taken in, held, refused, judged again, and what a crash leaves.

Numbers are of ARCEP's fiction range. Each test has a home of its own.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.landing import Arrival, scan_landing
from partners_ingest.arrival.unpacking import open_unpacked
from partners_ingest.intake import decisions
from partners_ingest.intake.decisions import Decision
from partners_ingest.intake.delivery_case import IntakeStores
from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.overview import list_deliveries
from partners_ingest.intake.take_in import take_in
from partners_ingest.readers import delivered_lines
from partners_ingest.rows import record_batches
from stores.engine import connect
from stores.evidence.evidence_store import EvidenceStore, Landed
from stores.home import init_home, scratch_folder
from stores.keys import derive_keys
from stores.lake import Lake, reading_name
from stores.operations import delivery_tables
from stores.operations.database import open_operations
from stores.operations.migrate import migrate
from stores.schemas import column_classes, delivered_rows
from stores.vault import Vault
from stores.warehouse.inputs import accepted_deliveries
from terms.errors import Refused, UsageError
from terms.identifiers import DeliveryId
from terms.settings import load_settings
from tests.scenes.door.dossier_samples import (
    DOSSIER,
    NAMES_HEADER,
    NOTICE_ID,
    PARTNER,
    json_row,
    names_row,
    write_dossier,
)

ARRIVED = datetime(2026, 3, 10, 6, tzinfo=UTC)
FEW_BYTES = 120  # of a batch of lines: two of `ROWS`
FEW_RECORDS = 3  # of a batch of records: two batches of lines
ROWS = NAMES_HEADER + names_row(1) + names_row(2) + names_row(3)


@dataclass
class Stores:
    """A home with one partner, its landing folder, and a way to run ingest."""

    root: Path
    stores: IntakeStores

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    def drop(self, name: str, data: bytes | str) -> None:
        path = self.landing / PARTNER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        at = ARRIVED.timestamp() + len(list(path.parent.iterdir()))
        os.utime(path, (at, at))

    def refresh(self) -> list[DeliveryReport]:
        settings = load_settings(environ_of(self.root))
        dossiers = read_dossiers(self.root / "partners")
        arrivals: list[Arrival] = scan_landing(self.landing)
        reports = take_in(self.stores, arrivals, dossiers, settings.clock(), settings.environment, lambda _line: None)
        return list(reports)

    def one(self) -> DeliveryReport:
        (report,) = self.refresh()
        return report

    def lake_rows(self, table: column_classes.Table, columns: str) -> list[tuple[object, ...]]:
        kinds = {delivered_rows.OPT_INS: "optins", delivered_rows.WITHDRAWALS: "withdrawals"}
        kind = kinds.get(table)
        names = [
            reading_name(item.delivery_id, item.reading)
            for item in accepted_deliveries(self.stores.engine)
            if kind in (None, item.kind)
        ]
        with connect() as connection:
            return connection.execute(
                f"select {columns} from ({self.stores.lake.sql(table, names)}) order by all"
            ).fetchall()

    def count(self, table: str) -> int:
        with self.stores.engine.connect() as connection:
            return connection.exec_driver_sql(f"select count(*) from {table}").scalar_one()


def environ_of(root: Path) -> dict[str, str]:
    return {
        "FILIATION_ENV": "test",
        "FILIATION_HOME": str(root / "home"),
        "FILIATION_NOW": "2026-11-24T09:00:00+01:00",
    }


def open_stores(root: Path) -> Stores:
    settings = load_settings(environ_of(root))
    home, keys, engine = init_home(settings), derive_keys(settings), open_operations(settings.database_url)
    migrate(engine)
    return Stores(root, IntakeStores(home, keys, engine, EvidenceStore(home, keys), Vault(home, keys), Lake(home)))


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    write_dossier(tmp_path / "partners")
    opened = open_stores(tmp_path)
    yield opened
    opened.stores.engine.dispose()


def test_rows_become_opt_ins_and_identities_by_line(stores: Stores) -> None:
    stores.drop("names_20260309.csv", NAMES_HEADER + names_row(1) + names_row(2, phone="06 39 XX XX 42"))
    report = stores.one()
    assert (report.outcome, report.data_rows, report.accepted_rows, report.quarantined_rows) == ("accepted", 2, 1, 1)
    (row,) = stores.lake_rows(
        delivered_rows.OPT_INS,
        "line_number, byte_offset, byte_length, flag, consented_at, consented_at_quality, form_version, notice_id,"
        " birth_date::varchar, postcode, country, number_kind, number_zone, is_fiction, received_at, contact_id::varchar",
    )
    assert row[:4] == (2, len(NAMES_HEADER), len(names_row(1)) - 1, "given")
    assert row[4:8] == (datetime(2026, 3, 2, 9), "exact_utc", "AL1", None)
    assert row[8:14] == ("1980-05-02", "75011", "FR", "mobile", "metropole", True)
    assert row[14] == datetime(2026, 3, 10, 6, 0, 1)
    assert row[15] == stores.stores.keys.contact_id("+33639980001")
    assert stores.lake_rows(delivered_rows.QUARANTINE, "line_number, reasons, is_structural") == [
        (3, ["PHONE_MASKED"], False)
    ]
    with stores.stores.vault.identities([reading_name(report.delivery_id, 1)]) as identities:
        found = identities.execute("select line_number, e164, source_record_id, family_name from identities").fetchall()
    assert found == [(2, "+33639980001", "1", "Lys")]


def test_the_evidence_gives_the_bytes_of_a_row_back(stores: Stores) -> None:
    stores.drop("lines_20260309T020000Z.jsonl.gz", gzip.compress((json_row(1) + json_row(2)).encode()))
    report = stores.one()
    (_, second) = stores.lake_rows(delivered_rows.OPT_INS, "line_number, byte_offset, byte_length, notice_id")
    with open_unpacked(stores.stores.evidence, report.delivery_id, "gzip") as stream:
        stream.read(int(str(second[1])))
        assert stream.read(int(str(second[2]))).decode() + "\n" == json_row(2)
    assert second[3] == NOTICE_ID


def test_a_row_has_all_its_reasons_and_a_duplicate_stands_alone(stores: Stores) -> None:
    bad = "9,Lys,06 39 98,perhaps,2027-01-01T00:00:00Z,2028-05-02,75011\n"
    stores.drop("names_20260309.csv", ROWS + names_row(2) + bad)
    assert stores.one().outcome == "accepted"
    assert stores.lake_rows(delivered_rows.QUARANTINE, "line_number, reasons, source_key is not null") == [
        (5, ["DUPLICATE_ROW"], True),
        (6, ["BIRTH_AFTER_CONSENT", "CONSENT_IN_FUTURE", "FLAG_UNKNOWN", "PHONE_LENGTH"], True),
    ]


def test_withdrawals_apply_by_id_from_their_date_or_the_export(stores: Stores) -> None:
    stores.drop("left_20260309.csv", "id;left_on\n1;2026-03-01T10:00:00Z\n2;2026-03-01\n3;\n4;soon\n")
    assert stores.one().accepted_rows == 4
    exported = datetime(2026, 3, 9, 22, 59, 59)
    assert stores.lake_rows(
        delivered_rows.WITHDRAWALS, "line_number, withdrawn_at, withdrawn_at_quality, contact_id"
    ) == [
        (2, datetime(2026, 3, 1, 10), "exact_utc", None),
        (3, datetime(2026, 3, 1, 22, 59, 59), "date_only", None),
        (4, exported, "export_instant", None),
        (5, exported, "export_instant", None),
    ]


def test_a_damaged_withdrawal_is_heard_where_its_number_or_id_can_be_read(stores: Stores) -> None:
    by_both = DOSSIER.replace('headers: [["id", "left_on"]]', 'headers: [["id", "left_on", "why", "phone"]]').replace(
        'mapping: {"source_record_id": "id", "withdrawn_at": "left_on"}',
        'mapping: {"source_record_id": "id", "withdrawn_at": "left_on", "phone": ["phone"]}',
    )
    write_dossier(stores.root / "partners", by_both.replace("quote: null", 'quote: "\\""'))
    lines = [
        b"id;left_on;why;phone",
        b"1;2026-03-01T10:00:00Z;no; thanks;",  # a field too many, after what matters
        "2;;déjà dit;".encode("cp1252"),
        b'3;;"said so;',  # a quote that is never closed
        b"id;left_on;why;phone",
        b";;;;",  # names nobody
        b";;;06 39 98 00 06",  # the last line is cut, not its number
    ]
    stores.drop("left_20260309.csv", b"\n".join(lines))
    report = stores.one()
    assert (report.data_rows, report.accepted_rows) == (6, 0)
    exported = datetime(2026, 3, 9, 22, 59, 59)
    assert stores.lake_rows(
        delivered_rows.WITHDRAWAL_SIGNALS,
        "line_number, signal, withdrawn_at, source_key is not null, contact_id::varchar",
    ) == [
        (2, "damaged_withdrawal", datetime(2026, 3, 1, 10), True, None),
        (3, "damaged_withdrawal", exported, True, None),
        (4, "damaged_withdrawal", exported, True, None),
        (7, "damaged_withdrawal", exported, False, stores.stores.keys.contact_id("+33639980006")),
    ]


def test_what_may_be_cut_of_an_id_withdraws_nothing(stores: Stores) -> None:
    stores.drop("left_20260309.csv", "left_on;id\n2026-03-01;1")
    assert stores.one().quarantined_rows == 1
    assert stores.lake_rows(delivered_rows.WITHDRAWAL_SIGNALS, "line_number") == []


def test_nothing_was_received_later_than_it_is_taken_in(stores: Stores) -> None:
    stores.drop("left_20260309.csv", "id;left_on\n2;\n")
    ahead = datetime(2062, 1, 1, tzinfo=UTC).timestamp()
    os.utime(stores.landing / PARTNER / "left_20260309.csv", (ahead, ahead))
    stores.refresh()
    ((received_at,),) = stores.lake_rows(delivered_rows.WITHDRAWALS, "received_at")
    assert datetime(2026, 11, 24, 8) <= received_at < datetime(2026, 11, 24, 9)


def test_an_opt_in_and_its_withdrawal_by_id_share_their_source_key(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    stores.drop("left_20260309.csv", "id;left_on\n2;\n")
    stores.refresh()
    (withdrawn,) = stores.lake_rows(delivered_rows.WITHDRAWALS, "source_key")
    assert withdrawn in stores.lake_rows(delivered_rows.OPT_INS, "source_key")


def test_a_withdrawal_by_number_reaches_the_contact_and_one_that_names_nobody_is_quarantined(stores: Stores) -> None:
    by_number = DOSSIER.replace(
        'mapping: {"source_record_id": "id", "withdrawn_at": "left_on"}', 'mapping: {"phone": ["id"]}'
    )
    write_dossier(stores.root / "partners", by_number)
    stores.drop("left_20260309.csv", "id;left_on\n06 39 98 00 01;x\n06 39 XX XX 42;\n;2026-03-01\n")
    assert stores.one().accepted_rows == 1
    wanted = stores.stores.keys.contact_id("+33639980001")
    assert stores.lake_rows(delivered_rows.WITHDRAWALS, "line_number, contact_id::varchar, source_key") == [
        (2, wanted, None)
    ]
    assert stores.lake_rows(delivered_rows.QUARANTINE, "line_number, reasons") == [
        (3, ["PHONE_MASKED"]),
        (4, ["PHONE_MISSING"]),
    ]


SIGNALS = DOSSIER.replace(
    '["id", "name", "phone", "agrees", "agreed_at", "born", "zip"]',
    '["id", "name", "phone", "agrees", "agreed_at", "born", "zip", "gone", "until"]',
).replace('      postcode: "zip"\n', '      postcode: "zip"\n      erasure: "gone"\n      withdrawn_at: "until"\n')
SIGNALS = SIGNALS.replace('"refused": ["no", ""]}', '"refused": ["no", ""]}\n      erasure: {"erased": ["1"]}', 1)
SIGNALS = SIGNALS.replace(
    '"birth_date": ["YYYY-MM-DD"]}', '"birth_date": ["YYYY-MM-DD"], "withdrawn_at": ["DD/MM/YYYY"]}'
)


def test_a_row_of_an_opt_in_file_takes_a_consent_back_even_where_it_is_quarantined(stores: Stores) -> None:
    write_dossier(stores.root / "partners", SIGNALS)
    rows = [
        "1,,,,,,,1,",  # erased: nothing is left but the id
        "2,Lys,06 39 98 00 02,yes,2026-03-02T10:00:00+01:00,,75011,,05/03/2026",  # accepted, with an end date
        "3,Lys,06 39 XX XX 42,no,,,75011,,",  # the number is bad, the id is not
        "4,Lys,06 39 98 00 04,no,2026-03-04T10:00:00Z,2028-05-02,75011,,",  # born after the consent
        ",Lys,N/A,no,,,75011,,",  # names nobody
        "6,Lys,06 39 98 00 06,no,,,75011,,",  # accepted: its refusal needs no second telling
        "7,Lys,06 39 98 00 07,yes,2026-03-02T10:00:00+01:00,,75011,,31/12/2062",  # a slip of the pen
        "8,Lys,06 39 98 00 08,perhaps,,,75011,,",  # says neither yes nor no
    ]
    stores.drop("names_20260309.csv", NAMES_HEADER.strip() + ",gone,until\n" + "\n".join(rows) + "\n")
    report = stores.one()
    assert (report.data_rows, report.accepted_rows, report.quarantined_rows) == (8, 3, 5)
    exported = datetime(2026, 3, 9, 22, 59, 59)
    found = stores.lake_rows(
        delivered_rows.WITHDRAWAL_SIGNALS,
        "line_number, signal, withdrawn_at, withdrawn_at_quality, source_key is not null, contact_id::varchar",
    )
    numbered = {number: stores.stores.keys.contact_id(f"+3363998000{number}") for number in (2, 4, 7)}
    assert found == [
        (2, "anonymised", exported, "export_instant", True, None),
        (3, "end_date", datetime(2026, 3, 5, 22, 59, 59), "date_only", True, numbered[2]),
        (4, "flag_flip", exported, "export_instant", True, None),
        (5, "flag_flip", datetime(2026, 3, 4, 10), "exact_utc", True, numbered[4]),
        (8, "end_date", exported, "export_instant", True, numbered[7]),
    ]


def test_a_file_of_withdrawals_is_never_held_for_its_volume(stores: Stores) -> None:
    careful = DOSSIER.replace(
        'mode: "delta"\n    headers: [["id", "left_on"]]', 'mode: "full"\n    headers: [["id", "left_on"]]'
    )
    before, after = careful.split('  - feed_id: "lys-left"')
    after = after.replace("min_rows: 1", "min_rows: 2").replace("max_change_pct: null", "max_change_pct: 10")
    write_dossier(stores.root / "partners", f'{before}  - feed_id: "lys-left"{after}')
    stores.drop("left_20260309.csv", "id;left_on\n1;\n2;\n3;\n")
    stores.drop("left_20260310.csv", "id;left_on\n4;\n")
    reports = stores.refresh()
    assert [report.outcome for report in reports] == ["accepted", "accepted"]
    assert reports[1].quality is not None
    assert {"records", "change_pct"} <= {check.name for check in reports[1].quality.warnings}


def test_drift_names_checks_fields_and_lines_and_no_value(stores: Stores) -> None:
    unheard = DOSSIER.replace('"refused": ["no", ""]}', '"refused": ["no", "Marcillac", ""]}', 1)
    write_dossier(stores.root / "partners", unheard)
    stores.drop("names_20260309.csv", NAMES_HEADER + "".join(names_row(number) for number in range(1, 21)))
    spoilt = [names_row(number) for number in range(21, 31)]
    spoilt += [names_row(number).replace(",yes,", ",Marcillac,").replace("1980-05-02", "mai 80") for number in (31, 32)]
    spoilt += [names_row(number, phone="06 39 XX XX 42", zip_="") for number in (33, 34, 35, 36)]
    spoilt += [names_row(number, zip_="") for number in range(41, 45)]
    stores.drop("names_20260310.csv", NAMES_HEADER + "".join(spoilt))
    quality = stores.refresh()[1].quality
    assert quality is not None
    found = {check.name: [(one.subject, one.rows, one.lines) for one in check.drifts] for check in quality.warnings}
    assert found == {
        "quarantined": [("", 4, (14, 15, 16, 17))],
        "blanks": [("postcode", 4, (18, 19, 20, 21))],
        "unread": [("birth_date", 2, (12, 13))],
        "numbers": [("phone", 4, (14, 15, 16, 17))],
        "words": [("consent_flag", 2, (12, 13))],
    }
    figures = stores.lake_rows(delivered_rows.DELIVERY_FIGURES, "figure, subject, rows, lines")
    assert ("rows", "given", 14, []) in figures
    assert "Marcillac" not in str(figures)


def test_what_was_mended_and_what_could_not_be_read_stands_on_the_row(stores: Stores) -> None:
    stores.drop(
        "names_20260309.csv",
        NAMES_HEADER
        + names_row(1)
        + "'2,AndrÃ© Lys,639980002,yes,soon,1980-05-02,6000\n"
        + "3,Lys\u200b,0639980003,yes,2025-10-26 02:30:00,31/05/1980,75011\n",
    )
    stores.drop("left_20260309.csv", "id;left_on\n'1;2062-03-01\n2;soon\n")
    stores.refresh()
    assert stores.lake_rows(delivered_rows.OPT_INS, "line_number, repairs, unread, has_page_url") == [
        (2, [], [], False),
        (
            3,
            ["MOJIBAKE_REPAIRED", "PHONE_ZERO_RESTORED", "POSTCODE_ZERO_RESTORED", "SPREADSHEET_GUARD_REMOVED"],
            ["consented_at"],
            False,
        ),
        (4, ["INVISIBLE_CHARACTERS_REMOVED", "LOCAL_TIME_AMBIGUOUS"], ["birth_date"], False),
    ]
    assert stores.lake_rows(delivered_rows.WITHDRAWALS, "line_number, repairs, unread") == [
        (2, ["SPREADSHEET_GUARD_REMOVED", "WITHDRAWAL_DATE_IN_FUTURE"], []),
        (3, [], ["withdrawn_at"]),
    ]


def test_one_delivery_that_cannot_be_judged_does_not_stop_the_others(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partners_ingest.rows import row_batches
    from terms.errors import FiliationError

    def break_down(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(row_batches, "type_withdrawals", break_down)
    stores.drop("left_20260309.csv", "id;left_on\n1;\n")
    stores.drop("names_20260309.csv", ROWS)
    with pytest.raises(FiliationError, match="1 deliveries could not be judged"):
        stores.refresh()
    assert stores.count("deliveries") == 1
    monkeypatch.undo()
    assert stores.one().file_name == "left_20260309.csv"


def _two_members() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", ROWS)
        archive.writestr("b.csv", ROWS)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "outcome", "reason"),
    [
        ("names_20260309.csv", b"", "refused", "FILE_EMPTY"),
        ("names_20260309.csv.gz", gzip.compress(b"", mtime=0), "refused", "FILE_EMPTY"),
        ("names_20260309.csv", NAMES_HEADER.encode(), "held", "ROW_COUNT_LOW"),
        ("lines_20260309T020000Z.jsonl.gz", b"\xff\xfe\x00garbage\n", "accepted", None),
        ("names_20260309.csv.gz", gzip.compress(ROWS.encode())[:-12], "refused", "GZIP_TRUNCATED"),
        ("names_20260309.csv", b"<!DOCTYPE html><html>sign in</html>", "refused", "HTML_NOT_DATA"),
        ("surprise.csv", ROWS.encode(), "held", "UNKNOWN_FILE"),
        ("names_20260309.csv", _two_members(), "held", "FORMAT_MISMATCH"),
        ("names_20260309.csv", b"id,name,telephone\n1,a,b\n2,c,d\n", "held", "UNKNOWN_HEADER"),
        ("names_20260309.csv", (NAMES_HEADER + names_row(1)).encode(), "held", "ROW_COUNT_LOW"),
    ],
    ids=[
        *("nothing", "nothing, packed", "header alone", "garbage", "cut gzip"),
        *("page", "unknown name", "two members", "unknown header", "one row"),
    ],
)
def test_bad_input_has_a_stated_outcome_and_leaves_no_opt_ins(
    stores: Stores, name: str, data: bytes, outcome: str, reason: str | None
) -> None:
    stores.drop(name, data)
    report = stores.one()
    assert (report.outcome, report.reason) == (outcome, reason)
    assert stores.lake_rows(delivered_rows.OPT_INS, "line_number") == []
    assert (stores.stores.home.evidence / report.delivery_id / "delivered.enc").exists()
    assert stores.refresh() == []


def test_the_same_bytes_and_the_same_content_are_recognised(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    stores.drop("names_20260310.csv.gz", gzip.compress(ROWS.encode()))
    reordered = "\n".join(",".join(reversed(line.split(","))) for line in reversed(ROWS.split("\n")[1:-1]))
    stores.drop("names_20260311.csv", ",".join(reversed(NAMES_HEADER.strip().split(","))) + "\n" + reordered + "\n")
    assert [(report.outcome, report.reason) for report in stores.refresh()] == [
        ("accepted", None),
        ("duplicate", "DUPLICATE_BYTES"),
        ("duplicate", "DUPLICATE_CONTENT"),
    ]


def test_the_same_json_with_its_keys_in_another_order_is_recognised_and_another_field_is_not(stores: Stores) -> None:
    records = [json.loads(json_row(number)) for number in (1, 2)]
    turned = [json.dumps(dict(reversed(record.items()))) for record in reversed(records)]
    other = [json.dumps(record | {"seen_by": "J"}, ensure_ascii=False) for record in records]
    for day, lines in ((9, map(json.dumps, records)), (10, turned), (11, other)):
        stores.drop(
            f"lines_202603{day:02}T020000Z.jsonl.gz", gzip.compress("".join(f"{line}\n" for line in lines).encode())
        )
    assert [(report.outcome, report.reason) for report in stores.refresh()] == [
        ("accepted", None),
        ("duplicate", "DUPLICATE_CONTENT"),
        ("accepted", None),
    ]


def test_the_ledger_names_what_a_duplicate_repeats_and_what_decided_the_encoding(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    stores.drop("names_20260310.csv.gz", gzip.compress(ROWS.encode()))
    stores.drop(
        "names_20260311.csv", "\ufeff" + "\n".join([*ROWS.split("\n")[:1], *reversed(ROWS.split("\n")[1:-1])]) + "\n"
    )
    stores.drop("left_20260312.csv", "id;left_on\n1;2026-03-01\n")
    stores.drop("left_20260313.csv", "")
    stores.refresh()
    first, again, content, _, empty = list_deliveries(stores.stores.engine)
    assert (again.reason, again.duplicate_of, again.container) == ("DUPLICATE_BYTES", first.delivery_id, "gzip")
    assert (content.reason, content.duplicate_of) == ("DUPLICATE_CONTENT", first.delivery_id)
    assert first.duplicate_of is None
    assert [(found.encoding, found.encoding_rule) for found in (first, content, empty)] == [
        ("utf-8", "dossier"),
        ("utf-8", "mark"),
        (None, None),
    ]


def test_a_file_with_a_column_of_secrets_is_flagged_and_nothing_of_the_column_is_kept(stores: Stores) -> None:
    spoilt = DOSSIER.replace('["id", "name", "phone"', '["id", "user_pass", "name", "phone"', 1)
    assert spoilt != DOSSIER
    write_dossier(stores.root / "partners", spoilt)
    lines = [line.split(",") for line in ROWS.splitlines()]
    secret = "\n".join(
        ",".join([cells[0], "user_pass" if at == 0 else "$P$Bsecret", *cells[1:]]) for at, cells in enumerate(lines)
    )
    stores.drop("names_20260309.csv", secret + "\n")
    assert stores.one().outcome == "accepted"
    (found,) = list_deliveries(stores.stores.engine)
    assert found.warnings == ("PASSWORD_COLUMN",)
    with stores.stores.vault.identities([reading_name(found.delivery_id, 1)]) as identities:
        assert "Bsecret" not in str(identities.execute("from identities").fetchall())


def test_a_full_file_that_shrinks_too_much_is_held_until_a_person_releases_it(stores: Stores) -> None:
    stores.drop("names_20260309.csv", NAMES_HEADER + "".join(names_row(number) for number in range(1, 11)))
    stores.drop("names_20260310.csv", ROWS)
    held = stores.refresh()[1]
    assert (held.reason, held.data_rows, held.accepted_rows) == ("ROW_COUNT_CHANGE", 3, None)
    assert held.quality is not None
    assert [check.name for check in held.quality.checks if not check.is_met] == ["change_pct", "volume"]
    root_before = _root(stores, held.delivery_id)
    _release(stores, held.delivery_id)
    released = stores.one()
    assert (released.outcome, released.accepted_rows) == ("accepted", 3)
    assert _root(stores, held.delivery_id) == root_before
    assert stores.refresh() == []


def _root(stores: Stores, delivery_id: str) -> str:
    with stores.stores.engine.connect() as connection:
        query = delivery_tables.deliveries.select().where(delivery_tables.deliveries.c.delivery_id == delivery_id)
        return str(connection.execute(query).mappings().one()["evidence_root"])


def _release(stores: Stores, delivery_id: str) -> None:
    decisions.release(stores.stores.engine, _decision(delivery_id, "a purge was announced"))


def _decision(delivery_id: str, why: str) -> Decision:
    """Return a decision at an instant before the run that held the file: clocks that start anew are no order."""
    return Decision(delivery_id, "a person", why, datetime(2026, 11, 1, tzinfo=UTC))


def test_a_held_file_that_a_person_refuses_is_not_judged_again(stores: Stores) -> None:
    stores.drop("surprise.csv", ROWS)
    held = stores.one()
    decisions.refuse(stores.stores.engine, _decision(held.delivery_id, "sent by mistake"))
    write_dossier(stores.root / "partners", DOSSIER.replace("names_*.csv*", "*.csv*"))
    assert stores.refresh() == []
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.outcome, found.reason) == ("refused", "UNKNOWN_FILE")
    for decide in (decisions.refuse, decisions.release, decisions.reread):
        with pytest.raises(Refused):
            decide(stores.stores.engine, _decision(held.delivery_id, "again"))
    assert stores.count("delivery_decisions") == 1


def test_a_decision_needs_a_reason_without_a_number_and_a_delivery(stores: Stores) -> None:
    stores.drop("surprise.csv", ROWS)
    held = stores.one()
    for decision in (
        _decision(held.delivery_id, " "),
        _decision(held.delivery_id, "ask 06 39 98 00 42"),
        _decision("0" * 16, "why"),
    ):
        with pytest.raises(UsageError):
            decisions.refuse(stores.stores.engine, decision)
    assert stores.count("delivery_decisions") == 0


def test_a_delivery_is_read_again_by_a_corrected_dossier_and_counted_once(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The landing folder is empty by then: what is read again is the evidence."""
    _read_in_batches(monkeypatch)
    stores.drop("names_20260309.csv", ROWS + names_row(4, phone="N/A"))
    write_dossier(stores.root / "partners", DOSSIER.replace('postcode: "zip"', 'city: "zip"'))
    first = stores.one()
    columns = "delivery_id, line_number, postcode"
    before = stores.lake_rows(delivered_rows.OPT_INS, columns)
    root = _root(stores, first.delivery_id)
    shutil.rmtree(stores.landing)
    stores.landing.mkdir()
    write_dossier(stores.root / "partners")
    assert stores.refresh() == []
    decisions.reread(stores.stores.engine, _decision(first.delivery_id, "the postcode was mapped wrongly"))
    again = stores.one()
    assert (again.delivery_id, again.outcome, again.accepted_rows) == (first.delivery_id, "accepted", 3)
    after = stores.lake_rows(delivered_rows.OPT_INS, columns)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert ([row[2] for row in before], [row[2] for row in after]) == ([None] * 3, ["75011"] * 3)
    assert len(stores.lake_rows(delivered_rows.QUARANTINE, "line_number")) == 1
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.reading, found.data_rows, _root(stores, first.delivery_id)) == (2, 4, root)
    assert stores.refresh() == []


def test_a_reading_stands_when_the_next_one_fails(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    first = stores.one()
    write_dossier(
        stores.root / "partners",
        DOSSIER.replace('"phone", "agrees"', '"mobile", "agrees"').replace('["phone"]', '["mobile"]', 1),
    )
    decisions.reread(stores.stores.engine, _decision(first.delivery_id, "a try"))
    assert stores.refresh() == []
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.outcome, found.reading, found.accepted_rows, found.warnings) == ("accepted", 1, 3, ("REREAD_FAILED",))
    assert len(stores.lake_rows(delivered_rows.OPT_INS, "line_number")) == 3
    write_dossier(stores.root / "partners")
    assert stores.refresh() == []  # a person asks anew
    later = datetime(2026, 11, 2, tzinfo=UTC)
    decisions.reread(stores.stores.engine, Decision(first.delivery_id, "a person", "corrected", later))
    assert stores.one().accepted_rows == 3
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.reading, found.warnings) == (2, ())


def test_a_kill_while_a_delivery_is_read_again_is_made_good(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    first = stores.one()
    decisions.reread(stores.stores.engine, _decision(first.delivery_id, "a try"))
    assert _run_killed(stores.root, "delivery.lake_written") == -9
    assert len(stores.lake_rows(delivered_rows.OPT_INS, "line_number")) == 3
    assert stores.one().accepted_rows == 3
    assert list_deliveries(stores.stores.engine)[0].reading == 2
    assert stores.refresh() == []


def test_a_file_that_changes_while_it_is_read_waits_and_leaves_nothing(stores: Stores) -> None:
    """It grew after it was hashed: what was copied is neither the one nor the other file."""
    stores.drop("names_20260309.csv", ROWS)
    stores.drop("left_20260309.csv", "id;left_on\n1;\n")
    (growing, _), evidence = scan_landing(stores.landing), stores.stores.evidence
    land = evidence.land

    def grow_first(source: Path, name: Callable[[str], DeliveryId]) -> Landed:
        if source == growing.path:
            with source.open("a") as handle:
                handle.write(names_row(9))
        return land(source, name)

    evidence.land = grow_first  # type: ignore[method-assign]
    assert [report.file_name for report in stores.refresh()] == ["left_20260309.csv"]
    assert len(list(stores.stores.home.evidence.glob("*/delivered.enc"))) == 1
    evidence.land = land  # type: ignore[method-assign]
    assert stores.one().accepted_rows == 4


def test_a_file_whose_name_is_no_utf_8_is_taken_in_under_a_name_that_can_be_stored(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    folder = os.fsencode(stores.landing / PARTNER)
    os.rename(os.path.join(folder, b"names_20260309.csv"), os.path.join(folder, b"names_\xe9.csv"))
    report = stores.one()
    assert (report.outcome, report.reason) == ("held", "UNKNOWN_FILE")
    assert [found.file_name for found in list_deliveries(stores.stores.engine)] == ["names_\\xe9.csv"]
    assert stores.refresh() == []


def test_a_held_file_is_judged_again_when_its_dossier_changes(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    write_dossier(stores.root / "partners", DOSSIER.replace('encoding: "utf-8"', 'encoding: "cp1250"', 1))
    held = stores.one()
    assert (held.reason, held.detail) == ("NO_READER", "encoding cp1250")
    assert stores.refresh() == []
    write_dossier(stores.root / "partners")
    assert stores.one().outcome == "accepted"
    assert stores.count("deliveries") == 1
    assert stores.count("journal") == 2


def test_files_of_a_partner_whose_dossier_cannot_be_read_are_held(stores: Stores) -> None:
    stores.drop("names_20260309.csv", ROWS)
    write_dossier(stores.root / "partners", DOSSIER.replace("siren:", "sirene:"))
    assert stores.one().reason == "DOSSIER_INVALID"
    write_dossier(stores.root / "partners")
    assert stores.one().outcome == "accepted"


def test_a_file_from_nobody_we_know_is_held(stores: Stores) -> None:
    path = stores.landing / "unknown-partner" / "x.csv"
    path.parent.mkdir(parents=True)
    path.write_text(ROWS)
    assert stores.one().reason == "UNKNOWN_FILE"


def test_a_known_bad_export_is_refused(stores: Stores) -> None:
    bad = '    known_bad:\n      - {"name": "spoilt", "labels": ["no", "prénom", "mail"], "given_name": "prénom", "email": "mail"}\n'
    at = DOSSIER.index("    exported_at:")
    write_dossier(stores.root / "partners", DOSSIER[:at] + bad + DOSSIER[at:])
    stores.drop("names_20260309.csv", "no,prénom,mail\n1,Anne,Anne\n2,Luc,Luc\n")
    stores.drop("names_20260310.csv", "no,prénom,mail\n1,Anne,anne@exemple.test\n2,Luc,Luc\n")
    assert [(report.reason, report.data_rows) for report in stores.refresh()] == [
        ("KNOWN_BAD_EXPORT", 2),
        ("UNKNOWN_HEADER", 2),
    ]


STEPS = ["landed", "lines_committed", "vault_written", "lake_written", "committed"]


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_and_one_more_run_give_the_same(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was killed works in batches of a few lines, who was not has all lines in one: neither changes anything."""
    results = []
    for name in ("calm", "killed"):
        root = tmp_path / name
        write_dossier(root / "partners")
        stores = open_stores(root)
        stores.drop("names_20260309.csv", ROWS + names_row(4, phone="N/A") + names_row(1) + 'x,"' + names_row(6))
        stores.drop("lines_20260309T020000Z.jsonl.gz", gzip.compress((json_row(5) + json_row(7)).encode(), mtime=0))
        if name == "killed":
            _read_in_batches(monkeypatch)
            assert _run_killed(root, f"delivery.{step}") == -9
        stores.refresh()
        results.append(
            (
                stores.lake_rows(delivered_rows.OPT_INS, "* exclude (received_at)"),
                stores.lake_rows(delivered_rows.QUARANTINE, "* exclude (received_at)"),
                stores.lake_rows(delivered_rows.DELIVERY_FIGURES, "*"),
                _identities(stores),
                stores.count("deliveries"),
                stores.count("journal"),
                sorted(path.name for path in stores.stores.home.lake.rglob("*") if path.is_file()),
            )
        )
        with scratch_folder(stores.stores.home) as scratch:
            assert list(scratch.iterdir()) == []
        stores.stores.engine.dispose()
    assert results[0] == results[1]


def _identities(stores: Stores) -> list[tuple[object, ...]]:
    names = [reading_name(item.delivery_id, item.reading) for item in accepted_deliveries(stores.stores.engine)]
    with stores.stores.vault.identities(names) as identities:
        return identities.execute("select * from identities order by all").fetchall()


def test_what_only_the_end_of_many_batches_shows_leaves_nothing_behind(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then the rows of the batches before were passed on to their files."""
    monkeypatch.setattr(delivered_lines, "BATCH_BYTES", 4096)
    monkeypatch.setattr(record_batches, "FEWEST_RECORDS", FEW_RECORDS)
    long = (NAMES_HEADER + "".join(map(names_row, range(1, 100)))).encode()
    other = (NAMES_HEADER + "".join(map(names_row, range(10, 200)))).encode()
    stores.drop("names_20260309.csv", long)
    stores.drop("names_20260310.csv.gz", gzip.compress(long, mtime=0))
    stores.drop("names_20260311.csv.gz", gzip.compress(other, mtime=0) + gzip.compress(names_row(500).encode())[:-20])
    stores.drop("unknown.csv", long)
    first, *others = stores.refresh()
    assert (first.outcome, first.accepted_rows) == ("accepted", 99)
    assert [report.reason for report in others] == ["DUPLICATE_BYTES", "GZIP_TRUNCATED", "UNKNOWN_FILE"]
    kept = {path.name.removesuffix(".parquet") for path in stores.stores.home.lake.rglob("*") if path.is_file()}
    assert kept == {reading_name(first.delivery_id, 1)}
    rooms = [stores.stores.home.lake, stores.stores.home.vault, stores.stores.home.evidence]
    assert not [path for room in rooms for path in room.rglob("*.partial")]


def _read_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivered_lines, "BATCH_BYTES", FEW_BYTES)
    monkeypatch.setattr(record_batches, "FEWEST_RECORDS", FEW_RECORDS)


def _run_killed(root: Path, step: str) -> int:
    code = (
        "import sys; from pathlib import Path; from tests.integration.partners_ingest.test_delivery_way import open_stores;"
        "from partners_ingest.readers import delivered_lines; from partners_ingest.rows import record_batches;"
        f"delivered_lines.BATCH_BYTES = {FEW_BYTES}; record_batches.FEWEST_RECORDS = {FEW_RECORDS};"
        "open_stores(Path(sys.argv[1])).refresh()"
    )
    environ = {
        **os.environ,
        **environ_of(root),
        "FILIATION_FAILPOINT": step,
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    return subprocess.run([sys.executable, "-c", code, str(root)], env=environ, check=False).returncode


def test_an_error_of_the_engine_tells_no_value(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of a DuckDB error quotes cells; what a person sees names the file and the kind of error only."""
    from partners_ingest.rows import row_batches
    from terms.errors import FiliationError

    def break_on_a_value(connection, _feed, _rules) -> None:  # type: ignore[no-untyped-def]
        connection.execute("select phones[1]::integer from fields")

    monkeypatch.setattr(row_batches, "type_opt_ins", break_on_a_value)
    stores.drop("names_20260309.csv", ROWS)
    with pytest.raises(FiliationError) as caught:
        stores.refresh()
    assert f"of {PARTNER}: ConversionException in test_delivery_way.py, line" in str(caught.value)
    assert "names_20260309" not in str(caught.value)
    assert "39 98" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__ or caught.value.__context__ is None
    assert stores.count("deliveries") == 0
