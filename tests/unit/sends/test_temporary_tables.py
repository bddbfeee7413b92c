"""Temporary tables are what their declaration says: a step that lacks a column fails where it fills the table."""

import duckdb
import pytest

from sends.plans.temporary_tables import HELD, TABLES, Column, TemporaryTable

ONE = "11111111-1111-1111-1111-111111111111"
PAIR = TemporaryTable("pair", "one pair", {"a": Column("integer", "first"), "b": Column("varchar", "second")})


@pytest.fixture
def base():
    with duckdb.connect() as connection:
        yield connection


def test_every_table_says_its_grain_and_what_each_column_holds(base):
    assert len({table.name for table in TABLES}) == len(TABLES)
    for table in TABLES:
        assert len(table.grain) > 20 and all(column.meaning for column in table.columns.values()), table.name
        table.create(base)
        described = {name: kind.lower() for name, kind, *_ in base.execute(f"describe {table.name}").fetchall()}
        assert described == {name: column.type for name, column in table.columns.items()}


def test_rows_are_put_in_by_name(base):
    PAIR.fill(base, "select $b as b, 1 as a, true as another", {"b": "x"})
    PAIR.add(base, "select 2 as a, 'y' as b")
    assert base.execute("select * from pair order by a").fetchall() == [(1, "x"), (2, "y")]
    assert PAIR.count(base) == 2


def test_a_query_that_lacks_a_column_fails(base):
    with pytest.raises(duckdb.BinderException, match='"b"'):
        PAIR.fill(base, "select 1 as a")


def test_a_table_of_an_earlier_order_is_replaced(base):
    HELD.fill(base, "select $id::uuid as contact_id", {"id": ONE})
    HELD.create(base)
    assert HELD.count(base) == 0
