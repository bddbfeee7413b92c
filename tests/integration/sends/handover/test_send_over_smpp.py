"""Sending over SMPP in one process: throttling, the breaker, a STOP against a hand-over, reports without a reference."""

import threading
import time
from collections import Counter

import pytest
from sqlalchemy import select, update

from sends.gateways.gateway import DlrStatus, EventKind, GatewayEvent, mark_of
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.sender import BATCH, Ending, send_plan
from sends.inbound.listener import listen, take_in
from sends.inbound.matching import match_reports
from sends.ledger.claims import claim_batch, mark_leaving, recover_claims
from sends.ledger.states import State
from sends.plans.approval import approve_plan
from sends.plans.control import resume_plan
from sends.plans.planning import plan_campaign
from sends.plans.status import campaign_status
from stores.operations.database import transaction
from stores.operations.message_tables import messages, replies
from stores.operations.person_tables import contact_facts
from stores.operations.plan_tables import plans
from tests.scenes.sends.gateway_routes import running_smsc
from tests.scenes.sends.small_send_home import (
    at,
    make_home,
    number,
    point_breaker,
    point_gateway,
    received_lines,
    write_order,
)
from tests.scenes.sends.stop_race import race


class Stage:
    """An approved plan over SMPP, and its listener in a thread."""

    def __init__(self, folder, smsc, url=None, contacts=240, **changes):
        self.stores = make_home(folder, url, contacts=contacts)
        self.record, self.smsc = folder / "received.jsonl", smsc
        point_gateway(self.stores, smsc.url, "smsc", **changes)
        self.plan_id = plan_campaign(self.stores, write_order(folder, gateway="smsc")).plan_id
        approve_plan(self.stores, self.plan_id, "second")
        self.ending = threading.Event()
        self.thread = threading.Thread(target=listen, args=(self.stores, "smsc", lambda _: None, self.ending.is_set))

    def __enter__(self):
        gateway = self.gateway()
        take_in(self.stores, "smsc", gateway, 0.0)
        gateway.close()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()

    def gateway(self):
        return open_gateway(read_gateway(self.stores.settings.config / "gateways", "smsc"))

    def states(self):
        status = campaign_status(self.stores, self.plan_id)
        assert sum(status.states.values()) == status.planned
        return dict(status.states)

    def wait_for(self, is_so):
        end = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < end, "it did not come to that in time"
            time.sleep(0.05)


def test_throttled_messages_leave_later_and_once(tmp_path):
    with running_smsc(tmp_path / "received.jsonl", throttle_every=9) as smsc, Stage(tmp_path, smsc) as stage:
        report = send_plan(stage.stores, stage.plan_id)
        assert report.ending is Ending.DONE
        stage.wait_for(lambda: State.PLANNED not in stage.states() and stage.states()[State.DELIVERED] >= 168)
    arrived = Counter(line["to"] for line in received_lines(stage.record))
    assert len(arrived) == sum(arrived.values()) == 216


def test_the_breaker_pauses_a_plan_whose_messages_fail(tmp_path, monkeypatch):
    monkeypatch.setattr("sends.handover.breaker._LOOK_SECONDS", 0.0)
    with running_smsc(tmp_path / "received.jsonl", refuse_every=2) as smsc:
        with Stage(tmp_path, smsc) as stage:
            point_breaker(stage.stores, "smsc", min_messages=40, max_error_share=0.2)
            report = send_plan(stage.stores, stage.plan_id)
            assert (report.ending, report.rejected) == (Ending.BROKEN, BATCH // 2)
            assert campaign_status(stage.stores, stage.plan_id).is_paused
            resume_plan(stage.stores, stage.plan_id)
            assert send_plan(stage.stores, stage.plan_id).rejected == BATCH // 2, (
                "a new run counts what it meets itself"
            )


def test_the_breaker_hears_the_people(tmp_path, monkeypatch):
    monkeypatch.setattr("sends.handover.breaker._LOOK_SECONDS", 0.0)
    with running_smsc(tmp_path / "received.jsonl", stop_reply_every=4) as smsc:
        with Stage(tmp_path, smsc, contacts=900, rate_per_second=150) as stage:
            report = send_plan(stage.stores, stage.plan_id)
    assert report.ending is Ending.BROKEN
    assert "said stop" in report.why
    assert report.accepted < 810


