"""Layouts on tiny invented files in the official form, with the traps of the real ones.

The real rows are read in tests/acceptance, taking in as a whole is tested in tests/integration.
"""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import shapely

from open_data.failures import SourceFailed
from open_data.layouts.geojson import features
from open_data.layouts.registry import layout_of
from open_data.sources import read_sources
from stores.engine import connect
from stores.schemas.territory_tables import (
    BAN_ADDRESSES,
    BUREAU_RESULTS,
    BUREAUX,
    COMMUNE_NAMES,
    COMMUNES,
    CONTOURS,
    IRIS,
    IRIS_INCOME,
    REU_ADDRESSES,
)

SOURCES = {
    source.source_id: source for source in read_sources(Path(__file__).resolve().parents[3] / "config/open_data")
}
SQUARE = {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 49], [2, 48]]]}


def shaped(source, table, *paths):
    """Return the rows that the source's layout gives for `table`, as dictionaries."""
    connection = connect()
    select = layout_of(source).shape(connection, source, paths)[table]
    cursor = connection.execute(select)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


# --- BAN ---------------------------------------------------------------------------------------------------------

BAN = SOURCES["ban"]


def ban_text(*rows):
    lines = [";".join(BAN.columns)]
    for row in rows:
        lines.append(";".join(row.get(column, "") for column in BAN.columns))
    return "\n".join(lines) + "\n"


ADDRESS = {"id": "2a004_1_00012_b", "numero": "12", "rep": "b", "nom_voie": "Rue de l'Île", "code_postal": "02000"}
ADDRESS |= {"code_insee_ancienne_commune": "2A777", "nom_ancienne_commune": "Vieuxbourg"}
ADDRESS |= {"code_insee": "2A004", "nom_commune": "Valombre", "lon": "2.5", "lat": "48.5", "type_position": "parcelle"}


def test_ban_keeps_text_as_text_and_takes_the_door(tmp_path):
    text = ban_text(ADDRESS, {**ADDRESS, "lon": "2.6", "type_position": "entrée"}, {**ADDRESS, "id": "x", "numero": ""})
    plain = write(tmp_path / "a.csv", text)
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(ban_text({**ADDRESS, "id": "y", "rep": "", "lon": "", "lat": ""}).encode()))
    rows = {row["address_id"]: row for row in shaped(BAN, BAN_ADDRESSES, plain, packed)}
    assert rows["2a004_1_00012_b"] == {
        "address_id": "2a004_1_00012_b",
        "number": 12,
        "suffix": "b",
        "street": "Rue de l'Île",
        "postcode": "02000",
        "commune_code": "2A004",
        "commune_label": "Valombre",
        "former_code": "2A777",
        "former_label": "Vieuxbourg",
        "lon": 2.6,
        "lat": 48.5,
    }
    assert rows["x"]["number"] is None
    assert (rows["y"]["suffix"], rows["y"]["lon"]) == (None, None)
    assert shaped(BAN, COMMUNES, plain, packed) == [{"commune_code": "2A004", "postcode": "02000", "label": "Valombre"}]


def test_ban_without_a_column_is_refused(tmp_path):
    text = ban_text(ADDRESS).replace("code_insee;", "insee;", 1)
    with pytest.raises(SourceFailed, match=r"a\.csv lacks 1 .*code_insee"):
        shaped(BAN, BAN_ADDRESSES, write(tmp_path / "a.csv", text))


def test_ban_with_a_broken_line_is_refused(tmp_path):
    with pytest.raises(duckdb.Error):
        shaped(BAN, BAN_ADDRESSES, write(tmp_path / "a.csv", ban_text(ADDRESS) + "only;three;fields\n"))


@pytest.mark.parametrize("text", ["", "<!DOCTYPE html><html></html>\n"])
def test_no_data_is_refused_in_words(tmp_path, text):
    with pytest.raises(SourceFailed, match="empty|web page"):
        shaped(BAN, BAN_ADDRESSES, write(tmp_path / "a.csv", text))


