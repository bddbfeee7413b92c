"""Layouts of results since 2022 on tiny invented files with the documented headers of each election.

The presidential layout and its traps are in test_figure_layouts, the real rows in tests/acceptance.
"""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from open_data.failures import SourceFailed
from open_data.layouts.registry import layout_of
from open_data.sources import read_sources
from stores.engine import connect
from stores.schemas.territory_tables import BUREAU_RESULTS

SOURCES = {
    source.source_id: source for source in read_sources(Path(__file__).resolve().parents[3] / "config/open_data")
}
BASE_2022 = (
    "Code du département;Libellé du département;Code de la circonscription;Libellé de la circonscription;"
    "Code de la commune;Libellé de la commune;Code du b.vote;Inscrits;Abstentions;% Abs/Ins;Votants;% Vot/Ins;Blancs;"
    "% Blancs/Ins;% Blancs/Vot;Nuls;% Nuls/Ins;% Nuls/Vot;Exprimés;% Exp/Ins;% Exp/Vot"
)
BASE_2024 = (
    "Code département;Libellé département;Code commune;Libellé commune;Code BV;Inscrits;Votants;% Votants;Abstentions;"
    "% Abstentions;Exprimés;% Exprimés/inscrits;% Exprimés/votants;Blancs;% Blancs/inscrits;% Blancs/votants;Nuls;"
    "% Nuls/inscrits;% Nuls/votants"
)
DEPUTY = (
    "Numéro de panneau {0};Nuance candidat {0};Nom candidat {0};Prénom candidat {0};Sexe candidat {0};Voix {0};"
    "% Voix/inscrits {0};% Voix/exprimés {0};Elu {0}"
)
MUNICIPAL = (
    "Numéro de panneau {0};Nom candidat {0};Prénom candidat {0};Sexe candidat {0};Nuance liste {0};"
    "Libellé abrégé de liste {0};Libellé de liste {0};Voix {0};% Voix/inscrits {0};% Voix/exprimés {0};Elu {0};"
    "Sièges au CM {0};Sièges au CC {0}"
)
EUROPEAN = (
    "Numéro de panneau {0};Nuance liste {0};Libellé abrégé de liste {0};Libellé de liste {0};Voix {0};"
    "% Voix/inscrits {0};% Voix/exprimés {0};Sièges {0}"
)
BUREAU = "500;300;60,00%;200;40,00%;290;58,00%;96,67%;6;1,20%;2,00%;4;0,80%;1,33%"


def shaped(source_id, *paths):
    """Return (bureau, candidate, nuance, registered, votes) of each row."""
    source, connection = SOURCES[source_id], connect()
    select = layout_of(source).shape(connection, source, paths)[BUREAU_RESULTS]
    rows = connection.execute(f"select bureau_code, candidate, nuance, registered, votes from ({select})").fetchall()
    return sorted(rows)


def write(path, header, *lines, encoding="utf-8"):
    path.write_bytes("\r\n".join([header, *lines, ""]).encode(encoding))
    return path


def numbered(block, count):
    return ";".join([BASE_2024, *(block.format(number) for number in range(1, count + 1))])


def line_2024(commune, bureau, *blocks, department="48"):
    return ";".join([department, "Lozère", commune, "Valombre", bureau, BUREAU, *blocks])


def test_legislative_2022_has_a_nuance_in_each_block(tmp_path):
    bureau = "48;Lozère;01;1ère;095;Valombre;0001;500;200;40;300;60;6;1;2;4;1;1;290;58;97"
    header = BASE_2022 + ";N°Panneau;Sexe;Nom;Prénom;Nuance;Voix;% Voix/Ins;% Voix/Exp"
    blocks = "1;F;FICTIVE;Anne;NUP;120;24,00;41,38", "2;M;DÉMO;Luc;ENS;170;34,00;58,62"
    path = write(tmp_path / "burvot.txt", header, ";".join([bureau, *blocks]), encoding="latin-1")
    assert shaped("legislative_2022_t1", path) == [
        ("48095_0001", "DÉMO", "ENS", 500, 170),
        ("48095_0001", "FICTIVE", "NUP", 500, 120),
    ]