def test_a_yes_is_written_down_with_the_invitation_that_it_answers(tmp_path):
    with running_smsc(tmp_path / "received.jsonl") as smsc, Stage(tmp_path, smsc) as stage:
        send_plan(stage.stores, stage.plan_id, limit=40)
        with transaction(stage.stores.engine) as work:
            work.execute(update(plans).values(kind="invitation"))
        asked = received_lines(stage.record)[0]["to"]
        smsc.reply(asked, "Oui, merci !")
        smsc.reply(number(239), "OUI")  # nobody asked this one
        engine = stage.stores.engine

        def meanings():
            with engine.connect() as work:
                return work.execute(select(replies.c.meaning)).scalars().all()

        stage.wait_for(lambda: len(meanings()) == 2)
        assert meanings() == ["yes", "yes"]
        with engine.connect() as work:
            (fact,) = work.execute(select(contact_facts)).all()
            (wanted,) = work.execute(
                select(messages.c.send_id).where(messages.c.contact_id == stage.stores.keys.contact_id(asked))
            ).scalars()
    assert (fact.kind, fact.send_id) == ("reply", wanted)


def test_a_stop_that_was_committed_is_never_overtaken(tmp_path, operations_url):
    races = race(tmp_path, 100, operations_url)
    assert races.overtaken == 0
    assert 0 < races.won <= races.run, "no STOP came in time: these were no races"


@pytest.fixture
def claimed(tmp_path):
    """A home with four messages that a dead run was about to hand over, and the contacts by their phones."""
    stores = make_home(tmp_path, contacts=240)
    plan_id = plan_campaign(stores, write_order(tmp_path, gateway="smsc")).plan_id
    with transaction(stores.engine) as work:
        claims = claim_batch(work, plan_id, after=0, size=4, run_id="dead", at=stores.clock.now())
        mark_leaving(work, claims, "dead", stores.clock.now())
    recover_claims(stores.engine, stores.clock.now())
    return stores, claims


def report(event_id, message_id=None, phone="+1", mark=None):
    return GatewayEvent(event_id, EventKind.DLR, None, None, DlrStatus.DELIVERED, message_id, mark, phone)


def test_a_report_finds_the_message_that_it_is_about(claimed):
    stores, (first, second, third, fourth) = claimed
    with transaction(stores.engine) as work:
        known = messages.c.send_id == first.send_id
        work.execute(update(messages).where(known).values(gateway_message_id="x1", state="ACCEPTED"))
    contacts = {"+1": first.contact_id, "+2": second.contact_id, "+3": third.contact_id, "+4": fourth.contact_id}
    told = [
        report("by id", "x1", "+1"),
        report("another id of the same phone", "x9", "+1"),
        report("by phone", "x2", "+2"),
        report("by phone and mark", "x3", "+3", mark_of(third.reference)),
        report("another mark", "x4", "+4", mark_of(fourth.reference) % 65535 + 1),
        report("nobody's phone", "x5", "+5"),
    ]
    with stores.engine.connect() as work:
        matched = match_reports(work, "smsc", told, contacts)
        assert match_reports(work, "simulator", told, contacts) == {}, "another gateway's"
    assert matched == {"by id": first.send_id, "by phone": second.send_id, "by phone and mark": third.send_id}


def test_a_message_accepted_and_never_reported_closes_without_a_receipt(tmp_path):
    with running_smsc(tmp_path / "received.jsonl", missing_report_every=1) as smsc, Stage(tmp_path, smsc) as stage:
        send_plan(stage.stores, stage.plan_id, limit=10)
        late = at(stage.stores, "2026-11-24T13:30:00+01:00")
        from sends.handover.sender import settle_plan

        settle_plan(late, stage.plan_id)
        assert stage.states() == {State.PLANNED: 206, State.NO_RECEIPT: 10}
