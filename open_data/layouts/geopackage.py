"""GeoPackage (OGC 12-128): features of one layer of an SQLite file, geometries as WKB in degrees.

IGN publishes its contours in this format, in Lambert-93. The meaning of columns belongs to `contours`; the archive
around the file (7z) is unpacked by hand. Source: OGC GeoPackage 1.3 §2.1.3; IGN, algorithm ALG0004 (Lambert-93 to
geographic).
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from open_data.failures import SourceFailed

_DEGREES, _LAMBERT_93 = 4326, 2154
#: Bytes of the envelope after the header's eight, by its indicator.
_ENVELOPES = (0, 32, 48, 48, 64)


@dataclass(frozen=True)
class PackedFeature:
    """One row: its columns but the geometry, and the geometry in degrees."""

    properties: Mapping[str, object]
    geometry: shapely.Geometry


def packed_features(path: Path, needed: str) -> Iterator[PackedFeature]:
    """Yield the features of the layer that has the column `needed`.

    Raises:
        SourceFailed: no GeoPackage, no such layer, damaged, or of a reference system that is neither degrees nor
            Lambert-93.
    """
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            table, column, system = _layer(connection, path, needed)
            cursor = connection.execute(f'select * from "{table}"')
            names = [item[0] for item in cursor.description]
            for row in cursor:
                record = dict(zip(names, row, strict=True))
                yield PackedFeature(record, _geometry(path, record.pop(column), system))
        finally:
            connection.close()
    except (sqlite3.Error, shapely.errors.ShapelyError, IndexError) as error:
        raise SourceFailed(f"{path.name} is no whole GeoPackage ({type(error).__name__}).", "Fetch it again.") from None


def _layer(connection: sqlite3.Connection, path: Path, needed: str) -> tuple[str, str, int]:
    layers = connection.execute("select table_name, column_name, srs_id from gpkg_geometry_columns").fetchall()
    for table, column, system in layers:
        columns = {row[1] for row in connection.execute(f'pragma table_info("{table}")')}
        if needed in columns:
            if system not in {_DEGREES, _LAMBERT_93}:
                raise SourceFailed(f"{path.name} is in EPSG:{system}.", "Convert it to EPSG:4326 or 2154.")
            return str(table), str(column), int(system)
    raise SourceFailed(f"{path.name} has no layer with {needed}.", "Is it the announced file?")


def _geometry(path: Path, packed: object, system: int) -> shapely.Geometry:
    if not isinstance(packed, bytes) or packed[:2] != b"GP":
        raise SourceFailed(f"{path.name} has a feature without geometry.", "Fetch it again.")
    start = 8 + _ENVELOPES[packed[3] >> 1 & 0b111]
    geometry = shapely.force_2d(shapely.from_wkb(packed[start:]))
    return geometry if system == _DEGREES else shapely.transform(geometry, degrees_of_lambert_93)


def degrees_of_lambert_93(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return longitudes and latitudes (degrees, RGF93 = WGS 84 within a metre) of metres in Lambert-93, shape n x 2."""
    exponent, constant, eccentricity = 0.7256077650532670, 11_754_255.4261, 0.0818191910428158
    east, north = points[:, 0] - 700_000.0, 12_655_612.0499 - points[:, 1]
    isometric = -np.log(np.hypot(east, north) / constant) / exponent
    longitude = math.radians(3.0) + np.arctan2(east, north) / exponent
    latitude = 2 * np.arctan(np.exp(isometric)) - math.pi / 2
    for _ in range(8):  # each step gains two digits
        sine = eccentricity * np.sin(latitude)
        latitude = 2 * np.arctan(((1 + sine) / (1 - sine)) ** (eccentricity / 2) * np.exp(isometric)) - math.pi / 2
    return np.column_stack([np.degrees(longitude), np.degrees(latitude)])
