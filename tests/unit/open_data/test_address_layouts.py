"""Layouts of addresses (BAN, the electoral roll) on tiny invented files with the traps of the official ones.

The real rows are read in tests/acceptance, taking in as a whole is tested in tests/integration.
"""

import gzip

import duckdb
import pytest

from open_data.failures import SourceFailed
from stores.schemas.territory_tables import BAN_ADDRESSES, BUREAUX, COMMUNES, REU_ADDRESSES
from tests.scenes.open_data.layout_files import SOURCES, shaped, write

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
