"""Ties: each distinct address of the vault with its bureau on every map and its IRIS, kept by `address_key`.

Matching text belongs to `territories.addresses`, polygons to `territories.contours`. The file of ties holds keys, codes
and confidences; street text stays in the memory of one connection.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlalchemy import Engine

from stores.all_stores import Stores
from stores.engine import connect, quoted
from stores.lake import Lake, reading_name
from stores.schemas.territory_tables import (
    ADDRESS_TIES,
    BAN_ADDRESSES,
    BUREAUX,
    COMMUNE_NAMES,
    COMMUNES,
    CONTOURS,
    REU_ADDRESSES,
)
from stores.sql_files import sql_of
from stores.warehouse.inputs import accepted_deliveries, current_vintages
from terms.identifiers import digest
from territories.addresses import MATCHER_VERSION, STATED_FROM, match_addresses
from territories.contours import ContourIndex
from territories.roll import read_roll
from territories.serving import serving_contours

Progress = Callable[[str], None]

_TERRITORY_TABLES = (BAN_ADDRESSES, CONTOURS, COMMUNES, COMMUNE_NAMES, REU_ADDRESSES, BUREAUX)
#: Half of a file's name says which territory it was made of, half which readings: the first half alone finds the
#: ties that may be taken over.
_HALF = 32


@dataclass(frozen=True)
class TieReport:
    """What one file of ties holds, and how many addresses were matched for it.

    Attributes:
        ties_sha256: name of the file in the lake; two halves of sha256, of the territory and of the readings.
        maps: bureau maps in the file.
        addresses: distinct addresses in the file.
        matched_now: addresses that were matched in this run; the others were copied from an earlier file.
        kinds: match kind -> addresses.
        with_bureau: map -> addresses with a stated bureau.
        with_iris: addresses with a stated IRIS.
    """

    ties_sha256: str
    maps: tuple[str, ...]
    addresses: int
    matched_now: int
    kinds: Mapping[str, int]
    with_bureau: Mapping[str, int]
    with_iris: int


@dataclass(frozen=True)
class _Wanted:
    """What the ties of this moment are made of."""

    readings: tuple[str, ...]
    vintages: tuple[str, ...]
    territory: str

    @property
    def name(self) -> str:
        return self.territory + digest(*self.readings)[:_HALF]


def tie_addresses(stores: Stores, progress: Progress) -> TieReport:
    """Make the file of ties for the accepted opt-in readings and the current vintages, unless it exists.

    One row per address x bureau map; without any map the file is empty. Addresses that were tied under the same
    vintages and matcher are copied from the last such file.
    """
    wanted = _wanted(stores.engine, stores.lake)
    if stores.lake.path(ADDRESS_TIES, wanted.name).exists():
        return _report(stores.lake, wanted.name, matched_now=0)
    with tempfile.TemporaryDirectory(prefix="filiation-territories-") as spill:
        connection = stores.vault.addresses(wanted.readings)
        try:
            connection.execute(f"set temp_directory = '{quoted(Path(spill))}'")
            matched_now = _make(connection, stores.lake, wanted, progress)
        finally:
            connection.close()
    return _report(stores.lake, wanted.name, matched_now=matched_now)


def current_ties(engine: Engine, lake: Lake) -> str | None:
    """Return the name of the ties of the accepted readings and serving vintages, None if they are not made yet."""
    name = _wanted(engine, lake).name
    return name if lake.path(ADDRESS_TIES, name).exists() else None


def _wanted(engine: Engine, lake: Lake) -> _Wanted:
    deliveries = accepted_deliveries(engine)
    readings = sorted(reading_name(item.delivery_id, item.reading) for item in deliveries if item.kind == "optins")
    vintages = {
        name: sha
        for name, sha in sorted(current_vintages(engine).items())
        if any(lake.path(table, name).exists() for table in _TERRITORY_TABLES)
    }
    territory = digest(str(MATCHER_VERSION), *(f"{name} {sha}" for name, sha in vintages.items()))[:_HALF]
    return _Wanted(tuple(readings), tuple(vintages), territory)


def _make(connection: duckdb.DuckDBPyConnection, lake: Lake, wanted: _Wanted, progress: Progress) -> int:
    """Write the file of ties and return how many addresses had to be matched."""
    known = lake.sql(ADDRESS_TIES, _latest_ties(lake, wanted.territory))
    connection.execute(f"create temp table known_ties as {known}")
    connection.execute(sql_of(__file__, "wanted"))
    connection.execute("create temp table delivered as select * from wanted anti join known_ties using (address_key)")
    for table in _TERRITORY_TABLES:
        present = [vintage for vintage in wanted.vintages if lake.path(table, vintage).exists()]
        connection.execute(f"create temp view published_{table.name} as {lake.sql(table, present)}")
        serving = serving_contours() if table == CONTOURS else f"from published_{table.name}"
        connection.execute(f"create temp view {table.name} as {serving}")
    connection.execute(f"create temp view ban as select * from {BAN_ADDRESSES.name}")
    total = _count(connection, "select count(*) from delivered")
    progress(f"territories: matching {total} addresses")
    match_addresses(connection)
    _locate(connection)
    lake.write(connection, ADDRESS_TIES, wanted.name, sql_of(__file__, "ties"), {"stated_from": STATED_FROM})
    return total


def _latest_ties(lake: Lake, territory: str) -> list[str]:
    folder = lake.path(ADDRESS_TIES, "").parent
    made = sorted(folder.glob(f"{territory}*.parquet"), key=lambda path: path.stat().st_mtime)
    return [path.stem for path in made[-1:]]


def _locate(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `rolled` and `located`: what the roll says of each BAN address in question, and the contours that hold it.

    located: address_id, kind, map, code. Beside them `street_houses`: the houses of streets that were given without a number.
    """
    connection.execute("create temp table located (address_id varchar, kind varchar, map varchar, code varchar)")
    connection.execute(sql_of(__file__, "street_houses"))
    connection.execute(sql_of(__file__, "points"))
    read_roll(connection)
    points = connection.execute(
        "select address_id, lon, lat from points where lon is not null and lat is not null"
    ).fetchnumpy()
    layers = connection.execute("select distinct kind, map from contours order by all").fetchall()
    for kind, map_name in layers:
        layer = connection.execute(
            "select code, wkb from contours where kind = ? and map = ? order by code, part", [kind, map_name]
        ).to_arrow_table()
        hits = ContourIndex(layer["wkb"].to_pylist()).locate(points["lon"], points["lat"])
        codes = layer["code"].to_numpy(zero_copy_only=False)
        _store_hits(connection, points["address_id"][hits.points], codes[hits.contours], kind, map_name)


