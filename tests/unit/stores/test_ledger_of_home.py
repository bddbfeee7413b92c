"""A home with a base beside a ledger that is gone, empty or older is told in words, and never advised to make an empty one."""

import pytest
from sqlalchemy import insert

from stores.ledger_of_home import require_ledger
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations, transaction
from stores.operations.journal import Entry, append
from stores.operations.log_tables import log_checkpoints
from terms.clock import Clock
from terms.errors import UsageError
from tests.scenes.sends.small_send_home import make_home


@pytest.fixture
def stores(tmp_path):
    """A home with a base and a signed log, which its ledger knows of."""
    made = make_home(tmp_path, contacts=20)
    folder = made.home.log / "checkpoints"
    folder.mkdir()
    (folder / "7").write_text("note")
    with transaction(made.engine) as work:
        append(work, Clock().now(), Entry.BASE, "b1", {})
        work.execute(insert(log_checkpoints).values(size=7, note="note", signed_at=1))
    made.engine.dispose()
    return made


def refusal(home, engine):
    with pytest.raises(UsageError) as refused:
        require_ledger(home, engine)
    assert "backup" in str(refused.value) and "init" not in str(refused.value)
    return str(refused.value)


def test_the_ledger_of_a_home_is_let_in_and_so_is_a_new_home(stores, tmp_path):
    require_ledger(stores.home, stores.engine)
    (tmp_path / "new").mkdir()
    new = make_home(tmp_path / "new", base=False)
    new.engine.dispose()
    require_ledger(new.home, new.engine)


def test_a_ledger_that_is_gone_is_not_made_anew(stores):
    file = stores.engine.url.database
    for name in (file, f"{file}-wal", f"{file}-shm"):
        stores.home.root.joinpath(name).unlink(missing_ok=True)
    assert "is gone" in refusal(stores.home, stores.engine)
    assert not stores.home.root.joinpath(file).exists()


@pytest.mark.parametrize("is_migrated", [False, True])
def test_an_empty_ledger_is_refused(stores, tmp_path, is_migrated):
    empty = open_operations(f"sqlite:///{tmp_path}/empty.sqlite")
    if is_migrated:
        migrate(empty)
    empty.connect().close()
    assert "is empty" in refusal(stores.home, empty)


def test_a_ledger_that_knows_less_than_the_log_is_refused(stores):
    (stores.home.log / "checkpoints" / "9").write_text("note")
    assert "signed at 9 lines, it knows of 7" in refusal(stores.home, stores.engine)
