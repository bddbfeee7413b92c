"""The SQL phone rule on every national number there can be, in every written form, against the pinned library.

No pattern of the library for France or its territories looks beyond the fifth digit of a national number
(feeds.md 4.4; checked here), so 90,000 prefixes stand for all of them. Numbers are arithmetic, none is written out.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType

from partners_ingest.rows.phone import NOWHERE, OVERSEAS, OVERSEAS_LANDLINES, read_phone
from partners_ingest.rows.phone_cells import read_phone_cells
from stores.engine import connect
from terms.environment import NumberRules

#: Written forms as SQL over `nsn`, the nine digits of the national number.
FORMS = (
    "'0' || nsn",
    "'+33' || nsn",
    "'0033' || nsn",
    "'33' || nsn",
    "'330' || nsn",
    "'+330' || nsn",
    "nsn",
    "'+33 (0)' || nsn",
    "'0' || nsn[1] || ' ' || nsn[2:3] || ' ' || nsn[4:5] || ' ' || nsn[6:7] || ' ' || nsn[8:9]",
    "'0' || nsn[1] || '.' || nsn[2:3] || '.' || nsn[4:5] || '.' || nsn[6:7] || '.' || nsn[8:9]",
    "'0' || nsn[1] || chr(8239) || nsn[2:3] || chr(160) || nsn[4:5] || '-' || nsn[6:7] || '/' || nsn[8:9]",
    "chr(39) || '+33' || nsn",
    "'0' || nsn || ' (bureau)'",
    "'0' || nsn || ' poste 12'",
    "'0' || nsn || ' x12'",
    "'=\"0' || nsn || '\"'",
    "'p:+33' || nsn",
    "'Tél. 0' || nsn",
    "chr(8234) || '+33' || nsn || chr(8236)",
    "'(0' || nsn[1] || ') ' || nsn[2:]",
    "replace('0' || nsn, '0', 'O')",
    "nsn || '.0'",
    "translate('0' || nsn, '0123456789', '０１２３４５６７８９')",
    "nsn[1] || ',' || nsn[2:] || 'E+08'",
    "'0' || nsn || ' / 0' || nsn",
    "'0' || nsn || ' ou 0' || nsn",
    "'0' || nsn || '0' || nsn",
)
TAIL = "4713"

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def read() -> Iterator[duckdb.DuckDBPyConnection]:
    """`phones` of all prefixes in all forms; `line_number` = prefix * 100 + form."""
    connection = connect()
    listed = ", ".join(f"{{'form': {number}, 'cell': {form}}}" for number, form in enumerate(FORMS))
    connection.execute(
        f"""
        create table cells as
        with numbers as (select range as prefix, range::varchar || '{TAIL}' as nsn from range(10000, 100000)),
        written as (select prefix, unnest([{listed}], recursive := true) from numbers)
        select prefix * 100 + form as line_number, [cell] as phones, null::varchar as country,
            null::varchar as postcode
        from written
        """
    )
    read_phone_cells(connection, "cells", NumberRules.LIVE)
    yield connection
    connection.close()


def test_no_pattern_looks_beyond_the_fifth_digit() -> None:
    for region in ("FR", "RE", "YT", "GP", "MQ", "GF"):
        metadata = PhoneMetadata.metadata_for_region(region)
        assert metadata is not None and metadata.mobile is not None
        assert metadata.mobile.national_number_pattern.endswith(r"\d{4}") or region == "FR"


def test_every_form_is_decided_in_sql(read: duckdb.DuckDBPyConnection) -> None:
    assert read.execute("select count(*) from phones").fetchone() == (90_000 * len(FORMS),)
    assert read.execute("select count(*) from phones where is_left").fetchone() == (0,)


def test_every_form_of_a_number_says_the_same(read: duckdb.DuckDBPyConnection) -> None:
    differing = read.execute(
        "select count(*) from (select line_number // 100 as prefix from phones group by prefix"
        " having count(distinct (e164, kind, zone, code)) > 1)"
    ).fetchone()
    assert differing == (0,)


def test_sql_says_what_python_says(read: duckdb.DuckDBPyConnection) -> None:
    rows = read.execute(
        "select line_number // 100, e164, kind, zone, code from phones where line_number % 100 = 0"
    ).fetchall()
    wrong = [prefix for prefix, *found in rows if found != _rule(prefix)]
    assert wrong == []


def _rule(prefix: int) -> list[str | None]:
    found = read_phone(f"0{prefix}{TAIL}", NOWHERE, NumberRules.LIVE)
    return [found.e164, found.kind, found.zone, found.code.value if found.code else None]


def test_a_mainland_mobile_is_what_the_pinned_library_calls_one(read: duckdb.DuckDBPyConnection) -> None:
    rows = read.execute(
        "select line_number // 100, e164, kind from phones where line_number % 100 = 0 and e164 like '+33%'"
    ).fetchall()
    fiction = int("63998")
    wrong = [
        prefix
        for prefix, e164, kind in rows
        if prefix != fiction and (kind == "mobile") != (_library_type(33, prefix) == PhoneNumberType.MOBILE)
    ]
    assert wrong == []


def test_every_mobile_of_the_library_keeps_its_territory(read: duckdb.DuckDBPyConnection) -> None:
    """Of the ranges that are dispatched by prefix, what the library knows as a mobile there is read as that number."""
    rows = dict(read.execute("select line_number // 100, e164 from phones where line_number % 100 = 0").fetchall())
    for start, code in OVERSEAS.items():
        for prefix in range(int(start) * 100, int(start) * 100 + 100):
            if _library_type(int(code), prefix) == PhoneNumberType.MOBILE:
                assert rows[prefix] == f"+{code}{prefix}{TAIL}"


def test_no_mainland_number_begins_like_an_overseas_landline() -> None:
    prefixes = [int(start) * 100 + after for start in OVERSEAS_LANDLINES for after in range(100)]
    assert {_library_type(33, prefix) for prefix in prefixes} == {PhoneNumberType.UNKNOWN}


def _library_type(country_code: int, prefix: int) -> int:
    number = PhoneNumber(country_code=country_code, national_number=int(f"{prefix}{TAIL}"))
    return int(phonenumbers.number_type(number))
