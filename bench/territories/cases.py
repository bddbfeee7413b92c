"""Territories against their floors: addresses to BAN rows, points to contours, the reader of the national contours.

BAN rows are real ones replicated into invented departments (the bundled commune's where the shared data are not there); contours and
points are invented. How right the matches are is `address_holdout`'s business.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from shutil import rmtree
from types import MappingProxyType

import duckdb
import numpy as np
import shapely

from bench.comparison import Case
from bench.territories.address_holdout import load_ban
from open_data.load import refresh_open_data
from open_data.sources import read_sources
from stores.all_stores import open_stores
from stores.engine import connect, quoted
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.schemas.territory_tables import CONTOURS
from terms.clock import Clock
from terms.environment import Environment
from terms.errors import UsageError
from terms.settings import PROJECT_ROOT, load_settings
from territories.addresses import match_addresses
from territories.contours import ContourIndex

#: BAN rows per delivered address: a million against five.
BAN_PER_ADDRESS = 5
#: Contours per point: a million points in 70,000 bureaux.
CONTOURS_PER_POINT = 0.07
_SOUTH, _WEST, _STEP = 42.0, -4.0, 0.05
#: Corners of a contour of the file: 70,000 of them are 644 MB, as published.
_CORNERS = 228
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _ban_files() -> list[Path]:
    shared = (PROJECT_ROOT / os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data" / "open" / "ban"
    return sorted(shared.glob("*/*.csv")) or [PROJECT_ROOT / "sample" / "open_data" / "ban" / "adresses-48.csv.gz"]


def write_addresses(folder: Path, records: int) -> None:
    """Write `ban` (records x 5 rows), `communes` and `delivered` (records distinct addresses) as Parquet.

    Of a hundred delivered addresses, 80 are BAN's words in another dress, 6 of another arrondissement, 5 have a wrong letter,
    5 no number, 4 a street that is not there.
    """
    connection = connect(spill_to=folder)
    load_ban(connection, _ban_files())
    real = connection.execute("select count(*) from all_ban where number is not null").fetchone()
    copies = math.ceil(BAN_PER_ADDRESS * records / (real[0] if real else 1))
    names = [left + right for left in _DIGITS for right in _DIGITS if left + right not in {"97", "98"}]
    if copies > len(names):
        raise UsageError(
            f"The BAN rows at hand make no {records:,} addresses: {copies} departments would be needed, {len(names)} have a name.",
            "Set FILIATION_SHARED to the shared data, whose extract is larger.",
        )
    connection.execute("create table departments as select unnest(?::varchar[]) as department", [names[:copies]])
    connection.execute(
        f"""
        create table ban as
        select department || '_' || address_id as address_id, number, suffix, street, department || postcode[3:] as postcode,
            department || commune_code[3:] as commune_code, commune_label, former_code, former_label
        from all_ban cross join departments where number is not null limit {BAN_PER_ADDRESS * records}
        """
    )
    connection.execute(
        f"""
        create table delivered as
        with chosen as (
            select *, row_number() over () as place, number || coalesce(suffix, '') as house
            from ban using sample reservoir({records} rows) repeatable (7)
        )
        select place::varchar as address_key,
            case
                when place % 100 < 50 then house || ' ' || upper(street)
                when place % 100 < 80 then house || ' ' || replace(replace(street, 'Rue', 'R.'), 'Saint', 'St') || ', appt ' || place
                when place % 100 < 86 then house || ', ' || street
                when place % 100 < 91 then house || ' ' || street[:-4] || street[-2:]
                when place % 100 < 96 then street
                else house || ' rue des Trois Sirènes'
            end as street,
            case when place % 100 between 80 and 85 then postcode[:3] || '19' else postcode end as postcode,
            regexp_replace(commune_label, ' [0-9].*$', '') as city, 'FR' as country
        from chosen
        """
    )
    connection.execute(
        "create table communes as select distinct commune_code, postcode, commune_label as label from ban"
    )
    for table in ("ban", "communes", "delivered"):
        connection.execute(f"copy {table} to '{quoted(folder / table)}.parquet' (format parquet)")
    connection.close()


def join_plainly(folder: Path) -> int:
    """Join the delivered lines with BAN's on equal text and postcode, as they stand; return the delivered addresses."""
    connection = connect(spill_to=folder)
    _lay(connection, folder)
    connection.execute(
        f"""
        copy (
            select address_key, address_id from delivered left join ban
                on delivered.street = ban.number || coalesce(ban.suffix, '') || ' ' || upper(ban.street)
                    and delivered.postcode = ban.postcode
        ) to '{quoted(folder)}/plain.parquet' (format parquet)
        """
    )
    return _count(connection, "select count(*) from delivered")


