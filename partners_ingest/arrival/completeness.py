"""Which files of the landing folder are complete: by the drop server's log, their quiet, a marker or a sidecar.

What is not complete is left alone and counted; nothing of the partner's is ever moved, renamed or deleted. Listing the
folder belongs to `landing`, a file that is complete and damaged to `partners_ingest.intake`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from types import MappingProxyType

from consent.dossiers.transport import DROPPED, CompleteWhen, Transport
from partners_ingest.arrival.landing import Arrival

#: Suffixes of the sidecars that say what was sent.
SIDECAR_SUFFIXES: Mapping[CompleteWhen, str] = MappingProxyType(
    {CompleteWhen.SHA256: ".sha256", CompleteWhen.MANIFEST: ".manifest.json"}
)

_SHA256_DIGITS = 64
#: A manifest names the files of one transfer; of a longer one only so much is read, and it fits no file.
_LARGEST_MANIFEST = 1 << 24

#: A transfer that has not moved for this long needs a person: the sidecar does not fit, or never came.
_STALLED_SECONDS = 3600


@dataclass(frozen=True)
class Arrivals:
    """The files of a landing folder in their order: those that are complete, and those that are still awaited."""

    complete: tuple[Arrival, ...]
    waiting: tuple[Arrival, ...]


def sort_arrivals(
    arrivals: Sequence[Arrival], transports: Mapping[str, Transport], now: float, quiet_seconds: int
) -> Arrivals:
    """Tell complete files from those still arriving; markers and sidecars are neither.

    A file that the drop server logged is complete. Of others the partner's dossier says what shows it; without one, that
    it has not changed for `quiet_seconds`.

    Args:
        arrivals: as `landing.scan_landing` gives them.
        transports: of the partners whose dossier tells one.
        now: real time in seconds since 1970, as the times of files are.
        quiet_seconds: how long a file rests before it counts.
    """
    complete: list[Arrival] = []
    waiting: list[Arrival] = []
    for item in arrivals:
        transport = transports.get(item.partner_id, DROPPED)
        if is_sidecar(item.file_name, transport):
            continue
        shown = item.is_logged or _is_shown_complete(item, transport, now, quiet_seconds)
        (complete if shown else waiting).append(item)
    return Arrivals(tuple(complete), tuple(waiting))


def _is_shown_complete(item: Arrival, transport: Transport, now: float, quiet_seconds: int) -> bool:
    match transport.complete_when:
        case CompleteWhen.QUIET:
            return has_rested(item.path, now, quiet_seconds)
        case CompleteWhen.MARKER:
            return item.path.with_name(item.path.name + (transport.marker_suffix or "")).is_file()
        case CompleteWhen.SHA256:
            return _fits_checksum(item.path)
        case CompleteWhen.MANIFEST:
            return any(_is_in_manifest(item.path, file) for file in _manifests(item.path))


def stalled(waiting: Sequence[Arrival], now: float) -> Mapping[str, int]:
    """Return by partner how many files have waited for more than an hour since they last changed."""
    old = [item.partner_id for item in waiting if has_rested(item.path, now, _STALLED_SECONDS)]
    return {partner_id: old.count(partner_id) for partner_id in sorted(set(old))}


def is_sidecar(file_name: str, transport: Transport) -> bool:
    """Return whether a file only says something of another one."""
    suffix = transport.marker_suffix or SIDECAR_SUFFIXES.get(transport.complete_when)
    return suffix is not None and file_name.endswith(suffix)


def has_rested(path: Path, now: float, quiet_seconds: int) -> bool:
    """Return whether a file has not changed for `quiet_seconds`; a time of tomorrow is a wrong clock, not a change.

    Args:
        path: of the file.
        now: real time in seconds since 1970, as the times of files are.
        quiet_seconds: how long a file rests before it counts.
    """
    return not 0 <= now - path.stat().st_mtime < quiet_seconds


def _fits_checksum(path: Path) -> bool:
    """Return whether NAME.sha256 (`<hex>  name`) tells the file's own hash."""
    sidecar = path.with_name(path.name + SIDECAR_SUFFIXES[CompleteWhen.SHA256])
    told = _beginning(sidecar, _SHA256_DIGITS).decode(errors="replace") if sidecar.is_file() else ""
    return bool(told) and _sha256(path) == told.lower()


def _manifests(path: Path) -> Iterator[Path]:
    """Yield what may be the file's manifest: of its name with all its suffixes, or with fewer of them."""
    stem = path
    while True:
        manifest = stem.with_name(stem.name + SIDECAR_SUFFIXES[CompleteWhen.MANIFEST])
        if manifest.is_file():
            yield manifest
        if not stem.suffix:
            return
        stem = stem.with_suffix("")


def _is_in_manifest(path: Path, manifest: Path) -> bool:
    """Return whether a manifest names this file with its own size and hash (feeds.md 5.2)."""
    try:
        files = json.loads(_beginning(manifest, _LARGEST_MANIFEST))["files"]
        told = next((file for file in files if file["name"] == path.name), None)
        size, digest = (told["bytes"], str(told["sha256"]).lower()) if told else (None, "")
    except (ValueError, KeyError, TypeError, RecursionError):
        return False  # half a manifest: the next look sees more of it
    return size == path.stat().st_size and digest == _sha256(path)


def _beginning(path: Path, size: int) -> bytes:
    with path.open("rb") as handle:
        return handle.read(size)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return file_digest(handle, "sha256").hexdigest()