def _store_hits(
    connection: duckdb.DuckDBPyConnection, address_ids: object, codes: object, kind: str, map_name: str
) -> None:
    import pyarrow

    found = pyarrow.table(
        {"address_id": pyarrow.array(address_ids, pyarrow.string()), "code": pyarrow.array(codes, pyarrow.string())}
    )
    connection.register("found", found)
    connection.execute("insert into located select distinct address_id, ?, ?, code from found", [kind, map_name])
    connection.unregister("found")


def _report(lake: Lake, name: str, *, matched_now: int) -> TieReport:
    connection = connect()
    try:
        connection.execute(f"create temp view ties as {lake.sql(ADDRESS_TIES, [name])}")
        kinds = _counts(connection, "match_kind", "true")
        by_map = _counts(connection, "map", "bureau_code is not null")
        maps = _counts(connection, "map", "true")
        addresses = _count(connection, "select count(distinct address_key) from ties")
        with_iris = _count(connection, "select count(distinct address_key) from ties where iris_code is not null")
    finally:
        connection.close()
    return TieReport(name, tuple(maps), addresses, matched_now, kinds, by_map, with_iris)


def _counts(connection: duckdb.DuckDBPyConnection, column: str, condition: str) -> dict[str, int]:
    query = f"select {column}, count(distinct address_key) from ties where {condition} group by all order by all"
    return {row[0]: row[1] for row in connection.execute(query).fetchall()}


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
