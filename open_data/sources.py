"""Sources as data: the records of `config/open_data/*.yaml`, typed and checked on reading.

A new source of a known layout is a new file there, no code. Reading a source's files belongs to `open_data.layouts`,
loading them to `open_data.load`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from urllib.parse import urlsplit

import yaml

from configuration import record_fields as fields
from open_data.resources import Resource, read_resources
from terms.errors import UsageError

#: Rows that a new load may lack against the serving one before it is taken for a cut file. Policy.
DEFAULT_MAX_SHRINK_PCT = 20

_NAME = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class ControlTotals:
    """Published sums of a whole file; a load below `whole_from` rows is an extract, for which none is published."""

    whole_from: int
    totals: Mapping[str, int]


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


def read_sources(folder: Path) -> tuple[Source, ...]:
    """Read every `*.yaml` of the folder, in order of file name.

    Raises:
        UsageError: the folder holds none, a file is not YAML, a key is unknown, missing or of a wrong type, or two
            files share a `source_id`; the message names file and key.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise UsageError(f"{folder} holds no open-data source.", "Point FILIATION_CONFIG to a folder with open_data/.")
    sources = tuple(_read(path) for path in paths)
    seen: dict[str, Path] = {}
    for source, path in zip(sources, paths, strict=True):
        if source.source_id in seen:
            raise UsageError(
                f"{path.name}: source_id {source.source_id} is already that of {seen[source.source_id].name}.",
                "Give each source its own.",
            )
        seen[source.source_id] = path
    return sources


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


def _read(path: Path) -> Source:
    try:
        record = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} is not YAML in UTF-8 ({type(error).__name__}).", "Correct the file.") from None
    if not isinstance(record, dict):
        raise UsageError(f"{path.name} holds no keys.", "See the other files of the folder.")
    fields.refuse_unknown(path, record, Source.__dataclass_fields__)
    source = Source(
        source_id=fields.text(path, record, "source_id"),
        title=fields.text(path, record, "title"),
        producer=fields.text(path, record, "producer"),
        licence=fields.text(path, record, "licence"),
        official_url=fields.text(path, record, "official_url"),
        vintage=fields.text(path, record, "vintage"),
        layout=fields.text(path, record, "layout"),
        changes=fields.text(path, record, "changes"),
        files=fields.texts(path, record, "files"),
        columns=fields.texts(path, record, "columns"),
        bureau_map=fields.optional_text(path, record, "bureau_map"),
        election=fields.optional_text(path, record, "election"),
        round=fields.optional_number(path, record, "round"),
        id_election=fields.optional_text(path, record, "id_election"),
        commune=fields.optional_text(path, record, "commune"),
        precedence=fields.number(path, {"precedence": 1, **record}, "precedence"),
        max_shrink_pct=fields.number(path, {"max_shrink_pct": DEFAULT_MAX_SHRINK_PCT, **record}, "max_shrink_pct"),
        control_totals=_control_totals(path, record),
        downloads=read_resources(path, record.get("downloads")),
    )
    _check(path, source)
    return source


def _check(path: Path, source: Source) -> None:
    if not _NAME.fullmatch(source.source_id):
        raise fields.wrong(path, "source_id", "small letters, digits and _")
    if not re.fullmatch(r"[A-Za-z0-9.-]+", source.vintage):
        raise fields.wrong(path, "vintage", "letters, digits, dots and dashes")
    for resource in source.downloads:
        if resource.published_name.endswith(".7z"):
            raise fields.wrong(path, "downloads", "files or zips; 7z archives are unpacked by hand")
        if not any(_finds(pattern, resource.file) for pattern in source.files):
            raise fields.wrong(path, "downloads", f"put where files finds them; {resource.file} is not")


def _finds(pattern: str, file: str) -> bool:
    """`**` of a glob is any folders or none; `match` of this Python takes it for exactly one."""
    return any(PurePosixPath(file).match(pattern.replace("**/", folders)) for folders in ("", "*/", "*/*/"))


def _control_totals(path: Path, record: Mapping[str, object]) -> ControlTotals | None:
    value = record.get("control_totals")
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"whole_from", "totals"} or not isinstance(value["totals"], dict):
        raise fields.wrong(path, "control_totals", "the keys whole_from and totals")
    totals = {str(name): fields.number(path, value["totals"], name) for name in value["totals"]}
    return ControlTotals(fields.number(path, value, "whole_from"), MappingProxyType(totals))
