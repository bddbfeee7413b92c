"""Resources: the downloadable files of a source, as `downloads:` of its record says.

Downloading them belongs to `open_data.download`, keeping them to `open_data.shelf`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from configuration import record_fields as fields

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Resource:
    """One file to download.

    Attributes:
        url: official address.
        file: where it is put, relative to the open-data folder; one of the source's `files` must find it.
        member: name of the file inside the zip that the address gives; None where it gives the file itself.
        sha256: published checksum of the downloaded bytes, None where none is published.
        bytes: published size of the downloaded bytes.
    """

    url: str
    file: str
    member: str | None = None
    sha256: str | None = None
    bytes: int | None = None

    @property
    def published_name(self) -> str:
        """Return the file's name in its address; the last part of the path."""
        return PurePosixPath(urlsplit(self.url).path).name


def read_resources(path: Path, value: object) -> tuple[Resource, ...]:
    """Return the resources of a record's `downloads`; one entry with `each` is one resource per value.

    Args:
        path: the record's file, for messages.
        value: what `downloads` holds; null = the source's files are put into the folder by hand.

    Raises:
        UsageError: naming the file and the key.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise fields.wrong(path, "downloads", "a list of entries with url and file")
    resources = tuple(resource for entry in value for resource in _read(path, entry))
    if len({resource.file for resource in resources}) < len(resources):
        raise fields.wrong(path, "downloads", "files of different names")
    return resources


def _read(path: Path, entry: Mapping[str, object]) -> tuple[Resource, ...]:
    fields.refuse_unknown(path, entry, {**Resource.__dataclass_fields__, "each": None})
    url, file = fields.text(path, entry, "url"), fields.text(path, entry, "file")
    sha256 = fields.optional_text(path, entry, "sha256")
    _check(path, url, file, sha256)
    member, size = fields.optional_text(path, entry, "member"), fields.optional_number(path, entry, "bytes")
    if entry.get("each") is None:
        return (Resource(url, file, member, sha256, size),)
    if "{}" not in url or "{}" not in file or sha256 or size:
        raise fields.wrong(path, "each", "with {} in url and file, and without sha256 and bytes")
    values = fields.texts(path, entry, "each")
    return tuple(Resource(url.replace("{}", one), file.replace("{}", one), member) for one in values)


def _check(path: Path, url: str, file: str, sha256: str | None) -> None:
    if urlsplit(url).scheme not in {"https", "http"}:
        raise fields.wrong(path, "url", "an address that begins with https://")
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        raise fields.wrong(path, "file", "a path inside the open-data folder")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise fields.wrong(path, "sha256", "64 hexadecimal characters")
