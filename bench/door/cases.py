"""The door against plain DuckDB on the same bytes, and the phone rule against the library.

The floor reads the file with DuckDB's own reader (explicit dialect, every column as text), applies the phone rule to
the phone columns, hashes each record and each number with sha256 and writes one Parquet file. It keeps no evidence,
commits to no line, types nothing and finds no fault: what ours takes more is the price of that. It has more memory than it
needs, so that it never spills, and neither keeps the order of the records.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import duckdb
import phonenumbers

from bench.comparison import Case
from bench.door import partner_files
from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.landing import Arrival
from partners_ingest.intake.take_in import take_in
from partners_ingest.rows.phone_cells import read_phone_cells
from stores.all_stores import open_stores
from stores.engine import connect, quoted
from stores.files.parquet import COMPRESSION
from stores.home import init_home
from stores.migrations.migrate import migrate
from terms.environment import NumberRules
from terms.settings import load_settings

# pyarrow loads it with its first array, the door with its contract: that is no work of the phone rule
importlib.import_module("pandas")

_DOSSIERS = Path(__file__).parent / "dossiers"
_PHONES = "phones.parquet"
_FLOOR_MEMORY = "12GB"
#: The library is so slow that it gets every fortieth cell only.
_LIBRARY_SHARE = 40


def take_in_file(file: str, partner: str, folder: Path) -> int:
    """Take one file in as the refresh does, into a fresh home, and return its records.

    Args:
        file: name of the file in `folder`.
        partner: id of the partner whose dossier reads it, a folder of `bench/door/dossiers/`.
        folder: where the file is; the home is made there and removed again.
    """
    home = folder / "home"
    settings = load_settings({**os.environ, "FILIATION_HOME": str(home), "FILIATION_NOW": "2026-11-24T09:00:00+01:00"})
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    arrival = Arrival(partner, folder / file, file, datetime(2026, 11, 23, 5, tzinfo=UTC), is_logged=True)
    dossiers = read_dossiers(_DOSSIERS)
    (report,) = take_in(stores, [arrival], dossiers, stores.clock, settings.environment, lambda _: None)
    stores.engine.dispose()
    shutil.rmtree(home)
    assert report.outcome == "accepted" and report.data_rows, report
    return report.data_rows


def read_csv_plainly(file: str, phones: tuple[str, ...], folder: Path) -> int:
    """Do the floor for a CSV file and return its records.

    Args:
        file: name of the file in `folder`.
        phones: labels of the columns that hold phone numbers.
        folder: where the file is and the result is written.
    """
    connection = _connect_plainly(folder)
    with (folder / file).open(encoding="utf-8") as handle:
        labels = next(handle).rstrip("\n").split(",")
    columns = ", ".join(f"'{quoted(label)}': 'VARCHAR'" for label in labels)
    connection.execute(
        "create view records as select row_number() over () as line_number, *"
        f" from read_csv('{quoted(folder / file)}', columns = {{{columns}}}, auto_detect = false, header = true,"
        " delim = ',', quote = '\"', escape = '\"', new_line = '\\n')"
    )
    return _write_plainly(connection, [f'"{label}"' for label in labels], [f'"{label}"' for label in phones], folder)


def read_json_plainly(folder: Path) -> int:
    """Do the floor for the JSON lines of Qualifio and return their records."""
    connection = _connect_plainly(folder)
    answers = "STRUCT(variable VARCHAR, responses STRUCT(value VARCHAR)[])[]"
    columns = (
        "{'id': 'VARCHAR', 'ip': 'VARCHAR', 'url': 'VARCHAR', 'completedAt': 'VARCHAR', 'state': 'VARCHAR',"
        f" 'browser': 'STRUCT(userAgent VARCHAR)', 'campaign': 'STRUCT(id VARCHAR)', 'form': '{answers}',"
        " 'optins': 'STRUCT(variable VARCHAR, description VARCHAR, response VARCHAR)[]'}"
    )
    fields = ", ".join(f"form[{place}].responses[1].value as answer_{place}" for place in range(1, 10))
    connection.execute(
        'create view records as select row_number() over () as line_number, id, ip, url, "completedAt", state,'
        f' browser."userAgent" as agent, campaign.id as campaign, {fields}, optins[2].description as notice,'
        f" optins[2].response as flag from read_json('{quoted(folder / partner_files.QUALIFIO_FILE)}',"
        f" columns = {columns}, format = 'newline_delimited')"
    )
    cells = ["id", "ip", "url", "state", "notice", "flag", *(f"answer_{place}" for place in range(1, 10))]
    return _write_plainly(connection, cells, ["answer_6"], folder)


def _connect_plainly(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = connect(spill_to=folder)
    connection.execute(f"set memory_limit = '{_FLOOR_MEMORY}'")
    return connection


def _write_plainly(connection: duckdb.DuckDBPyConnection, cells: list[str], phones: list[str], folder: Path) -> int:
    connection.execute("set preserve_insertion_order = false")
    source = f"select *, [{', '.join(phones)}] as phones, 'FR' as country, '' as postcode from records"
    read_phone_cells(connection, f"({source})", NumberRules.BENCH)
    written = connection.execute(
        f"copy (select * exclude (country, postcode, is_left), sha256(e164) as number_hash,"
        f" sha256(concat_ws(',', {', '.join(cells)})) as record_hash from phones) to '{quoted(folder / 'floor.parquet')}' (format parquet, {COMPRESSION})"
    ).fetchone()
    connection.close()
    assert written is not None  # a copy tells its rows
    return int(written[0])


def write_phones(folder: Path, records: int) -> None:
    """Write phone cells alone, as the generic CSV has them."""
    partner_files.write_generic_csv(folder, records)
    connection = connect()
    connection.execute(
        f"copy (select row_number() over () as line_number, [coalesce(telephone, '')] as phones, 'FR' as country,"
        f" code_postal as postcode from read_csv('{quoted(folder / partner_files.CSV_FILE)}', all_varchar = true))"
        f" to '{quoted(folder / _PHONES)}'"
    )
    connection.close()


def read_phones(folder: Path) -> int:
    """Read all phone cells by our rule; return their number."""
    connection = connect(spill_to=folder)
    read_phone_cells(connection, f"read_parquet('{quoted(folder / _PHONES)}')", NumberRules.BENCH)
    connection.execute("create table read as select line_number, e164, kind, zone, code from phones")
    return _count(connection, "read")


def read_phones_by_library(folder: Path) -> int:
    """Parse, validate and format a share of the phone cells with the library alone; return their number."""
    connection = connect()
    rows = connection.execute(
        f"select phones[1] from read_parquet('{quoted(folder / _PHONES)}') where line_number % {_LIBRARY_SHARE} = 0"
    ).fetchall()
    for (cell,) in rows:
        try:
            number = phonenumbers.parse(cell, "FR")
        except phonenumbers.NumberParseException:
            continue
        phonenumbers.is_valid_number(number)
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return len(rows)


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "phones": Case(
            title="phone cells by the rule",
            floor_title="phonenumbers: parse, validate, format",
            target=1 / 30,
            prepare=write_phones,
            floor=read_phones_by_library,
            ours=read_phones,
        ),
        "csv": Case(
            title="generic CSV",
            floor_title="DuckDB: read, phone rule, sha256, write",
            target=2.5,
            prepare=partner_files.write_generic_csv,
            floor=partial(read_csv_plainly, partner_files.CSV_FILE, ("telephone",)),
            ours=partial(take_in_file, partner_files.CSV_FILE, "csv"),
        ),
        "shopify": Case(
            title="Shopify customers export",
            floor_title="DuckDB: read, phone rule, sha256, write",
            target=2.5,
            prepare=partner_files.write_shopify,
            floor=partial(read_csv_plainly, partner_files.SHOPIFY_FILE, ("Phone", "Default Address Phone")),
            ours=partial(take_in_file, partner_files.SHOPIFY_FILE, "shopify"),
        ),
        "qualifio": Case(
            title="Qualifio participations",
            floor_title="DuckDB: read, phone rule, sha256, write",
            target=4,
            prepare=partner_files.write_qualifio,
            floor=read_json_plainly,
            ours=partial(take_in_file, partner_files.QUALIFIO_FILE, "qualifio"),
        ),
    }
)
