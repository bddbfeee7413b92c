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
from open_data.layouts.layout import Layout, set_variables
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAUX, CONTOURS, IRIS
from stores.sql_files import sql_of


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
    name = properties.get(label)
    return Contour(_text(properties, code), _text(properties, commune), str(name).strip() if name else None)


ContourOf = Callable[[Source, Mapping[str, object]], Contour]


def _shape_bureaux(
    contour_of: ContourOf, connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Mapping[Table, str]:
    read_contours(connection, source, paths, partial(contour_of, source))
    set_variables(connection, source)
    return {CONTOURS: sql_of(__file__, "contours_of_bureaux"), BUREAUX: sql_of(__file__, "bureaux")}


def _shape_iris(
    contour_of: ContourOf, connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Mapping[Table, str]:
    read_contours(connection, source, paths, partial(contour_of, source))
    set_variables(connection, source)
    return {CONTOURS: sql_of(__file__, "contours_of_iris"), IRIS: sql_of(__file__, "iris")}


def _bureau_layout(name: str, contour_of: ContourOf, *needs: str) -> Layout:
    return Layout(name, 1, (BUREAUX, CONTOURS), partial(_shape_bureaux, contour_of), needs=("bureau_map", *needs))


def _iris_layout(name: str, code: str, label: str, commune: str) -> Layout:
    return Layout(name, 1, (IRIS, CONTOURS), partial(_shape_iris, partial(_iris, code, label, commune)))


ETALAB_BUREAUX = _bureau_layout("etalab_bureau_contours", _etalab)
PARIS_SECTORS = _bureau_layout("paris_bureau_sectors", _paris_sectors, "commune")
CITY_BUREAUX = _bureau_layout("city_bureau_codes", _city_code, "commune")
IRIS_2013 = _iris_layout("iris_contours_dcomiris", "DCOMIRIS", "NOM_IRIS", "DEPCOM")
IRIS_PE = _iris_layout("iris_contours_pe", "code_iris", "nom_iris", "code_insee")
