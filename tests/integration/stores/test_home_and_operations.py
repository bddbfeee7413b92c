"""Homes are stamped and locked, migrations and models agree, inserts meet themselves in peace."""

import os
import subprocess
import sys
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from stores.home import init_home, open_home, writer_lock
from stores.migrations.migrate import head, migrate
from stores.migrations.schema_version import newest_revision, require_schema
from stores.operations import all_tables, message_tables
from stores.operations.database import (
    RowRefused,
    connect_to_latest,
    insert_new,
    insert_once,
    open_operations,
    transaction,
)
from terms.errors import UsageError, WriterBusy
from terms.settings import load_settings
from tests.commands import sample_shell
from tests.scenes.possible_rows import POSSIBLE


def _settings(tmp_path, **changes):
    return load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path / "home"), **changes})


def test_a_home_is_made_once_and_opened_again(tmp_path):
    settings = _settings(tmp_path)
    assert init_home(settings) == init_home(settings) == open_home(settings)


def test_a_home_that_was_never_made_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="filiation init"):
        open_home(_settings(tmp_path))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"FILIATION_ENV": "demo"}, "environment"),
        ({"FILIATION_CONTACT_KEY": "other"}, "contact key"),
        ({"FILIATION_VAULT_KEY": "other"}, "vault key"),
    ],
)
def test_a_home_of_another_environment_or_key_is_refused(tmp_path, changes, what):
    init_home(_settings(tmp_path))
    with pytest.raises(UsageError, match=what):
        open_home(_settings(tmp_path, **changes))


def test_an_unwritable_home_is_refused_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    settings = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path / "file" / "home")})
    with pytest.raises(UsageError, match="cannot be written"):
        init_home(settings)


def test_a_second_writer_is_refused_even_from_another_process(tmp_path):
    home = init_home(_settings(tmp_path))
    code = (
        "import os; from stores.home import *; from terms.settings import load_settings\n"
        "with writer_lock(open_home(load_settings(os.environ))): pass"
    )
    environ = {**os.environ, "FILIATION_ENV": "test", "FILIATION_HOME": str(home.root)}
    with writer_lock(home):
        with pytest.raises(WriterBusy), writer_lock(home):
            pass
        done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
        assert "WriterBusy" in done.stderr
    with writer_lock(home):
        pass


def test_migrations_reach_the_models(operations_url):
    engine = open_operations(operations_url)
    with pytest.raises(UsageError, match="schema none.*filiation init"):
        require_schema(engine)
    assert migrate(engine) == migrate(engine) == head() == newest_revision()
    require_schema(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), all_tables.metadata) == []


