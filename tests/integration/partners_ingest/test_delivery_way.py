"""A delivery's way on small files: what is taken in, held, refused, found a duplicate, or cannot be judged.

Numbers are of ARCEP's fiction range. Each test has a home of its own (`conftest`).
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from partners_ingest.arrival.landing import scan_landing
from partners_ingest.intake.overview import list_deliveries
from stores.evidence.evidence_store import Landed
from stores.lake import reading_name
from stores.schemas import delivered_rows
from terms.identifiers import DeliveryId
from tests.scenes.door.delivery_stores import (
    ROWS,
    Door,
)
from tests.scenes.door.dossier_samples import (
    DOSSIER,
    NAMES_HEADER,
    PARTNER,
    json_row,
    names_row,
    write_dossier,
)


def test_a_file_of_withdrawals_is_never_held_for_its_volume(stores: Door) -> None:
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


def test_a_delivery_whose_reader_fails_is_held_until_the_readers_change(
    stores: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partners_ingest.intake import delivery_case
    from partners_ingest.rows import row_batches

    def break_down(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(row_batches, "type_withdrawals", break_down)
    stores.drop("left_20260309.csv", "id;left_on\n1;\n")
    stores.drop("names_20260309.csv", ROWS)
    held, accepted = stores.refresh()
    assert (held.outcome, held.reason, accepted.outcome) == ("held", "READER_FAILED", "accepted")
    assert stores.refresh() == []
    monkeypatch.undo()
    assert stores.refresh() == []
    monkeypatch.setattr(delivery_case, "READER_VERSION", "of tomorrow")
    again = stores.one()
    assert (again.file_name, again.outcome) == ("left_20260309.csv", "accepted")


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
    stores: Door, name: str, data: bytes, outcome: str, reason: str | None
) -> None:
    stores.drop(name, data)
    report = stores.one()
    assert (report.outcome, report.reason) == (outcome, reason)
    assert stores.lake_rows(delivered_rows.OPT_INS, "line_number") == []
    assert (stores.stores.home.evidence / report.delivery_id / "delivered.enc").exists()
    assert stores.refresh() == []


def test_the_same_bytes_and_the_same_content_are_recognised(stores: Door) -> None:
    stores.drop("names_20260309.csv", ROWS)
    stores.drop("names_20260310.csv.gz", gzip.compress(ROWS.encode()))
    reordered = "\n".join(",".join(reversed(line.split(","))) for line in reversed(ROWS.split("\n")[1:-1]))
    stores.drop("names_20260311.csv", ",".join(reversed(NAMES_HEADER.strip().split(","))) + "\n" + reordered + "\n")
    assert [(report.outcome, report.reason) for report in stores.refresh()] == [
        ("accepted", None),
        ("duplicate", "DUPLICATE_BYTES"),
        ("duplicate", "DUPLICATE_CONTENT"),
    ]


def test_the_same_json_with_its_keys_in_another_order_is_recognised_and_another_field_is_not(stores: Door) -> None:
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


def test_the_ledger_names_what_a_duplicate_repeats_and_what_decided_the_encoding(stores: Door) -> None:
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


def test_a_file_with_a_column_of_secrets_is_flagged_and_nothing_of_the_column_is_kept(stores: Door) -> None:
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


def test_a_file_that_changes_while_it_is_read_waits_and_leaves_nothing(stores: Door) -> None:
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


def test_a_file_whose_name_is_no_utf_8_is_taken_in_under_a_name_that_can_be_stored(stores: Door) -> None:
    stores.drop("names_20260309.csv", ROWS)
    folder = os.fsencode(stores.landing / PARTNER)
    os.rename(os.path.join(folder, b"names_20260309.csv"), os.path.join(folder, b"names_\xe9.csv"))
    report = stores.one()
    assert (report.outcome, report.reason) == ("held", "UNKNOWN_FILE")
    assert [found.file_name for found in list_deliveries(stores.stores.engine)] == ["names_\\xe9.csv"]
    assert stores.refresh() == []


def test_files_of_a_partner_whose_dossier_cannot_be_read_are_held(stores: Door) -> None:
    stores.drop("names_20260309.csv", ROWS)
    write_dossier(stores.root / "partners", DOSSIER.replace("siren:", "sirene:"))
    assert stores.one().reason == "DOSSIER_INVALID"
    write_dossier(stores.root / "partners")
    assert stores.one().outcome == "accepted"


def test_a_file_from_nobody_we_know_is_held(stores: Door) -> None:
    path = stores.landing / "unknown-partner" / "x.csv"
    path.parent.mkdir(parents=True)
    path.write_text(ROWS)
    assert stores.one().reason == "UNKNOWN_FILE"


def test_a_known_bad_export_is_refused(stores: Door) -> None:
    bad = '    known_bad:\n      - {"name": "spoilt", "labels": ["no", "prénom", "mail"], "given_name": "prénom", "email": "mail"}\n'
    at = DOSSIER.index("    exported_at:")
    write_dossier(stores.root / "partners", DOSSIER[:at] + bad + DOSSIER[at:])
    stores.drop("names_20260309.csv", "no,prénom,mail\n1,Anne,Anne\n2,Luc,Luc\n")
    stores.drop("names_20260310.csv", "no,prénom,mail\n1,Anne,anne@exemple.test\n2,Luc,Luc\n")
    assert [(report.reason, report.data_rows) for report in stores.refresh()] == [
        ("KNOWN_BAD_EXPORT", 2),
        ("UNKNOWN_HEADER", 2),
    ]


def test_an_error_of_the_engine_tells_no_value(stores: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of a DuckDB error quotes cells; what a person sees names the file and the kind of error only."""
    from partners_ingest.rows import row_batches

    def break_on_a_value(connection, _feed, _rules) -> None:  # type: ignore[no-untyped-def]
        connection.execute("select phones[1]::integer from fields")

    monkeypatch.setattr(row_batches, "type_opt_ins", break_on_a_value)
    stores.drop("names_20260309.csv", ROWS)
    report = stores.one()
    assert report.reason == "READER_FAILED"
    assert (report.detail or "").startswith("ConversionException in test_delivery_way.py, line")
    assert "39 98" not in str(report.detail)
    rooms = (stores.stores.home.lake, stores.stores.home.vault)
    assert not [path for room in rooms for path in room.rglob("*.parquet*")]
