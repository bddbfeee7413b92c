"""The rows of small files that are taken in: opt-ins, withdrawals, what was mended, what is unusual.

Numbers are of ARCEP's fiction range. Outcomes of whole files are tried in `test_delivery_way`.
"""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime

import pytest

from partners_ingest.arrival.unpacking import open_unpacked
from stores.engine import connect
from stores.lake import HELD_READING, reading_name
from stores.schemas import delivered_rows
from stores.warehouse.inputs import heard_deliveries
from tests.scenes.door.delivery_stores import (
    ROWS,
    Door,
    read_in_batches,
    release_delivery,
)
from tests.scenes.door.dossier_samples import (
    DOSSIER,
    NAMES_HEADER,
    NOTICE_ID,
    PARTNER,
    SIGNALS,
    json_row,
    names_row,
    write_dossier,
)


def test_rows_become_opt_ins_and_identities_by_line(stores: Door) -> None:
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


def test_the_evidence_gives_the_bytes_of_a_row_back(stores: Door) -> None:
    stores.drop("lines_20260309T020000Z.jsonl.gz", gzip.compress((json_row(1) + json_row(2)).encode()))
    report = stores.one()
    (_, second) = stores.lake_rows(delivered_rows.OPT_INS, "line_number, byte_offset, byte_length, notice_id")
    with open_unpacked(stores.stores.evidence, report.delivery_id, "gzip") as stream:
        stream.read(int(str(second[1])))
        assert stream.read(int(str(second[2]))).decode() + "\n" == json_row(2)
    assert second[3] == NOTICE_ID


def test_a_row_has_all_its_reasons_and_a_duplicate_stands_alone(stores: Door) -> None:
    bad = "9,Lys,06 39 98,perhaps,2027-01-01T00:00:00Z,2028-05-02,75011\n"
    stores.drop("names_20260309.csv", ROWS + names_row(2) + bad)
    assert stores.one().outcome == "accepted"
    assert stores.lake_rows(delivered_rows.QUARANTINE, "line_number, reasons, source_key is not null") == [
        (5, ["DUPLICATE_ROW"], True),
        (6, ["BIRTH_AFTER_CONSENT", "CONSENT_IN_FUTURE", "FLAG_UNKNOWN", "PHONE_LENGTH"], True),
    ]


def test_withdrawals_apply_by_id_from_their_date_or_the_export(stores: Door) -> None:
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


def test_a_damaged_withdrawal_is_heard_where_its_number_or_id_can_be_read(stores: Door) -> None:
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


def test_what_may_be_cut_of_an_id_withdraws_nothing(stores: Door) -> None:
    stores.drop("left_20260309.csv", "left_on;id\n2026-03-01;1")
    report = stores.one()
    assert (report.outcome, report.reason, report.data_rows) == ("held", "WITHDRAWALS_UNREAD", 1)
    assert _of_held(stores, report.delivery_id) == []


def _of_held(stores: Door, delivery_id: str) -> list[tuple[object, ...]]:
    """Return what a held file of withdrawals takes back all the same."""
    table, name = delivered_rows.WITHDRAWAL_SIGNALS, reading_name(delivery_id, HELD_READING)
    with connect() as connection:
        return connection.execute(
            f"select line_number, signal, contact_id::varchar, source_key is not null from ({stores.stores.lake.sql(table, [name])})"
            " order by all"
        ).fetchall()


def test_a_file_of_withdrawals_that_is_partly_unread_is_held_and_counts_until_a_person_decides(
    stores: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_batches(monkeypatch)
    text = "id;left_on\n1;2026-03-01\n0639980002 or 06 39 98 00 03;x;y\n;;who was it\n4;2026-03-01\n"
    stores.drop("left_20260309.csv", text)
    held = stores.one()
    assert (held.outcome, held.reason, held.data_rows, held.accepted_rows) == ("held", "WITHDRAWALS_UNREAD", 4, None)
    contacts = [stores.stores.keys.contact_id(f"+3363998000{place}") for place in (2, 3)]
    heard = [("heard_number", contact, False) for contact in sorted(contacts)]
    counted = _of_held(stores, held.delivery_id)
    assert [row for row in counted if row[1] == "held_withdrawal"] == [
        (2, "held_withdrawal", None, True),
        (5, "held_withdrawal", None, True),
    ]
    assert [row[1:] for row in counted if row[1] == "heard_number"] == heard
    assert heard_deliveries(stores.stores.engine, stores.stores.lake) == (held.delivery_id,)
    assert stores.refresh() == []
    release_delivery(stores, held.delivery_id)
    released = stores.one()
    assert (released.outcome, released.data_rows) == ("accepted", 4)
    assert heard_deliveries(stores.stores.engine, stores.stores.lake) == ()


def test_a_file_of_withdrawals_under_an_unknown_header_counts_although_it_is_held(stores: Door) -> None:
    stores.drop("left_20260309.csv", "06 39 98 00 01;x\n0639980002;y\n")
    held = stores.one()
    assert (held.outcome, held.reason) == ("held", "UNKNOWN_HEADER")
    assert {row[2] for row in _of_held(stores, held.delivery_id)} == {
        stores.stores.keys.contact_id(f"+3363998000{place}") for place in (1, 2)
    }


def test_nothing_was_received_later_than_it_is_taken_in(stores: Door) -> None:
    stores.drop("left_20260309.csv", "id;left_on\n2;\n")
    ahead = datetime(2062, 1, 1, tzinfo=UTC).timestamp()
    os.utime(stores.landing / PARTNER / "left_20260309.csv", (ahead, ahead))
    stores.refresh()
    ((received_at,),) = stores.lake_rows(delivered_rows.WITHDRAWALS, "received_at")
    assert datetime(2026, 11, 24, 8) <= received_at < datetime(2026, 11, 24, 9)


def test_an_opt_in_and_its_withdrawal_by_id_share_their_source_key(stores: Door) -> None:
    stores.drop("names_20260309.csv", ROWS)
    stores.drop("left_20260309.csv", "id;left_on\n2;\n")
    stores.refresh()
    (withdrawn,) = stores.lake_rows(delivered_rows.WITHDRAWALS, "source_key")
    assert withdrawn in stores.lake_rows(delivered_rows.OPT_INS, "source_key")


def test_a_withdrawal_by_number_reaches_the_contact_and_one_that_names_nobody_is_quarantined(stores: Door) -> None:
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


def test_a_row_of_an_opt_in_file_takes_a_consent_back_even_where_it_is_quarantined(stores: Door) -> None:
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


def test_drift_names_checks_fields_and_lines_and_no_value(stores: Door) -> None:
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


def test_what_was_mended_and_what_could_not_be_read_stands_on_the_row(stores: Door) -> None:
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
