"""The delivered bytes of one record, given out only after it is proved that they are what was delivered.

Proved means three things. The whole file still has the sha256 with which it was received, or, after a redaction, the
one recorded since. The kept line commitments still give the root in the journal. The record's lines, with their salts,
still give their commitments. Anything else is refused, naming what differs. Records of quarantine are asked by
`lineage.lookups.quarantine_reading`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

import duckdb
from sqlalchemy import select

from lineage.lookups.access_log import Access, record_access
from partners_ingest.arrival.unpacking import open_unpacked
from stores.all_stores import Stores
from stores.engine import connect, connect_for_few, without_pandas
from stores.evidence.redactions import kept_sha256, redacted_lines
from stores.files.encrypted_file import CHUNK_BYTES
from stores.files.parquet import read_sql
from stores.lake import reading_name
from stores.operations import delivery_tables, journal, log_tables
from stores.schemas import delivered_rows, vault_tables
from terms.errors import FiliationError, UsageError

_DELIVERY_ID = re.compile(r"[0-9a-f]{16}")

#: Lines of a delivery whose tree fits into memory many times: what can spill starts 90 ms later.
_FEW_LINES = 1_000_000

_RESTORE = "Restore the home from its backup; what is there is not what was delivered."


class EvidenceDiffers(FiliationError):
    """What is kept is not what was delivered; the message names what differs."""


@dataclass(frozen=True)
class EvidenceRecord:
    """A record as delivered: its place in the file, its bytes (identity), and the hashes that they were checked against."""

    delivery_id: str
    partner_id: str
    file_name: str
    first_line: int
    last_line: int
    byte_offset: int
    file_sha256: str
    evidence_root: str
    is_record: bool
    erased_lines: int
    bytes: bytes = field(repr=False)

    @property
    def statement(self) -> str:
        """Say in one sentence what was verified; holds no value of the record."""
        lines = f"line {self.first_line}"
        if self.last_line > self.first_line:
            lines = f"lines {self.first_line} to {self.last_line}"
        what = "a record" if self.is_record else "no record of an accepted file starts there: the physical line"
        whole = f"sha256 {self.file_sha256} of the whole file, and"
        if self.erased_lines:
            whole = f"{self.erased_lines} lines of the file were erased, so not its sha256 {self.file_sha256}; but"
        return (
            f"{self.file_name} of {self.partner_id}, {lines}, {len(self.bytes)} bytes from {self.byte_offset} ({what})."
            f" Verified: {whole} the line in root {self.evidence_root}."
        )


@dataclass(frozen=True)
class _Delivery:
    """What the operations database says of a delivery that was read into lines."""

    delivery_id: str
    partner_id: str
    file_name: str
    kind: str | None
    container: str
    sha256: str
    reading: int
    line_count: int
    evidence_root: str


@dataclass(frozen=True)
class _Line:
    """A physical line with its commitment, as kept beside the evidence."""

    number: int
    offset: int
    length: int
    commitment: bytes


@dataclass(frozen=True)
class _Place:
    """The position of the asked bytes in the unpacked file."""

    offset: int
    length: int
    is_record: bool


def read_evidence(
    stores: Stores,
    delivery_id: str,
    line: int,
    *,
    reason: str,
    case: str | None = None,
    command: str = "evidence",
) -> EvidenceRecord:
    """Return the delivered bytes of the record that starts at a physical line, after verifying them.

    The access is logged under `command` and committed before a byte is read.

    Args:
        stores: the opened stores.
        delivery_id: 16 hex digits.
        line: 1-based number of the physical line.
        reason: why; recorded.
        case: what the look-up belongs to; recorded.
        command: recorded in the access log.

    Raises:
        UsageError: no reason, an unknown delivery, a delivery that was never read into lines, no such line, or one from which
            a person was erased, which is no damage.
        EvidenceDiffers: the file, a commitment, a salt or the line is not what was delivered; the message says which.
    """
    if not _DELIVERY_ID.fullmatch(delivery_id):  # a number typed here by mistake must not enter the access log
        raise UsageError("No delivery has this id.", "See `filiation deliveries`.")
    access = Access(command, stores.settings.actor, reason, case, [f"{delivery_id}:{line}"])
    record_access(stores.engine, stores.clock, access)
    with without_pandas():
        delivery = _delivery(stores, delivery_id)
        _check_journal(stores, delivery)
        _check_file(stores, delivery)
        _check_root(stores, delivery)
        return _verified_record(stores, delivery, line)


def _verified_record(stores: Stores, delivery: _Delivery, line: int) -> EvidenceRecord:
    place = _place(stores, delivery, line)
    lines = _lines(stores, delivery, place)
    content = _verified_bytes(stores, delivery, lines)
    start = place.offset - lines[0].offset
    return EvidenceRecord(
        delivery_id=delivery.delivery_id,
        partner_id=delivery.partner_id,
        file_name=delivery.file_name,
        first_line=lines[0].number,
        last_line=lines[-1].number,
        byte_offset=place.offset,
        file_sha256=delivery.sha256,
        evidence_root=delivery.evidence_root,
        is_record=place.is_record,
        erased_lines=len(redacted_lines(stores.engine, delivery.delivery_id)),
        bytes=content[start : start + place.length],
    )


def _delivery(stores: Stores, delivery_id: str) -> _Delivery:
    table = delivery_tables.deliveries
    with stores.engine.connect() as connection:
        row = connection.execute(select(table).where(table.c.delivery_id == delivery_id)).first()
    if row is None:
        raise UsageError("No delivery has this id.", "See `filiation deliveries`.")
    if row.evidence_root is None or row.container is None:
        raise UsageError(
            f"Delivery {delivery_id} was {row.outcome} ({row.reason}) before its lines were read.",
            "Only files that were read have lines to show.",
        )
    return _Delivery(**{name: getattr(row, name) for name in _Delivery.__dataclass_fields__})


def _check_journal(stores: Stores, delivery: _Delivery) -> None:
    """Compare the row with the journal line of its commit: rows can be updated, the journal only grows."""
    table = log_tables.journal
    query = select(table.c.payload_json, table.c.payload_sha256).where(
        table.c.kind == journal.Entry.DELIVERY.value, table.c.subject == delivery.delivery_id
    )
    with stores.engine.connect() as connection:
        entries = connection.execute(query.order_by(table.c.sequence)).all()
    if not entries:
        raise EvidenceDiffers(f"The journal has no line for delivery {delivery.delivery_id}.", _RESTORE)
    text = entries[-1].payload_json
    if sha256(text.encode()).hexdigest() != entries[-1].payload_sha256:
        raise EvidenceDiffers(f"The journal line of delivery {delivery.delivery_id} was changed.", _RESTORE)
    payload = json.loads(text)
    for name in ("evidence_root", "sha256"):
        if payload.get(name) != getattr(delivery, name):
            raise EvidenceDiffers(
                f"The {name} of delivery {delivery.delivery_id} differs from the journal's.", _RESTORE
            )


def _check_file(stores: Stores, delivery: _Delivery) -> None:
    digest = sha256()
    with stores.evidence.open(delivery.delivery_id) as delivered:
        while block := delivered.read(CHUNK_BYTES):
            digest.update(block)
    if digest.hexdigest() != (kept_sha256(stores.engine, delivery.delivery_id) or delivery.sha256):
        raise EvidenceDiffers(f"The delivered file of {delivery.delivery_id} no longer has its sha256.", _RESTORE)


def _check_root(stores: Stores, delivery: _Delivery) -> None:
    opened = connect_for_few() if delivery.line_count <= _FEW_LINES else connect()
    with opened as connection, _naming("line commitments", delivery):
        root = stores.evidence.recompute_root(connection, delivery.delivery_id)
    if root != delivery.evidence_root:
        raise EvidenceDiffers(
            f"The line commitments of {delivery.delivery_id} no longer give the root in the journal.", _RESTORE
        )


def _place(stores: Stores, delivery: _Delivery, line: int) -> _Place:
    """Return the position of the record of this line, else of the physical line itself (a header, a held file)."""
    tables = (delivered_rows.OPT_INS, delivered_rows.WITHDRAWALS, delivered_rows.QUARANTINE)
    name = reading_name(delivery.delivery_id, delivery.reading)
    existing = [table for table in tables if stores.lake.path(table, name).exists()]
    queries = [
        f"select byte_offset, byte_length from ({stores.lake.sql(table, [name])}) where line_number = $line"
        for table in existing
    ]
    with connect_for_few() as connection, _naming("records", delivery):
        if queries:
            row = connection.execute(" union all ".join(queries), {"line": line}).fetchone()
            if row:
                return _Place(int(row[0]), int(row[1]), is_record=True)
        kept = read_sql(vault_tables.LINE_COMMITMENTS, [stores.evidence.commitments_file(delivery.delivery_id)])
        row = connection.execute(
            f"select byte_offset, byte_length from ({kept}) where line_number = $line", {"line": line}
        ).fetchone()
    if row is None:
        raise UsageError(
            f"Delivery {delivery.delivery_id} has no line {line}.", f"It has {delivery.line_count} lines, from 1."
        )
    return _Place(int(row[0]), int(row[1]), is_record=False)


def _lines(stores: Stores, delivery: _Delivery, place: _Place) -> list[_Line]:
    kept = read_sql(vault_tables.LINE_COMMITMENTS, [stores.evidence.commitments_file(delivery.delivery_id)])
    with connect_for_few() as connection, _naming("line commitments", delivery):
        rows = connection.execute(
            f"select line_number, byte_offset, byte_length, commitment from ({kept})"
            " where byte_offset < $end and byte_offset + byte_length > $start order by line_number",
            {"start": place.offset, "end": place.offset + place.length},
        ).fetchall()
    if not rows:
        raise EvidenceDiffers(f"No committed line of {delivery.delivery_id} holds byte {place.offset}.", _RESTORE)
    return [_Line(int(number), int(offset), int(length), bytes(leaf)) for number, offset, length, leaf in rows]


def _verified_bytes(stores: Stores, delivery: _Delivery, lines: Sequence[_Line]) -> bytes:
    """Return the bytes of these lines, each of which fits its commitment."""
    first, last = lines[0], lines[-1]
    with _naming("salts", delivery):
        salts = stores.vault.salts(delivery.delivery_id, first.number, last.number)
    if len(salts) != len(lines):
        which = f"Line {first.number}" if len(lines) == 1 else f"Of lines {first.number} to {last.number} some"
        raise UsageError(
            f"{which} of {delivery.delivery_id} can no longer be read: a person was erased, and the salt with them.",
            "Nothing can be shown; their commitments still stand.",
        )
    with open_unpacked(stores.evidence, delivery.delivery_id, delivery.container) as unpacked:
        unpacked.seek(first.offset)
        content = unpacked.read(last.offset + last.length - first.offset)
    for line, salt in zip(lines, salts, strict=True):
        start = line.offset - first.offset
        if sha256(salt + content[start : start + line.length]).digest() != line.commitment:
            raise EvidenceDiffers(
                f"Line {line.number} of delivery {delivery.delivery_id} does not fit its commitment.", _RESTORE
            )
    return content


@contextmanager
def _naming(what: str, delivery: _Delivery) -> Iterator[None]:
    """Turn a failure of the engine on a damaged file into words; its own text may hold bytes of a row."""
    try:
        yield
    except duckdb.Error:
        raise EvidenceDiffers(f"The {what} of delivery {delivery.delivery_id} cannot be read.", _RESTORE) from None
