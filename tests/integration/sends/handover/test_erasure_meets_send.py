"""A send, a kill and an erasure meet: nobody is written to once their mark is closed, and no ledger says what is not so."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from lineage.erasure import erasure, erasure_messages
from sends.gateways.routes import open_gateway
from sends.handover import sender, submission
from sends.handover.lock import sender_lock
from sends.handover.reconciliation import recover_dead_run
from sends.ledger.claims import claim_batch, mark_leaving
from sends.ledger.states import State
from stores.all_stores import open_stores
from stores.home import writer_lock
from stores.operations.database import transaction
from stores.operations.erasure_tables import erasures, suppression_marks
from stores.operations.message_tables import message_events, messages
from terms.errors import Refused
from terms.identifiers import send_id
from tests.scenes.sends.small_send_home import number, reconcile_plan, simulator
from tests.scenes.tampering import tampering


class Died(BaseException):
    """The process died at a step."""


def die_at(monkeypatch, module, step, times=1):
    """Let the sender die the n-th time that it reaches a step."""
    left = [times]

    def reach(reached):
        left[0] -= reached == step
        if not left[0]:
            raise Died

    monkeypatch.setattr(module, "reach", reach)


def erase(stage, *numbers, case="C-1"):
    stores = open_stores(stage.stores.settings)
    try:
        with writer_lock(stores.home):
            return erasure.erase(stores, numbers, case=case, reason="test", progress=lambda _: None)
    finally:
        stores.engine.dispose()


def rows(stage, query):
    with stage.stores.engine.connect() as work:
        return work.execute(query).all()


def who(stage):
    """The number of each message of the plan, by its id, in the order of sending."""
    numbers = {stage.stores.keys.contact_id(number(i)): number(i) for i in range(240)}
    query = select(messages.c.send_id, messages.c.contact_id).order_by(messages.c.position)
    return {row.send_id: numbers[row.contact_id] for row in rows(stage, query)}


def state_of(stage, name):
    return State(rows(stage, select(messages.c.state).where(messages.c.send_id == name))[0].state)


def compute_ids(stage):
    """Give the plan's messages the ids that they had before ids were drawn by chance."""
    with tampering(stage.stores.engine) as work:
        for row in work.execute(select(messages.c.send_id, messages.c.plan_id, messages.c.contact_id)).all():
            computed = send_id(row.plan_id, row.contact_id)
            work.execute(update(messages).where(messages.c.send_id == row.send_id).values(send_id=computed))


def test_a_kill_leaves_at_most_the_window_unknown_and_the_rest_goes_on(stage, monkeypatch):
    with simulator(stage.record) as running:
        stage.point(running)
        die_at(monkeypatch, submission, "sender.handed_over", times=37)
        with pytest.raises(Died):
            sender.send_plan(stage.stores, stage.plan_id)
        monkeypatch.undo()
        with sender_lock(stage.stores):
            recover_dead_run(stage.stores, lambda _: None)
        assert stage.states() == {State.ACCEPTED: 30, State.UNKNOWN: 10, State.PLANNED: 176}
        sender.send_plan(stage.stores, stage.plan_id)
        reconcile_plan(stage.stores, stage.plan_id, timedelta(0))
        sender.send_plan(stage.stores, stage.plan_id)
        assert stage.states() == {State.ACCEPTED: 216}
        assert set(stage.received().values()) == {1} and len(stage.received()) == 216


