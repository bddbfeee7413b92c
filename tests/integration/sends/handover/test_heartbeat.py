"""The heartbeat that lets a plan leave: old, missing, and from the future."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from sends.handover import heartbeat
from sends.handover.heartbeat import Heartbeat
from sends.handover.sender import send_plan
from stores.operations.database import transaction
from stores.operations.message_tables import gateway_heartbeats
from terms.clock import to_micros
from terms.errors import Refused
from tests.scenes.sends.small_send_home import simulator


def beat(stage, **age):
    seen = to_micros(stage.stores.clock.now() - timedelta(**age))
    with transaction(stage.stores.engine) as work:
        if not work.execute(update(gateway_heartbeats).values(seen_at=seen)).rowcount:
            work.execute(insert(gateway_heartbeats).values(gateway="simulator", seen_at=seen))


@pytest.mark.parametrize("age", [{"hours": 2}, {"minutes": -3}, {"days": -400}])
def test_nothing_leaves_on_a_heartbeat_that_is_old_or_of_the_future(local_stage, monkeypatch, age):
    monkeypatch.setattr(heartbeat, "_MOST_SECONDS", 0.3)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        beat(local_stage, **age)
        with pytest.raises(Refused) as refused:
            send_plan(local_stage.stores, local_stage.plan_id)
    assert refused.value.code == "STOP_FEED_STALE"
    assert not local_stage.received()


def test_a_listener_whose_clock_runs_ahead_is_heard_while_it_goes_on(local_stage, monkeypatch):
    from sends.gateways.settings import read_gateway

    monkeypatch.setattr(heartbeat, "_MOST_SECONDS", 0.5)
    beats = iter([{"minutes": -3}, {"minutes": -3, "seconds": -1}])
    monkeypatch.setattr(heartbeat.time, "sleep", lambda _: beat(local_stage, **next(beats)))
    beat(local_stage, minutes=-2)
    gateway = read_gateway(local_stage.stores.settings.config / "gateways", "simulator")
    watched = Heartbeat(local_stage.stores, gateway)
    assert watched.is_heard()
    assert watched.is_heard()  # it moved a moment ago: no second wait
    monkeypatch.setattr(heartbeat.time, "sleep", lambda _: None)
    watched._moved_at -= gateway.heartbeat_limit_seconds + 1
    assert not watched.is_heard()
