"""Contours of bureaux (Etalab, Paris) and of IRIS (IGN/INSEE): what each publisher's properties mean.

Reading GeoJSON belongs to `geojson`. A city's own map is a module line here: a function from properties to a code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.geojson import Contour, read_contours
from open_data.layouts.layout import Layout, Shape, literal
from open_data.sources import Source
from stores.schemas import BUREAUX, CONTOURS, IRIS, Table

#: A repeated code is several parts of one territory, never a second territory.
_PART = "row_number() over (partition by code order by position)::integer as part"


def _text(properties: Mapping[str, object], key: str) -> str:
    value = properties.get(key)
    if value is None or str(value).strip() == "":
        raise SourceFailed(f"A contour has no {key}.", "Is it the announced file?")
    return str(value).strip()


def _etalab(source: Source, properties: Mapping[str, object]) -> Contour:
    """`codeBureauVote` = `01001_0001` (Etalab, proposition de contours des bureaux de vote)."""
    commune, _, bureau = _text(properties, "codeBureauVote").partition("_")
    if len(commune) != 5 or not 1 <= len(bureau) <= 4:
        raise SourceFailed("A contour's codeBureauVote is not like 01001_0001.", "Is it the announced file?")
    return Contour(f"{commune}_{bureau.zfill(4)}", commune, None)


def _paris_sectors(source: Source, properties: Mapping[str, object]) -> Contour:
    """`arrondissement` and `num_bv`, two digits each (opendata.paris.fr); `validite` says nothing: most are `non`."""
    bureau = _text(properties, "arrondissement").zfill(2) + _text(properties, "num_bv").zfill(2)
    return Contour(f"{source.commune}_{bureau}", str(source.commune), None)


def _city_code(source: Source, properties: Mapping[str, object]) -> Contour:
    """`code_bv`: the four characters within one city (opendata.paris.fr, 2026)."""
    return Contour(f"{source.commune}_{_text(properties, 'code_bv').zfill(4)}", str(source.commune), None)


def _iris(code: str, label: str, commune: str, source: Source, properties: Mapping[str, object]) -> Contour:
    return Contour(_text(properties, code), _text(properties, commune), _text(properties, label))


ContourOf = Callable[[Source, Mapping[str, object]], Contour]


def _bureaux_of(contour_of: ContourOf) -> Shape:
    def shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
        read_contours(connection, source, paths, partial(contour_of, source))
        map_name = literal(source.bureau_map)
        return {
            CONTOURS: f"select 'bureau' as kind, {map_name} as map, code, {_PART}, commune_code, wkb from contours_read",
            BUREAUX: f"select distinct code as bureau_code, {map_name} as map, commune_code from contours_read",
        }

    return shape


def _iris_of(contour_of: ContourOf) -> Shape:
    def shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
        read_contours(connection, source, paths, partial(contour_of, source))
        vintage = literal(source.vintage)
        return {
            CONTOURS: f"select 'iris' as kind, {vintage} as map, code, {_PART}, commune_code, wkb from contours_read",
            IRIS: "select code as iris_code, min(commune_code) as commune_code, min(label) as label"
            " from contours_read group by code",
        }

    return shape


_BUREAU_TABLES = (BUREAUX, CONTOURS)
ETALAB_BUREAUX = Layout("etalab_bureau_contours", 1, _BUREAU_TABLES, _bureaux_of(_etalab), needs=("bureau_map",))
PARIS_SECTORS = Layout(
    "paris_bureau_sectors", 1, _BUREAU_TABLES, _bureaux_of(_paris_sectors), needs=("bureau_map", "commune")
)
CITY_BUREAUX = Layout("city_bureau_codes", 1, _BUREAU_TABLES, _bureaux_of(_city_code), needs=("bureau_map", "commune"))
IRIS_2013 = Layout(
    "iris_contours_dcomiris", 1, (IRIS, CONTOURS), _iris_of(partial(_iris, "DCOMIRIS", "NOM_IRIS", "DEPCOM"))
)
IRIS_PE = Layout(
    "iris_contours_pe", 1, (IRIS, CONTOURS), _iris_of(partial(_iris, "code_iris", "nom_iris", "code_insee"))
)