def test_legislative_2024_names_each_block_and_leaves_unused_ones_empty(tmp_path):
    lines = [
        line_2024(
            "48095",
            "0001",
            "1;UG;FICTIVE;Anne;FEMININ;120;24,00%;41,38%;",
            "2;ENS;DÉMO;Luc;MASCULIN;170;34,00%;58,62%;élu",
        ),
        line_2024("48095", "01.1", "1;UG;FICTIVE;Anne;FEMININ;290;58,00%;100,00%;élu", ";;;;;;;;"),
        line_2024("2A004", "12", "1;UG;FICTIVE;Anne;FEMININ;0;0,00%;;", department="2A"),
        line_2024("ZZ062", "0001", "1;UG;FICTIVE;Anne;FEMININ;1;0,20%;100%;élu", ";;;;;;;;", department="ZZ"),
    ]
    path = write(tmp_path / "resultats.csv", numbered(DEPUTY, 2), *lines)
    assert shaped("legislative_2024_t1", path) == [
        ("2A004_0012", "FICTIVE", "UG", 500, 0),
        ("48095_0001", "DÉMO", "ENS", 500, 170),
        ("48095_0001", "FICTIVE", "UG", 500, 120),
        ("48095_01.1", "FICTIVE", "UG", 500, 290),
        ("ZZ062_0001", "FICTIVE", "UG", 500, 1),
    ]


def test_two_candidates_of_one_name_in_a_bureau_keep_two_rows(tmp_path):
    blocks = "1;ENS;FICTIVE;Anne;FEMININ;120;24,00%;41,38%;", "2;DVC;FICTIVE;Luc;MASCULIN;170;34,00%;58,62%;"
    path = write(tmp_path / "resultats.csv", numbered(DEPUTY, 2), line_2024("48095", "0001", *blocks))
    assert [row[1] for row in shaped("legislative_2024_t1", path)] == ["FICTIVE Anne", "FICTIVE Luc"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("commune", ["48095", "095"])
def test_municipal_lists_go_by_their_name_in_either_encoding(tmp_path, encoding, commune):
    blocks = (
        "1;FICTIVE;Anne;F;LDVG;ENSEMBLE;Ensemble à Valombre;120;24,00%;41,38%;;5;1",
        "2;DÉMO;Luc;M;LDVD;;;170;34,00%;58,62%;élu;14;2",
    )
    path = write(
        tmp_path / "municipales.csv", numbered(MUNICIPAL, 2), line_2024(commune, "0001", *blocks), encoding=encoding
    )
    assert shaped("municipal_2026_t1", path) == [
        ("48095_0001", "DÉMO", "LDVD", 500, 170),
        ("48095_0001", "Ensemble à Valombre", "LDVG", 500, 120),
    ]


def test_european_lists(tmp_path):
    block = "1;LDIV;PAYSAGES;Pour les paysages;12;2,40%;4,14%;"
    path = write(tmp_path / "europe.csv", numbered(EUROPEAN, 1), line_2024("97101", "0001", block, department="971"))
    assert shaped("european_2024", path) == [("97101_0001", "Pour les paysages", "LDIV", 500, 12)]


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        (numbered(DEPUTY, 1), line_2024("48095", "00001", "1;UG;A;B;F;1;1%;1%;"), "1 lines of the results"),
        (numbered(DEPUTY, 1), line_2024("", "0001", "1;UG;A;B;F;1;1%;1%;"), "1 lines of the results"),
        (BASE_2024, line_2024("48095", "0001"), "Voix 1"),
    ],
)
def test_a_numbered_file_of_another_form_is_refused(tmp_path, header, line, words):
    with pytest.raises(SourceFailed, match=words):
        shaped("legislative_2024_t1", write(tmp_path / "resultats.csv", header, line))


def long_files(tmp_path, bureaux, candidates):
    paths = []
    for kind, select in (("candidats", candidates), ("territoires", bureaux)):
        paths.append(tmp_path / f"x_{kind}.parquet")
        duckdb.sql(select).write_parquet(str(paths[-1]))
    return paths


BUREAUX = "select * from (values ('ZD422_0014', 500.0, 300.0, 290.0)) as t(code, inscrits, votants, exprimes)"
CANDIDATES = (
    "select * from (values ('ZD422_0014', 'FICTIVE', 'DVC', 120.0), ('ZD422_0014', 'FICTIVE', 'ENS', 170.0))"
    " as t(code, label, nuance, voix)"
)


