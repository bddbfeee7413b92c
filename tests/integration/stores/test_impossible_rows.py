"""Each constraint of the ledger refuses what it is there for, on both engines, and says so without a value of the row."""

import traceback

import pytest
from sqlalchemy import ForeignKeyConstraint, delete, insert, select

from stores.migrations.migrate import migrate
from stores.operations.all_tables import metadata
from stores.operations.database import RowRefused, insert_once, open_operations, transaction
from tests.scenes.possible_rows import CANARY, POSSIBLE, constraints, impossible

CONSTRAINTS = {constraint.name: (table, constraint, column) for table, constraint, column in constraints()}
NAMES = sorted(CONSTRAINTS)  # every process of a test run sees one order


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ledger(request, tmp_path_factory):
    """An empty ledger that migrations made; what is tried in it is refused, and leaves it empty."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('ledger')}/operations.sqlite"
    else:
        url = request.getfixturevalue("postgres_server").new_database()
    engine = open_operations(url)
    migrate(engine)
    yield engine
    engine.dispose()


def _write(work, name, row):
    """Write the possible row of each table before one, and this row into it."""
    for table in metadata.sorted_tables:
        work.execute(insert(table).values(row if table.name == name else POSSIBLE[table.name]))
        if table.name == name:
            break


def test_a_possible_row_of_each_table_is_let_in(ledger):
    assert set(POSSIBLE) == set(metadata.tables)
    with transaction(ledger) as work:
        _write(work, metadata.sorted_tables[-1].name, POSSIBLE[metadata.sorted_tables[-1].name])
        for table in metadata.sorted_tables:
            assert len(work.execute(select(table)).all()) == 1
        for table in reversed(metadata.sorted_tables):
            work.execute(delete(table))


@pytest.mark.parametrize("name", NAMES)
def test_an_impossible_row_is_refused_by_its_constraint(ledger, name):
    table, constraint, column = CONSTRAINTS[name]
    rows = impossible(table, constraint, column)
    assert rows, "a constraint that nobody tries to break"
    unnamed = ledger.dialect.name == "sqlite" and isinstance(constraint, ForeignKeyConstraint)
    for row in rows:
        with pytest.raises(RowRefused, match="FOREIGN KEY" if unnamed else rf"\b{name}\b") as raised:
            with transaction(ledger) as work:
                _write(work, table.name, row)
        told = "".join(traceback.format_exception(raised.value))
        assert CANARY not in told and table.name in told
    with ledger.connect() as reading:
        assert all(reading.execute(select(table)).first() is None for table in metadata.sorted_tables)


def test_a_row_that_others_refer_to_does_not_go(ledger):
    referred = {key.column.table for table in metadata.sorted_tables for key in table.foreign_keys}
    for table in sorted(referred, key=lambda table: table.name):
        if table.name == "deliveries":
            continue  # tried below: the decisions refer to it
        with pytest.raises(RowRefused), transaction(ledger) as work:
            _write(work, metadata.sorted_tables[-1].name, POSSIBLE[metadata.sorted_tables[-1].name])
            work.execute(delete(table))


@pytest.mark.parametrize(
    ("change", "words"),
    [({}, "gateway_heartbeats"), ({"gateway": CANARY + "2", "seen_at": None}, "seen_at")],
    ids=["a key twice", "a missing value"],
)
def test_a_key_twice_and_a_missing_value_are_told_without_the_row(ledger, change, words):
    table = metadata.tables["gateway_heartbeats"]
    with pytest.raises(RowRefused, match=words) as raised, transaction(ledger) as work:
        work.execute(insert(table).values(POSSIBLE[table.name]))
        work.execute(insert(table).values(POSSIBLE[table.name] | change))
    assert CANARY not in "".join(traceback.format_exception(raised.value))


def test_a_row_that_is_inserted_once_is_refused_too(ledger):
    """`on conflict do nothing` is about keys: a broken rule is no conflict."""
    table = metadata.tables["replies"]
    with pytest.raises(RowRefused, match="replies_meaning_known"), transaction(ledger) as work:
        insert_once(work, table, [POSSIBLE["replies"] | {"meaning": "maybe"}])
