"""Homes are stamped and locked, migrations and models agree, inserts meet themselves in peace."""

import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from stores import operations
from stores.home import init_home, open_home, writer_lock
from stores.migrate import head, migrate, require_head
from stores.operations import insert_once, open_operations, transaction
from terms.errors import UsageError, WriterBusy
from terms.settings import load_settings


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
    with pytest.raises(UsageError, match="filiation init"):
        require_head(engine)
    assert migrate(engine) == migrate(engine) == head()
    require_head(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), operations.metadata) == []


def test_an_insert_that_meets_itself_changes_nothing(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    table = operations.gateway_heartbeats
    with transaction(engine) as work:
        assert insert_once(work, table, [{"gateway": "a", "seen_at": 1}]) == 1
        assert insert_once(work, table, [{"gateway": "a", "seen_at": 2}]) == 0
        assert insert_once(work, table, [{"gateway": "a", "seen_at": 3}, {"gateway": "b", "seen_at": 3}]) == 1
        assert work.execute(table.select().where(table.c.gateway == "a")).one().seen_at == 1


def test_a_transaction_that_fails_leaves_nothing(operations_url):
    engine = open_operations(operations_url)
    migrate(engine)
    table = operations.gateway_heartbeats
    with pytest.raises(RuntimeError), transaction(engine) as work:
        insert_once(work, table, [{"gateway": "a", "seen_at": 1}])
        raise RuntimeError
    with transaction(engine) as work:
        assert work.execute(table.select()).all() == []
