"""A listener that finds the operations database busy goes on: a long plan must not end the taking in of STOP."""

import threading

import pytest
from sqlalchemy import event, select

from sends.gateways.gateway import EventKind, GatewayEvent
from sends.inbound import listener
from stores.operations.database import DatabaseAway, DatabaseBusy, DatabaseFull, RowRefused
from stores.operations.message_tables import gateway_heartbeats
from stores.operations.person_tables import opt_outs
from tests.scenes.postgres_server import PostgresServer, binaries
from tests.scenes.sends.gateway_routes import wait_until
from tests.scenes.sends.small_send_home import make_home, number, point_gateway, simulator


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
    assert [line for line in told if "busy" in line] == ["listener: the operations database is busy; asking again"]
    with stores.engine.connect() as work:
        assert work.execute(select(gateway_heartbeats.c.gateway)).scalars().all() == ["simulator"]


@pytest.mark.parametrize("failure", [DatabaseBusy, DatabaseFull, DatabaseAway])
def test_a_database_that_does_nothing_for_us_is_waited_for_and_told_once(tmp_path, monkeypatch, failure):
    stores, told, rounds = make_home(tmp_path, base=False), [], []
    monkeypatch.setattr(listener, "_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(listener, "open_gateway", lambda settings, passwords: _QuietGateway())

    def take_in(*_):
        rounds.append(1)
        if len(rounds) <= 4:
            raise failure("The operations database is not there.", "")
        return listener.Intake(0, 0, 0)

    monkeypatch.setattr(listener, "take_in", take_in)
    listener.listen(stores, "simulator", told.append, lambda: len(rounds) > 4)
    assert told[1:] == ["listener: the operations database is not there; asking again"]


class _Phones:
    """A gateway that tells the same events until each was acknowledged."""

    def __init__(self, *events):
        self._events = {event.event_id: event for event in events}
        self.acknowledged = []

    def events(self, wait_seconds):
        return list(self._events.values())

    def acknowledge(self, events):
        self.acknowledged += [self._events.pop(event.event_id).event_id for event in events]


@pytest.mark.parametrize("kind", [EventKind.MO, EventKind.DLR])
def test_a_row_that_is_refused_holds_no_stop_up(tmp_path, monkeypatch, kind):
    stores = make_home(tmp_path, contacts=5)
    bad = GatewayEvent("bad", kind, reference="none.1", phone=number(1), text="x")
    stop = GatewayEvent("good", EventKind.MO, phone=number(2), text="STOP")
    original = listener._commit_events

    def commit_events(work, stores, name, events, now):
        if any(event.event_id == "bad" for event in events):
            raise RowRefused("The operations database refused a row: x.", "")
        return original(work, stores, name, events, now)

    monkeypatch.setattr(listener, "_commit_events", commit_events)
    phones = _Phones(bad, stop)
    intake = listener.take_in(stores, "simulator", phones, 0.0)
    assert phones.acknowledged == ["good"]
    assert (intake.stops, intake.refused) == (1, 1)
    with stores.engine.connect() as work:
        assert work.execute(select(opt_outs.c.contact_id)).scalars().all() == [stores.keys.contact_id(number(2))]
        heard = work.execute(select(gateway_heartbeats.c.gateway)).scalars().all()
    assert heard == ([] if kind is EventKind.MO else ["simulator"])  # the refused reply may be a STOP


def test_a_listener_goes_on_after_its_database_server_was_killed(tmp_path):
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL's server (initdb, pg_ctl) is not installed")
    server, told = PostgresServer(folder), []
    with simulator(tmp_path / "received.jsonl") as running:
        stores = make_home(tmp_path, server.new_database(), contacts=5)
        point_gateway(stores, running.url)
        ending = threading.Event()
        thread = threading.Thread(target=listener.listen, args=(stores, "simulator", told.append, ending.is_set))
        thread.start()
        try:
            wait_until(lambda: _heard(stores))
            server.kill()
            running.reply(number(3), "STOP")
            wait_until(lambda: any("does not answer" in line for line in told))
            server.start()
            wait_until(lambda: _stopped(stores) == [stores.keys.contact_id(number(3))])
            assert thread.is_alive()
        finally:
            ending.set()
            thread.join()
            stores.engine.dispose()
            server.stop()


def _heard(stores):
    with stores.engine.connect() as work:
        return work.execute(select(gateway_heartbeats.c.gateway)).scalars().all()


def _stopped(stores):
    with stores.engine.connect() as work:
        return work.execute(select(opt_outs.c.contact_id).distinct()).scalars().all()
