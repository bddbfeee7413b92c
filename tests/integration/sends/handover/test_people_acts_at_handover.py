"""An act that is committed while a batch is claimed counts for its message: real base, real macro, real sender."""

import json
import shutil
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from consent.acts.act_entry import ActDesk, TypedAct, enter_act
from consent.acts.person_acts import FactKind, record_fact
from consent.acts.requests import Answer, answer_request
from partners_ingest.rows.asked_numbers import number_reader
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover import sender
from sends.inbound.listener import take_in
from sends.orders.order_file import read_order
from sends.plans.approval import approve_plan
from sends.plans.audience import create_audience, selection_of
from sends.plans.control import release_plan
from sends.plans.judging import create_judged, use_of
from sends.plans.planning import plan_campaign
from sends.rules.context import read_context
from stores.all_stores import open_stores
from stores.lake import reading_name
from stores.operations.database import transaction
from stores.operations.message_tables import messages
from terms.settings import PROJECT_ROOT, load_settings
from tests.scenes.sends.small_send_home import point_gateway, received_lines, simulator

NOW = "2026-11-24T10:05:00+01:00"

#: Codes that acts of the day give; those of a person's other acts are told beside them.
_LIVE_CODES = {"SUPPRESSED", "NUMBER_DEAD", "DSAR_LATE"}


class Scene:
    """A copy of the sample's home with the demo order planned in it, and what reaches its simulator."""

    def __init__(self, folder, shell, running):
        shutil.copytree(PROJECT_ROOT / "config", folder / "config")
        variables = shell.environ(at=NOW, CONFIG=str(folder / "config"), ACTOR="planner")
        stores = open_stores(load_settings(variables))
        self.folder, self.stores, self.desk = (
            folder,
            stores,
            ActDesk(stores, number_reader(stores.number_rules)),
        )
        point_gateway(self.stores, running.url)
        gateway = open_gateway(read_gateway(self.stores.settings.config / "gateways", "simulator"))
        take_in(self.stores, "simulator", gateway, 0)

    def plan(self, profile):
        order = self.folder / "order.yaml"
        demo = (PROJECT_ROOT / "config" / "campaigns" / "demo.yaml").read_text()
        order.write_text(demo.replace("profile: strict", f"profile: {profile}"))
        plan = plan_campaign(self.stores, order)
        approve_plan(self.stores, plan.plan_id, "second")
        return plan.plan_id

    def first(self, plan_id, count):
        query = select(messages.c.contact_id).where(messages.c.plan_id == plan_id).order_by(messages.c.position)
        with self.stores.engine.connect() as work:
            return work.execute(query.limit(count)).scalars().all()

    def numbers(self, contact_ids):
        manifest = self.stores.warehouse.manifest()
        names = [reading_name(delivery, reading) for delivery, reading in manifest.deliveries.items()]
        return self.stores.vault.numbers(names, contact_ids)

    def codes(self, plan_id):
        query = select(messages.c.contact_id, messages.c.codes_json).where(messages.c.plan_id == plan_id)
        with self.stores.engine.connect() as work:
            return {contact: json.loads(codes) for contact, codes in work.execute(query)}


@pytest.fixture
def scene(tmp_path, sample_refresh):
    shell, _ = sample_refresh
    with simulator(tmp_path / "received.jsonl") as running:
        yield Scene(tmp_path, shell, running)


def ago(**delta):
    return datetime.fromisoformat(NOW) - timedelta(**delta)


@pytest.mark.parametrize("step", ["sender.claimed", "sender.judged"])
def test_an_act_between_claim_and_hand_over_decides(scene, monkeypatch, step):
    plan_id = scene.plan("strict")
    people = scene.first(plan_id, 12)
    numbers = scene.numbers(people)

    def act(place, kind, **delta):
        typed = TypedAct(numbers[people[place]], kind, ago(**delta).isoformat(), "letter")
        return enter_act(scene.desk, typed)

    def dead(place, **delta):
        told = {"occurred_at": ago(**delta), "known_at": scene.stores.clock.now()}
        with transaction(scene.stores.engine) as work:
            record_fact(work, people[place], FactKind.UNKNOWN_SUBSCRIBER, "report", **told)

    dead(4, days=31)
    dead(5, days=29)

    def at_step(reached):
        if reached != step:
            return
        monkeypatch.setattr(sender, "reach", lambda _: None)
        for place, kind in enumerate(("withdrawal", "objection", "erasure", "stop")):
            act(place, kind, minutes=1)
        dead(4, minutes=1)
        dead(5, minutes=1)
        act(6, "access", days=40)
        act(7, "access", days=20)
        act(8, "click", minutes=1)
        answered = act(9, "access", days=40)
        lists = ("sponsors", "send_times", "source_partner", "proof")
        answer_request(scene.desk, answered.request_id, Answer(ago(days=2), "sent by post", lists))

    monkeypatch.setattr(sender, "reach", at_step)
    sender.send_plan(scene.stores, plan_id, limit=20)
    arrived = {line["to"] for line in received_lines(scene.folder / "received.jsonl")}
    codes = scene.codes(plan_id)
    told = [(sorted(_LIVE_CODES & set(codes[one])), numbers[one] in arrived) for one in people]
    assert told[:4] == [(["SUPPRESSED"], False)] * 4
    assert told[4:7] == [(["NUMBER_DEAD"], False), ([], True), (["DSAR_LATE"], False)]
    assert told[7:] == [([], True)] * 5


def test_a_click_of_this_morning_renews_a_consent_that_had_expired(scene):
    before = scene.plan("market")
    excluded = _excluded_for(scene, "CONSENT_EXPIRED")
    assert excluded, "the sample has people whose consent expired and nothing else"
    release_plan(scene.stores, before)
    numbers = scene.numbers(excluded)
    for contact_id in excluded:
        enter_act(scene.desk, TypedAct(numbers[contact_id], "click", ago(minutes=5).isoformat(), "page of origin"))
    plan_id = scene.plan("market")
    everybody = set(scene.first(plan_id, 10_000))
    assert everybody & set(excluded)
    sender.send_plan(scene.stores, plan_id)
    arrived = {line["to"] for line in received_lines(scene.folder / "received.jsonl")}
    assert {numbers[one] for one in everybody & set(excluded)} <= arrived


def _excluded_for(scene, code):
    """Return who may not get the message for this one reason."""
    context = read_context(scene.stores.settings.config, read_order(scene.folder / "order.yaml"))
    now = scene.stores.clock.now()
    with scene.stores.warehouse.open_base() as base:
        create_audience(base, selection_of(context))
        create_judged(base, scene.stores, "audience", use_of(scene.stores, context, now, now))
        rows = base.execute("select contact_id::varchar from judged where codes = [?]", [code]).fetchall()
    return [contact_id for (contact_id,) in rows]
