"""Sending on SQLite and PostgreSQL: what leaves, what does not, and what each fault of a gateway becomes."""

import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from consent.acts.person_acts import ActKind, suppress
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.lock import sender_lock
from sends.handover.sender import BATCH, Ending, send_plan, settle_plan
from sends.inbound.listener import take_in
from sends.inbound.opt_outs import opt_out
from sends.ledger.claims import claim_batch
from sends.ledger.states import State
from sends.plans.approval import approve_plan
from sends.plans.control import pause_plan, resume_plan, stop_plan
from sends.plans.planning import plan_campaign
from sends.plans.status import campaign_status
from sends.send_stores import SendStores
from stores.operations.database import insert_once, transaction
from stores.operations.log_tables import journal
from stores.operations.message_tables import message_events, messages
from stores.operations.person_tables import form_stops, opt_outs
from stores.operations.plan_tables import contact_reservations
from terms.errors import Refused, UsageError, WriterBusy
from tests.scenes.sends.small_send_home import (
    at,
    make_home,
    number,
    point_gateway,
    publish,
    received_lines,
    reconcile_plan,
    simulator,
    write_order,
)

CONTACTS = 240  # 216 of them may be sent to


class Stage:
    """An approved plan over a small home, and the simulator that it is sent to."""

    def __init__(self, folder, url, **order):
        self.folder, self.record = folder, folder / "received.jsonl"
        self.stores = make_home(folder, url, contacts=CONTACTS)
        self.plan_id = plan_campaign(self.stores, write_order(folder, **order)).plan_id
        approve_plan(self.stores, self.plan_id, "second")

    def point(self, running, **changes):
        point_gateway(self.stores, running.url, **changes)
        self.take_in()

    def take_in(self, wait=0.0):
        gateway = open_gateway(read_gateway(self.stores.settings.config / "gateways", "simulator"))
        return take_in(self.stores, "simulator", gateway, wait)

    def states(self):
        status = campaign_status(self.stores, self.plan_id)
        assert sum(status.states.values()) == status.planned
        return dict(status.states)

    def received(self):
        return Counter(line["reference"].rpartition(".")[0] for line in received_lines(self.record))


@pytest.fixture
def stage(tmp_path, operations_url):
    return Stage(tmp_path, operations_url)


@pytest.fixture
def local_stage(tmp_path):
    return Stage(tmp_path, None)


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


def test_a_stop_before_the_hand_over_wins(stage):
    with simulator(stage.record) as running:
        stage.point(running)
        opt_out(stage.stores, "06 39 98 00 42", "letter")
        assert send_plan(stage.stores, stage.plan_id).excluded == 1
    assert number(42) not in {line["to"] for line in received_lines(stage.record)}
    with stage.stores.engine.connect() as work:
        wanted = messages.c.contact_id == stage.stores.keys.contact_id(number(42))
        row = work.execute(select(messages).where(wanted)).one()
    assert (row.state, row.codes_json) == ("EXCLUDED", '["SUPPRESSED"]')


def test_a_stop_told_by_a_clock_that_runs_ahead_wins_too(local_stage):
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        opt_out(at(local_stage.stores, "2026-11-24T12:00:00+01:00"), number(42), "letter")
        assert send_plan(local_stage.stores, local_stage.plan_id).excluded == 1


def test_a_stop_between_judgement_and_hand_over_wins(stage, monkeypatch):
    """The STOP is committed when the batch was already judged: at the step `sender.judged`."""
    from sends.handover import sender

    def stop_now(step):
        if step == "sender.judged":
            opt_out(stage.stores, number(42), "letter")

    monkeypatch.setattr(sender, "reach", stop_now)
    with simulator(stage.record) as running:
        stage.point(running)
        send_plan(stage.stores, stage.plan_id)
    assert number(42) not in {line["to"] for line in received_lines(stage.record)}


def test_what_comes_after_many_were_judged_at_once_counts_for_those_behind(stage, monkeypatch):
    """All 216 are judged with the first claim of 40; then one says STOP, another is another sponsor's, and 40 leave."""
    from sends.handover import prefetch, sender

    looked, recorded = [], []
    monkeypatch.setattr(prefetch, "_FRESH_SECONDS", 3600.0)  # on a busy machine 216 messages take longer than 5 s
    monkeypatch.setattr(prefetch, "_COUNTS_FOR", timedelta(hours=1))
    ask = prefetch.Prefetch._ask
    monkeypatch.setattr(prefetch.Prefetch, "_ask", lambda self, ids, at: looked.append(len(ids)) or ask(self, ids, at))
    with stage.stores.engine.connect() as work:
        last = messages.c.position.desc()
        behind = work.execute(select(messages.c.contact_id).order_by(last).limit(2)).scalars().all()

    def after_the_first_claim(step):
        if step == "sender.recorded" and not recorded:
            recorded.append(step)
            with transaction(stage.stores.engine) as work:
                suppress(work, behind[0], ActKind.STOP, "letter", effective_at=instant, known_at=instant)
                theirs = contact_reservations.c.contact_id == behind[1]
                work.execute(contact_reservations.update().where(theirs).values(sponsor_id="other"))

    instant = stage.stores.clock.now()
    monkeypatch.setattr(sender, "reach", after_the_first_claim)
    with simulator(stage.record) as running:
        stage.point(running)
        report = send_plan(stage.stores, stage.plan_id)
    assert looked == [216, 216, 1]  # as of now and of a moment later, then the one who spoke
    assert (report.accepted, report.excluded) == (214, 2)
    with stage.stores.engine.connect() as work:
        excluded = messages.c.state == "EXCLUDED"
        codes = work.execute(select(messages.c.contact_id, messages.c.codes_json).where(excluded)).all()
    assert dict(map(tuple, codes)) == {behind[0]: '["SUPPRESSED"]', behind[1]: '["EXCLUSIVITY"]'}