def test_a_cut_gzip_is_refused(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(ban_text(ADDRESS).encode())[:20])
    with pytest.raises(SourceFailed, match="cannot be read"):
        shaped(BAN, BAN_ADDRESSES, path)


# --- communes ----------------------------------------------------------------------------------------------------


def test_arrondissements_stand_for_their_city(tmp_path):
    records = [
        {"code": "75056", "nom": "Paris", "type": "commune-actuelle", "codesPostaux": ["75001", "75002"]},
        {"code": "75101", "nom": "Paris 1er", "type": "arrondissement-municipal", "commune": "75056"}
        | {"codesPostaux": ["75001"]},
        {"code": "01015", "nom": "Arboys", "type": "commune-deleguee", "codesPostaux": ["01300"]},
        {"code": "2A004", "nom": "Ajaccio", "type": "commune-actuelle", "codesPostaux": ["20000", "20090"]},
        {"code": "97123", "nom": "Sans code", "type": "commune-actuelle"},
    ]
    rows = shaped(SOURCES["cog"], COMMUNES, write(tmp_path / "communes.json", json.dumps(records)))
    assert sorted((row["commune_code"], row["postcode"]) for row in rows) == [
        ("2A004", "20000"),
        ("2A004", "20090"),
        ("75101", "75001"),
    ]


# --- income ------------------------------------------------------------------------------------------------------

INCOME = SOURCES["filosofi_iris_2021"]


def income(tmp_path, *pairs):
    lines = [";".join(INCOME.columns)]
    lines += [
        ";".join({"IRIS": code, "DISP_MED21": cell}.get(column, "0") for column in INCOME.columns)
        for code, cell in pairs
    ]
    return shaped(INCOME, IRIS_INCOME, write(tmp_path / "income.csv", "\n".join(lines) + "\n"))


def test_withheld_incomes_keep_their_reason_and_no_number(tmp_path):
    pairs = [("010040101", "20350"), ("2A0040101", "18570,5"), ("1", "ns"), ("2", "nd"), ("3", "so"), ("4", "s")]
    rows = {row["iris_code"]: (row["median_euros"], row["missing_reason"]) for row in income(tmp_path, *pairs)}
    assert rows["010040101"] == (20350.0, None)
    assert rows["2A0040101"] == (18570.5, None)
    assert [rows[code] for code in "1234"] == [(None, "ns"), (None, "nd"), (None, "so"), (None, "s")]


@pytest.mark.parametrize("cell", ["n/a", "-", "20 350"])
def test_an_unknown_cell_is_never_a_missing_income(tmp_path, cell):
    with pytest.raises(duckdb.ConversionException):
        income(tmp_path, ("010040101", cell))


# --- results -----------------------------------------------------------------------------------------------------

RESULTS = SOURCES["presidential_2022_t2"]
MACRON = ("1", "M", "MACRON", "Emmanuel", "60", "60,00", "66,67")
LE_PEN = ("2", "F", "LE PEN", "Marine", "30", "30,00", "33,33")


def result_line(
    department="01", commune="004", bureau="0001", registered="100", valid="90", *, blocks=(MACRON, LE_PEN)
):
    base = [department, "Département", "01", "1ère circonscription", commune, "Commune-lès-É", bureau, registered]
    base += ["8", "8,00", "92", "92,00", "1", "1,00", "1,09", "1", "1,00", "1,09", valid, "90,00", "97,83"]
    return ";".join([*base, *(cell for block in blocks for cell in block)])


def results(tmp_path, *lines):
    text = "\r\n".join([";".join(RESULTS.columns), *lines]) + "\r\n"
    return shaped(RESULTS, BUREAU_RESULTS, write(tmp_path / "results.txt", text, "latin-1"))


