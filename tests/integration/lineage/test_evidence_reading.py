"""Delivered bytes are shown only when file, commitments and journal agree; one changed byte is refused by name."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy import select, update

from lineage.lookups.evidence_reading import EvidenceDiffers, read_evidence
from stores.all_stores import Stores
from stores.engine import connect
from stores.evidence.line_commitments import CommittedLines
from stores.evidence.lines import physical_lines
from stores.files.encrypted_file import DamagedEvidence
from stores.lake import reading_name
from stores.operations import database, delivery_tables, journal, log_tables
from stores.schemas import delivered_rows, vault_tables
from terms.errors import UsageError
from terms.identifiers import delivery_id
from tests.scenes.fresh_home import fresh_stores

LINES = [b"id;mobile\n", b'1;"0639980042"\n', b'2;"06 39\n', b'98 00 43"\n', b"3;0639980044\n"]
#: The record of line 3 spans two physical lines and stands at this offset, with this length, without its line end.
TWO_LINES = (sum(map(len, LINES[:2])), len(LINES[2] + LINES[3]) - 1)


@dataclass(frozen=True)
class Kept:
    """A delivery as intake leaves it, written here by hand."""

    stores: Stores
    delivery_id: str

    @property
    def folder(self) -> Path:
        return self.stores.home.evidence / self.delivery_id


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    stores = fresh_stores(tmp_path / "home", NOW="2026-11-24T09:00:00+01:00", ACTOR="a clerk")
    return Kept(stores, _deliver(stores, tmp_path, gzip.compress(b"".join(LINES))))


def _deliver(stores: Stores, folder: Path, content: bytes) -> str:
    source = folder / "entries_1.csv.gz"
    source.write_bytes(content)
    landed = stores.evidence.land(source, lambda sha: delivery_id("jeux-valombre", source.name, sha))
    with connect() as connection, gzip.open(source) as unpacked:
        stores.vault.unlock(connection)
        batches = CommittedLines(physical_lines(unpacked))  # type: ignore[arg-type]
        lines = pa.Table.from_batches(batches)
        connection.register("lines", lines)
        committed = stores.evidence.commit_lines(connection, landed.delivery_id, "lines", batches.root, stores.vault)
        _write_record(stores, connection, landed.delivery_id)
    row = {
        "delivery_id": landed.delivery_id,
        "partner_id": "jeux-valombre",
        "feed_id": "jeux-participations",
        "kind": "optins",
        "mode": "delta",
        "file_name": source.name,
        "sha256": landed.sha256,
        "bytes": landed.bytes,
        "container": "gzip",
        "warnings_json": "[]",
        "outcome": "accepted",
        "reading": 1,
        "line_count": committed.lines,
        "evidence_root": committed.root,
        "arrived_at": 0,
        "taken_in_at": 0,
    }
    with database.transaction(stores.engine) as work:
        work.execute(delivery_tables.deliveries.insert().values(**row))
        journal.append(work, stores.clock.now(), journal.Entry.DELIVERY, landed.delivery_id, row)
    return landed.delivery_id


def _write_record(stores: Stores, connection: duckdb.DuckDBPyConnection, delivery: str) -> None:
    values = {
        "delivery_id": f"'{delivery}'",
        "line_number": "3",
        "byte_offset": TWO_LINES[0],
        "byte_length": TWO_LINES[1],
    }
    columns = ", ".join(
        f"{values.get(column.name, 'null')}::{column.type} as {column.name}"
        for column in delivered_rows.QUARANTINE.columns
    )
    stores.lake.write(connection, delivered_rows.QUARANTINE, reading_name(delivery, 1), f"select {columns}")


def _flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 0x01
    path.write_bytes(data)


def _accesses(kept: Kept) -> list[str]:
    with kept.stores.engine.connect() as connection:
        return list(connection.execute(select(log_tables.access_log.c.subjects_json)).scalars())


def test_a_record_of_two_physical_lines_comes_out_byte_for_byte(kept: Kept) -> None:
    record = read_evidence(kept.stores, kept.delivery_id, 3, reason="request of 24 November")
    assert record.bytes == b'2;"06 39\n98 00 43"'
    assert (record.first_line, record.last_line, record.is_record) == (3, 4, True)
    assert record.file_sha256 in record.statement
    assert "3998" not in record.statement and "3998" not in repr(record)


def test_a_line_that_starts_no_record_is_shown_and_said_to_be_none(kept: Kept) -> None:
    record = read_evidence(kept.stores, kept.delivery_id, 1, reason="header")
    assert (record.bytes, record.is_record) == (LINES[0], False)
    assert "no record" in record.statement


def test_the_access_is_logged_even_where_the_answer_is_refused(kept: Kept) -> None:
    _flip(kept.folder / "delivered.enc", -3)
    with pytest.raises(DamagedEvidence):
        read_evidence(kept.stores, kept.delivery_id, 3, reason="request")
    assert _accesses(kept) == [f'["{kept.delivery_id}:3"]']


def test_without_a_reason_nothing_is_read(kept: Kept) -> None:
    with pytest.raises(UsageError, match="reason"):
        read_evidence(kept.stores, kept.delivery_id, 3, reason="  ")
    assert _accesses(kept) == []


def test_a_changed_commitment_is_refused(kept: Kept) -> None:
    file = kept.stores.evidence.commitments_file(kept.delivery_id)
    with connect() as connection:
        connection.execute(f"create table kept as select * from read_parquet('{file}')")
        connection.execute("update kept set commitment = unhex(sha256(commitment)) where line_number = 5")
        connection.execute(f"copy kept to '{file}' (format parquet)")
    with pytest.raises(EvidenceDiffers, match="line commitments .* root"):
        read_evidence(kept.stores, kept.delivery_id, 3, reason="request")


def test_a_commitments_file_that_cannot_be_read_is_refused(kept: Kept) -> None:
    _flip(kept.stores.evidence.commitments_file(kept.delivery_id), -1)
    with pytest.raises(EvidenceDiffers, match="line commitments .* cannot be read"):
        read_evidence(kept.stores, kept.delivery_id, 3, reason="request")


def test_a_changed_salt_file_is_refused(kept: Kept) -> None:
    file = kept.stores.vault.path(vault_tables.SALTS, kept.delivery_id)
    _flip(file, file.stat().st_size // 3)
    with pytest.raises(EvidenceDiffers, match="salts .* cannot be read"):
        read_evidence(kept.stores, kept.delivery_id, 3, reason="request")


def test_another_file_under_the_same_id_is_refused(kept: Kept, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(gzip.compress(b"".join(LINES).replace(b"42", b"99")))
    kept.stores.evidence.land(other, lambda _: kept.delivery_id)  # type: ignore[arg-type,return-value]
    with pytest.raises(EvidenceDiffers, match="sha256"):
        read_evidence(kept.stores, kept.delivery_id, 2, reason="request")


def test_a_row_that_differs_from_the_journal_is_refused(kept: Kept) -> None:
    table = delivery_tables.deliveries
    with database.transaction(kept.stores.engine) as work:
        work.execute(update(table).values(evidence_root="00" * 32))
    with pytest.raises(EvidenceDiffers, match="evidence_root .* journal"):
        read_evidence(kept.stores, kept.delivery_id, 3, reason="request")


def test_a_changed_journal_line_is_refused(kept: Kept) -> None:
    table = log_tables.journal
    with database.transaction(kept.stores.engine) as work:
        work.execute(update(table).where(table.c.kind == "delivery").values(payload_json="{}"))
    with pytest.raises(EvidenceDiffers, match="journal line .* changed"):
        read_evidence(kept.stores, kept.delivery_id, 3, reason="request")


def test_every_flipped_byte_of_the_delivered_file_is_refused(kept: Kept) -> None:
    file = kept.folder / "delivered.enc"
    whole = file.read_bytes()
    for position in range(0, len(whole), 7):
        _flip(file, position)
        with pytest.raises((DamagedEvidence, EvidenceDiffers)):
            read_evidence(kept.stores, kept.delivery_id, 2, reason="request")
        file.write_bytes(whole)


@pytest.mark.parametrize(("delivery", "line", "words"), [("ffff", 1, "No delivery"), (None, 9, "no line 9")])
def test_unknown_deliveries_and_lines_are_told(kept: Kept, delivery: str | None, line: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_evidence(kept.stores, delivery or kept.delivery_id, line, reason="request")
