"""Sending on SQLite and PostgreSQL: what leaves, when nothing leaves, and what each fault of a gateway becomes.

What the last judgement before a hand-over excludes is in test_judged_at_handover.
"""

import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from sends.handover.lock import sender_lock
from sends.handover.sender import Ending, send_plan, settle_plan
from sends.ledger.claims import claim_batch
from sends.ledger.states import State
from sends.plans.control import pause_plan, resume_plan, stop_plan
from stores.operations.database import transaction
from stores.operations.log_tables import journal
from stores.operations.message_tables import message_events, messages
from terms.errors import Refused, UsageError, WriterBusy
from tests.scenes.sends.small_send_home import at, received_lines, reconcile_plan, simulator


def test_every_message_leaves_once_and_gets_its_report(stage):
    with simulator(stage.record) as running:
        stage.point(running)
        report = send_plan(stage.stores, stage.plan_id)
        assert (report.ending, report.accepted, report.base_version) == (Ending.DONE, 216, "b1")
        assert len(stage.received()) == sum(stage.received().values()) == 216
        stage.take_in(1.0)
    assert stage.states() == {State.DELIVERED: 168, State.UNDELIVERED: 24, State.EXPIRED: 24}
    line = received_lines(stage.record)[0]
    assert set(line) == {"at", "to", "from", "text", "reference", "gateway_message_id"}
    with stage.stores.engine.connect() as work:
        kinds = work.execute(select(journal.c.kind)).scalars().all()
        first = work.execute(select(messages).limit(1)).one()
    assert kinds.count("sends") == 1
    assert (first.judged_base_version, first.codes_json, first.attempt) == ("b1", "[]", 1)
    assert first.handed_over_at >= first.claimed_at


def test_a_send_reads_each_file_of_its_configuration_once(local_stage):
    folder, opened, is_sending = str(local_stage.stores.settings.config), Counter(), threading.Event()

    def count(event, arguments):
        if is_sending.is_set() and event == "open" and str(arguments[0]).startswith(folder):
            opened[arguments[0]] += 1

    sys.addaudithook(count)  # it cannot be taken away again
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        is_sending.set()
        send_plan(local_stage.stores, local_stage.plan_id, limit=10)
        is_sending.clear()
    assert len(opened) > 10
    assert set(opened.values()) == {1}


def test_a_plan_of_many_slices_leaves_whole(local_stage, monkeypatch):
    from sends.handover import prefetch

    monkeypatch.setattr(prefetch, "_SLICE", 60)
    monkeypatch.setattr(prefetch, "_MOST", 50)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        assert send_plan(local_stage.stores, local_stage.plan_id).accepted == 216


def test_a_limit_is_kept_and_the_next_run_goes_on(stage):
    with simulator(stage.record) as running:
        stage.point(running)
        assert send_plan(stage.stores, stage.plan_id, limit=50).ending is Ending.LIMIT
        assert stage.states() == {State.PLANNED: 166, State.ACCEPTED: 50}
        assert send_plan(stage.stores, stage.plan_id).ending is Ending.DONE
        assert stage.states() == {State.ACCEPTED: 216}


@pytest.mark.parametrize(
    ("moment", "told"),
    [("2026-11-24T09:59:00+01:00", "opens at"), ("2026-11-24T20:00:00+01:00", "ended at")],
)
def test_nothing_leaves_outside_the_window(local_stage, moment, told):
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        with pytest.raises(Refused, match=told):
            send_plan(at(local_stage.stores, moment), local_stage.plan_id)


def test_after_the_window_what_was_under_way_is_settled_before_the_refusal(stage):
    with simulator(stage.record, missing_report_every=3, silence_every=11) as running:
        stage.point(running, quiet_seconds=0)
        send_plan(stage.stores, stage.plan_id, limit=80)
        left = stage.states()
        assert left[State.ACCEPTED] and left[State.PLANNED]
        stage.take_in(1.0)
        late = at(stage.stores, "2026-11-25T00:00:00+01:00")
        with pytest.raises(Refused, match="ended at"):
            send_plan(late, stage.plan_id)
        with pytest.raises(Refused, match="ended at"):
            send_plan(late, stage.plan_id)
    states = stage.states()
    assert not {State.ACCEPTED, State.UNKNOWN, State.CLAIMED} & set(states)
    assert states[State.NO_RECEIPT] and states[State.PLANNED] == left[State.PLANNED]


