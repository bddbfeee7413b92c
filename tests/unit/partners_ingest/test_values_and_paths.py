"""Typing of single cells in SQL, paths into JSON, mojibake: what is read, and what becomes null."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from consent.dossiers.date_patterns import read_pattern
from consent.dossiers.dossiers import read_dossier
from partners_ingest.readers.delivered_lines import DeliveredLines
from partners_ingest.readers.json_lines import JsonLinesReader
from partners_ingest.readers.json_paths import expression_of, parse_path, structure_of
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.text_repair import repair_mojibake
from partners_ingest.rows.fields import create_fields
from partners_ingest.rows.values import (
    birth_date_sql,
    create_value_macros,
    flag_sql,
    instant_sql,
    list_sql,
    one_of_sql,
    sex_sql,
)
from stores.engine import connect
from terms.errors import UsageError
from terms.limits import USUAL_LIMITS
from tests.scenes.door.dossier_samples import json_row, write_dossier

TODAY = "date '2026-11-24'"


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect()
    feed = next(f for f in read_dossier(write_dossier(tmp_path_factory.mktemp("p"))).feeds if f.format == "jsonl")
    DeliveredLines(connection, io.BytesIO(json_row(1).encode()), feed)
    reader = JsonLinesReader(USUAL_LIMITS.nesting, USUAL_LIMITS.digits)
    create_fields(connection, reader.read_records(connection, feed, reader.read_header(connection, feed)), feed)
    create_value_macros(connection)
    yield connection
    connection.close()


def _one(sql: duckdb.DuckDBPyConnection, expression: str, **values: object) -> object:
    row = sql.execute(f"select {expression}", values or None).fetchone()
    assert row is not None
    return row[0]


def _instant(sql: duckdb.DuckDBPyConnection, cell: str, *formats: str) -> tuple[datetime, str] | None:
    expression = instant_sql("cell", formats or ("iso8601",), "Europe/Paris")
    row = sql.execute(
        f"select r.at, r.quality from (select {expression} as r from (select $cell as cell))", {"cell": cell}
    )
    found = row.fetchone()
    return None if found is None or found[0] is None else (found[0], found[1])


@pytest.mark.parametrize(
    ("cell", "at", "quality"),
    [
        ("2026-03-02T17:04:11Z", datetime(2026, 3, 2, 17, 4, 11), "exact_utc"),
        ("2026-03-02T18:04:11.000+01:00", datetime(2026, 3, 2, 17, 4, 11), "exact_utc"),
        ("2026-03-02T18:04+0100", datetime(2026, 3, 2, 17, 4), "exact_utc"),
        ("2026-07-02 18:04:11", datetime(2026, 7, 2, 16, 4, 11), "zone_assumed"),
        ("2026-07-02", datetime(2026, 7, 1, 22), "date_only"),
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30), "zone_assumed"),  # twice: the first
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, 0), "zone_assumed"),
        ("2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30), "zone_assumed"),  # never
    ],
)
def test_an_instant_is_read_in_utc(sql: duckdb.DuckDBPyConnection, cell: str, at: datetime, quality: str) -> None:
    assert _instant(sql, cell) == (at, quality)


@pytest.mark.parametrize(
    "cell", ["", "0000-00-00", "2026-02-31", "31/02/2026", "26-01-02", "hier", "2026-13-01T00:00:00Z"]
)
def test_an_instant_that_cannot_be_read_is_null(sql: duckdb.DuckDBPyConnection, cell: str) -> None:
    assert _instant(sql, cell, "iso8601", "YYYY-MM-DD") is None


@pytest.mark.parametrize(
    ("cell", "form", "at", "quality"),
    [
        ("2026-07-02 18:04:11", "YYYY-MM-DD HH:MM:SS", datetime(2026, 7, 2, 16, 4, 11), "zone_assumed"),
        ("02/07/2026 18:04", "DD/MM/YYYY HH:MM", datetime(2026, 7, 2, 16, 4), "zone_assumed"),
        ("02/07/2026", "DD/MM/YYYY", datetime(2026, 7, 1, 22), "date_only"),
        ("02/07/26", "DD/MM/YY", datetime(2026, 7, 1, 22), "date_only"),
        ("46205", "excel_serial", datetime(2026, 7, 1, 22), "date_only"),
        ("46205.75290509259", "excel_serial", datetime(2026, 7, 2, 16, 4, 11), "zone_assumed"),
        ("46205,75290509259", "excel_serial", datetime(2026, 7, 2, 16, 4, 11), "zone_assumed"),
    ],
)
def test_an_instant_is_read_by_the_dossiers_pattern(
    sql: duckdb.DuckDBPyConnection, cell: str, form: str, at: datetime, quality: str
) -> None:
    assert _instant(sql, cell, form) == (at, quality)
    assert _instant(sql, cell, "excel_serial" if form != "excel_serial" else "DD/MM/YYYY") is None


@pytest.mark.parametrize("form", ["YYYY-MM-DD HH:MM:SS", "DD/MM/YYYY HH:MM", "DD/MM/YYYY", "DD/MM/YY", "excel_serial"])
@pytest.mark.parametrize(
    "cell", ["", "31/02/2026", "02/13/2026", "0000-00-00 00:00:00", "2/7/026", "60", "1e5", "-46205"]
)
def test_what_no_pattern_fits_is_null(sql: duckdb.DuckDBPyConnection, cell: str, form: str) -> None:
    assert _instant(sql, cell, form) is None


@pytest.mark.parametrize(
    ("cell", "form", "wanted"),
    [
        ("02/05/80", "DD/MM/YY", date(1980, 5, 2)),
        ("24/11/08", "DD/MM/YY", date(2008, 11, 24)),  # 18 today
        ("25/11/08", "DD/MM/YY", date(1908, 11, 25)),  # 18 tomorrow
        ("29/02/04", "DD/MM/YY", date(2004, 2, 29)),
        ("29/02/01", "DD/MM/YY", None),  # in no century
        ("02/05/1980", "DD/MM/YYYY", date(1980, 5, 2)),
        ("29343", "excel_serial", date(1980, 5, 2)),
        ("01/01/1970", "DD/MM/YYYY", None),
        ("1980-05-02 00:00:00", "YYYY-MM-DD HH:MM:SS", date(1980, 5, 2)),
    ],
)
def test_a_birth_date_is_read_by_the_dossiers_pattern(
    sql: duckdb.DuckDBPyConnection, cell: str, form: str, wanted: date | None
) -> None:
    read = f"(select {birth_date_sql('cell', [form], TODAY)} from (select $cell as cell))"
    assert _one(sql, read, cell=cell) == wanted


@settings(max_examples=60, deadline=None)
@given(
    local=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2035, 1, 1)).map(
        lambda t: t.replace(microsecond=0)
    )
)
def test_local_times_agree_with_the_zone_data_of_python(sql: duckdb.DuckDBPyConnection, local: datetime) -> None:
    wanted = local.replace(tzinfo=ZoneInfo("Europe/Paris"), fold=0).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    assert _instant(sql, local.isoformat(sep=" ")) == (wanted, "zone_assumed")


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("1980-05-02", date(1980, 5, 2)),
        ("0000-00-00", None),
        ("1900-01-01", None),
        ("1970-01-01", None),
        ("1970-01-02", date(1970, 1, 2)),
        ("", None),
        ("80-05-02", None),
    ],
)
def test_a_birth_date_that_software_invents_is_null(
    sql: duckdb.DuckDBPyConnection, cell: str, wanted: date | None
) -> None:
    assert (
        _one(sql, f"(select {birth_date_sql('cell', ['YYYY-MM-DD'], TODAY)} from (select $cell as cell))", cell=cell)
        == wanted
    )


@pytest.mark.parametrize(
    ("cell", "country", "wanted"),
    [
        ("75011", "FR", "75011"),
        ("'75011", "FR", "75011"),
        ("75 011", "FR", "75011"),
        ("F-75011", None, "75011"),
        ("75011.0", "FR", "75011"),
        ("6000", "FR", "06000"),
        ("6000.0", "FR", "06000"),
        ("1000", "BE", "1000"),
        ("", "FR", None),
        ("SW1A 1AA", "GB", "SW1A1AA"),
    ],
)
def test_a_postcode_is_made_plain(
    sql: duckdb.DuckDBPyConnection, cell: str, country: str | None, wanted: str | None
) -> None:
    assert _one(sql, "postcode_of($cell, $country)", cell=cell, country=country) == wanted


def test_sex_ignores_case_and_final_dot_and_never_guesses(sql: duckdb.DuckDBPyConnection) -> None:
    expression = sex_sql("cell", {"M": ("M", "M.", "Mr"), "F": ("Mme",)})
    rows = sql.execute(
        f"select {expression} from (values ('m.'), ('MR'), ('mme.'), ('Dr'), ('')) as t(cell)"
    ).fetchall()
    assert rows == [("M",), ("M",), ("F",), (None,), (None,)]


def test_a_flag_is_one_of_the_words_as_written(sql: duckdb.DuckDBPyConnection) -> None:
    given = one_of_sql("cell", ["yes", "d'accord"])
    assert _one(sql, f"(select {given} from (select $cell as cell))", cell="d'accord")
    assert not _one(sql, f"(select {one_of_sql('cell', [])} from (select '' as cell))")


def test_a_blank_list_is_not_stated(sql: duckdb.DuckDBPyConnection) -> None:
    rows = sql.execute(f"select {list_sql('cell', '|')} from (values ('a| b |'), (''), ('c')) as t(cell)").fetchall()
    assert rows == [(["a", "b"],), (None,), (["c"],)]


def test_text_loses_nul_format_characters_and_outer_spaces_only(sql: duckdb.DuckDBPyConnection) -> None:
    assert _one(sql, "clean_text($cell, false)", cell="\u00a0An\0ne\u200b  Marie\t") == "Anne  Marie"
    assert _one(sql, "unguarded($cell)", cell="'7210") == "7210"


RECORD = '{"a": {"b": "x"}, "n": 3.36E+10, "list": [{"key": "k", "c": ["u", "v"]}, {"key": "l", "c": []}], "flag": 1}'


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.b", "x"),
        ("flag", "1"),
        ("list[key=k].c[1]", "v"),
        ("list[key=l].c[0]", ""),
        ("list[key=absent].c[0]", ""),
        ("list[0].key", "k"),
        ("list[7].key", ""),
        ("nothing.here", ""),
    ],
)
def test_a_path_reads_its_text_or_the_empty_string(sql: duckdb.DuckDBPyConnection, path: str, wanted: str) -> None:
    parsed = f"(select from_json($record, '{structure_of([path])}') as r)"
    assert _one(sql, f"(select {expression_of(path, 'r')} from {parsed})", record=RECORD) == wanted


@pytest.mark.parametrize("path", ["", "a..b", "a[", "a[b]", "[0]"])
def test_a_path_outside_the_grammar_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        parse_path(path)


def test_a_number_with_lost_digits_stays_as_written(tmp_path: Path) -> None:
    feed = next(f for f in read_dossier(write_dossier(tmp_path)).feeds if f.format == "jsonl")
    line = b'{"id": "1", "agreed": 1, "form": [{"name": "mobile", "value": 3.36E+10}]}\n'
    connection = connect()
    DeliveredLines(connection, io.BytesIO(line), feed)
    reader = JsonLinesReader(USUAL_LIMITS.nesting, USUAL_LIMITS.digits)
    records = reader.read_records(connection, feed, reader.read_header(connection, feed))
    place = records.positions["form[name=mobile].value"]
    assert connection.execute(f"select cells[{place}] from records").fetchone() == ("3.36E+10",)
    connection.close()


def test_labels_compare_without_accents_case_and_spaces_and_metafields_by_key() -> None:
    assert plain_label("  Téléphone   MOBILE ") == "telephone mobile"
    assert plain_label("Naissance (customer.metafields.facts.birth_date)") == "customer.metafields.facts.birth_date"


@pytest.mark.parametrize("text", ["Prénom", "L'Haÿ-les-Roses", "Île", "Œuvre — fin", "naïve"])
def test_mojibake_is_turned_back(text: str) -> None:
    damaged = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())
    assert damaged != text
    assert repair_mojibake(damaged) == text


@given(text=st.text(alphabet="abcÉéàçœ’ ÃÂ€", max_size=30))
def test_mojibake_of_any_french_text_is_turned_back_and_french_text_is_left_alone(text: str) -> None:
    if not any(char in text for char in "ÃÂ"):
        assert repair_mojibake(text) == text
    assume(repair_mojibake(text) == text)  # else it is itself a misread text, and is turned back twice
    damaged = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())
    assert repair_mojibake(damaged) == text


@pytest.mark.parametrize(
    ("cell", "code"), [("France", "FR"), ("FRANCE", "FR"), ("fr", "FR"), ("Belgique", "BE"), ("", None)]
)
def test_a_country_written_out_is_its_code(sql: duckdb.DuckDBPyConnection, cell: str, code: str | None) -> None:
    assert _one(sql, "country_of($cell)", cell=cell) == code


@pytest.mark.parametrize(
    ("pattern", "cell", "at"),
    [
        ("DD-MM-YYYY", "02-03-2026", datetime(2026, 3, 1, 23)),
        ("DD.MM.YYYY HH:MM", "2.3.2026 9:05", datetime(2026, 3, 2, 8, 5)),
        ("MM/DD/YYYY HH:MM:SS", "03/02/2026 09:05:07", datetime(2026, 3, 2, 8, 5, 7)),
        ("MM/DD/YYYY HH:MM:SS", "13/02/2026 09:05:07", None),
        ("MMM D, YYYY", "Mar 2, 2026", datetime(2026, 3, 1, 23)),
        ("YYYYMMDD", "20260302", datetime(2026, 3, 1, 23)),
        ("YYYYMMDD", "2026032", None),
        ("DD.MM.YY HH:MM", "02.03.26 09:05", datetime(2026, 3, 2, 8, 5)),
        ("DD-MM-YYYY", "31-02-2026", None),
        ("DD-MM-YYYY", "02-03-26", None),
        ("epoch_seconds", "1772442307", datetime(2026, 3, 2, 9, 5, 7)),
        ("epoch_milliseconds", "1772442307250", datetime(2026, 3, 2, 9, 5, 7, 250_000)),
        ("epoch_seconds", "1772442307250", None),
    ],
)
def test_a_composed_pattern_reads_what_it_says_and_nothing_else(
    sql: duckdb.DuckDBPyConnection, pattern: str, cell: str, at: datetime | None
) -> None:
    found = _instant(sql, cell, pattern)
    assert (found and found[0]) == at


@pytest.mark.parametrize(
    ("cell", "born"),
    [("02.03.80", date(1980, 3, 2)), ("02.03.05", date(2005, 3, 2)), ("02.03.24", date(1924, 3, 2)), ("02.03", None)],
)
def test_a_short_year_of_birth_makes_an_adult_in_any_pattern(
    sql: duckdb.DuckDBPyConnection, cell: str, born: date | None
) -> None:
    assert _one(sql, birth_date_sql("$cell::varchar", ["DD.MM.YY"], TODAY), cell=cell) == born


@pytest.mark.parametrize(
    ("text", "is_pattern"),
    [
        ("DD/MM/YYYY HH:MM", True),
        ("YYYY-MM-DDTHH:MM:SS", True),
        ("YYYY", False),
        ("MM/YYYY", False),
        ("DD/MM/YYYY HH", False),
        ("DD/DD/YYYY", False),
        ("DD/MM/YYYY %H", False),
        ("dd/mm/yyyy", False),
        ("", False),
    ],
)
def test_a_pattern_needs_a_whole_date(text: str, is_pattern: bool) -> None:
    assert (read_pattern(text) is not None) == is_pattern


@pytest.mark.parametrize(
    ("given_words", "refused", "separator", "cell", "flag"),
    [
        (["1", "2"], ["0", ""], None, "2", "given"),
        (["1"], ["0", ""], None, "", "refused"),
        (["1"], ["0"], None, "", None),
        (["*"], ["Non", ""], None, "Oui, bien sûr", "given"),
        (["*"], ["Non", ""], None, "Non", "refused"),
        (["*"], [], None, "", None),
        (["SMS"], [""], " / ", "Appel / SMS", "given"),
        (["SMS"], [""], " / ", "/ SMS", "given"),
        (["SMS"], [""], " / ", "Appel", None),
        (["SMS"], ["Appel", ""], " / ", "Appel", "refused"),
        (["SMS"], ["Appel", ""], " / ", "Appel / SMS", None),
        (["SMS"], [""], " / ", "", "refused"),
    ],
)
def test_the_flag_of_one_answer_or_of_several(
    sql: duckdb.DuckDBPyConnection,
    given_words: list[str],
    refused: list[str],
    separator: str | None,
    cell: str,
    flag: str | None,
) -> None:
    assert (
        _one(sql, f"(select {flag_sql('c', given_words, refused, separator)} from (select $cell as c))", cell=cell)
        == flag
    )


@pytest.mark.parametrize(
    ("cell", "separator", "parts"),
    [
        ('["sms", "voice"]', ",", ["sms", "voice"]),
        ("[]", ",", []),
        ("[sms, voice]", ",", ["[sms", "voice]"]),
        ("Texto / Appel", " / ", ["sms", "voice"]),
        ("/ Texto", " / ", ["sms"]),
        ("fax", None, ["fax"]),
        ("", ",", None),
    ],
)
def test_a_list_cell_in_the_partners_words(
    sql: duckdb.DuckDBPyConnection, cell: str, separator: str | None, parts: list[str] | None
) -> None:
    words = {"sms": ("Texto",), "voice": ("Appel",)}
    assert _one(sql, f"(select {list_sql('c', separator, words)} from (select $cell as c))", cell=cell) == parts
