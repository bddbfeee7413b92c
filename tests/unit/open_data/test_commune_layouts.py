"""Layouts of communes, their names and postcodes on tiny invented files with the traps of the official ones.

The real rows are read in tests/acceptance, taking in as a whole is tested in tests/integration.
"""

import json

import pytest

from open_data.failures import SourceFailed
from stores.schemas.territory_tables import COMMUNE_NAMES, COMMUNES
from tests.scenes.open_data.layout_files import SOURCES, shaped, write

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
