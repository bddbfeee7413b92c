"""Sources as data: the records of `config/open_data/*.yaml`, typed and checked on reading.

A new source of a known layout is a new file there, no code. Reading a source's files belongs to `open_data.layouts`,
loading them to `open_data.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from configuration.documents import read_document
from configuration.field_types import AnyWholeNumber, Exactly, NotEmpty, Text, Unfit, written
from open_data.resources import DownloadFile, Resource
from terms.errors import UsageError

#: Rows that a new load may lack against the serving one before it is taken for a cut file. Policy.
DEFAULT_MAX_SHRINK_PCT = 20


@written()
@dataclass(frozen=True)
class ControlTotals:
    """Published sums of a whole file; a load below `whole_from` rows is an extract, for which none is published."""

    whole_from: AnyWholeNumber
    totals: Mapping[str, AnyWholeNumber]


@dataclass(frozen=True)
class Source:
    """One open-data source: where it comes from, how its files look, what it must sum up to.

    `files` are globs under the open-data folder, alternatives in order of preference: the first that finds anything
    gives all files. `downloads` are the official addresses that bring them there; without any, they are put there by
    hand. `columns` must all be in the header (or among a feature's properties). Where several sources tell of the
    same commune's bureaux or of the same round, the one of the lowest `precedence` serves. `id_election` is the round's
    name in the aggregate of all elections.
    """

    source_id: str
    title: str
    producer: str
    licence: str
    official_url: str
    vintage: str
    layout: str
    changes: str
    files: tuple[str, ...]
    columns: tuple[str, ...]
    bureau_map: str | None = None
    election: str | None = None
    round: int | None = None
    id_election: str | None = None
    commune: str | None = None
    precedence: int = 1
    max_shrink_pct: int = DEFAULT_MAX_SHRINK_PCT
    control_totals: ControlTotals | None = None
    downloads: tuple[Resource, ...] = ()

    @property
    def archive(self) -> str | None:
        """Return the name of the 7z archive that the official address gives, which is unpacked by hand; else None."""
        name = PurePosixPath(urlsplit(self.official_url).path).name
        return name if name.endswith(".7z") else None


Texts = Annotated[tuple[Text, ...], NotEmpty("is an empty list")]


@written()
@dataclass(frozen=True)
class SourceFile:
    """One file of `config/open_data/`; the keys mean what `Source` says."""

    source_id: Annotated[str, Exactly(r"[a-z0-9_]+")]
    title: Text
    producer: Text
    licence: Text
    official_url: Text
    vintage: Annotated[str, Exactly(r"[A-Za-z0-9.-]+")]
    layout: Text
    changes: Text
    files: Texts
    columns: Texts
    bureau_map: Text | None = None
    election: Text | None = None
    round: AnyWholeNumber | None = None
    id_election: Text | None = None
    commune: Text | None = None
    precedence: AnyWholeNumber = 1
    max_shrink_pct: AnyWholeNumber = DEFAULT_MAX_SHRINK_PCT
    control_totals: ControlTotals | None = None
    downloads: tuple[DownloadFile, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse downloads that are put on one another, or where `files` does not find them."""
        resources = self.resources()
        if len({resource.file for resource in resources}) < len(resources):
            raise Unfit("puts two files under one name", "downloads")
        for resource in resources:
            if not any(_finds(pattern, resource.file) for pattern in self.files):
                raise Unfit(f"puts {resource.file} where files does not find it", "downloads")

    def resources(self) -> tuple[Resource, ...]:
        """Return the files to download."""
        return tuple(resource for entry in self.downloads or () for resource in entry.to_resources())

    def to_source(self) -> Source:
        """Return the source."""
        own = {name: getattr(self, name) for name in Source.__dataclass_fields__ if name != "downloads"}
        return Source(**own, downloads=self.resources())


def read_sources(folder: Path) -> tuple[Source, ...]:
    """Read every `*.yaml` of the folder, in order of file name.

    Raises:
        UsageError: the folder holds none, a file is not YAML, a key is unknown, missing or of a wrong type, or two
            files share a `source_id`; the message names file and key.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise UsageError(f"{folder} holds no open-data source.", "Point FILIATION_CONFIG to a folder with open_data/.")
    seen: dict[str, Path] = {}
    sources: list[Source] = []
    for path in paths:
        document = read_document(path, SourceFile, path.name)
        source = document.record.to_source()
        if source.source_id in seen:
            raise document.invalid(f"{source.source_id} is already that of {seen[source.source_id].name}", "source_id")
        seen[source.source_id] = path
        sources.append(source)
    return tuple(sources)


def find_files(folder: Path, source: Source) -> tuple[Path, ...]:
    """Return the source's files under the folder, sorted; empty if no pattern finds any."""
    for pattern in source.files:
        found = tuple(sorted(path for path in folder.glob(pattern) if path.is_file()))
        if found:
            return found
    return ()


def unpack_by_hand(source: Source) -> str:
    """Return what an operator does with the source's 7z archive; `files` find what it holds at any depth."""
    place = source.files[0].partition("/")[0]
    return f"Unpack {source.archive} by hand (`7z x {source.archive}`) and put the folder into {place}/ of the open-data folder."


def file_sha256(path: Path) -> str:
    """Return the sha256 (hex) of a file's bytes."""
    total = sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()


def _finds(pattern: str, file: str) -> bool:
    """`**` of a glob is any folders or none; `match` of this Python takes it for exactly one."""
    return any(PurePosixPath(file).match(pattern.replace("**/", folders)) for folders in ("", "*/", "*/*/"))