def test_what_a_kill_left_unknown_is_told_truly_after_its_persons_were_erased(stage, monkeypatch):
    with simulator(stage.record) as running:
        stage.point(running)
        die_at(monkeypatch, submission, "sender.handed_over", times=17)
        with pytest.raises(Died):
            sender.send_plan(stage.stores, stage.plan_id)
        monkeypatch.undo()
        arrived = set(stage.received())
        people = who(stage)
        window = list(people)[10:20]  # seven of them arrived
        erase(stage, *(people[name] for name in window))
        sender.send_plan(stage.stores, stage.plan_id)
        reconcile_plan(stage.stores, stage.plan_id, timedelta(0))
        sender.send_plan(stage.stores, stage.plan_id)
    told = Counter((name in arrived, state_of(stage, name)) for name in window)
    assert told == {(True, State.ACCEPTED): 7, (False, State.EXCLUDED): 3}
    contacts = {stage.stores.keys.contact_id(one) for one in people.values()}
    left = {row.contact_id for row in rows(stage, select(messages.c.contact_id))}
    assert len(left & contacts) == 206


def test_a_message_of_before_whose_computed_id_was_replaced_stays_unknown(local_stage, monkeypatch):
    compute_ids(local_stage)
    _approve_anew(local_stage)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        die_at(monkeypatch, submission, "sender.handed_over", times=7)
        with pytest.raises(Died):
            sender.send_plan(local_stage.stores, local_stage.plan_id)
        monkeypatch.undo()
        people = who(local_stage)
        erase(local_stage, *list(people.values())[:10])
        sender.send_plan(local_stage.stores, local_stage.plan_id)
        reconcile_plan(local_stage.stores, local_stage.plan_id, timedelta(0))
    states = local_stage.states()
    assert states[State.UNKNOWN] == 10 and sum(states.values()) == 216
    names = {row.send_id for row in rows(local_stage, select(messages.c.send_id))}
    assert not names & set(list(people)[:10])


def _approve_anew(stage):
    from sends.plans.approval import approve_plan
    from stores.operations.plan_tables import approvals, plans

    with tampering(stage.stores.engine) as work:
        work.execute(delete(approvals))
        work.execute(update(plans).values(state="planned"))
    approve_plan(stage.stores, stage.plan_id, "second")


class Watching:
    """A gateway that asks before each hand-over whether the mark of the person is closed, and acts at one of them."""

    def __init__(self, stage, gateway, at, act):
        self._stage, self._gateway, self._at, self._act = stage, gateway, at, act
        self.count, self.marked = 0, []

    def hand_over(self, message):
        self.count += 1
        if self.count == self._at:
            self._act()
        mark = self._stage.stores.keys.suppression.hex(message.to)
        if rows(self._stage, select(suppression_marks).where(suppression_marks.c.mark == mark)):
            self.marked.append(message.reference)
        return self._gateway.hand_over(message)

    def __getattr__(self, name):
        return getattr(self._gateway, name)


def test_from_the_mark_on_nobody_is_handed_over(stage, monkeypatch):
    people = who(stage)
    names, told = list(people), []
    gone = [names[place] for place in (3, 7, 15, 60, 150)]  # left, leaving, claimed, claimed, planned

    def begin():
        thread = threading.Thread(target=lambda: told.append(erase(stage, *(people[name] for name in gone))))
        thread.start()
        told.append(thread)
        time.sleep(0.3)

    with simulator(stage.record) as running:
        stage.point(running)
        watching = []

        def watched(settings, passwords):
            watching.append(Watching(stage, open_gateway(settings, passwords), 5, begin))
            return watching[0]

        monkeypatch.setattr(sender, "open_gateway", watched)
        monkeypatch.setattr(submission, "reach", lambda _: time.sleep(0.01))
        sender.send_plan(stage.stores, stage.plan_id)
        told[0].join()
    assert watching[0].marked == []
    assert len(told[1]) == 5
    arrived = stage.received()
    assert [name in arrived for name in gone[:2]] == [True, True]
    for name in gone:
        assert (name in arrived) == (state_of(stage, name) is State.ACCEPTED), name
    assert sum(stage.states().values()) == 216