def test_repeated_candidate_blocks_under_a_short_header(tmp_path):
    third = ("3", "F", "TROISIÈME", "Ève", "0", "0,00", "0,00")
    rows = results(tmp_path, result_line(), result_line(bureau="0002", blocks=(MACRON, LE_PEN, third)))
    assert [(row["bureau_code"], row["candidate"], row["votes"]) for row in rows] == [
        ("01004_0001", "LE PEN", 30),
        ("01004_0001", "MACRON", 60),
        ("01004_0002", "LE PEN", 30),
        ("01004_0002", "MACRON", 60),
        ("01004_0002", "TROISIÈME", 0),
    ]
    first = {key: rows[0][key] for key in ("election", "round", "map", "registered", "votes_cast", "valid_votes")}
    assert first == {
        "election": "PRES2022",
        "round": 2,
        "map": "2022",
        "registered": 100,
        "votes_cast": 92,
        "valid_votes": 90,
    }


@pytest.mark.parametrize(
    ("department", "commune", "bureau", "code"),
    [
        ("75", "056", "1104", "75056_1104"),
        ("2A", "004", "0001", "2A004_0001"),
        ("ZA", "101", "0001", "97101_0001"),
        ("ZM", "601", "0001", "97601_0001"),
        ("ZN", "818", "0001", "98818_0001"),
        ("ZP", "735", "0001", "98735_0001"),
        ("ZX", "701", "0001", "ZX701_0001"),
        ("ZW", "001", "0001", "ZW001_0001"),
        ("ZZ", "235", "0001", "ZZ235_0001"),
        ("14", "118", "01.1", "14118_01.1"),
        ("84", "007", "322b", "84007_322b"),
        ("01", "4", "1", "01004_0001"),
    ],
)
def test_bureau_codes_are_text(tmp_path, department, commune, bureau, code):
    assert {row["bureau_code"] for row in results(tmp_path, result_line(department, commune, bureau))} == {code}


def test_empty_bureaux_are_kept(tmp_path):
    nobody = tuple("0" if cell == "60" else cell for cell in MACRON)
    (row,) = results(tmp_path, result_line(registered="0", valid="0", blocks=(nobody,)))
    assert (row["registered"], row["valid_votes"], row["votes"]) == (0, 0, 0)


@pytest.mark.parametrize(
    "line", [result_line()[:-6], result_line() + ";1", result_line(blocks=()), result_line(bureau="00001")]
)
def test_a_line_of_another_form_is_refused(tmp_path, line):
    with pytest.raises(SourceFailed, match="1 lines of the results"):
        results(tmp_path, result_line(), line)


def test_the_parquet_container_gives_the_same_rows(tmp_path):
    lines = [result_line(), result_line(bureau="0002", blocks=(MACRON,))]
    names = [*RESULTS.columns[:21], *(f"{name}_{block}" for block in (1, 2) for name in RESULTS.columns[21:])]
    cells = [[*line.split(";"), *[None] * 7][: len(names)] for line in lines]
    path = tmp_path / "results.parquet"
    connection = connect()
    typed = ", ".join(f'"{name}" varchar' for name in names)
    connection.execute(f"create table t ({typed})")
    connection.executemany(f"insert into t values ({', '.join('?' * len(names))})", cells)
    connection.execute(f"copy t to '{path}' (format parquet)")
    assert shaped(RESULTS, BUREAU_RESULTS, path) == results(tmp_path, *lines)


# --- contours ----------------------------------------------------------------------------------------------------


def geojson(path, *properties, geometry=SQUARE, crs=None):
    collection = {"type": "FeatureCollection", "name": "contours"}
    if crs:
        collection["crs"] = {"type": "name", "properties": {"name": crs}}
    collection["features"] = [{"type": "Feature", "properties": item, "geometry": geometry} for item in properties]
    return write(path, json.dumps(collection))


