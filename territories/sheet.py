"""The sheet of a bureau or commune: its bureaux with addresses tied, results and income, as one record for a page.

Its look belongs to `pages`. Every figure comes from the published base, contours from the current vintages. It holds
counts, shares and codes only: no address, no contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import shapely
from markupsafe import Markup

from pages.territory_map import Ring, Shape, draw_map
from stores.all_stores import Stores
from stores.engine import connect
from stores.schemas.territory_tables import COMMUNE_NAMES, CONTOURS
from stores.sql_files import sql_of
from stores.warehouse.inputs import current_vintages
from terms.clock import Clock
from terms.errors import UsageError
from territories.serving import serving_contours

#: Degrees, some two metres: finer than a pixel of the map.
_FINENESS = 0.00002
#: More bureaux than this make neither a map nor a table that a person reads.
MOST_BUREAUX = 400


#: Lower and upper end of the interval of 80 %; None for what was counted.
Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Leader:
    """A leading candidate and their share of the valid votes, 0 to 1."""

    candidate: str
    share: float
    between: Interval


@dataclass(frozen=True)
class Result:
    """The two leading candidates of one round; no leaders where R-69 withholds them or nobody voted.

    `is_estimate`: read from the bureaux of an older map, which cover `covered_share` (0 to 1) of this one; `source`
    names the source and vintage that counted it, or the map.
    """

    election: str
    round: int
    registered: float
    registered_between: Interval
    leaders: Sequence[Leader]
    is_withheld: bool
    is_estimate: bool
    covered_share: float
    source: str


@dataclass(frozen=True)
class Income:
    """Income of a bureau (euros a year) and the share (0 to 1) that it covers; `missing` is reason -> share of the bureau."""

    euros: float | None
    level: str | None
    covered_share: float
    missing: Mapping[str, float]
    rule: str | None
    vintage: str | None


@dataclass(frozen=True)
class Bureau:
    """One bureau of the sheet's map; `change` lists what it was on the older map, empty where that was not measured."""

    code: str
    addresses: int
    surely_tied: int
    results: Sequence[Result]
    income: Income | None
    change: Sequence[str]
    source: str


@dataclass(frozen=True)
class TerritorySheet:
    """The content of the page.

    Attributes:
        kinds: kind of match -> addresses of the communes concerned.
        untied: addresses of these communes without a bureau on this map.
        note: for an old code, the commune of today or the bureaux of the newest map.
    """

    asked: str
    note: str | None
    map: str
    base_version: str
    made_at: datetime
    bureaux: Sequence[Bureau]
    kinds: Mapping[str, int]
    tied: int
    untied: int
    picture: Markup | None


def territory_sheet(stores: Stores, asked: str, clock: Clock) -> TerritorySheet:
    """Return the sheet of a bureau or commune on the newest map.

    An old commune code shows the commune of today; a bureau of an older map shows the bureaux that now cover it.

    Args:
        stores: that are read.
        asked: a bureau (`75056_1104`), a commune or an arrondissement (`29039`, `75111`).
        clock: dates the sheet.

    Raises:
        UsageError: the base has no bureau of it, the commune was divided, or it has more bureaux than a page can show.
        Refused: no base is published.
    """
    manifest = stores.warehouse.manifest()
    today, note = _commune_of_today(stores, asked)
    base = stores.warehouse.open_base()
    try:
        _choose(base, today)
        map_name, count = _chosen(base)
        if not count and (successors := _successors(base, today)):
            note = f"{today} is no bureau on the newest map: {successors}"
            map_name, count = _chosen(base)
        if not count:
            raise UsageError(
                f"The base knows no bureau of {today}.{f' {note}.' if note else ''}",
                "Give a bureau_code or the INSEE code of a commune.",
            )
        if count > MOST_BUREAUX:
            raise UsageError(f"{asked} has {count} bureaux.", "Ask for one of its arrondissements or bureaux.")
        results, incomes, changes = _results(base), _incomes(base), _changes(base)
        bureaux = [
            Bureau(code, addresses, sure, results.get(code, []), incomes.get(code), changes.get(code, []), source)
            for code, addresses, sure, source in _bureaux(base)
        ]
        kinds, tied, untied = _ties(base)
    finally:
        base.close()
    picture = _picture(stores, map_name, bureaux)
    version = manifest.version if manifest else ""
    return TerritorySheet(asked, note, map_name, version, clock.now(), bureaux, kinds, tied, untied, picture)


def busiest_communes(stores: Stores, most: int) -> tuple[str, ...]:
    """Return the communes and arrondissements in which most addresses have a bureau, at most `most`, the largest first."""
    base = stores.warehouse.open_base()
    try:
        rows = base.execute(
            sql_of(__file__, "busiest_communes"),
            {"most": most},
        ).fetchall()
    finally:
        base.close()
    return tuple(row[0] for row in rows)