def test_the_long_form_takes_insee_codes_and_tells_namesakes_apart(tmp_path):
    assert shaped("legislative_2024_t1_long", *long_files(tmp_path, BUREAUX, CANDIDATES)) == [
        ("97422_0014", "FICTIVE (DVC)", "DVC", 500, 120),
        ("97422_0014", "FICTIVE (ENS)", "ENS", 500, 170),
    ]


def test_a_candidate_without_its_bureau_is_refused(tmp_path):
    paths = long_files(tmp_path, BUREAUX.replace("0014", "0015"), CANDIDATES)
    with pytest.raises(SourceFailed, match="2 lines of the results are of a bureau without totals"):
        shaped("legislative_2024_t1_long", *paths)
    with pytest.raises(SourceFailed, match="0 files are called …_territoires"):
        shaped("legislative_2024_t1_long", paths[0])


AGGREGATE = (
    "id_election;id_brut_miom;code_departement;code_commune;code_bv;no_panneau;voix;ratio_voix_inscrits;ratio_voix_exprimes;"
    "nuance;sexe;nom;prenom;liste;libelle_abrege_liste;libelle_etendu_liste;nom_tete_liste;binome"
)
LIST = "257;27.72;67.63;LDVC;M;FICTIF;Jean;;Une Ville;Une Ville pour Tous;;"
TOTALS = (
    "id_election;id_brut_miom;Code du département;Code de la commune;Libellé de la commune;Inscrits;Abstentions;"
    "Votants;Blancs;Nuls;Exprimés"
)


def aggregate_files(folder, *bureaux, header=TOTALS):
    lines = [f"2026_muni_t2;01160_0001;01;01160;0001;1;{LIST}", f"2026_muni_t2;ZD411_14;ZD;ZD411;14;1;{LIST}"]
    lines += [
        f"2026_muni_t1;01160_0001;01;01160;0001;1;{LIST}",
        "2022_pres_t2;01160_0001;01;01160;0001;1;99;1;1;;F;RÉELLE;Ève;;;;;",
    ]
    return [
        write(folder / "candidats_results.csv", AGGREGATE, *lines),
        write(folder / "general_results.csv", header, *bureaux),
    ]


BUREAUX_OF_ALL = (
    "2026_muni_t2;01160_0001;01;160;Ferney;500;200;300;6;4;290",
    "2026_muni_t2;ZD411_14;ZD;411;Saint-Denis;900;200;700;6;4;690",
    "2026_muni_t1;01160_0001;01;160;Ferney;501;200;301;6;4;291",
)


@pytest.mark.parametrize("header", [TOTALS, TOTALS.replace("Inscrits", "inscrits").replace("Exprimés", "exprimes")])
def test_the_aggregate_gives_the_lines_of_one_round_with_the_totals_of_its_bureaux(tmp_path, header):
    assert shaped("municipal_2026_t2", *aggregate_files(tmp_path, *BUREAUX_OF_ALL, header=header)) == [
        ("01160_0001", "Une Ville pour Tous", "LDVC", 500, 257),
        ("97411_0014", "Une Ville pour Tous", "LDVC", 900, 257),
    ]


def test_a_presidential_round_of_the_aggregate_goes_by_family_names(tmp_path, monkeypatch):
    monkeypatch.setitem(SOURCES, "pres", replace(SOURCES["municipal_2026_t2"], id_election="2022_pres_t2"))
    totals = "2022_pres_t2;01160_0001;01;160;Ferney;600;200;400;6;4;390"
    assert shaped("pres", *aggregate_files(tmp_path, *BUREAUX_OF_ALL, totals)) == [
        ("01160_0001", "RÉELLE", None, 600, 99)
    ]


def test_an_aggregate_without_a_bureau_or_its_totals_is_refused(tmp_path):
    with pytest.raises(SourceFailed, match="1 lines of the results are of a bureau without totals"):
        shaped("municipal_2026_t2", *aggregate_files(tmp_path, BUREAUX_OF_ALL[0]))
    with pytest.raises(SourceFailed, match=r"general_results\.csv lacks the column exprimes"):
        shaped("municipal_2026_t2", *aggregate_files(tmp_path, header=TOTALS.replace("Exprimés", "Exp")))
    with pytest.raises(SourceFailed, match="0 files are called general_results"):
        shaped("municipal_2026_t2", tmp_path / "candidats_results.csv")
