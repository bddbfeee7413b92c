"""Keyed hashes agree between Python and SQL; every column of every store is classed."""

import hmac
from hashlib import sha256
from uuid import UUID

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column

from stores.keys import KeyedHash, Keys, RowHash, derive_file_keys, derive_keys, fingerprint
from stores.operations.all_tables import metadata
from stores.schemas import all_tables, vault_tables
from stores.schemas.column_classes import Privacy
from terms.settings import load_settings

SETTINGS = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere/home"})


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30), st.binary(min_size=1, max_size=64))
def test_sql_and_python_hash_alike(text, key):
    keyed = KeyedHash(key)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {KeyedHash.sql('$text', 'k')}", {"text": text, **keyed.parameters("k")}
        ).fetchone()
    assert found == (hmac.new(key, text.encode(), "sha256").hexdigest(),)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=100), st.binary(min_size=32, max_size=32))
def test_sql_and_python_hash_a_row_alike(text, key):
    keyed = RowHash(key)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {RowHash.sql('$text', 'k')}", {"text": text, **keyed.parameters("k")}
        ).fetchone()
    assert found == (keyed.hex(text),) == (sha256(key + text.encode()).digest()[:16].hex(),)


def test_the_contact_id_is_the_same_in_sql():
    keys = derive_keys(SETTINGS)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {Keys.contact_id_sql('$number')}",
            {"number": "+33639980042", **keys.contact.parameters("contact")},
        ).fetchone()
    assert found == (UUID(keys.contact_id("+33639980042")),)


def test_keys_of_purposes_differ_and_are_not_printed():
    keys = derive_keys(SETTINGS)
    assert len({keys.contact.key, keys.source.key, keys.address.key, keys.ip.key, keys.suppression.key}) == 5
    files = derive_file_keys(SETTINGS)
    assert files.evidence != files.vault
    assert files.vault.hex()[:8] not in repr(files)
    assert fingerprint(files.vault) != fingerprint(files.evidence)


@pytest.mark.parametrize("table", [*all_tables.LAKE_TABLES, *all_tables.SNAPSHOT_TABLES, vault_tables.LINE_COMMITMENTS])
def test_no_identity_outside_the_vault(table):
    assert not [column.name for column in table.columns if column.privacy is Privacy.IDENTITY]


@pytest.mark.parametrize("table", [*all_tables.LAKE_TABLES, *all_tables.VAULT_TABLES, *all_tables.SNAPSHOT_TABLES])
def test_every_table_says_its_grain_and_has_its_key(table):
    assert table.grain
    assert set(table.key) <= set(table.names())
    assert len(set(table.names())) == len(table.names())


def _columns() -> list[Column]:
    return [column for table in metadata.tables.values() for column in table.columns]


@pytest.mark.parametrize("column", _columns(), ids=str)
def test_every_column_of_the_operations_database_is_classed(column):
    assert column.info.get("privacy") in set(Privacy), f"class {column} in stores/operations.py"
    assert column.info["privacy"] is not Privacy.IDENTITY, "identity belongs to the vault"
