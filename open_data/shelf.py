"""The shelf: downloaded files by the sha256 of their bytes, what each address gave last, and unfinished downloads.

    <open-data folder>/.shelf/<sha256>             bytes, read-only; the files of the folder are hard links to them
    <open-data folder>/.shelf/known/<address>.json  what an address gave last: sha256, size, ETag, Last-Modified, when
    <open-data folder>/.shelf/partial/<address>     bytes of an unfinished download, and the version that they belong to

Asking an address belongs to `open_data.download`, the files that a source needs to `open_data.fetch`. The name of an
address here is its hash.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from open_data.sources import file_sha256
from terms.errors import WriterBusy

#: Beside the sources' files, so that a hard link is possible; no glob of a source begins with a dot.
FOLDER = ".shelf"

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Version:
    """Which version of a file an answer gives: its validators (RFC 9110) and its whole size; None = not told."""

    etag: str | None
    last_modified: str | None
    size: int | None

    @property
    def for_range(self) -> str | None:
        """Return what `If-Range` may be given: a strong ETag, else the date; None = a resume cannot be trusted."""
        if self.etag is not None:
            return None if self.etag.startswith("W/") else self.etag
        return self.last_modified


@dataclass(frozen=True)
class Kept:
    """A whole file on the shelf; `fetched_at` is ISO 8601 in UTC."""

    url: str
    sha256: str
    bytes: int
    etag: str | None
    last_modified: str | None
    fetched_at: str


class Partial:
    """The bytes of one unfinished download, and the version that they belong to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._version = path.with_suffix(".version")

    @property
    def size(self) -> int:
        """Return how many bytes are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def version(self) -> Version | None:
        """Return the version of the bytes, or None if there are no bytes from which a download can resume."""
        if not self.size or not self._version.exists():
            return None
        return Version(**json.loads(self._version.read_text()))

    def begin(self, version: Version) -> None:
        """Delete the bytes of before and begin with this version."""
        self.drop()
        _write_whole(self._version, json.dumps(asdict(version)))
        self.path.touch()

    def drop(self) -> None:
        """Delete the bytes."""
        self.path.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)


class Shelf:
    """Files by their hash under one open-data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = folder / FOLDER

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the shelf for the length of the block, and make its folders.

        Raises:
            WriterBusy: another process is fetching.
        """
        for part in (self._root / "known", self._root / "partial"):
            part.mkdir(parents=True, exist_ok=True)
        with (self._root / "lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WriterBusy("Another fetch is at work on this folder.", "Wait until it has ended.") from None
            yield

    def partial(self, url: str) -> Partial:
        """Return the unfinished download of an address."""
        return Partial(self._root / "partial" / _name(url))

    def known(self, url: str) -> Kept | None:
        """Return what an address gave last, if those bytes are still here."""
        record = self._root / "known" / f"{_name(url)}.json"
        if not record.exists():
            return None
        kept = Kept(**json.loads(record.read_text()))
        return kept if self.path(kept.sha256).exists() else None

    def path(self, digest: str) -> Path:
        """Return the path of the file of this sha256 (hex), whether it exists or not."""
        return self._root / digest

    def keep(self, url: str, fetched_at: str) -> Kept:
        """Move a finished download onto the shelf and remember what its address gave."""
        partial = self.partial(url)
        version = partial.version or Version(None, None, None)
        size, digest = partial.size, self._take(partial.path)
        partial.drop()
        kept = Kept(url, digest, size, version.etag, version.last_modified, fetched_at)
        _write_whole(self._root / "known" / f"{_name(url)}.json", json.dumps(asdict(kept), indent=1))
        return kept

    def forget(self, url: str) -> None:
        """Forget what an address gave: the next request for it is unconditional."""
        (self._root / "known" / f"{_name(url)}.json").unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove bytes that no file of the folder links to and no address gave last."""
        records = (self._root / "known").glob("*.json")
        wanted = {str(json.loads(record.read_text())["sha256"]) for record in records}
        for path in self._root.iterdir():
            if (
                path.is_file()
                and _SHA256.fullmatch(path.name)
                and path.name not in wanted
                and path.stat().st_nlink == 1
            ):
                path.unlink()

    def add(self, chunks: Iterator[bytes]) -> str:
        """Write bytes onto the shelf and return their sha256."""
        handle, name = tempfile.mkstemp(dir=self._root / "partial", prefix="added-")
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in chunks:
                    out.write(chunk)
            return self._take(beside)
        finally:
            beside.unlink(missing_ok=True)

    def place(self, digest: str, file: str) -> bool:
        """Make `file` of the folder the bytes of this sha256; return False if it is so already."""
        target, kept = self.folder / file, self.path(digest)
        if target.exists() and target.samefile(kept):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not beside the target: the glob of a source would find it after a crash.
        beside = self._root / "partial" / f"placed-{digest}"
        beside.unlink(missing_ok=True)
        os.link(kept, beside)
        beside.replace(target)
        return True

    def _take(self, path: Path) -> str:
        digest = file_sha256(path)
        if self.path(digest).exists():
            return digest
        path.chmod(0o444)
        path.replace(self.path(digest))
        return digest


def _name(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:32]


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(text)
    beside.replace(path)
