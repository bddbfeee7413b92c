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
from stores.vault import Vault
from stores.warehouse.inputs import accepted_deliveries, current_vintages
from terms.identifiers import digest
from territories.addresses import MATCHER_VERSION, STATED_FROM, match_addresses
from territories.contours import ContourIndex
from territories.roll import read_roll
from territories.serving import SERVING_CONTOURS

Progress = Callable[[str], None]

_TERRITORY_TABLES = (BAN_ADDRESSES, CONTOURS, COMMUNES, COMMUNE_NAMES, REU_ADDRESSES, BUREAUX)
#: Half of a file's name says which territory it was made of, half which readings: the first half alone finds the
#: ties that may be taken over.
_HALF = 32


@dataclass(frozen=True)
class TieStores:
    """The stores that ties are made from and written to."""

    vault: Vault
    lake: Lake
    engine: Engine


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


def tie_addresses(stores: TieStores, progress: Progress) -> TieReport:
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
    connection.execute(
        "create temp table wanted as select address_key, min(street) as street, min(postcode) as postcode,"
        " min(city) as city, min(country) as country from addresses group by address_key"
    )
    connection.execute("create temp table delivered as select * from wanted anti join known_ties using (address_key)")
    for table in _TERRITORY_TABLES:
        present = [vintage for vintage in wanted.vintages if lake.path(table, vintage).exists()]
        connection.execute(f"create temp view published_{table.name} as {lake.sql(table, present)}")
        serving = SERVING_CONTOURS if table == CONTOURS else f"from published_{table.name}"
        connection.execute(f"create temp view {table.name} as {serving}")
    connection.execute(f"create temp view ban as select * from {BAN_ADDRESSES.name}")
    total = _count(connection, "select count(*) from delivered")
    progress(f"territories: matching {total} addresses")
    match_addresses(connection)
    _locate(connection)
    lake.write(connection, ADDRESS_TIES, wanted.name, _TIES)
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
    connection.execute(
        """
        create temp table street_houses as
        select distinct street_id, address_id from houses where street_id in (select street_id from candidate_streets)
        """
    )
    connection.execute(
        """
        create temp table points as
        select address_id, lon, lat from ban
        where address_id in (
            select address_id from matches where address_id is not null
            union select address_id from candidate_houses
            union select address_id from street_houses
        )
        """
    )
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


#: One row per address x map, new ones first, then those taken over. The roll goes before the contours. A BAN address on
#: the border of two bureaux, like one that is not settled, keeps both as candidates and states neither. A street without
#: its number is what its houses are, counted once per street and not per address.
_TIES = f"""
    with maps as (
        select distinct map from contours where kind = 'bureau'
        union select distinct map from reu_addresses
    ),
    possible_houses as (
        select address_key, address_id, 1.0 as weight from matches where address_id is not null
        union all
        select address_key, address_id, 1.0 / count(*) over (partition by address_key) from candidate_houses
    ),
    bureaux_told as (
        select address_id, map, code, weight, 'reu_table' as rule from rolled
        union all
        select address_id, map, code, 1.0 / count(*) over (partition by address_id, map), 'contour'
        from located anti join rolled using (address_id, map)
        where kind = 'bureau'
    ),
    street_shares as (
        select street_id, map, code, sum(weight) as weight, bool_and(rule = 'reu_table') as is_by_roll
        from street_houses inner join bureaux_told using (address_id)
        group by all
    ),
    possible_streets as (
        select address_key, street_id, sum(houses) over (partition by address_key) as houses
        from candidate_streets
        inner join (select street_id, count(*) as houses from street_houses group by street_id) using (street_id)
    ),
    shares as (
        select address_key, map, code, sum(possible_houses.weight * bureaux_told.weight) as weight,
            bool_and(rule = 'reu_table') as is_by_roll
        from possible_houses inner join bureaux_told using (address_id)
        group by all
        union all
        select address_key, map, code, sum(weight / houses), bool_and(is_by_roll)
        from possible_streets inner join street_shares using (street_id)
        group by all
    ),
    bureaux_of as (
        select address_key, map, max_by(code, weight) as code, max(weight) as weight, count(*) as bureaux,
            case when bool_and(is_by_roll) then 'reu_table' else 'contour' end as rule,
            list({{'bureau_code': code, 'weight': round(weight, 4)}} order by weight desc, code) as candidates
        from shares group by all
    ),
    iris_of as (
        select address_id, min(code) as code from located where kind = 'iris'
        group by all having count(distinct code) = 1
    ),
    made as (
        select matches.address_key, maps.map, matches.address_id, matches.commune_code,
            case
                when matches.address_id is not null and bureaux_of.weight * matches.match_confidence >= {STATED_FROM}
                    then bureaux_of.code
            end as bureau_code,
            iris_of.code as iris_code, matches.match_kind, matches.match_confidence,
            case when matches.address_id is null or bureaux > 1 then bureaux_of.candidates end as candidates,
            coalesce(bureaux_of.rule, 'none') as tied_by
        from matches
        cross join maps
        left join bureaux_of on matches.address_key = bureaux_of.address_key and maps.map = bureaux_of.map
        left join iris_of on matches.address_id = iris_of.address_id
    )
    select {", ".join(ADDRESS_TIES.names())} from (
        select * from made
        union all by name
        select * from known_ties semi join wanted using (address_key)
    )
    order by address_key, map
"""


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