def match_all(folder: Path) -> int:
    """Match the delivered addresses as the job of ties does and return their number."""
    connection = connect(spill_to=folder)
    _lay(connection, folder)
    connection.execute("create temp table commune_names (known_code varchar, label varchar, commune_code varchar)")
    match_addresses(connection)
    connection.execute(f"copy matches to '{quoted(folder)}/matches.parquet' (format parquet)")
    return _count(connection, "select count(*) from matches")


def _lay(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for table in ("ban", "communes", "delivered"):
        connection.execute(f"create view {table} as from '{quoted(folder / table)}.parquet'")


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _ring(random: Random, west: float, south: float, corners: int) -> list[list[float]]:
    """Return a ring about the middle of a cell, its corners nearer or farther, so that neighbours meet and hardly overlap."""
    points = []
    for corner in range(corners):
        radius, angle = _STEP * random.uniform(0.45, 0.53), 2 * math.pi * corner / corners
        points.append([west + _STEP / 2 + radius * math.cos(angle), south + _STEP / 2 + radius * math.sin(angle)])
    return [*points, points[0]]


def _rings(count: int, corners: int) -> Iterator[list[list[float]]]:
    random, side = Random(5), math.ceil(math.sqrt(count))
    for place in range(count):
        yield _ring(random, _WEST + _STEP * (place % side), _SOUTH + _STEP * (place // side), corners)


def write_points(folder: Path, records: int) -> None:
    """Write `records` points and their share of contours, of 60 corners each, as arrays."""
    count = max(1, round(records * CONTOURS_PER_POINT))
    side, noise = math.ceil(math.sqrt(count)), np.random.default_rng(3)
    polygons = np.array([shapely.Polygon(ring) for ring in _rings(count, 60)])
    np.save(folder / "contours.npy", shapely.to_wkb(polygons), allow_pickle=True)
    np.save(folder / "lon.npy", _WEST + _STEP * side * noise.random(records))
    np.save(folder / "lat.npy", _SOUTH + _STEP * (count / side) * noise.random(records))


def join_points_barely(folder: Path) -> int:
    """Ask a tree of shapely for all points at once and return their number."""
    lon, lat = np.load(folder / "lon.npy"), np.load(folder / "lat.npy")
    tree = shapely.STRtree(shapely.from_wkb(np.load(folder / "contours.npy", allow_pickle=True)))
    tree.query(shapely.points(lon, lat), predicate="intersects")
    return len(lon)


def locate_points(folder: Path) -> int:
    """Ask as the job of ties does and return the number of points."""
    lon, lat = np.load(folder / "lon.npy"), np.load(folder / "lat.npy")
    ContourIndex(np.load(folder / "contours.npy", allow_pickle=True).tolist()).locate(lon, lat)
    return len(lon)


def write_contours(folder: Path, records: int) -> None:
    """Write `records` bureaux as one GeoJSON in the layout of the national file, 9.2 kB each."""
    with (folder / "contours.geojson").open("w", encoding="utf-8") as out:
        out.write('{"type": "FeatureCollection", "features": [\n')
        for place, ring in enumerate(_rings(records, _CORNERS)):
            properties = {"codeBureauVote": f"{place // 20 % 95000 + 1000:05}_{place % 20 + 1:04}"}
            geometry = {"type": "Polygon", "coordinates": [ring]}
            feature = {"type": "Feature", "properties": properties, "geometry": geometry}
            out.write((",\n" if place else "") + json.dumps(feature))
        out.write("\n]}\n")


def parse_contours(folder: Path) -> int:
    """Parse the JSON line by line, keep nothing, and return the number of features."""
    features = 0
    with (folder / "contours.geojson").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"type": "Feature",'):
                json.loads(line.rstrip(",\n"))
                features += 1
    return features


def load_national_contours(folder: Path) -> int:
    """Take the file in as a refresh does, into a home of its own, and return the number of contours."""
    home_folder = folder / "home"
    rmtree(home_folder, ignore_errors=True)
    settings = load_settings({"FILIATION_ENV": Environment.BENCH, "FILIATION_HOME": str(home_folder)})
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    national = [
        replace(source, files=("contours.geojson",))
        for source in read_sources(PROJECT_ROOT / "config" / "open_data")
        if source.source_id == "bureaux_2026_contours"
    ]
    (report,) = refresh_open_data(
        stores, folder, national, Clock(datetime(2026, 11, 24, tzinfo=UTC)), lambda text: None
    )
    return report.rows[CONTOURS.name]


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "addresses": Case("addresses to BAN", "one equality join", 5.0, write_addresses, join_plainly, match_all),
        "points": Case("points in contours", "shapely's tree", 2.0, write_points, join_points_barely, locate_points),
        "contours": Case(
            "national contours", "json, line by line", 10.0, write_contours, parse_contours, load_national_contours
        ),
    }
)
