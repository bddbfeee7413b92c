"""Overlaps: which part of a bureau lies in which bureau of a newer map and in which IRIS, by addresses or by surface.

A bureau is measured by addresses where BAN has enough of them in every larger part of it, elsewhere by the surface of
the contours; each row names its rule. Estimates from these shares are made in `dbt_project`. Where a person's address
votes belongs to `territories.tie`. The result is kept as a vintage beside those of the sources that it was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Engine, func, select, update

from stores.engine import connect
from stores.lake import Lake, vintage_name
from stores.operations import base_tables, database, journal
from stores.schemas.territory_tables import BAN_ADDRESSES, COMMUNE_NAMES, CONTOURS, TERRITORY_OVERLAPS
from stores.warehouse.inputs import current_vintages
from terms.clock import Clock, to_micros
from terms.identifiers import digest
from territories.contours import ContourIndex
from territories.serving import SERVING_CONTOURS, TODAY

Progress = Callable[[str], None]

SOURCE_ID, VINTAGE = "territory_overlaps", "made"
#: Raised whenever the same maps and addresses may give other shares.
OVERLAP_VERSION = 2
#: Addresses speak for a bureau from this number on, if each part of at least this share of its surface has one: an
#: extract of BAN that ends in the middle of a bureau would move all of it to one side. Policy.
ENOUGH_ADDRESSES = 50
LARGER_PART = 0.1
#: Contours of two maps never meet exactly: thinner overlaps are drawing, not people.
SLIVER = 0.01

Codes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class OverlapStores:
    """The stores that this module touches."""

    lake: Lake
    engine: Engine


@dataclass(frozen=True)
class OverlapReport:
    """What serves now: its name in the lake (None without two layers), and rows by rule; made = in this run."""

    serving: str | None
    is_new: bool
    rows: Mapping[str, int]


@dataclass(frozen=True)
class _Layer:
    """One map: its kind, name, and one geometry per code."""

    kind: str
    map: str
    codes: Codes
    geometries: npt.NDArray[np.object_]


def make_overlaps(stores: OverlapStores, clock: Clock, progress: Progress) -> OverlapReport:
    """Make the overlaps of the current maps and addresses, unless they exist already.

    Args:
        stores: where vintages are read and the overlaps kept.
        clock: dates the vintage.
        progress: gets a line of text now and then.

    Returns:
        The vintage's name and its rows by rule; no name without two maps.
    """
    vintages = {
        name: sha
        for name, sha in sorted(current_vintages(stores.engine).items())
        if any(stores.lake.path(table, name).exists() for table in (BAN_ADDRESSES, CONTOURS, COMMUNE_NAMES))
    }
    sha256 = digest(str(OVERLAP_VERSION), *(f"{name} {sha}" for name, sha in vintages.items()))
    name = vintage_name(SOURCE_ID, VINTAGE, sha256)
    if stores.lake.path(TERRITORY_OVERLAPS, name).exists() and name in current_vintages(stores.engine):
        return OverlapReport(name, False, _rows_by_rule(stores.lake, name))
    connection = connect()
    try:
        _create_views(connection, stores.lake, tuple(vintages))
        layers = _layers(connection)
        pairs = [(a, b) for a, b in combinations(layers, 2) if a.kind == "bureau"]
        if not pairs:
            return OverlapReport(None, False, {})
        progress(f"territories: overlaps of {len(pairs)} pair(s) of maps")
        _measure(connection, layers, pairs)
        stores.lake.write(connection, TERRITORY_OVERLAPS, name, _OVERLAPS)
    finally:
        connection.close()
    rows = _rows_by_rule(stores.lake, name)
    _commit(stores.engine, sha256, sum(rows.values()), clock)
    return OverlapReport(name, True, rows)


def _create_views(connection: duckdb.DuckDBPyConnection, lake: Lake, vintages: Sequence[str]) -> None:
    tables = ((BAN_ADDRESSES, "ban"), (CONTOURS, "published_contours"), (COMMUNE_NAMES, "commune_names"))
    for table, view in tables:
        present = [name for name in vintages if lake.path(table, name).exists()]
        connection.execute(f"create temp view {view} as {lake.sql(table, present)}")
    connection.execute(f"create temp view contours as {SERVING_CONTOURS}")
    connection.execute(f"create temp table today as {TODAY}")


def _layers(connection: duckdb.DuckDBPyConnection) -> list[_Layer]:
    """Return the bureau maps, oldest first, then the IRIS contours that serve, as one layer."""
    maps = connection.execute("select distinct map from contours where kind = 'bureau' order by map").fetchall()
    layers = [_layer(connection, "bureau", name, "kind = 'bureau' and map = ?", [name]) for (name,) in maps]
    newest = connection.execute("select max(map) from contours where kind = 'iris'").fetchone()
    if newest and newest[0] is not None:
        layers.append(_layer(connection, "iris", newest[0], "kind = 'iris'", []))
    return layers


def _layer(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, condition: str, values: Sequence[str]
) -> _Layer:
    rows = connection.execute(
        f"select code, list(wkb order by part) as parts from contours where {condition} group by code order by code",
        list(values),
    ).fetchall()
    codes = np.array([code for code, _ in rows], dtype=object)
    geometries = np.array([shapely.union_all(shapely.from_wkb(parts)) for _, parts in rows], dtype=object)
    return _Layer(kind, name, codes, geometries)


def _measure(
    connection: duckdb.DuckDBPyConnection, layers: Sequence[_Layer], pairs: Sequence[tuple[_Layer, _Layer]]
) -> None:
    """Create `counted` and `measured`: addresses and surface of each pair of territories of each pair of layers."""
    columns = "from_kind varchar, from_map varchar, from_code varchar, to_kind varchar, to_map varchar, to_code varchar"
    connection.execute(f"create temp table counted ({columns}, addresses bigint)")
    connection.execute(
        f"create temp table measured ({columns}, surface double, from_surface double, to_surface double)"
    )
    points = connection.execute("select lon, lat from ban where lon is not null and lat is not null").fetchnumpy()
    holders = {id(layer): _holders(layer, points) for layer in layers}
    for first, second in pairs:
        _count(connection, first, second, holders[id(first)], holders[id(second)])
        _intersect(connection, first, second)


def _holders(layer: _Layer, points: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.int32]:
    """Return, for each point, the row of the layer that holds it; -1 for none or two (a border is nobody's)."""
    hits = ContourIndex(list(shapely.to_wkb(layer.geometries))).locate(points["lon"], points["lat"])
    found = np.full(len(points["lon"]), -1, np.int32)
    found[hits.points] = hits.contours
    times = np.bincount(hits.points, minlength=len(found))
    found[times > 1] = -1
    return found


def _count(
    connection: duckdb.DuckDBPyConnection,
    first: _Layer,
    second: _Layer,
    first_holders: npt.NDArray[np.int32],
    second_holders: npt.NDArray[np.int32],
) -> None:
    """Add the addresses of each pair; those in only one of the two have a null on the other side."""
    import pyarrow

    def coded(layer: _Layer, holders: npt.NDArray[np.int32]) -> pyarrow.Array:
        codes = pyarrow.array(layer.codes.tolist(), pyarrow.string())
        return codes.take(pyarrow.array(holders, mask=holders < 0))

    table = pyarrow.table({"a": coded(first, first_holders), "b": coded(second, second_holders)})
    connection.register("held_points", table)
    connection.execute(
        "insert into counted select ?, ?, a, ?, ?, b, count(*) from held_points"
        " where a is not null or b is not null group by a, b",
        [first.kind, first.map, second.kind, second.map],
    )
    connection.unregister("held_points")


def _intersect(connection: duckdb.DuckDBPyConnection, first: _Layer, second: _Layer) -> None:
    """Add the surface that each pair shares, in square degrees: they serve as shares only."""
    import pyarrow

    tree = shapely.STRtree(second.geometries)
    rows, others = tree.query(first.geometries, predicate="intersects")
    shared = shapely.area(shapely.intersection(first.geometries[rows], second.geometries[others]))
    table = pyarrow.table(
        {
            "a": pyarrow.array(first.codes[rows].tolist(), pyarrow.string()),
            "b": pyarrow.array(second.codes[others].tolist(), pyarrow.string()),
            "surface": shared,
            "a_surface": shapely.area(first.geometries)[rows],
            "b_surface": shapely.area(second.geometries)[others],
        }
    )
    connection.register("shared", table)
    # Bureaux of another commune meet only where two drawings of its border do; one that was merged is not another.
    same_commune = f"{_TODAYS_A} = {_TODAYS_B}" if second.kind == "bureau" else "true"
    connection.execute(
        "insert into measured select ?, ?, a, ?, ?, b, surface, a_surface, b_surface from shared"
        " left join today as today_a on split_part(a, '_', 1) = today_a.known_code"
        f" left join today as today_b on split_part(b, '_', 1) = today_b.known_code where {same_commune}",
        [first.kind, first.map, second.kind, second.map],
    )
    connection.unregister("shared")


_TODAYS_A, _TODAYS_B = (f"coalesce(today_{side}.commune_code, split_part({side}, '_', 1))" for side in ("a", "b"))
_PAIR = "from_kind, from_map, from_code, to_kind, to_map, to_code"

#: A bureau whose larger parts all have addresses is told by them, any other by surface. Shares of the second territory
#: are of all its addresses, or of all its surface.
_OVERLAPS = f"""
    with parts as (
        select *, surface / from_surface as share_of_from, surface / to_surface as share_of_to
        from measured
        where surface / from_surface >= {SLIVER} or surface / to_surface >= {SLIVER}
    ),
    spoken as (
        select from_kind, from_map, from_code, to_kind, to_map
        from parts
        left join counted using ({_PAIR})
        group by from_kind, from_map, from_code, to_kind, to_map
        having sum(counted.addresses) >= {ENOUGH_ADDRESSES}
            and bool_and(counted.addresses is not null or parts.share_of_from < {LARGER_PART})
    ),
    by_addresses as (
        select *,
            addresses / sum(addresses) over (partition by from_kind, from_map, from_code, to_kind, to_map) as share_of_from,
            addresses / sum(addresses) over (partition by from_kind, from_map, to_kind, to_map, to_code) as share_of_to
        from counted
    ),
    told as (
        select {_PAIR}, share_of_from, share_of_to, addresses::integer as addresses, 'addresses' as rule
        from by_addresses
        semi join spoken using (from_kind, from_map, from_code, to_kind, to_map)
        where to_code is not null
        union all
        select {_PAIR}, share_of_from, share_of_to, null, 'overlap' from parts
        anti join spoken using (from_kind, from_map, from_code, to_kind, to_map)
    )
    select *, '{SOURCE_ID}' as source_id, '{VINTAGE}' as vintage from told order by {_PAIR}
"""


def _rows_by_rule(lake: Lake, name: str) -> Mapping[str, int]:
    connection = connect()
    try:
        query = f"select rule, count(*) from ({lake.sql(TERRITORY_OVERLAPS, [name])}) group by all order by all"
        return {str(rule): int(rows) for rule, rows in connection.execute(query).fetchall()}
    finally:
        connection.close()


def _commit(engine: Engine, sha256: str, rows: int, clock: Clock) -> None:
    now, table = clock.now(), base_tables.open_data_vintages
    key = {"source_id": SOURCE_ID, "vintage": VINTAGE, "sha256": sha256}
    with database.transaction(engine) as connection:
        newest = connection.execute(select(func.max(table.c.loaded_at)).where(table.c.source_id == SOURCE_ID)).scalar()
        # The newest serves, whatever a clock that was set back says.
        values = {"file_name": "", "rows": rows, "loaded_at": max(to_micros(now), (newest or 0) + 1)}
        if not database.insert_once(connection, table, [{**key, **values}]):
            same = [table.c[name] == value for name, value in key.items()]
            connection.execute(update(table).where(*same).values(**values))
        name = f"{SOURCE_ID}@{VINTAGE}"
        journal.append(connection, now, journal.Entry.OPEN_DATA, name, {"sha256": sha256, "rows": rows})