@pytest.mark.parametrize(
    ("source_id", "properties", "code"),
    [
        ("bureaux_2022_contours", {"codeBureauVote": "01001_0001"}, "01001_0001"),
        ("bureaux_2026_contours", {"codeBureauVote": "01001_1"}, "01001_0001"),
        ("bureaux_2022_paris", {"arrondissement": 4, "num_bv": 7, "validite": "non"}, "75056_0407"),
        ("bureaux_2022_paris", {"arrondissement": "18", "num_bv": "63"}, "75056_1863"),
        ("bureaux_2026_paris", {"code_bv": "0327"}, "75056_0327"),
    ],
)
def test_bureau_codes_of_each_publisher(tmp_path, source_id, properties, code):
    source, path = SOURCES[source_id], geojson(tmp_path / "map.geojson", properties, properties)
    (bureau,) = shaped(source, BUREAUX, path)
    expected = {"bureau_code": code, "map": source.bureau_map, "commune_code": code[:5], "reu_id": None, "label": None}
    assert bureau == expected
    contours = shaped(source, CONTOURS, path)
    assert [(row["kind"], row["map"], row["code"], row["part"]) for row in contours] == [
        ("bureau", source.bureau_map, code, 1),
        ("bureau", source.bureau_map, code, 2),
    ]
    assert shapely.equals(shapely.from_wkb(bytes(contours[0]["wkb"])), shapely.geometry.shape(SQUARE))


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        ("iris_contours_dcomiris", ("DCOMIRIS", "NOM_IRIS", "DEPCOM")),
        ("iris_contours_pe", ("code_iris", "nom_iris", "code_insee")),
    ],
)
def test_iris_of_both_generations(tmp_path, layout, names):
    source = replace(SOURCES["iris_contours"], layout=layout, columns=names)
    path = geojson(tmp_path / "iris.geojson", dict(zip(names, ("751114203", "Roquette 3", "75111"), strict=True)))
    (row,) = shaped(source, IRIS, path)
    assert row == {"iris_code": "751114203", "commune_code": "75111", "label": "Roquette 3"}


@pytest.mark.parametrize("code", ["1001_0001", "01001", "01001_00001", "", None])
def test_a_code_of_another_form_is_refused(tmp_path, code):
    path = geojson(tmp_path / "map.geojson", {"codeBureauVote": code})
    with pytest.raises(SourceFailed, match="codeBureauVote"):
        shaped(SOURCES["bureaux_2022_contours"], BUREAUX, path)


def test_a_ring_that_crosses_itself_is_repaired(tmp_path):
    bow_tie = {"type": "Polygon", "coordinates": [[[2, 48], [3, 49], [3, 48], [2, 49], [2, 48]]]}
    path = geojson(tmp_path / "map.geojson", {"codeBureauVote": "01001_0001"}, geometry=bow_tie)
    (row,) = shaped(SOURCES["bureaux_2022_contours"], CONTOURS, path)
    polygon = shapely.from_wkb(bytes(row["wkb"]))
    assert polygon.is_valid
    assert polygon.area == pytest.approx(0.5)


LAMBERT = {
    "type": "Polygon",
    "coordinates": [[[653571, 6861966], [653600, 6861966], [653600, 6861990], [653571, 6861966]]],
}


@pytest.mark.parametrize(("geometry", "crs"), [(SQUARE, "urn:ogc:def:crs:EPSG::2154"), (LAMBERT, None)])
def test_other_reference_systems_are_refused(tmp_path, geometry, crs):
    path = geojson(tmp_path / "map.geojson", {"codeBureauVote": "01001_0001"}, geometry=geometry, crs=crs)
    with pytest.raises(SourceFailed, match="degrees"):
        shaped(SOURCES["bureaux_2022_contours"], BUREAUX, path)


@pytest.mark.parametrize("text", ['{"type": "FeatureCollection"}', "<html>", "", '["features"]'])
def test_what_is_no_feature_collection_is_refused(tmp_path, text):
    with pytest.raises(SourceFailed, match="not a GeoJSON"):
        list(features(write(tmp_path / "map.geojson", text)))


@pytest.mark.parametrize("cut", [-2, -30, -160, 100])
def test_a_cut_geojson_is_refused(tmp_path, cut):
    path = geojson(tmp_path / "map.geojson", {"codeBureauVote": "01001_0001"}, {"codeBureauVote": "01001_0002"})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(SourceFailed, match="ends early"):
        list(features(path))


