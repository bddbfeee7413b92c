"""Codes of what was mended: told for what was damaged, and for nothing that a person simply wrote in another way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from consent.dossiers.dossiers import read_dossier
from consent.dossiers.feeds import Feed
from partners_ingest.rows.fields import create_text_macros
from partners_ingest.rows.phone_cells import read_phone_cells
from partners_ingest.rows.repairs import (
    clock_repairs_sql,
    create_repair_macros,
    date_repairs_sql,
    guard_repair_sql,
    merged_sql,
    phone_repairs_sql,
    postcode_repairs_sql,
    unread_sql,
)
from partners_ingest.rows.values import create_value_macros, formats_of, instant_sql
from stores.engine import connect
from terms.environment import NumberRules
from tests.scenes.door.dossier_samples import write_dossier


@pytest.fixture(scope="module")
def sql() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect()
    create_text_macros(connection)
    create_value_macros(connection)
    create_repair_macros(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return read_dossier(write_dossier(tmp_path_factory.mktemp("p"))).feeds[0]


def _codes(sql: duckdb.DuckDBPyConnection, expression: str, **values: object) -> list[str]:
    named = ", ".join(f"${name} as {name}" for name in values)
    row = sql.execute(f"select {expression} from (select {named})", values).fetchone()
    assert row is not None
    return sorted(row[0])


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("06 39 98 00 01", []),
        ("0639980001", []),
        ("06.39.98.00.01", []),
        ("+33 6 39 98 00 01", []),
        ("0033639980001", []),
        ("+33639980001", []),
        ("\u202f06\u00a039\u00a098\u00a000\u00a001", []),
        ("0639 98 00 01", []),
        ("'0639980001", ["SPREADSHEET_GUARD_REMOVED"]),
        ('="0639980001"', ["SPREADSHEET_GUARD_REMOVED"]),
        ("Tél. 06 39 98 00 01", ["PHONE_LABEL_REMOVED"]),
        ("p:+33639980001", ["PHONE_LABEL_REMOVED"]),
        ("6,39980001E+08", ["PHONE_SCIENTIFIC_RESTORED"]),
        ("639980001.0", ["PHONE_DECIMAL_REMOVED", "PHONE_ZERO_RESTORED"]),
        ("639980001", ["PHONE_ZERO_RESTORED"]),
        ("6 39 98 00 01", ["PHONE_ZERO_RESTORED"]),
        ("O6 39 98 OO 01", ["PHONE_LETTER_REPLACED"]),
        ("06 39 98 00 01 / 01 99 00 12 34", ["PHONE_ONE_OF_SEVERAL"]),
        ("06 39 98 00 01 ou 01 99 00 12 34", ["PHONE_ONE_OF_SEVERAL"]),
        ("06399800010199001234", ["PHONE_ONE_OF_SEVERAL"]),
        ("06 39 98 00 01 (bureau)", ["PHONE_WORDS_REMOVED"]),
        ("06 39 98 00 01 poste 12", ["PHONE_WORDS_REMOVED"]),
        ("06 39 98 00 01 x12", ["PHONE_WORDS_REMOVED"]),
        ("+33 (0)6 39 98 00 01", ["PHONE_PREFIX_REPAIRED"]),
        ("+330639980001", ["PHONE_PREFIX_REPAIRED"]),
        ("33639980001", ["PHONE_PREFIX_REPAIRED"]),
        ("+33692000001", ["PHONE_TERRITORY_CORRECTED"]),
        ("0692000001", []),
        ("+32470123456", []),
        ("06 39 XX XX 42", []),
        ("N/A", []),
    ],
)
def test_a_phone_that_was_mended_says_how(sql: duckdb.DuckDBPyConnection, cell: str, codes: list[str]) -> None:
    sql.execute("create or replace temp table written as select 1 as line_number, [$cell] as phones,"
                " 'FR' as country, '75011' as postcode", {"cell": cell})  # fmt: skip
    read_phone_cells(sql, "written", NumberRules.FICTION)
    row = sql.execute(f"select {phone_repairs_sql('phone_raw', 'e164')}, e164 from phones").fetchone()
    assert row is not None
    assert sorted(row[0]) == codes
    assert (row[1] is None) == ("XX" in cell or cell == "N/A")


@pytest.mark.parametrize(
    ("cell", "country", "codes"),
    [
        ("75011", "FR", []),
        ("", "FR", []),
        ("sw1a 1aa", "GB", ["POSTCODE_REFORMATTED"]),
        ("6000", "FR", ["POSTCODE_ZERO_RESTORED"]),
        ("1000", "BE", []),
        ("'75011", "FR", ["SPREADSHEET_GUARD_REMOVED"]),
        ("F-75011", "FR", ["POSTCODE_REFORMATTED"]),
        ("6000.0", "FR", ["POSTCODE_REFORMATTED", "POSTCODE_ZERO_RESTORED"]),
    ],
)
def test_a_postcode_that_was_mended_says_how(
    sql: duckdb.DuckDBPyConnection, cell: str, country: str, codes: list[str]
) -> None:
    told = postcode_repairs_sql("cell", "postcode_of(cell, country)")
    assert _codes(sql, told, cell=cell, country=country) == codes


@pytest.mark.parametrize(
    ("formats", "cell", "codes"),
    [
        (["iso8601"], "2026-03-02T10:00:00Z", []),
        (["iso8601"], "hier", []),
        (["DD/MM/YYYY"], "02/03/2026", []),
        (["YYYY-MM-DD HH:MM:SS", "DD/MM/YYYY HH:MM"], "2026-03-02 10:00:00", []),
        (["YYYY-MM-DD HH:MM:SS", "DD/MM/YYYY HH:MM"], "02/03/2026 10:00", ["DATE_REFORMATTED"]),
        (["YYYY-MM-DD", "DD/MM/YY"], "02/03/26", ["DATE_REFORMATTED", "YEAR_COMPLETED"]),
        (["DD/MM/YY"], "02/03/26", ["YEAR_COMPLETED"]),
        (["DD.MM.YY"], "02.03.26", ["YEAR_COMPLETED"]),
        (["DD/MM/YYYY", "excel_serial"], "46083", ["DATE_FROM_SERIAL_NUMBER"]),
        (["DD/MM/YYYY", "iso8601", "excel_serial"], "46083", ["DATE_FROM_SERIAL_NUMBER"]),
        (["excel_serial"], "46083", []),
    ],
)
def test_a_date_read_by_another_pattern_than_the_usual_one_says_so(
    sql: duckdb.DuckDBPyConnection, feed: Feed, formats: list[str], cell: str, codes: list[str]
) -> None:
    dated = replace(feed, date_formats={"consented_at": tuple(formats)})
    read = instant_sql("cell", formats_of(dated, "consented_at"), "Europe/Paris")
    assert _codes(sql, date_repairs_sql("cell", read, dated, "consented_at"), cell=cell) == codes


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("2026-10-25 02:30:00", ["LOCAL_TIME_AMBIGUOUS"]),
        ("2026-03-29 02:30:00", ["LOCAL_TIME_SKIPPED"]),
        ("2026-10-25 01:59:59", []),
        ("2026-10-25 03:00:00", []),
        ("2026-03-29 01:59:59", []),
        ("2026-03-29 03:00:00", []),
        ("2026-10-25T02:30:00+02:00", []),
        ("2026-10-25", []),
    ],
)
def test_a_local_time_that_was_twice_or_never_says_so(
    sql: duckdb.DuckDBPyConnection, cell: str, codes: list[str]
) -> None:
    read = instant_sql("cell", ["iso8601"], "Europe/Paris")
    told = clock_repairs_sql("stated", "Europe/Paris")
    row = sql.execute(f"select {told} from (select {read} as stated from (select $cell as cell))", {"cell": cell})
    assert row.fetchone() == (codes,)


def test_guards_and_cells_that_could_not_be_read_are_named(sql: duckdb.DuckDBPyConnection) -> None:
    assert _codes(sql, guard_repair_sql(("a", "b")), a="x", b="'12") == ["SPREADSHEET_GUARD_REMOVED"]
    assert _codes(sql, guard_repair_sql(("a", "b")), a="x'", b="") == []
    assert _codes(sql, unread_sql({"born": "null", "sex": "'F'", "other": "null"}), born="x", sex="y", other="") == [
        "born"
    ]


def test_codes_of_several_cells_are_told_once_and_sorted(sql: duckdb.DuckDBPyConnection) -> None:
    merged = merged_sql("['b', 'a']", "[]", "['b']")
    assert sql.execute(f"select {merged}").fetchone() == (["a", "b"],)


def test_invisible_characters_are_noticed_and_accents_are_not(sql: duckdb.DuckDBPyConnection) -> None:
    told = [sql.execute("select has_invisible($t)", {"t": text}).fetchone() for text in ("Zoé", "a\0b", "é\u200bx")]
    assert told == [(False,), (True,), (True,)]
