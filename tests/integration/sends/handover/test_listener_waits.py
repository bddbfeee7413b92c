"""A listener that finds the operations database busy goes on: a long plan must not end the taking in of STOP."""

from sqlalchemy import event, select

from sends.inbound import listener
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