def test_an_erasure_that_is_refused_has_no_effect(stage, monkeypatch):
    people = who(stage)
    names = list(people)
    monkeypatch.setattr(erasure_messages, "_MOST_SECONDS", 0.2)
    now = stage.stores.clock.now()
    with simulator(stage.record) as running:
        stage.point(running)
        with sender_lock(stage.stores):  # a sender that lives, in the middle of a window
            with transaction(stage.stores.engine) as work:
                claims = claim_batch(work, stage.plan_id, after=0, size=20, run_id="a" * 32, at=now)
                mark_leaving(work, claims[:10], "a" * 32, now)
            with pytest.raises(Refused, match="handing a message over"):
                erase(stage, people[names[2]], people[names[15]], people[names[100]])
        assert rows(stage, select(suppression_marks)) == rows(stage, select(erasures)) == []
        assert set(Counter(row.state for row in rows(stage, select(messages.c.state)))) == {"PLANNED", "CLAIMED"}
        sender.send_plan(stage.stores, stage.plan_id)
        arrived = set(stage.received())
        assert {names[15], names[100]} <= arrived
        # the sender is dead now: what it left is settled by the erasure itself
        erase(stage, people[names[2]], people[names[15]])
    assert len(rows(stage, select(erasures).where(erasures.c.finished_at.is_not(None)))) == 2


@pytest.mark.parametrize("ids", ["drawn", "computed"])
def test_a_report_that_comes_while_its_person_is_erased_is_taken_in(stage, monkeypatch, ids):
    if ids == "computed":
        compute_ids(stage)
        _approve_anew(stage)
    people = who(stage)
    gone = next(name for name, e164 in people.items() if e164[-1] in "012345")
    with simulator(stage.record) as running:
        stage.point(running)
        sender.send_plan(stage.stores, stage.plan_id, limit=40)
        assert state_of(stage, gone) is State.ACCEPTED

        def reach(step):
            if step == "erasure.seals_forgotten":
                assert stage.take_in(1.0).reports > 0

        monkeypatch.setattr(erasure.failpoint, "reach", reach)
        erase(stage, people[gone])
        stage.take_in()
    states = [row.state for row in rows(stage, select(messages.c.state).order_by(messages.c.position))]
    assert states[list(people).index(gone)] == "DELIVERED"
    assert stage.stores.keys.contact_id(people[gone]) not in str(rows(stage, select(messages)))
    told = rows(stage, select(message_events.c.state).where(message_events.c.send_id == gone))
    assert [row.state for row in told] == ([] if ids == "computed" else ["CLAIMED", "ACCEPTED", "DELIVERED"])


@pytest.mark.parametrize("ids", ["drawn", "computed"])
def test_a_report_that_comes_after_its_person_was_erased_ends_nothing(stage, ids):
    if ids == "computed":
        compute_ids(stage)
        _approve_anew(stage)
    people = who(stage)
    gone = next(name for name, e164 in people.items() if e164[-1] in "012345")
    with simulator(stage.record) as running:
        stage.point(running)
        sender.send_plan(stage.stores, stage.plan_id, limit=40)
        erase(stage, people[gone])
        assert stage.take_in(1.0).reports > 30
    states = [row.state for row in rows(stage, select(messages.c.state).order_by(messages.c.position))]
    assert states[list(people).index(gone)] == ("ACCEPTED" if ids == "computed" else "DELIVERED")
    assert stage.stores.keys.contact_id(people[gone]) not in str(rows(stage, select(message_events)))


def test_a_claim_that_a_report_or_an_erasure_took_away_ends_no_sender(stage, monkeypatch):
    """The whole claim is called off between judgement and window."""
    people = who(stage)

    def reach(step):
        if step == "sender.judged" and not stage.received():
            erase(stage, *list(people.values())[:12])

    with simulator(stage.record) as running:
        stage.point(running)
        monkeypatch.setattr(sender, "reach", reach)
        sender.send_plan(stage.stores, stage.plan_id)
    assert stage.states() == {State.ACCEPTED: 204, State.CANCELLED: 12}
    assert not set(stage.received()) & set(list(people)[:12])
