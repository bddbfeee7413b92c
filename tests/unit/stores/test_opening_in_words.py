"""A home or a database that cannot be opened is said in words, without a password, with the exit code of the contract."""

import json

import pytest
from sqlalchemy import event, select

from stores.home import init_home, open_home
from stores.operations import delivery_tables
from stores.operations.database import open_operations, transaction
from terms.errors import FiliationError, UsageError
from terms.settings import load_settings


@pytest.mark.parametrize("url", ["garbage", "oracle://x:pass-word@y/z", "nothing://x"])
def test_an_url_of_no_database_is_wrong_usage(url):
    with pytest.raises(UsageError, match="FILIATION_DATABASE_URL cannot be read") as raised:
        open_operations(url)
    assert "pass-word" not in str(raised.value)


@pytest.mark.parametrize("url", ["postgresql://x:pass-word@127.0.0.1:1/y", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_does_not_answer_is_said_without_its_password(url):
    engine = open_operations(url)
    with pytest.raises(FiliationError, match="does not answer") as raised, engine.connect() as connection:
        connection.exec_driver_sql("select 1")
    assert "pass-word" not in str(raised.value)
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_stamp_that_cannot_be_read_is_no_stamp(tmp_path, text):
    settings = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path)})
    init_home(settings).stamp.write_text(text)
    with pytest.raises(UsageError, match="home.json cannot be read"):
        open_home(settings)


def test_a_home_whose_rows_were_hashed_in_another_way_is_refused(tmp_path):
    settings = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path)})
    stamp = init_home(settings).stamp
    before = {name: told for name, told in json.loads(stamp.read_text()).items() if name != "row_hash"}
    stamp.write_text(json.dumps(before))
    with pytest.raises(UsageError, match="another hash of what rows state.*version it was made with"):
        open_home(settings)


def test_a_database_without_our_tables_says_what_to_run(tmp_path):
    engine = open_operations(f"sqlite:///{tmp_path}/empty.sqlite")
    with pytest.raises(UsageError, match="another schema.*filiation init"), engine.connect() as connection:
        connection.execute(select(delivery_tables.deliveries))


def test_a_busy_database_is_said_to_be_busy(tmp_path):
    engine = open_operations(f"sqlite:///{tmp_path}/busy.sqlite")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 10"))
    with transaction(engine) as holder:
        holder.exec_driver_sql("select 1")
        with pytest.raises(FiliationError, match="is busy"), transaction(engine) as other:
            other.exec_driver_sql("select 1")
