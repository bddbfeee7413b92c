"""Taking lines out of evidence for good: their bytes and salts go, their commitments and all other lines stay.

A line becomes filler of its own length, so that every offset stays true; the file is packed again as it came. Of a
spreadsheet, a Parquet file or a sealed message only the rows or the content are kept from then on: such a file cannot be
changed in itself. Which lines are a person's is decided by `lineage`.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from sqlalchemy import Engine, select

from partners_ingest.arrival.damage import DAMAGED
from partners_ingest.arrival.unpacking import (
    GZIP_MAGIC,
    ROWS_MAGIC,
    ZIP_MAGIC,
    Container,
    open_delivered,
    unpack,
)
from partners_ingest.erased.number_search import NumberSearch
from stores.all_stores import Stores
from stores.evidence.evidence_store import EvidenceStore, PlainWriter
from stores.evidence.lines import CodeUnit, physical_lines
from stores.evidence.redactions import record_redaction, redacted_lines
from stores.operations import delivery_tables
from stores.operations.rewrites import announce
from stores.schemas.vault_tables import SALTS

_BLOCK = 1 << 20
#: Longer than any number as it is written: what a block ends with is seen again with the next.
_OVERLAP = 128
_UNITS = {"utf-16-le": CodeUnit.UTF16_LE, "utf-16-be": CodeUnit.UTF16_BE}
_BROKEN = (*DAMAGED, NotImplementedError, RuntimeError)  # a locked or odd member of an archive


@dataclass(frozen=True)
class KeptDelivery:
    """A delivery whose bytes are kept; without `has_lines`, nothing in it was ever read or committed to."""

    delivery_id: str
    container: str
    encoding: str | None
    has_lines: bool

    @property
    def unit(self) -> CodeUnit:
        """The unit in which its lines were split."""
        return _UNITS.get(self.encoding or "", CodeUnit.BYTE)


def kept_deliveries(engine: Engine) -> list[KeptDelivery]:
    """Return every delivery of the operations database, in order of arrival."""
    table = delivery_tables.deliveries
    query = select(table.c.delivery_id, table.c.container, table.c.encoding, table.c.evidence_root)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(table.c.arrived_at, table.c.delivery_id)).all()
    return [
        KeptDelivery(row.delivery_id, row.container or Container.NONE, row.encoding, row.evidence_root is not None)
        for row in rows
    ]


def find_lines(evidence: EvidenceStore, delivery: KeptDelivery, search: NumberSearch) -> dict[int, frozenset[str]]:
    """Return the physical lines of a delivery that contain numbers, in whatever column and form, with these numbers.

    Args:
        evidence: where the delivered bytes are.
        delivery: whose lines were committed to.
        search: the numbers that are looked for.

    Returns:
        line number -> the numbers (E.164) in that line.

    Raises:
        SealUnopened: it was sealed, and our keys no longer open it.
    """
    found: dict[int, frozenset[str]] = {}
    with _open_lines(evidence, delivery) as stream:
        for batch in physical_lines(stream, unit=delivery.unit):
            if search.may_stand_in(cast(bytes, batch.column("raw").buffers()[2].to_pybytes())):
                lines = zip(batch.column("line_number").to_pylist(), batch.column("raw").to_pylist(), strict=True)
                found |= {number: numbers for number, raw in lines if (numbers := search.found_in(raw))}
    return found


def find_numbers(evidence: EvidenceStore, delivery: KeptDelivery, search: NumberSearch) -> frozenset[str]:
    """Return the numbers that are anywhere in a file that was never read into lines, packed or not.

    Args:
        evidence: where the delivered bytes are.
        delivery: without lines.
        search: the numbers that are looked for.

    Raises:
        SealUnopened: it is sealed, and our keys do not open it.
    """
    with open_delivered(evidence, delivery.delivery_id) as stream:
        return frozenset(number for part in _parts(stream) for number in _found_in(part, search))


def redact_lines(stores: Stores, delivery: KeptDelivery, lines: Set[int], now: datetime) -> None:
    """Take physical lines out of a delivery's evidence; what was redacted before stays so. Safe to repeat.

    The operations database tells of it before the bytes change, so that a crash between is seen by the nightly check and made good
    by running again.

    Args:
        stores: that the redaction touches.
        delivery: whose lines were committed to.
        lines: numbers of physical lines, from 1.
        now: instant of the redaction (aware).
    """
    announce(stores.engine, stores.home, _files(stores, delivery), now)
    kept = stores.evidence.rewrite(
        delivery.delivery_id, lambda target: _write_redacted(stores, delivery, lines, target)
    )
    record_redaction(stores.engine, delivery.delivery_id, sorted(lines), kept, now)
    stores.evidence.replace(delivery.delivery_id)
    stores.evidence.forget_name(delivery.delivery_id)
    stores.vault.drop_salts(delivery.delivery_id, sorted(redacted_lines(stores.engine, delivery.delivery_id)))


def destroy(stores: Stores, delivery: KeptDelivery, now: datetime) -> None:
    """Delete all bytes of a delivery from the evidence: a file without lines has no part that could stay.

    Args:
        stores: that the redaction touches.
        delivery: without lines.
        now: instant of the redaction (aware).
    """
    announce(stores.engine, stores.home, _files(stores, delivery), now)
    kept = stores.evidence.rewrite(delivery.delivery_id, lambda target: None)
    record_redaction(stores.engine, delivery.delivery_id, [], kept, now)
    stores.evidence.replace(delivery.delivery_id)
    stores.evidence.forget_name(delivery.delivery_id)


def _files(stores: Stores, delivery: KeptDelivery) -> list[Path]:
    salts = stores.vault.path(SALTS, delivery.delivery_id)
    return [stores.evidence.delivered_file(delivery.delivery_id), *([salts] if salts.exists() else [])]


def _open_lines(evidence: EvidenceStore, delivery: KeptDelivery) -> BinaryIO:
    return unpack(open_delivered(evidence, delivery.delivery_id), delivery.container)


def _write_redacted(stores: Stores, delivery: KeptDelivery, lines: Set[int], target: PlainWriter) -> None:
    """Write the delivery without the lines, packed as it was."""
    with _open_lines(stores.evidence, delivery) as stream:
        content = _redacted(stream, delivery, lines)
        match Container(delivery.container):
            case Container.NONE:
                _copy(content, target)
            case Container.GZIP:
                with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed:
                    _copy(content, packed)
            case Container.ZIP:
                with zipfile.ZipFile(cast(IO[bytes], target), "w", zipfile.ZIP_DEFLATED) as archive:
                    with archive.open(_member_name(stores.evidence, delivery), "w", force_zip64=True) as member:
                        _copy(content, member)
            case Container.XLSX | Container.PARQUET:
                target.write(ROWS_MAGIC)
                _copy(content, target)


def _redacted(stream: BinaryIO, delivery: KeptDelivery, lines: Set[int]) -> Iterator[bytes]:
    for batch in physical_lines(stream, unit=delivery.unit):
        numbers = batch.column("line_number")
        first, last = numbers[0].as_py(), numbers[-1].as_py()
        if not any(first <= line <= last for line in lines):
            yield cast(bytes, batch.column("raw").buffers()[2].to_pybytes())
            continue
        for number, raw in zip(numbers.to_pylist(), batch.column("raw").to_pylist(), strict=True):
            yield _filler(raw, delivery) if number in lines else raw


def _filler(raw: bytes, delivery: KeptDelivery) -> bytes:
    """Return bytes of the same length that hold nothing, with the line's own end; of a table's row, an empty row."""
    text_encoding = delivery.encoding if delivery.unit is not CodeUnit.BYTE else "ascii"
    ends = ("\r\n".encode(text_encoding or "ascii"), "\n".encode(text_encoding or "ascii"))
    end = next((end for end in ends if raw.endswith(end)), b"")
    length = len(raw) - len(end)
    if Container(delivery.container).is_table:
        return b"[" + b" " * (length - 2) + b"]" + end
    unit = "#".encode(text_encoding or "ascii")
    return unit * (length // len(unit)) + b"#" * (length % len(unit)) + end


def _copy(content: Iterable[bytes], target: PlainWriter | IO[bytes] | gzip.GzipFile) -> None:
    for block in content:
        target.write(block)


def _member_name(evidence: EvidenceStore, delivery: KeptDelivery) -> str:
    with open_delivered(evidence, delivery.delivery_id) as stream, zipfile.ZipFile(stream) as archive:
        return next(item.filename for item in archive.infolist() if not item.is_dir())


def _parts(stream: BinaryIO) -> Iterator[IO[bytes]]:
    """Yield the bytes as they are, and what is packed in them as far as it unpacks."""
    head = stream.read(4)
    stream.seek(0)
    yield stream
    stream.seek(0)
    if head.startswith(GZIP_MAGIC):
        yield cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    if head.startswith(ZIP_MAGIC):
        yield from _members(stream)


def _members(stream: BinaryIO) -> Iterator[IO[bytes]]:
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile:
        return
    for item in archive.infolist():
        try:
            yield archive.open(item)
        except _BROKEN:
            continue


def _found_in(part: IO[bytes], search: NumberSearch) -> frozenset[str]:
    tail, found = b"", frozenset[str]()
    read = getattr(part, "read1", part.read)  # of what is cut, `read1` gives everything before the cut
    while True:
        try:
            block = read(_BLOCK)
        except (*_BROKEN, zlib.error):
            return found
        if not block:
            return found
        found |= search.found_in(tail + block)
        tail = block[-_OVERLAP:]
