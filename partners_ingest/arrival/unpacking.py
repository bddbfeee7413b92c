"""Containers: which one a delivery came in, and its unpacked bytes as a stream.

Magic bytes count, not names: a gzip file is unpacked whatever it is called. What the bytes mean belongs to
`partners_ingest.intake` and the readers. What partners sealed is opened by `seals` first.
"""

from __future__ import annotations

import gzip
import importlib
import io
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from typing import BinaryIO, cast

from consent.dossiers.feeds import Feed
from partners_ingest.arrival.seal_marks import HEAD_BYTES, is_sealed
from stores.evidence.evidence_store import EvidenceStore

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK"
PARQUET_MAGIC = b"PAR1"
#: Rows of a table instead of the table itself: some of them were redacted (`partners_ingest.erased.redaction`).
ROWS_MAGIC = b"FILIATION ROWS 1\n"

_BLOCK = 1 << 20
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Container(StrEnum):
    """How the delivered bytes unpack (as stored in `deliveries.container`)."""

    NONE = "none"
    GZIP = "gzip"
    ZIP = "zip"
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def is_table(self) -> bool:
        """Whether the unpacked bytes are rows written by `table_files`, not the partner's own bytes."""
        return self in (Container.XLSX, Container.PARQUET)


def container_of(head: bytes, feed: Feed | None) -> Container:
    """Return the container by the first delivered bytes; what a zip or a Parquet file is to be, the feed says."""
    if head.startswith(GZIP_MAGIC):
        return Container.GZIP
    return Container.NONE if feed is None else _container_by_feed(head, feed)


def _container_by_feed(head: bytes, feed: Feed) -> Container:
    if ROWS_MAGIC.startswith(head):
        return Container.PARQUET if feed.format == "parquet" else Container.XLSX
    if head.startswith(ZIP_MAGIC):
        if feed.compression == "zip":
            return Container.ZIP
        return Container.XLSX if feed.format == "xlsx" else Container.NONE
    is_parquet = head.startswith(PARQUET_MAGIC) and feed.format == "parquet"
    return Container.PARQUET if is_parquet else Container.NONE


def count_zip_members(stream: BinaryIO) -> int:
    """Return the number of files in a zip archive that can be unpacked; its folders do not count.

    Raises:
        zipfile.BadZipFile: the archive is cut or damaged, or a member is locked or packed in a way we cannot read.
    """
    with zipfile.ZipFile(stream) as archive:
        members = [item for item in archive.infolist() if not item.is_dir()]
        if any(item.flag_bits & 1 or item.compress_type not in _ZIP_METHODS for item in members):
            raise zipfile.BadZipFile
        return len(members)


def open_delivered(evidence: EvidenceStore, delivery_id: str) -> BinaryIO:
    """Return the delivered bytes of a delivery as a seekable stream; of a sealed one, what was sealed.

    Raises:
        SealUnopened: it is sealed, and gives nothing.
    """
    stream = evidence.open(delivery_id)
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if not is_sealed(head):
        return stream
    # GnuPG is loaded where something is sealed only: a look-up must start at once
    seals = importlib.import_module("partners_ingest.arrival.seals")
    with stream:
        return cast(BinaryIO, seals.open_sealed(stream, evidence.gpg_home))


def open_unpacked(evidence: EvidenceStore, delivery_id: str, container: str) -> BinaryIO:
    """Return the unpacked bytes of a delivery as a stream that is read forward.

    Args:
        evidence: where the delivered bytes lie.
        delivery_id: whose.
        container: as stored in `deliveries.container`; whether it is sealed is seen by its bytes.

    Reading raises one of `damage.DAMAGED` where the container is cut.

    Raises:
        SealUnopened: it is sealed, and gives nothing.
    """
    return unpack(open_delivered(evidence, delivery_id), container)


def unpack(stream: BinaryIO, container: str) -> BinaryIO:
    """Return the content of a container as a stream that is read forward; reading raises as `open_unpacked` says."""
    stream.seek(0)
    match Container(container):
        case Container.NONE:
            return stream
        case Container.GZIP:
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=stream))))
        case Container.ZIP:
            archive = zipfile.ZipFile(stream)
            (member,) = [item for item in archive.infolist() if not item.is_dir()]
            return cast(BinaryIO, archive.open(member))
        case Container.XLSX | Container.PARQUET:
            if stream.read(len(ROWS_MAGIC)) == ROWS_MAGIC:
                return cast(BinaryIO, io.BufferedReader(LineStream(iter(partial(stream.read, _BLOCK), b""))))
            stream.seek(0)
            # heavy libraries, and a look-up that shows a line of another file must start at once
            table_files = importlib.import_module("partners_ingest.arrival.table_files")
            lines = table_files.sheet_lines if container == Container.XLSX else table_files.parquet_lines
            return cast(BinaryIO, io.BufferedReader(LineStream(lines(stream))))


class LineStream(io.RawIOBase):
    """Lines as a stream of bytes that is read, and sought, forward only."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        super().__init__()
        self._lines = lines
        self._rest = memoryview(b"")
        self._position = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true: forward."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with what comes next; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._lines, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._position += count
        return count

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Read on to an offset from the start.

        Raises:
            io.UnsupportedOperation: it lies behind.
        """
        if whence != io.SEEK_SET or offset < self._position:
            raise io.UnsupportedOperation("rows are read forward only")
        while self._position < offset and self.read(min(offset - self._position, 1 << 20)):
            pass
        return self._position