@pytest.mark.parametrize("moved", ["base", "form", "time"])
def test_what_was_judged_of_many_is_asked_anew_when_it_may_have_changed(local_stage, monkeypatch, moved):
    from sends.handover import prefetch, sender

    looked, recorded, stores = [], [], local_stage.stores
    ask = prefetch.Prefetch._ask
    monkeypatch.setattr(prefetch.Prefetch, "_ask", lambda self, ids, at: looked.append(len(ids)) or ask(self, ids, at))
    stop = {"partner_id": "p", "form_version": "f", "stopped_at": 0, "stopped_by": "x", "why": "y"}

    def after_the_first_claim(step):
        if step != "sender.recorded" or recorded:
            return
        recorded.append(step)
        if moved == "base":
            publish(stores, CONTACTS, version="b2")
        elif moved == "form":
            monkeypatch.setattr(prefetch, "create_judged", lambda *_: None)  # the stand-in base knows no forms
            with transaction(stores.engine) as work:
                insert_once(work, form_stops, [stop])
        else:
            monkeypatch.setattr(prefetch, "_FRESH_SECONDS", 0.0)

    monkeypatch.setattr(sender, "reach", after_the_first_claim)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        report = send_plan(stores, local_stage.plan_id)
    assert report.accepted == 216
    assert looked[:4] == [216, 216, 216 - BATCH, 216 - BATCH]
    assert report.base_version == ("b2" if moved == "base" else "b1")


class _Still:
    """A clock that stands until it is told."""

    def __init__(self, instant):
        self.instant = instant

    def now(self):
        return self.instant


@pytest.mark.parametrize(("passes", "accepted"), [(3, 216), (6, 215)])
def test_a_consent_that_ends_between_judgement_and_hand_over_has_ended(local_stage, monkeypatch, passes, accepted):
    """Contact 42's ends 5 seconds after all were judged; so many pass before the first message leaves."""
    from sends.handover import sender

    local_stage.stores = SendStores(**local_stage.stores.__dict__ | {"clock": _Still(local_stage.stores.clock.now())})
    clock = local_stage.stores.clock
    publish(local_stage.stores, CONTACTS, version="b2", expiring={42: (clock.now() + timedelta(seconds=5)).isoformat()})

    def time_passes(step):
        if step == "sender.judged":
            monkeypatch.setattr(sender, "reach", lambda _: None)
            clock.instant += timedelta(seconds=passes)

    monkeypatch.setattr(sender, "reach", time_passes)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        assert send_plan(local_stage.stores, local_stage.plan_id).accepted == accepted
    assert (number(42) in {line["to"] for line in received_lines(local_stage.record)}) == (accepted == 216)


def test_what_was_judged_too_long_ago_is_asked_of_each_at_its_instant(local_stage, monkeypatch):
    from sends.handover import prefetch

    looked, ask = [], prefetch.Prefetch._ask
    monkeypatch.setattr(prefetch.Prefetch, "_ask", lambda self, ids, at: looked.append(len(ids)) or ask(self, ids, at))
    monkeypatch.setattr(prefetch, "_COUNTS_FOR", timedelta(0))
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        assert send_plan(local_stage.stores, local_stage.plan_id, limit=5).accepted == 5
    assert looked[2:] == [1] * 5


def test_a_stop_reply_is_a_global_opt_out_told_once(stage):
    with simulator(stage.record) as running:
        stage.point(running)
        for person, text in ((7, "Stop svp"), (9, "STOP 36111")):
            requests.post(f"{running.url}/replies", json={"from": number(person), "text": text}, timeout=5)
        requests.post(f"{running.url}/replies", json={"from": number(8), "text": "merci"}, timeout=5)
        intake = stage.take_in(1.0)
        assert (intake.replies, intake.stops) == (3, 2)
        assert stage.take_in().replies == 0
        send_plan(stage.stores, stage.plan_id)
    assert not {number(7), number(9)} & {line["to"] for line in received_lines(stage.record)}
    with stage.stores.engine.connect() as work:
        (row, _) = work.execute(select(opt_outs).order_by(opt_outs.c.sequence)).all()
    assert (row.channel, row.sponsor_id, row.kind) == (None, None, "stop")
    assert row.effective_at <= row.known_at


def test_a_base_published_in_the_meantime_judges(local_stage):
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        send_plan(local_stage.stores, local_stage.plan_id, limit=40)
        publish(local_stage.stores, CONTACTS, version="b2", refused=tuple(range(CONTACTS)))
        report = send_plan(local_stage.stores, local_stage.plan_id)
    assert (report.accepted, report.excluded, report.base_version) == (0, 176, "b2")


def test_changed_rules_void_the_approval(local_stage):
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        publish(local_stage.stores, CONTACTS, version="b2", rules="rules-2")
        with pytest.raises(Refused, match="the rules changed"):
            send_plan(local_stage.stores, local_stage.plan_id)
    assert not received_lines(local_stage.record)


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


def test_an_erased_number_is_not_sent_to(local_stage):
    for file in local_stage.stores.home.vault.rglob("*.parquet"):
        file.unlink()
    from tests.scenes.sends.small_send_home import fill_vault

    fill_vault(local_stage.stores, 10)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        report = send_plan(local_stage.stores, local_stage.plan_id)
    assert (report.accepted, report.excluded) == (9, 207)
