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

from stores.all_stores import Stores
from stores.engine import connect
from stores.lake import Lake, vintage_name
from stores.operations import base_tables, database, journal
from stores.schemas.territory_tables import BAN_ADDRESSES, COMMUNE_NAMES, CONTOURS, TERRITORY_OVERLAPS
from stores.sql_files import sql_of
from stores.warehouse.inputs import current_vintages
from terms.clock import Clock, to_micros
from terms.identifiers import digest
from territories.contours import ContourIndex
from territories.serving import serving_contours, todays_communes

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

#: What the statement `overlaps` takes.
_BOUND = {
    "sliver": SLIVER,
    "enough_addresses": ENOUGH_ADDRESSES,
    "larger_part": LARGER_PART,
    "source_id": SOURCE_ID,
    "vintage": VINTAGE,
}

Codes = npt.NDArray[np.object_]


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


def make_overlaps(stores: Stores, clock: Clock, progress: Progress) -> OverlapReport:
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
        stores.lake.write(connection, TERRITORY_OVERLAPS, name, sql_of(__file__, "overlaps"), _BOUND)
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
    connection.execute(f"create temp view contours as {serving_contours()}")
    connection.execute(f"create temp table today as {todays_communes()}")


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
    connection.execute(sql_of(__file__, "counted"))
    connection.execute(sql_of(__file__, "measured"))
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
        sql_of(__file__, "add_counted"),
        {"from_kind": first.kind, "from_map": first.map, "to_kind": second.kind, "to_map": second.map},
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
    connection.execute(
        sql_of(__file__, "add_measured"),
        {"from_kind": first.kind, "from_map": first.map, "to_kind": second.kind, "to_map": second.map},
    )
    connection.unregister("shared")


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
