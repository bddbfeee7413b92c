"""The funnel adds up to the base, the losses are what the judgement says of later days, and the pages tell both.

Over a random world with STOPs and clicks in its ledger; what a use is worth is tested elsewhere.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consent.judgement.asking import judge
from consent.judgement.live_facts import load_live_facts
from outlook.expiring import Expiring, expiring
from outlook.why_not import WhyNot, why_not
from pages.page import render_page
from stores.all_stores import Stores, open_stores
from stores.operations import database, person_tables
from terms.clock import to_micros
from terms.reasons import Channel, Profile
from terms.settings import load_settings
from tests.scenes.judgement.random_world import CONTACTS, contact, make_world
from tests.scenes.judgement.small_base import build_base, published

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    folder = tmp_path_factory.mktemp("outlook")
    build_base(folder, make_world(seed=5), "--exclude-resource-type", "unit_test", "test")
    stores = open_stores(
        load_settings(
            {
                "FILIATION_ENV": "test",
                "FILIATION_HOME": str(folder),
                "FILIATION_ACTOR": "test",
                "FILIATION_NOW": "2026-11-24T08:00:00+00:00",
            }
        )
    )
    published(stores)
    rng = random.Random(5)
    with database.transaction(stores.engine) as work:
        for number in range(30):
            at = to_micros(NOW + timedelta(days=rng.randrange(200)))
            who = contact(rng.randrange(CONTACTS))
            if number % 2:
                row = {"opt_out_id": str(number), "kind": "stop", "effective_at": at, "known_at": at}
                work.execute(person_tables.opt_outs.insert().values(contact_id=who, source="x", **row))
            else:
                row = {"fact_id": str(number), "kind": "click", "occurred_at": at, "known_at": at}
                work.execute(person_tables.contact_facts.insert().values(contact_id=who, source="x", **row))
    return stores


@pytest.fixture(scope="module")
def funnel(stores: Stores) -> WhyNot:
    return why_not(stores)


@pytest.fixture(scope="module")
def losses(stores: Stores) -> Expiring:
    return expiring(stores, timedelta(days=365), Channel.SMS, Profile.MARKET)


def test_reasons_and_sendable_contacts_are_the_base(funnel: WhyNot, stores: Stores) -> None:
    with stores.warehouse.open_base() as base:
        contacts = base.execute("select count(*) from contacts").fetchall()[0][0]
    assert [(one.use.channel, one.use.profile) for one in funnel.funnels] == [
        (channel, profile) for channel in Channel for profile in Profile
    ]
    assert any(one.sendable for one in funnel.funnels)
    for one in funnel.funnels:
        assert one.sendable + sum(reason.exclusive for reason in one.reasons) == one.contacts == contacts
        assert all(reason.exclusive <= reason.overlapping for reason in one.reasons)


def test_the_funnel_is_what_the_judgement_says_of_each_contact(funnel: WhyNot, stores: Stores) -> None:
    for one in funnel.funnels:
        with stores.warehouse.open_base() as base:
            load_live_facts(base, stores.engine, "live_facts", None)
            judged = judge(base, "contacts", "live_facts", one.use)
        told = one.to_json()
        for code in {code for item in judged for code in item.codes}:
            assert told["reasons"].get(code, 0) == sum(item.worst_code == code for item in judged)
            assert told["reasons_overlapping"][code] == sum(code in item.codes for item in judged)


def test_records_add_up(funnel: WhyNot) -> None:
    assert funnel.records is not None
    assert funnel.records.data == funnel.records.accepted + funnel.records.quarantined > 0
    assert 0 < funnel.records.given < funnel.records.opt_ins <= funnel.records.accepted


def test_losses_are_what_the_judgement_says_of_later_days(losses: Expiring, stores: Stores) -> None:
    """Day by day: whoever was sendable and is not on one of the following days is lost on the first."""
    ends = _first_ends(losses, stores)
    by_day = {day: sum(loss.contacts for loss in losses.losses if loss.on == day) for day in ends.values()}
    assert losses.lost == len(ends) > 0
    assert by_day == {day: list(ends.values()).count(day) for day in ends.values()}


def _first_ends(losses: Expiring, stores: Stores) -> dict[str, object]:
    found: dict[str, object] = {}
    with stores.warehouse.open_base() as base:
        load_live_facts(base, stores.engine, "live_facts", None)
        sendable = {
            one.contact_id for one in judge(base, "contacts", "live_facts", losses.use) if one.decision == "ALLOW"
        }
        assert len(sendable) == losses.sendable
        for number in range(1, 366):
            at = losses.use.moment + timedelta(days=number)
            day = (at - timedelta(hours=1)).date()
            for one in judge(base, "contacts", "live_facts", replace(losses.use, moment=at, known_by=at)):
                if one.contact_id in sendable and one.decision != "ALLOW":
                    found.setdefault(one.contact_id, day)
    return found


def test_the_pages_tell_the_figures(funnel: WhyNot, losses: Expiring) -> None:
    page = render_page("why_not.html", funnel)
    assert all(reason.code in page for one in funnel.funnels for reason in one.reasons)
    assert f"{funnel.funnels[0].sendable} of {funnel.funnels[0].contacts} may be reached" in page
    page = render_page("expiring.html", losses)
    assert all(f"<td>{loss.partner_id}</td>" in page for loss in losses.losses)
    assert "Nothing is lost" in render_page("expiring.html", replace(losses, losses=()))
