"""GeoJSON read feature by feature (the national contours are one object of 644 MB) into a DuckDB relation.

The meaning of properties belongs to `contours`, point in polygon to `territories.contours`, GeoPackages to
`geopackage`.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import duckdb
import shapely
from shapely.geometry import shape

from open_data.failures import SourceFailed
from open_data.layouts.geopackage import packed_features
from open_data.layouts.layout import check_columns
from open_data.sources import Source
from terms.batches import batched

_CHUNK = 1 << 20
_BETWEEN = re.compile(r"[ \r\n\t,]*")
_BATCH = 2_000
#: Of the database while contours are taken in; more lies in its spill files. The national file is 250 MB of polygons, several times.
_MEMORY = "400MB"
#: Each holds buffers of its own within that memory.
_THREADS = 2
#: Characters; beyond it a file is damaged, not detailed: the largest commune of France has 3 MB of outline.
_LARGEST_FEATURE = 64 << 20
#: Reference systems that are longitude and latitude of WGS 84; without a `crs` GeoJSON is that (RFC 7946).
_DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326")


@dataclass(frozen=True)
class Feature:
    """One feature: its properties and its geometry as parsed JSON."""

    properties: Mapping[str, object]
    geometry: Mapping[str, object]


@dataclass(frozen=True)
class Contour:
    """What a layout makes of a feature's properties."""

    code: str
    commune_code: str
    label: str | None


def read_contours(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    paths: Sequence[Path],
    contour_of: Callable[[Mapping[str, object]], Contour],
) -> None:
    """Create the temporary table `contours_read` (code, commune_code, label, part, wkb) from contour files.

    A repeated code means several parts of one territory, numbered from 1 in their order.

    Args:
        connection: where the table is created; its memory and threads are limited.
        source: whose columns must be there.
        paths: GeoJSON, or GeoPackages by their suffix.
        contour_of: gives code, commune and label for a feature's properties.

    Raises:
        SourceFailed: a file is cut, no feature collection, not in degrees, or lacks a property.
    """
    connection.execute(
        "create or replace temp table contours_read"
        " (code varchar, commune_code varchar, label varchar, part integer, wkb blob)"
    )
    connection.execute(f"set memory_limit = '{_MEMORY}'; set threads = {_THREADS}")
    parts: Counter[str] = Counter()
    for path in paths:
        for batch in batched(_rows(path, source, contour_of), _BATCH):
            _insert(connection, batch, parts)


def features(path: Path) -> Iterator[Feature]:
    """Yield the features of a file in order, holding one chunk and one feature in memory.

    Raises:
        SourceFailed: as `read_contours`.
    """
    with _open_text(path) as handle:
        buffer = _head(path, handle)
        decoder, position = json.JSONDecoder(), 0
        while True:
            position = _BETWEEN.match(buffer, position).end()  # type: ignore[union-attr]  # it also matches nothing
            if buffer.startswith("]", position):
                return
            try:
                value, position = decoder.raw_decode(buffer, position)
            except json.JSONDecodeError:
                buffer, position = buffer[position:], 0
                more = handle.read(max(_CHUNK, len(buffer))) if len(buffer) < _LARGEST_FEATURE else ""
                if not more:
                    raise SourceFailed(f"{path.name} ends early or is damaged.", "Fetch it again.") from None
                buffer += more
                continue
            yield _feature(path, value)


def _open_text(path: Path) -> IO[str]:
    raw = gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    return io.TextIOWrapper(cast(IO[bytes], raw), encoding="utf-8-sig")


def _head(path: Path, handle: IO[str]) -> str:
    """Read up to the first feature, check the reference system named before it, and return the rest."""
    text = handle.read(_CHUNK)
    start = text.find('"features"')
    bracket = text.find("[", start)
    if not text.lstrip().startswith("{") or start < 0 or bracket < 0:
        raise SourceFailed(f"{path.name} is not a GeoJSON feature collection.", "Fetch it again.")
    head = text[:start]
    if '"crs"' in head and not any(name in head for name in _DEGREES):
        raise SourceFailed(f"{path.name} is not in degrees of WGS 84.", "Convert it to EPSG:4326.")
    return text[bracket + 1 :]


def _feature(path: Path, value: object) -> Feature:
    if not isinstance(value, dict) or not isinstance(value.get("properties"), dict) or not value.get("geometry"):
        raise SourceFailed(f"{path.name} has a feature without properties or geometry.", "Fetch it again.")
    return Feature(value["properties"], value["geometry"])


def _rows(
    path: Path, source: Source, contour_of: Callable[[Mapping[str, object]], Contour]
) -> Iterator[tuple[Contour, bytes]]:
    if path.suffix == ".gpkg":
        for packed in packed_features(path, source.columns[0]):
            check_columns(path, tuple(packed.properties), source)
            yield contour_of(packed.properties), _wkb(path, packed.geometry)
        return
    for feature in features(path):
        check_columns(path, tuple(feature.properties), source)
        yield contour_of(feature.properties), _wkb(path, shape(feature.geometry))


def _wkb(path: Path, geometry: shapely.Geometry) -> bytes:
    """Return the polygons of a geometry, valid and flat, as WKB."""
    polygon = shapely.force_2d(geometry)
    if not polygon.is_valid:
        # A ring that crosses itself answers "inside" at random; the polygons of the repaired shape do not.
        repaired = shapely.make_valid(polygon)
        polygon = shapely.union_all(
            [part for part in shapely.get_parts(repaired) if part.geom_type.endswith("Polygon")]
        )
    west, south, east, north = polygon.bounds
    if polygon.is_empty or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise SourceFailed(f"{path.name} has a contour that is empty or not in degrees.", "Convert it to EPSG:4326.")
    return bytes(shapely.to_wkb(polygon))


def _insert(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[Contour, bytes]], parts: Counter[str]) -> None:
    import pyarrow

    numbers = []
    for contour, _ in rows:
        parts[contour.code] += 1
        numbers.append(parts[contour.code])
    table = pyarrow.table(
        {
            "code": pyarrow.array([contour.code for contour, _ in rows], pyarrow.string()),
            "commune_code": pyarrow.array([contour.commune_code for contour, _ in rows], pyarrow.string()),
            "label": pyarrow.array([contour.label for contour, _ in rows], pyarrow.string()),
            "part": pyarrow.array(numbers, pyarrow.int32()),
            "wkb": pyarrow.array([wkb for _, wkb in rows], pyarrow.binary()),
        }
    )
    connection.register("contour_batch", table)
    connection.execute("insert into contours_read select * from contour_batch")
    connection.unregister("contour_batch")
