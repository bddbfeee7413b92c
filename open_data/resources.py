"""Resources: the downloadable files of a source, as `downloads:` of its record says.

Downloading them belongs to `open_data.download`, keeping them to `open_data.shelf`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from configuration.field_types import Checked, Exactly, NotEmpty, Text, Unfit, WholeNumber, written


def _check_address(url: str) -> None:
    if urlsplit(url).scheme not in {"https", "http"}:
        raise Unfit("is no address that begins with https://")


def _check_inside(file: str) -> None:
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        raise Unfit("is not a path inside the open-data folder")


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


@written()
@dataclass(frozen=True)
class DownloadFile:
    """One entry of `downloads` as it is written; with `each` it is one resource per value, put for `{}` in url and file."""

    url: Annotated[Text, Checked(_check_address)]
    file: Annotated[Text, Checked(_check_inside)]
    member: Text | None = None
    sha256: Annotated[str, Exactly(r"[0-9a-f]{64}")] | None = None
    bytes: WholeNumber | None = None
    each: Annotated[tuple[Text, ...], NotEmpty()] | None = None

    def __post_init__(self) -> None:
        """Refuse an archive that is unpacked by hand, and an `each` that says nothing or too much."""
        if PurePosixPath(urlsplit(self.url).path).name.endswith(".7z"):
            raise Unfit("cannot be downloaded: 7z archives are unpacked by hand", "url")
        if self.each is not None and (
            not all("{}" in text for text in (self.url, self.file)) or self.sha256 or self.bytes
        ):
            raise Unfit("needs {} in url and file, and neither sha256 nor bytes", "each")

    def to_resources(self) -> tuple[Resource, ...]:
        """Return the files to download."""
        if self.each is None:
            return (Resource(self.url, self.file, self.member, self.sha256, self.bytes),)
        return tuple(
            Resource(self.url.replace("{}", one), self.file.replace("{}", one), self.member) for one in self.each
        )
