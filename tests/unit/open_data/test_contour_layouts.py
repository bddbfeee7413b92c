"""Layouts of contours (GeoJSON, GeoPackage) on tiny invented files with the traps of the official ones.

The real rows are read in tests/acceptance, taking in as a whole is tested in tests/integration.
"""

import gzip
import json
from dataclasses import replace

import pytest
import shapely

from open_data.failures import SourceFailed
from open_data.layouts.geojson import features
from stores.schemas.territory_tables import BUREAUX, CONTOURS, IRIS
from tests.scenes.open_data.layout_files import SOURCES, shaped, write

SQUARE = {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 49], [2, 48]]]}


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
