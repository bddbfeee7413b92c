"""A filled ledger gets its constraints by a migration that changes no row, or refuses in words and changes nothing."""

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select, text, update

from stores.migrations import migrate as migrating
from stores.migrations.migrate import migrate
from stores.operations.all_tables import metadata
from stores.operations.database import RowRefused, open_operations, rewriting, transaction
from terms.errors import UsageError
from tests.scenes.possible_rows import POSSIBLE

BEFORE = "0020"


def _at(url, revision):
    """A ledger of an earlier schema, as its code left it."""
    engine = open_operations(url)
    with rewriting(engine) as work:
        command.upgrade(migrating._config(work), revision)
    return engine


def _fill(engine):
    """Write two rows that refer to each other wherever rows may, the one that is referred to last."""
    again = POSSIBLE["deliveries"] | {"delivery_id": "c", "outcome": "duplicate", "duplicate_of": "d"}
    again |= {"reason": "DUPLICATE_BYTES", "reading": 0}
    with transaction(engine) as work:
        work.execute(insert(metadata.tables["deliveries"]).values(again))
        for table in reversed(_tables(work)):
            work.execute(insert(table).values(POSSIBLE[table.name]))


def _tables(work):
    """The tables of the models that a database has: those of a later schema are not in an earlier one."""
    there = set(inspect(work).get_table_names())
    return [table for table in metadata.sorted_tables if table.name in there]


def _rows(engine):
    with engine.connect() as reading:
        return {table.name: reading.execute(select(table)).all() for table in _tables(reading)}


def _schema(engine):
    """What a database says of itself: columns, keys, indexes with their conditions, rules, references."""
    with engine.connect() as reading:
        seen = inspect(reading)
        return {
            table.name: {
                "columns": sorted(
                    (column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(table.name)
                ),
                "key": seen.get_pk_constraint(table.name)["constrained_columns"],
                "indexes": sorted(map(_index, seen.get_indexes(table.name))),
                "unique": sorted(sorted(key["column_names"]) for key in seen.get_unique_constraints(table.name)),
                "rules": {rule["name"]: rule["sqltext"] for rule in seen.get_check_constraints(table.name)},
                "references": {key["name"]: key for key in seen.get_foreign_keys(table.name)},
            }
            for table in _tables(reading)
        }


def _index(told):
    options = sorted((name, str(value)) for name, value in told.get("dialect_options", {}).items() if value is not None)
    return told["name"], tuple(told["column_names"]), bool(told["unique"]), str(options)


def test_migrations_and_models_ask_for_the_same_rules_and_references(operations_url, request, tmp_path):
    """Alembic compares neither rules nor when a reference is looked at: databases made in both ways are compared."""
    migrated = open_operations(operations_url)
    migrate(migrated)
    other = f"sqlite:///{tmp_path}/made.sqlite"
    if migrated.dialect.name == "postgresql":
        other = request.getfixturevalue("postgres_server").new_database()
    made = open_operations(other)
    with transaction(made) as work:
        metadata.create_all(work)
    ours, theirs = _schema(migrated), _schema(made)
    for name in ours:
        assert ours[name] == theirs[name], name
    assert sum(len(table["rules"]) for table in ours.values()) > 100


def test_a_filled_ledger_keeps_every_row_and_index_and_refuses_from_then_on(operations_url):
    engine = _at(operations_url, BEFORE)
    _fill(engine)
    before, was = _rows(engine), _schema(engine)
    assert migrate(engine) == migrating.head()
    after = _rows(engine)
    assert {name: after[name] for name in before} == before and all(before.values())
    assert all(rows == [] for name, rows in after.items() if name not in before)
    now = _schema(engine)
    for name, told in was.items():
        assert {part: now[name][part] for part in ("columns", "key", "indexes", "unique")} == {
            part: told[part] for part in ("columns", "key", "indexes", "unique")
        }, name
    living = POSSIBLE["plans"] | {"plan_id": "another", "state": "planned", "is_paused": 0}
    with pytest.raises(RowRefused, match="plans"), transaction(engine) as work:
        work.execute(insert(metadata.tables["plans"]).values(living))  # the campaign has a living one
    with pytest.raises(RowRefused), transaction(engine) as work:
        work.execute(update(metadata.tables["messages"]).values(send_id="elsewhere"))  # its events stay behind
    with transaction(engine) as work:  # both move together, in whatever order
        work.execute(update(metadata.tables["message_events"]).values(send_id="elsewhere"))
        work.execute(update(metadata.tables["messages"]).values(send_id="elsewhere"))


def test_a_ledger_with_impossible_rows_is_told_what_they_are_and_stays_as_it_was(operations_url):
    engine = _at(operations_url, BEFORE)
    _fill(engine)
    events, messages = metadata.tables["message_events"], metadata.tables["messages"]
    orphans = [POSSIBLE["message_events"] | {"event_id": str(i), "send_id": f"gone-{i}"} for i in range(3)]
    with transaction(engine) as work:
        work.execute(insert(events), orphans)
        work.execute(update(messages).values(state="SENT", attempt=-1))
    before, was = _rows(engine), _schema(engine)
    with pytest.raises(UsageError, match="nothing was changed") as raised:
        migrate(engine)
    told = str(raised.value)
    assert "message_events: 3 rows have a send_id that is in no row of messages" in told
    assert "messages: 1 rows break messages_state_known" in told
    assert "messages: 1 rows break messages_attempt_not_below" in told
    assert "then run `filiation init` again" in told and "gone-" not in told and "SENT" not in told
    assert (_rows(engine), _schema(engine)) == (before, was)
    with engine.connect() as reading:
        assert reading.execute(text("select version_num from alembic_version")).scalar_one() == BEFORE
        listing = next(line for line in told.splitlines() if line.startswith("message_events")).partition(": select")[2]
        assert len(reading.execute(text(f"select{listing}")).all()) == 3, "the query that is told lists the rows"
    with transaction(engine) as work:
        work.execute(events.delete().where(events.c.send_id.startswith("gone-")))
        work.execute(update(messages).values(state="ACCEPTED", attempt=1))
    assert migrate(engine) == migrating.head()


def test_a_ledger_is_not_downgraded(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    with pytest.raises(NotImplementedError, match="restore a backup instead"), rewriting(engine) as work:
        command.downgrade(migrating._config(work), BEFORE)


def test_a_connection_that_wrote_tables_anew_looks_at_references_again(tmp_path):
    engine = open_operations(f"sqlite:///{tmp_path}/operations.sqlite")
    migrate(engine)
    for _ in range(3):  # whichever connection the pool gives
        with pytest.raises(RowRefused, match="FOREIGN KEY"), transaction(engine) as work:
            work.execute(insert(metadata.tables["approvals"]).values(POSSIBLE["approvals"]))
