"""A listener that finds the operations database busy goes on: a long plan must not end the taking in of STOP."""

import pytest
from sqlalchemy import event, select

from sends.inbound import listener
from stores.operations.database import RowRefused
from stores.operations.message_tables import gateway_heartbeats
from tests.scenes.sends.small_send_home import make_home


class _QuietGateway:
    def events(self, wait_seconds):
        return []

    def acknowledge(self, events):
        raise AssertionError("there was nothing to acknowledge")


def test_a_busy_database_is_waited_for(tmp_path, monkeypatch):
    stores = make_home(tmp_path, base=False)
    stores.engine.dispose()
    event.listen(stores.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 10"))
    monkeypatch.setattr(listener, "open_gateway", lambda settings, passwords: _QuietGateway())
    told, rounds = [], []
    holder = stores.engine.connect()
    holder.connection.driver_connection.execute("BEGIN IMMEDIATE")  # another process that writes for long

    def until():
        rounds.append(len(told))
        if len(rounds) == 3:
            holder.connection.driver_connection.rollback()
        return len(rounds) > 3

    listener.listen(stores, "simulator", told.append, until)
    assert [line for line in told if "busy" in line] == ["listener: the operations database is busy; asking again"] * 2
    with stores.engine.connect() as work:
        assert work.execute(select(gateway_heartbeats.c.gateway)).scalars().all() == ["simulator"]


@pytest.mark.parametrize(("refused", "ends"), [(4, False), (5, True)])
def test_a_refused_row_is_asked_for_again_and_a_defect_ends_the_listener(tmp_path, monkeypatch, refused, ends):
    """A person may be erased while a report about them is written; the next time the gateway tells it, it is about nobody."""
    stores, told, rounds = make_home(tmp_path, base=False), [], []
    monkeypatch.setattr(listener, "open_gateway", lambda settings, passwords: _QuietGateway())

    def take_in(*_):
        rounds.append(1)
        if len(rounds) <= refused:
            raise RowRefused("The operations database refused a row: x.", "")
        return listener.Intake(0, 0, 0)

    monkeypatch.setattr(listener, "take_in", take_in)
    if ends:
        with pytest.raises(RowRefused):
            listener.listen(stores, "simulator", told.append, lambda: len(rounds) > refused)
    else:
        listener.listen(stores, "simulator", told.append, lambda: len(rounds) > refused)
    assert [line for line in told if "refused" in line] == [
        "listener: the operations database refused a row; asking again"
    ] * 4