@pytest.mark.parametrize("chunk", [1, 7, 64, 100_000])
def test_features_do_not_depend_on_where_chunks_end(tmp_path, monkeypatch, chunk):
    properties = [{"codeBureauVote": f"01001_{n:04}", "nom": "É]},{[" * n} for n in range(20)]
    path = geojson(tmp_path / "map.geojson", *properties)
    start = path.read_text().index("[") + 1
    monkeypatch.setattr("open_data.layouts.geojson._CHUNK", max(chunk, start))
    assert [feature.properties for feature in features(path)] == properties
    packed = tmp_path / "map.geojson.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert [feature.properties for feature in features(packed)] == properties


# --- The electoral roll ------------------------------------------------------------------------------------------

ROLL, ROLL_BUREAUX = SOURCES["reu_addresses_2022"], SOURCES["reu_bureaux_2022"]
#: table-adresses-reu, 12 columns as documented (open-data README §5).
ROLL_HEADER = "code_commune_ref reconstitution_code_commune id_brut_bv_reu id geo_adresse geo_type geo_score longitude"
ROLL_HEADER += " latitude api_line nb_bv_commune nb_adresses"


def parquet(path, header, *rows):
    import pyarrow
    import pyarrow.parquet

    columns = {name: [row.get(name) for row in rows] for name in header.split()}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("reu_id", "bureau_code"),
    [
        ("29039_1", "29039_0001"),
        ("2A004_0012", "2A004_0012"),
        ("57463_01.1", "57463_01.1"),
        ("75111_4", "75056_1104"),
        ("75111_1104", "75056_1104"),
        ("75101_101", "75056_0101"),
        ("13208_61", "13055_0861"),
        ("69383_7", "69123_0307"),
        ("69386_601", "69123_0601"),
    ],
)
def test_an_id_of_the_roll_is_padded_to_a_bureau(tmp_path, reu_id, bureau_code):
    row = {"code_commune_ref": reu_id[:5], "id_brut_bv_reu": reu_id, "id": "29039_0120_00012_BIS", "geo_score": 0.96}
    row |= {"geo_type": "housenumber", "longitude": -3.9, "latitude": 47.8, "nb_adresses": 2}
    file = parquet(tmp_path / "table-adresses-reu.parquet", ROLL_HEADER, row, {**row, "id": None, "longitude": None})
    first, second = shaped(ROLL, REU_ADDRESSES, file)
    assert (first["bureau_code"], first["reu_id"], first["address_id"]) == (bureau_code, reu_id, "29039_0120_00012_bis")
    assert (first["position"], first["lon"], first["lat"], first["addresses"]) == (1, -3.9, 47.8, 2)
    assert (second["address_id"], second["lon"]) == (None, None)
    (bureau,) = shaped(ROLL, BUREAUX, file)
    assert (bureau["bureau_code"], bureau["commune_code"]) == (bureau_code, bureau_code[:5])


def test_the_roll_may_be_delimited_text_and_lack_the_ban_id(tmp_path):
    file = write(tmp_path / "table-adresses-reu.csv", ",".join(ROLL.columns) + "\n29039,29039_1,street,,,,1\n")
    (row,) = shaped(ROLL, REU_ADDRESSES, file)
    assert (row["bureau_code"], row["address_id"], row["geo_type"], row["geo_score"]) == (
        "29039_0001",
        None,
        "street",
        None,
    )


def test_a_row_of_the_roll_without_a_bureau_fails_the_file(tmp_path):
    file = write(tmp_path / "table-adresses-reu.csv", ",".join(ROLL.columns) + "\n29039,29039,street,,,,1\n")
    with pytest.raises(SourceFailed, match="1 lines"):
        shaped(ROLL, REU_ADDRESSES, file)


@pytest.mark.parametrize(
    ("miom", "bureau_code"),
    [("29039_0007", "29039_0007"), ("ZA101_0003", "97101_0003"), ("", "29039_0001"), (None, "29039_0001")],
)
def test_the_rolls_bureau_has_the_ministrys_code_and_a_name(tmp_path, miom, bureau_code):
    row = {"id_brut_bv_reu": "29039_1", "id_brut_miom": miom, "libelle_reu": "ECOLE", "nb_adresses_final": 12}
    file = parquet(tmp_path / "table-bv-reu.parquet", " ".join(ROLL_BUREAUX.columns), row)
    (bureau,) = shaped(ROLL_BUREAUX, BUREAUX, file)
    assert (bureau["bureau_code"], bureau["reu_id"], bureau["label"]) == (bureau_code, "29039_1", "ECOLE")


