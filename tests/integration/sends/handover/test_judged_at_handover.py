"""The last judgement before a hand-over: STOPs, ended consents, another base or other rules, an erased number."""

from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from consent.acts.person_acts import ActKind, suppress
from sends.handover.sender import BATCH, send_plan
from sends.inbound.opt_outs import opt_out
from stores.operations.database import insert_once, transaction
from stores.operations.message_tables import messages
from stores.operations.person_tables import form_stops, opt_outs
from stores.operations.plan_tables import contact_reservations
from terms.errors import Refused
from tests.scenes.sends.send_stage import CONTACTS
from tests.scenes.sends.small_send_home import at, number, publish, received_lines, simulator


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

    local_stage.stores = replace(local_stage.stores, clock=_Still(local_stage.stores.clock.now()))
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


def test_an_erased_number_is_not_sent_to(local_stage):
    for file in local_stage.stores.home.vault.rglob("*.parquet"):
        file.unlink()
    from tests.scenes.sends.small_send_home import fill_vault

    fill_vault(local_stage.stores, 10)
    with simulator(local_stage.record) as running:
        local_stage.point(running)
        report = send_plan(local_stage.stores, local_stage.plan_id)
    assert (report.accepted, report.excluded) == (9, 207)