def _commune_of_today(stores: Stores, asked: str) -> tuple[str, str | None]:
    """Return the code to show, and a sentence where that is not the one asked for.

    Raises:
        UsageError: the commune was divided; the message names what it is today.
    """
    names = [name for name in current_vintages(stores.engine) if stores.lake.path(COMMUNE_NAMES, name).exists()]
    connection = connect()
    try:
        connection.execute(f"create view commune_names as {stores.lake.sql(COMMUNE_NAMES, names)}")
        told = connection.execute(
            sql_of(__file__, "commune_of_today"),
            {"asked": asked},
        ).fetchall()
    finally:
        connection.close()
    if not told or asked in {code for code, _, _ in told}:
        return asked, None
    communes = " and ".join(f"{code} {whole}".strip() for code, _, whole in told)
    if len(told) > 1:
        raise UsageError(f"{asked} {told[0][1]} was divided: it is {communes} today.", "Ask for one of them.")
    return told[0][0], f"{asked} {told[0][1]} is part of {communes} today"


def _choose(base: duckdb.DuckDBPyConnection, asked: str) -> None:
    """Create `chosen`: the bureau, those of the commune, or those that mostly lie in an arrondissement's IRIS."""
    base.execute(
        sql_of(__file__, "choose"),
        {"asked": asked},
    )


def _chosen(base: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    return base.execute("select coalesce(max(map), ''), count(*) from chosen").fetchone() or ("", 0)


def _successors(base: duckdb.DuckDBPyConnection, bureau: str) -> str:
    """Let `chosen` be the bureaux of newer maps where an older one lies, and return them in words; empty for none."""
    base.execute(
        sql_of(__file__, "parts_of_successors"),
        {"bureau": bureau},
    )
    base.execute(sql_of(__file__, "choose_successors"))
    told = base.execute(sql_of(__file__, "successors_in_words")).fetchone()
    return str(told[0]) if told and told[0] else ""


def _bureaux(base: duckdb.DuckDBPyConnection) -> list[tuple[str, int, int, str]]:
    return base.execute(sql_of(__file__, "bureaux")).fetchall()


def _results(base: duckdb.DuckDBPyConnection) -> dict[str, list[Result]]:
    """Return the rounds of each bureau: counted on its own map, else read from an older one."""
    rows = base.execute(sql_of(__file__, "results")).fetchall()
    found: dict[str, list[Result]] = {}
    for code, election, number, registered, between, withheld, estimate, covered, source, candidates in rows:
        ahead = [] if withheld else (candidates or [])[:2]
        leaders = [Leader(item["candidate"], item["share"], _interval(item["between"])) for item in ahead]
        result = Result(election, number, registered, _interval(between), leaders, withheld, estimate, covered, source)
        found.setdefault(code, []).append(result)
    return found


def _interval(ends: Sequence[float] | None) -> Interval:
    return (ends[0], ends[1]) if ends else None


def _incomes(base: duckdb.DuckDBPyConnection) -> dict[str, Income]:
    rows = base.execute(sql_of(__file__, "incomes")).fetchall()
    return {
        code: Income(euros, level, covered, dict(missing or {}), rule, vintage)
        for code, euros, level, covered, missing, rule, vintage in rows
    }


def _changes(base: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return what each bureau was on the older map; nothing for a bureau of which that was not measured."""
    rows = base.execute(sql_of(__file__, "changes")).fetchall()
    return dict(rows)


def _ties(base: duckdb.DuckDBPyConnection) -> tuple[Mapping[str, int], int, int]:
    """Return kinds of match, tied and untied, of the addresses in the communes of the chosen bureaux."""
    rows = base.execute(sql_of(__file__, "ties")).fetchall()
    tied = sum(row[2] for row in rows)
    return {row[0]: row[1] for row in rows}, tied, sum(row[1] for row in rows) - tied


def _picture(stores: Stores, map_name: str, bureaux: Sequence[Bureau]) -> Markup | None:
    """Return the map of the bureaux, darker with more addresses; None where no contours are loaded."""
    rings = _rings(stores, map_name, [bureau.code for bureau in bureaux])
    most = max((bureau.addresses for bureau in bureaux), default=0)
    shapes = [
        Shape(
            bureau.code.partition("_")[2],
            f"{bureau.code}: {bureau.addresses} addresses tied",
            rings[bureau.code],
            bureau.addresses / most if bureau.addresses else None,
        )
        for bureau in bureaux
        if bureau.code in rings
    ]
    return draw_map(f"Bureaux on the map of {map_name}", shapes) if shapes else None


def _rings(stores: Stores, map_name: str, codes: Sequence[str]) -> dict[str, list[Ring]]:
    names = [name for name in current_vintages(stores.engine) if stores.lake.path(CONTOURS, name).exists()]
    connection = connect()
    try:
        connection.execute(f"create view published_contours as {stores.lake.sql(CONTOURS, names)}")
        rows = connection.execute(
            f"select code, wkb from ({serving_contours()}) where kind = 'bureau' and map = ? and list_contains(?, code)",
            [map_name, list(codes)],
        ).fetchall()
    finally:
        connection.close()
    found: dict[str, list[Ring]] = {}
    for code, wkb in rows:
        for polygon in shapely.get_parts(shapely.simplify(shapely.from_wkb(wkb), _FINENESS)):
            outlines = [polygon.exterior, *polygon.interiors]
            found.setdefault(code, []).extend([tuple(point) for point in ring.coords] for ring in outlines)
    return found
