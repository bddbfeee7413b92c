"""Ties against the partners' truth: every address that quiz-hexagone and lumiere delivered, by the real job of ties.

The files are read here by a few lines of their own, so that an error of `partners_ingest` cannot hide one of
`territories`. The contacts' last row is that chain's business: a contact is compared where all its rows agree or one of
them gives the truth's five values.
"""

import csv
import gzip
import io
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from open_data.load import refresh_open_data
from open_data.sources import read_sources
from stores.engine import connect
from stores.lake import reading_name
from stores.operations import database, delivery_tables
from stores.schemas.territory_tables import ADDRESS_TIES
from stores.schemas.vault_tables import ADDRESSES
from terms.clock import Clock
from territories.tie import tie_addresses
from tests.scenes.fresh_home import fresh_stores

ROOT = Path(__file__).resolve().parents[2]
DATA = (ROOT / os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"no shared data at {DATA}")
PARTNERS = {"quiz-hexagone", "lumiere"}


def quiz_rows(text):
    for line, record in enumerate(text.split("\n"), 1):
        try:
            form = {item["variable"]: item["responses"] for item in json.loads(record)["form"]}
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
        street, postcode, city = ((form.get(key) or [{}])[0].get("value", "") for key in ("address", "zip", "city"))
        yield line, street, postcode, city, "FR"


def shop_rows(text):
    reader = csv.reader(io.StringIO(text, newline=""))
    header, line = next(reader), reader.line_num + 1
    for cells in reader:
        row = dict(zip(header, cells, strict=False))
        fields = [
            row.get(f"Default Address {name}", "") for name in ("Address1", "Address2", "Zip", "City", "Country Code")
        ]
        yield line, " ".join(filter(None, fields[:2])), *fields[2:]
        line = reader.line_num + 1


def unpacked(path):
    try:
        return (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode(
            "utf-8-sig", "replace"
        )
    except EOFError:
        return ""


def delivered():
    """Return (partner, file, line) -> (street, postcode, city, country), postcodes as partners README §2 cleans them."""
    rows = {}
    for partner, pattern, read in (("quiz-hexagone", "*.jsonl.gz", quiz_rows), ("lumiere", "*", shop_rows)):
        for path in sorted((DATA / "partners" / "landing" / partner).glob(pattern)):
            text = unpacked(path)
            for line, street, postcode, city, country in read(text) if text else ():
                clean = re.sub(r"^'|^F-|\.0$|\s", "", postcode.strip())
                rows[partner, path.name, line] = (street, clean.zfill(5) if clean else "", city, country)
    return rows


@pytest.fixture(scope="module")
def tied(tmp_path_factory):
    """The delivered rows, and the ties by (address key, map)."""
    folder = tmp_path_factory.mktemp("ties-home")
    stores = fresh_stores(folder)
    clock = Clock(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    sources = read_sources(ROOT / "config" / "open_data")
    refresh_open_data(stores, DATA / "open", sources, clock, lambda text: None)
    rows = delivered()
    write_delivery(stores.engine, stores.vault, sorted(set(rows.values())))
    report = tie_addresses(stores, lambda text: None)
    cursor = connect().execute(stores.lake.sql(ADDRESS_TIES, [report.ties_sha256]))
    names = [column[0] for column in cursor.description]
    ties = {(row[0], row[1]): dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    return rows, ties, report


def write_delivery(engine, vault, addresses):
    import pyarrow

    connection = connect()
    vault.unlock(connection)
    columns = list(zip(*((json.dumps(address), *address) for address in addresses), strict=True))
    table = pyarrow.table(dict(zip(ADDRESSES.names(), columns, strict=True)))
    connection.register("addresses", table)
    vault.write(connection, ADDRESSES, reading_name("truth", 1), "select * from addresses")
    row = {"delivery_id": "truth", "partner_id": "p", "feed_id": "f", "kind": "optins", "mode": "delta"}
    row |= {
        "file_name": "truth",
        "sha256": "0" * 64,
        "bytes": 1,
        "warnings_json": "[]",
        "outcome": "accepted",
        "reading": 1,
    }
    row |= {"exported_at": 1, "arrived_at": 1, "taken_in_at": 1}
    with database.transaction(engine) as transaction:
        database.insert_once(transaction, delivery_tables.deliveries, [row])


def five_values(ties, key):
    old, new = ties[key, "2022"], ties[key, "2026"]
    return (new["commune_code"], new["address_id"], new["bureau_code"], old["bureau_code"], new["iris_code"])


def truth():
    with (DATA / "partners" / "truth" / "contacts.jsonl").open(encoding="utf-8") as lines:
        contacts = [json.loads(line) for line in lines]
    return [one for one in contacts if {row["partner"] for row in one["opt_ins"]} <= PARTNERS]


def test_every_contact_has_the_truths_address_bureaux_iris_and_commune(tied):
    rows, ties, _ = tied
    contacts = truth()
    wrong = 0
    for one in contacts:
        wanted = tuple(one[key] for key in ("commune", "address_id", "bureau_2026", "bureau_2022", "iris"))
        keys = {json.dumps(rows[row["partner"], row["file"], row["line"]]) for row in one["opt_ins"]}
        wrong += wanted not in {five_values(ties, key) for key in keys}
    assert len(contacts) > 2000
    assert sum(one["address_id"] is not None for one in contacts) > 1600
    assert wrong == 0


def test_only_exact_addresses_are_stated_where_the_truth_knows_only_those(tied):
    _, ties, report = tied
    assert report.maps == ("2022", "2026")
    assert "near" not in report.kinds
    assert report.kinds["exact"] > 2400
    stated = [row for row in ties.values() if row["address_id"] is not None]
    assert {row["match_kind"] for row in stated} == {"exact"}
    assert all(row["bureau_code"] is None for row in ties.values() if row["address_id"] is None)
