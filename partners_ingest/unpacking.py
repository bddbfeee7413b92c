"""Containers: which one a delivery came in, and its unpacked bytes as a stream.

Magic bytes count, not names: a gzip file is unpacked whatever it is called. What the bytes mean belongs to
`preflight` and the readers. GPG and other containers would be added here.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from enum import StrEnum
from typing import BinaryIO, cast

from consent.dossiers import Feed
from stores.evidence import EvidenceStore

#: What the standard library raises when a container is cut or damaged.
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile)

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK"


class Container(StrEnum):
    """How the delivered bytes unpack (as stored in `deliveries.container`)."""

    NONE = "none"
    GZIP = "gzip"
    ZIP = "zip"


def container_of(head: bytes, feed: Feed | None) -> Container:
    """Return the container by the first delivered bytes; a zip is one only where the feed says so (xlsx is a zip)."""
    if head.startswith(GZIP_MAGIC):
        return Container.GZIP
    if head.startswith(ZIP_MAGIC) and feed is not None and feed.compression == "zip":
        return Container.ZIP
    return Container.NONE


def zip_members(stream: BinaryIO) -> list[str]:
    """Return the names of the files in a zip archive; its folders do not count.

    Raises:
        zipfile.BadZipFile: the archive is cut or damaged.
    """
    with zipfile.ZipFile(stream) as archive:
        return [item.filename for item in archive.infolist() if not item.is_dir()]


def open_unpacked(evidence: EvidenceStore, delivery_id: str, container: str) -> BinaryIO:
    """Return the unpacked bytes of a delivery as a stream that is read forward.

    Args:
        evidence: where the delivered bytes lie.
        delivery_id: whose.
        container: as stored in `deliveries.container`.

    Reading raises one of `DAMAGED` where the container is cut.
    """
    stream = evidence.open(delivery_id)
    match Container(container):
        case Container.NONE:
            return stream
        case Container.GZIP:
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=stream))))
        case Container.ZIP:
            archive = zipfile.ZipFile(stream)
            (member,) = [item for item in archive.infolist() if not item.is_dir()]
            return cast(BinaryIO, archive.open(member))
