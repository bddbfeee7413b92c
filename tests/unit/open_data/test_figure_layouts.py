"""Layouts of votes of a presidential round by bureau and of incomes by IRIS, on tiny invented files.

Later elections are in test_result_layouts, the real rows in tests/acceptance, taking in as a whole in
tests/integration.
"""

import duckdb
import pytest

from open_data.failures import SourceFailed
from stores.engine import connect
from stores.schemas.territory_tables import BUREAU_RESULTS, IRIS_INCOME
from tests.scenes.open_data.layout_files import SOURCES, shaped, write

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
