"""Fetching: each source's official files are put into the open-data folder, all of them or none.

They come from the network or from a folder of downloads; the checks are the same. Reading them belongs to
`open_data.load`. A source that cannot be fetched keeps the files that it had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from open_data.download import Downloader
from open_data.failures import SourceFailed
from open_data.resources import Resource
from open_data.shelf import Kept, Shelf
from open_data.soundness import check_sound, member_bytes
from open_data.sources import Source, unpack_by_hand
from terms.clock import Clock, to_iso
from terms.errors import UsageError

Progress = Callable[[str], None]
_CHUNK = 1 << 20


class FetchOutcome(StrEnum):
    """What became of one source; with `failed` and `by_hand` the folder is unchanged."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    BY_HAND = "by_hand"


@dataclass(frozen=True)
class FetchReport:
    """What one fetch did for one source.

    Attributes:
        files: file under the open-data folder -> sha256 (hex) of its bytes.
        message: why it failed, or that its files are put there by hand.
    """

    source_id: str
    outcome: FetchOutcome
    files: Mapping[str, str] = field(default_factory=dict)
    message: str | None = None

    def to_json(self) -> Mapping[str, object]:
        """Return the record as JSON-ready values."""
        return asdict(self)


class Origin(Protocol):
    """Where resources come from."""

    def bring(self, resource: Resource) -> Kept:
        """Return the resource's file on the shelf.

        Raises:
            SourceFailed: it cannot be had.
        """
        ...


class DownloadFolder:
    """A folder of downloads, each file under its path in the open-data folder; a zip under the name of its address.

    Args:
        folder: the open-data folder.
        shelf: where the downloads are.
        clock: tells how old a download is.
    """

    def __init__(self, folder: Path, shelf: Shelf, clock: Clock) -> None:
        self._folder = folder
        self._shelf = shelf
        self._clock = clock

    def bring(self, resource: Resource) -> Kept:
        """Return the file that is there."""
        place = Path(resource.file)
        found = self._folder / (place.with_name(resource.published_name) if resource.member else place)
        if not found.is_file():
            raise SourceFailed(f"{found.relative_to(self._folder)} is not in {self._folder.name}.", "Put it there.")
        digest = self._shelf.add(_chunks(found))
        size = self._shelf.path(digest).stat().st_size
        return Kept(resource.url, digest, size, None, None, to_iso(self._clock.now()))


def choose_sources(sources: Iterable[Source], wanted: Iterable[str]) -> tuple[Source, ...]:
    """Return the sources of these ids, all for none.

    Raises:
        UsageError: an id that no source has.
    """
    known = {source.source_id: source for source in sources}
    missing = [name for name in wanted if name not in known]
    if missing:
        raise UsageError(f"No source is called {', '.join(missing)}.", f"Known: {', '.join(known)}.")
    return tuple(known[name] for name in wanted) or tuple(known.values())


def fetch_from_network(
    folder: Path, sources: Iterable[Source], clock: Clock, progress: Progress
) -> tuple[FetchReport, ...]:
    """Download what changed of each source into the open-data folder.

    Args:
        folder: the open-data folder.
        sources: to fetch, in this order.
        clock: dates the files.
        progress: gets a line of text now and then.

    Raises:
        WriterBusy: another fetch is running on the folder.
    """
    shelf = Shelf(folder)
    return fetch_sources(shelf, Downloader(shelf, clock, progress), sources, progress)


def fetch_from_folder(
    folder: Path, downloaded: Path, sources: Iterable[Source], clock: Clock, progress: Progress
) -> tuple[FetchReport, ...]:
    """Take each source's files from a folder of downloads into the open-data folder.

    Args:
        folder: the open-data folder.
        downloaded: the folder of downloads; it is not changed.
        sources: to fetch, in this order.
        clock: dates the files.
        progress: gets a line of text now and then.

    Raises:
        WriterBusy: another fetch is running on the folder.
    """
    shelf = Shelf(folder)
    return fetch_sources(shelf, DownloadFolder(downloaded, shelf, clock), sources, progress)


def fetch_sources(
    shelf: Shelf, origin: Origin, sources: Iterable[Source], progress: Progress
) -> tuple[FetchReport, ...]:
    """Fetch each source and report on each in order; a source that fails does not stop the others.

    Args:
        shelf: of the open-data folder.
        origin: where files come from.
        sources: to fetch, in this order.
        progress: gets a line of text now and then.

    Raises:
        WriterBusy: another fetch is running on the folder.
    """
    with shelf.locked():
        reports = []
        for source in sources:
            reports.append(_fetch(shelf, origin, source, progress))
            shelf.prune()
    return tuple(reports)


def _fetch(shelf: Shelf, origin: Origin, source: Source, progress: Progress) -> FetchReport:
    if not source.downloads:
        return FetchReport(source.source_id, FetchOutcome.BY_HAND, message=_by_hand(source))
    progress(f"{source.source_id}: {len(source.downloads)} file(s)")
    try:
        files = {resource.file: _bring(shelf, origin, resource) for resource in source.downloads}
        placed = [shelf.place(digest, file) for file, digest in files.items()]
    except SourceFailed as error:
        return FetchReport(source.source_id, FetchOutcome.FAILED, message=str(error))
    except OSError as error:
        message = f"The open-data folder cannot be written ({error.strerror})."
        return FetchReport(source.source_id, FetchOutcome.FAILED, message=message)
    return FetchReport(source.source_id, FetchOutcome.FETCHED if any(placed) else FetchOutcome.UNCHANGED, files)


def _by_hand(source: Source) -> str:
    if source.archive is not None:
        return f"Download {source.official_url}. {unpack_by_hand(source)}"
    return f"Put {' or '.join(source.files)} into the folder by hand; see {source.official_url}"


def _bring(shelf: Shelf, origin: Origin, resource: Resource) -> str:
    """Return the sha256 of the resource's sound file on the shelf; an unsound one is forgotten."""
    kept = origin.bring(resource)
    path = shelf.path(kept.sha256)
    try:
        check_sound(path, resource, kept.bytes, kept.sha256)
        return kept.sha256 if resource.member is None else shelf.add(member_bytes(path, resource))
    except SourceFailed:
        shelf.forget(resource.url)
        raise


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            yield chunk