@pytest.mark.parametrize("end", [stop_plan, pause_plan], ids=["stopped", "paused"])
def test_a_plan_that_may_not_be_sent_is_settled_all_the_same(local_stage, end):
    """Claims of a dead run, of which the gateway proves that it got none, and one accepted message without report."""
    stores, plan_id = local_stage.stores, local_stage.plan_id
    with simulator(local_stage.record, missing_report_every=1) as running:
        local_stage.point(running, quiet_seconds=0)
        send_plan(stores, plan_id, limit=1)
        with transaction(stores.engine) as work:
            claim_batch(work, plan_id, after=50, size=5, run_id="dead", at=stores.clock.now())
        end(stores, plan_id)
        late = at(stores, "2026-11-24T18:00:00+01:00")
        settle_plan(late, plan_id)
    waiting = State.CANCELLED if end is stop_plan else State.PLANNED
    assert local_stage.states() == {State.NO_RECEIPT: 1, waiting: 215}


def test_a_silent_listener_stops_sending_in_words(local_stage):
    with pytest.raises(Refused, match="Nobody listens to simulator") as refusal:
        send_plan(local_stage.stores, local_stage.plan_id)
    assert refusal.value.code == "STOP_FEED_STALE"
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        with pytest.raises(Refused, match="Nobody listens"):
            send_plan(at(local_stage.stores, "2026-11-24T10:20:00+01:00"), local_stage.plan_id)


def test_only_an_approved_plan_is_sent(local_stage):
    with pytest.raises(UsageError):
        send_plan(local_stage.stores, "nothing")
    pause_plan(local_stage.stores, local_stage.plan_id)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        with pytest.raises(Refused, match="paused"):
            send_plan(local_stage.stores, local_stage.plan_id)
        resume_plan(local_stage.stores, local_stage.plan_id)
        send_plan(local_stage.stores, local_stage.plan_id, limit=10)
        assert stop_plan(local_stage.stores, local_stage.plan_id) == 206
        with pytest.raises(Refused, match="stopped"):
            send_plan(local_stage.stores, local_stage.plan_id)
    assert local_stage.states() == {State.ACCEPTED: 10, State.CANCELLED: 206}


def test_a_ledger_has_one_sender(stage):
    with sender_lock(stage.stores), pytest.raises(WriterBusy):
        send_plan(stage.stores, stage.plan_id)


def test_a_refused_connection_leaves_everything_planned(local_stage):
    with simulator(local_stage.record) as running:
        local_stage.point(running)
    report = send_plan(local_stage.stores, local_stage.plan_id)
    assert report.ending is Ending.UNREACHABLE
    assert local_stage.states() == {State.PLANNED: 216}


def test_each_fault_becomes_its_state(stage):
    with simulator(stage.record, refuse_every=5, error_every=7, silence_every=11) as running:
        stage.point(running, quiet_seconds=60)
        report = send_plan(stage.stores, stage.plan_id)
        states = stage.states()
        assert states[State.REJECTED] == 216 // 5 - 216 // 35
        assert report.unknown == states[State.UNKNOWN] == 216 // 7 + 216 // 11 - 216 // 77 - (216 // 55)
        assert max(stage.received().values()) == 1
        reconcile_plan(stage.stores, stage.plan_id, quiet=timedelta(0))
        states = stage.states()
        assert State.UNKNOWN not in states
        assert states[State.PLANNED] == 216 // 7
        assert states[State.ACCEPTED] == len(stage.received())


def test_without_a_durable_record_nothing_is_proved_and_unknown_stays(local_stage):
    with simulator(None, error_every=7) as running:
        local_stage.point(running)
        send_plan(local_stage.stores, local_stage.plan_id)
        before = local_stage.states()
        reconcile_plan(local_stage.stores, local_stage.plan_id, quiet=timedelta(0))
        assert local_stage.states() == before
        assert before[State.UNKNOWN] == 216 // 7
        send_plan(local_stage.stores, local_stage.plan_id)
        assert local_stage.states()[State.UNKNOWN] == 216 // 7


def test_repeated_early_late_and_missing_reports_do_no_harm(stage):
    faults = {"duplicate_report_every": 2, "early_report_every": 3, "late_report_every": 5, "missing_report_every": 7}
    with simulator(stage.record, report_delay_seconds=0.02, **faults) as running:
        stage.point(running)
        ending = threading.Event()

        def keep_taking_in():
            while not ending.is_set():
                stage.take_in(0.05)

        listener = threading.Thread(target=keep_taking_in)
        listener.start()
        send_plan(stage.stores, stage.plan_id)
        ending.wait(1.0)
        ending.set()
        listener.join()
        states = stage.states()
        assert states[State.ACCEPTED] == 216 // 7
        assert len(stage.received()) == 216
        late = at(stage.stores, "2026-11-24T13:30:00+01:00")
        reconcile_plan(late, stage.plan_id)
        assert stage.states()[State.NO_RECEIPT] == 216 // 7
    with stage.stores.engine.connect() as work:
        accepted = work.execute(select(message_events.c.send_id).where(message_events.c.state == "ACCEPTED")).all()
    assert len(accepted) == 216