# --- Names of communes, postcodes ---------------------------------------------------------------------------------

COG, LA_POSTE = SOURCES["cog_names"], SOURCES["la_poste_postcodes"]
MOVEMENTS = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP"


def cog_files(folder, *movements):
    communes = "TYPECOM,COM,LIBELLE,COMPARENT\nCOM,01001,Un,\nCOM,01002,Deux,\nCOMD,01003,Trois,01001\nARM,75111,Paris 11e,75056"
    overseas = "COM_COMER,LIBELLE,NATURE_ZONAGE\n97701,Saint-Barthélemy,COM\n98101,Île des Faisans,CDM"
    return [
        write(folder / "v_commune_2026.csv", communes + "\n"),
        write(folder / "v_commune_comer_2026.csv", overseas + "\n"),
        write(folder / "v_mvt_commune_2026.csv", "\n".join([MOVEMENTS, *movements]) + "\n"),
    ]


def names(folder, *movements):
    rows = shaped(COG, COMMUNE_NAMES, *cog_files(folder, *movements))
    return {(row["known_code"], row["label"], row["commune_code"]) for row in rows}


def test_communes_of_today_and_their_parts_have_names(tmp_path):
    assert names(tmp_path, "10,1999-01-01,COM,01002,Second,COM,01002,Deux") == {
        ("01001", "Un", "01001"),
        ("01002", "Deux", "01002"),
        ("01002", "Second", "01002"),
        ("01003", "Trois", "01001"),
        ("75111", "Paris 11e", "75111"),
        ("97701", "Saint-Barthélemy", "97701"),
        ("97123", "Saint-Barthélemy", "97701"),
        ("97127", "Saint-Martin", "97801"),
    }


def test_a_merged_commune_is_followed_to_the_one_of_today_and_a_divided_one_to_several(tmp_path):
    movements = [
        "31,1972-01-01,COM,01009,Neuf,COM,01008,Huit",
        "32,2016-01-01,COM,01008,Huit,COM,01001,Un",
        "32,2016-01-01,COM,01008,Huit,COMD,01008,Huit",
        "30,1980-01-01,COM,01007,Sept,COM,01001,Un",
        "30,1980-01-01,COM,01007,Sept,COM,01002,Deux",
        # restored: it is a commune today, whatever it was merged into once
        "31,1970-01-01,COM,01002,Deux,COM,01001,Un",
        "21,1990-01-01,COM,01001,Un,COM,01002,Deux",
    ]
    found = names(tmp_path, *movements)
    assert {row for row in found if row[0] == "01009"} == {("01009", "Neuf", "01001")}
    assert {row for row in found if row[0] == "01008"} == {("01008", "Huit", "01001")}
    assert {row[2] for row in found if row[0] == "01007"} == {"01001", "01002"}
    assert {row for row in found if row[0] == "01002"} == {("01002", "Deux", "01002")}


def test_the_files_of_the_geographic_code_belong_together(tmp_path):
    with pytest.raises(SourceFailed, match="lacks 8"):
        shaped(COG, COMMUNE_NAMES, *cog_files(tmp_path)[:2])


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_la_poste_gives_postcodes_and_the_old_names_of_line_5(tmp_path, encoding):
    text = "#Code_commune_INSEE;Nom_de_la_commune;Code_postal;Libellé_d_acheminement;Ligne_5\r\n"
    text += "01036;VALROMEY SUR SERAN;01260;VALROMEY;BELMONT LUTHEZIEU\r\n01036;VALROMEY SUR SERAN;01260;VALROMEY;\r\n"
    text += "75111;PARIS 11;75011;PARIS;\r\n75056;PARIS;75000;PARIS;\r\n"
    file = write(tmp_path / "019HexaSmal.csv", text, encoding)
    assert {tuple(row.values()) for row in shaped(LA_POSTE, COMMUNES, file)} == {
        ("01036", "01260", "VALROMEY SUR SERAN"),
        ("75111", "75011", "PARIS 11"),
    }
    assert {row["label"] for row in shaped(LA_POSTE, COMMUNE_NAMES, file)} == {
        "VALROMEY SUR SERAN",
        "BELMONT LUTHEZIEU",
        "PARIS 11",
    }