@pytest.mark.parametrize(("revision", "words"), [("0001", "Run `filiation init`"), ("9999", "newer than this code")])
def test_a_command_on_a_database_of_another_schema_says_what_to_do(tmp_path, revision, words):
    shell = sample_shell(tmp_path / "home")
    assert shell.run("init").code == 0
    engine = open_operations(load_settings(shell.environ()).database_url)
    with transaction(engine) as work:
        work.execute(text("update alembic_version set version_num = :revision"), {"revision": revision})
    answer = shell.run("deliveries", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert revision in answer.err and words in answer.err


def test_an_insert_that_meets_itself_changes_nothing(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    table = message_tables.gateway_heartbeats
    with transaction(engine) as work:
        assert insert_once(work, table, [{"gateway": "a", "seen_at": 1}]) == 1
        assert insert_once(work, table, [{"gateway": "a", "seen_at": 2}]) == 0
        assert insert_once(work, table, [{"gateway": "a", "seen_at": 3}, {"gateway": "b", "seen_at": 3}]) == 1
        assert insert_once(work, table, [{"gateway": "c", "seen_at": 4}, {"gateway": "c", "seen_at": 5}]) == 1
        assert insert_once(work, table, []) == 0
        found = work.execute(select(table.c.gateway, table.c.seen_at).order_by(table.c.gateway)).tuples().all()
        assert found == [("a", 1), ("b", 3), ("c", 4)]


def test_an_insert_of_new_rows_refuses_a_key_that_exists_and_keeps_what_is_null(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    table = message_tables.replies
    rows = [POSSIBLE["replies"] | {"reply_id": name, "contact_id": None} for name in "abc"]
    with transaction(engine) as work:
        insert_new(work, table, [rows[0], rows[1] | {"contact_id": POSSIBLE["replies"]["contact_id"]}])
        insert_new(work, table, [])
    with pytest.raises(RowRefused), transaction(engine) as work:
        insert_new(work, table, [rows[2], rows[0]])
    with engine.connect() as reading:
        found = reading.execute(select(table.c.contact_id).order_by(table.c.reply_id)).scalars().all()
    assert found == [None, POSSIBLE["replies"]["contact_id"]]


def test_a_transaction_that_fails_leaves_nothing(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    table = message_tables.gateway_heartbeats
    with pytest.raises(RuntimeError), transaction(engine) as work:
        insert_once(work, table, [{"gateway": "a", "seen_at": 1}])
        raise RuntimeError
    with transaction(engine) as work:
        assert work.execute(table.select()).all() == []


def test_a_long_writer_delays_no_reader(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    table = message_tables.gateway_heartbeats
    with transaction(engine) as writing:
        insert_once(writing, table, [{"gateway": "a", "seen_at": 1}])
        with engine.connect() as reading:  # would wait for 20 seconds and fail, were it a writer
            assert reading.execute(table.select()).all() == []
    with engine.connect() as reading:
        assert len(reading.execute(table.select()).all()) == 1
        with transaction(engine) as writing:  # nor does a reader delay a writer
            insert_once(writing, table, [{"gateway": "b", "seen_at": 1}])


def test_a_kept_reader_sees_every_commit_delays_nobody_and_writes_nothing(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    table = message_tables.gateway_heartbeats
    with connect_to_latest(engine) as kept:
        for name in ("a", "b", "c"):
            with transaction(engine) as work:
                insert_once(work, table, [{"gateway": name, "seen_at": 1}])
            assert kept.execute(table.select()).all()[-1].gateway == name
        with pytest.raises(DBAPIError):
            kept.execute(table.insert().values(gateway="d", seen_at=1))
    with transaction(engine) as work:  # the same connection, out of the pool again
        insert_once(work, table, [{"gateway": "d", "seen_at": 1}])
        assert len(work.execute(table.select()).all()) == 4


def test_many_writers_beside_a_reader_lose_nothing(tmp_path):
    engine = open_operations(f"sqlite:///{tmp_path}/operations.sqlite")
    migrate(engine)
    table = message_tables.gateway_heartbeats
    ending, counts = threading.Event(), []

    def write(name):
        for place in range(25):
            with transaction(engine) as work:
                seen = len(work.execute(table.select()).all())  # read, then write: an upgraded reader would fail here
                insert_once(work, table, [{"gateway": f"{name}-{place}", "seen_at": seen}])

    def read():
        while not ending.is_set():
            with engine.connect() as work:
                first, second = (len(work.execute(table.select()).all()) for _ in range(2))
                counts.append((first, second))

    reader, writers = threading.Thread(target=read), [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ending.set()
    reader.join()
    with engine.connect() as work:
        seen = work.execute(select(table.c.seen_at)).scalars().all()
    assert sorted(seen) == list(range(100)), "each writer saw all that was committed before it"
    assert counts and all(first == second for first, second in counts), "a reader sees one instant"


def test_a_reader_may_not_write(tmp_path):
    engine = open_operations(f"sqlite:///{tmp_path}/operations.sqlite")
    migrate(engine)
    with engine.connect() as reading, pytest.raises(OperationalError, match="readonly"):
        insert_once(reading, message_tables.gateway_heartbeats, [{"gateway": "a", "seen_at": 1}])
    with transaction(engine) as writing:
        insert_once(writing, message_tables.gateway_heartbeats, [{"gateway": "a", "seen_at": 1}])
