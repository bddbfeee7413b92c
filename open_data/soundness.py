"""Whether a file is what was announced, by its bytes alone: size, checksum, no web page, not cut, the member of its zip.

Columns and totals are checked when the file is read, by `open_data.layouts` and `open_data.load`.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from open_data.failures import SourceFailed
from open_data.resources import Resource

_CHUNK = 1 << 20
_PAGE = (b"<!doctype html", b"<html")
_PARQUET = b"PAR1"
_SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"


def check_sound(path: Path, resource: Resource, size: int, sha256: str) -> None:
    """Refuse a file that is not what its address should give.

    Args:
        path: where its bytes are, under any name.
        resource: what was asked for.
        size: of the bytes.
        sha256: of the bytes, hex.

    Raises:
        SourceFailed: saying what is wrong with it.
    """
    if _is_page(path):
        raise _unsound(resource, "is a web page instead of the file")
    if _head(path, len(_SEVEN_ZIP)) == _SEVEN_ZIP:
        raise SourceFailed(
            f"{resource.url} is a 7z archive, which is not unpacked here.",
            f"Unpack it by hand (`7z x`) and put {resource.member or Path(resource.file).name} at {resource.file}.",
        )
    if resource.bytes is not None and size != resource.bytes:
        raise _unsound(resource, f"has {size} bytes instead of the {resource.bytes} published")
    if resource.sha256 is not None and sha256 != resource.sha256:
        raise _unsound(resource, "does not have the published sha256")
    if resource.member is None:
        _check_end(path, resource)


def member_bytes(path: Path, resource: Resource) -> Iterator[bytes]:
    """Yield the bytes of the resource's member in a zip, its checksum verified.

    Raises:
        SourceFailed: no zip, cut, damaged, or without this member.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.rpartition("/")[2] == resource.member]
            if len(names) != 1:
                raise _unsound(resource, f"holds {len(names)} files called {resource.member}")
            with archive.open(names[0]) as handle:
                while chunk := handle.read(_CHUNK):
                    yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _unsound(resource, f"cannot be unpacked ({type(error).__name__})") from None


def _check_end(path: Path, resource: Resource) -> None:
    """Formats that end with a sign of their own show whether they were cut; delimited text does not."""
    suffix = Path(resource.file).suffix
    if suffix == ".gz":
        _read_through(path, resource)
    elif suffix == ".parquet" and not (_head(path, 4) == _tail(path, 4) == _PARQUET):
        raise _unsound(resource, "is no whole Parquet file")
    elif suffix in {".json", ".geojson"} and not _tail(path, 64).rstrip().endswith((b"}", b"]")):
        raise _unsound(resource, "is no whole JSON file")


def _read_through(path: Path, resource: Resource) -> None:
    try:
        with gzip.open(path) as handle:
            if _looks_like_page(handle.read(_CHUNK)):
                raise _unsound(resource, "is a web page instead of the file")
            while handle.read(_CHUNK):
                pass
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unsound(resource, f"is no whole gzip file ({type(error).__name__})") from None


def _is_page(path: Path) -> bool:
    return _looks_like_page(_head(path, 1024))


def _looks_like_page(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE)


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as handle:
        return handle.read(size)


def _tail(path: Path, size: int) -> bytes:
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - size))
        return handle.read(size)


def _unsound(resource: Resource, what: str) -> SourceFailed:
    return SourceFailed(f"{resource.url} {what}.", "The file that was there before stays; fetch again.")