# --- GeoPackage ---------------------------------------------------------------------------------------------------

PACKED = SOURCES["iris_contours_2025"]
#: A triangle in Lambert-93; its first corner is an address of BAN, which publishes both systems.
METRES = [(652406.12, 6858976.07), (652506.12, 6858976.07), (652406.12, 6859076.07), (652406.12, 6858976.07)]


def geopackage(path, points, system, code="751051901", envelope=1):
    import sqlite3
    import struct

    polygon = shapely.Polygon(points)
    box = struct.pack("<4d", *(polygon.bounds[place] for place in (0, 2, 1, 3))) if envelope else b""
    packed = b"GP\x00" + bytes([1 | envelope << 1]) + struct.pack("<i", system) + box + shapely.to_wkb(polygon)
    connection = sqlite3.connect(path)
    connection.execute("create table gpkg_geometry_columns (table_name text, column_name text, srs_id integer)")
    connection.execute(
        "insert into gpkg_geometry_columns values ('other', 'geom', 4326), ('contours_iris_pe', 'geometrie', ?)",
        [system],
    )
    connection.execute("create table other (geom blob, name text)")
    connection.execute("create table contours_iris_pe (geometrie blob, code_iris text, code_insee text, nom_iris text)")
    connection.execute("insert into contours_iris_pe values (?, ?, '75105', 'Sorbonne 1')", [packed, code])
    connection.commit()
    connection.close()
    return path


def test_contours_of_a_geopackage_come_in_degrees(tmp_path):
    file = geopackage(tmp_path / "contours-iris-pe.gpkg", METRES, 2154)
    (iris,), (contour,) = shaped(PACKED, IRIS, file), shaped(PACKED, CONTOURS, file)
    assert (iris["iris_code"], iris["commune_code"], iris["label"]) == ("751051901", "75105", "Sorbonne 1")
    corner = shapely.from_wkb(bytes(contour["wkb"])).exterior.coords[0]
    assert corner == pytest.approx((2.351685, 48.829084), abs=2e-6)
    degrees = [(2.0, 48.0), (2.1, 48.0), (2.1, 48.1), (2.0, 48.0)]
    plain = geopackage(tmp_path / "degrees.gpkg", degrees, 4326, envelope=0)
    (contour,) = shaped(PACKED, CONTOURS, plain)
    assert shapely.from_wkb(bytes(contour["wkb"])).bounds == (2.0, 48.0, 2.1, 48.1)


def test_the_way_back_from_lambert_93_is_the_way_there():
    import numpy as np

    from open_data.layouts.geopackage import degrees_of_lambert_93
    from sample.place import lambert_93

    places = np.array([(2.35, 48.85), (-4.5, 48.4), (9.2, 42.1), (7.75, 48.58), (3.0, 46.5)])
    metres = np.array([lambert_93(lon, lat) for lon, lat in places])
    assert degrees_of_lambert_93(metres) == pytest.approx(places, abs=1e-6)


@pytest.mark.parametrize("system", [27572, 3857])
def test_a_geopackage_in_another_system_fails(tmp_path, system):
    with pytest.raises(SourceFailed, match=f"EPSG:{system}"):
        shaped(PACKED, CONTOURS, geopackage(tmp_path / "a.gpkg", METRES, system))


def test_a_damaged_geopackage_fails(tmp_path):
    file = write(tmp_path / "a.gpkg", "SQLite format 3")
    with pytest.raises(SourceFailed, match="no whole GeoPackage"):
        shaped(PACKED, CONTOURS, file)
