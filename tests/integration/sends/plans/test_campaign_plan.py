"""Planning, approving and reserving on SQLite and PostgreSQL: sums, refusals, and one sponsor per part."""

import threading
from hashlib import sha256

import pytest
from sqlalchemy import func, insert, select

from sends.inbound.opt_outs import opt_out
from sends.ledger.states import State
from sends.plans.approval import approve_plan, lift_hold
from sends.plans.control import release_plan, stop_plan
from sends.plans.counting import count_audience
from sends.plans.exclusivity import Holding, reserve_bureaux, reserve_contacts
from sends.plans.planning import PlanRefused, plan_campaign
from sends.plans.status import campaign_status
from sends.rules.rulebook import OrderRefused
from stores.operations import all_tables
from stores.operations.database import transaction
from stores.operations.message_tables import messages
from stores.operations.plan_tables import bureau_reservations, contact_reservations, plans
from terms.errors import Refused, UsageError
from tests.scenes.possible_rows import POSSIBLE
from tests.scenes.sends.small_send_home import at, later, make_home, number, publish, write_order

MACRON = {"election": "PRES2022", "round": 2, "candidate": "MACRON"}


@pytest.fixture
def stores(tmp_path, operations_url):
    return make_home(tmp_path, operations_url, contacts=500)


def rows(stores, table):
    with stores.engine.connect() as work:
        return work.execute(select(func.count()).select_from(table)).scalar_one()


def codes(refusal):
    return sorted(item.code for item in refusal.value.findings)


def test_a_plan_adds_up_and_freezes_its_audience(stores, tmp_path):
    opt_out(stores, number(0), "letter")
    plan = plan_campaign(stores, write_order(tmp_path))
    assert plan.contacts == 449
    assert plan.excluded == {"CONSENT_EXPIRED": 50, "SUPPRESSED": 1}
    assert plan.contacts + sum(plan.excluded.values()) == 500
    assert (plan.bureaux, plan.parts_per_message, plan.total_cents) == (2, 1, 4490)
    assert rows(stores, messages) == rows(stores, contact_reservations) == 449
    assert rows(stores, bureau_reservations) == 2 * 104
    status = campaign_status(stores, plan.plan_id)
    assert (status.planned, status.states) == (449, {State.PLANNED: 449})
    with stores.engine.connect() as work:
        contact_ids = work.execute(select(messages.c.contact_id).order_by(messages.c.position)).scalars().all()
    hashes = [sha256(f"{plan.plan_id}\x1f{contact_id}".encode()).hexdigest() for contact_id in contact_ids]
    assert hashes == sorted(hashes), "not in hash order"


def test_the_count_and_the_plan_agree(stores, tmp_path):
    order = write_order(tmp_path)
    count = count_audience(stores, str(order))
    assert count.contacts == sum(count.verdicts.values()) == 500
    assert count.verdicts["SENDABLE"] == plan_campaign(stores, order).contacts
    assert count.reasons == {"CONSENT_EXPIRED": 50}
    assert count.bureaux == {"75056_1101": 250, "75056_1102": 250}


@pytest.mark.parametrize(
    ("audience", "contacts"),
    [
        ({"departements": ["75"]}, 450),
        ({"communes": ["75056"]}, 450),
        ({"bureaux": ["75056_1101", "75056_1102"]}, 450),
        ({"exclude": {"bureaux": ["75056_1102"]}}, 250),
        ({"sex": "F"}, 250),
        ({"iris": ["751114201"]}, 250),
        ({"bureau_vote": MACRON | {"share_of_votes": {"min": 0.6}}}, 250),
        ({"bureau_vote": MACRON | {"share_of_votes": {"min": 0.5, "max": 0.6}}}, 200),
        ({"iris_income": {"median_euros": {"max": 25000}}}, 250),
        ({"age": {"min": 20, "max": 79}}, 450),
    ],
)
def test_criteria_select(stores, tmp_path, audience, contacts):
    plan = plan_campaign(stores, write_order(tmp_path, audience=audience))
    assert plan.contacts == contacts


@pytest.mark.parametrize(("on", "shift"), [("2027-06-14", 0), ("2027-06-15", 1)])
def test_age_counts_on_the_day_of_the_window(stores, tmp_path, on, shift):
    """Contact i was born on 15 June of 2006 - i % 60: the day before, i % 60 + 20 years old, then one more."""
    window = {"from": f"{on}T10:00:00+02:00", "to": f"{on}T20:00:00+02:00"}
    plan = plan_campaign(stores, write_order(tmp_path, window=window, audience={"age": {"min": 50, "max": 79}}))
    audience = sum(1 for i in range(500) if 50 <= i % 60 + 20 + shift <= 79)
    assert plan.contacts + sum(plan.excluded.values()) == audience


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"audience": {"communes": ["75112"]}}, ["SEGMENT_TOO_SMALL"]),
        ({"audience": {"bureaux": ["75056_1101"], "age": {"min": 20, "max": 40}}}, ["SEGMENT_TOO_SMALL"]),
        ({"audience": {"source_partners": ["p"]}}, ["FORBIDDEN_SOURCE_AS_CRITERION"]),
        (
            {"window": {"from": "2026-11-23T10:00:00+01:00", "to": "2026-11-23T20:00:00+01:00"}},
            ["WINDOW_PAST"],
        ),
        ({"window": {"from": "2026-11-29T10:00:00+01:00", "to": "2026-11-29T20:00:00+01:00"}}, ["SUNDAY"]),
        ({"window": {"from": "2027-04-17T10:00:00+02:00", "to": "2027-04-17T20:00:00+02:00"}}, ["L49"]),
        (
            {"window": {"from": "2027-05-01T10:00:00+02:00", "to": "2027-05-01T20:00:00+02:00"}, "round": 2},
            ["HOLIDAY", "L49"],
        ),
        (
            {"message": {"sender": "INFO", "text": "Venez"}},
            ["NO_ORIGIN", "NO_SPONSOR", "NO_STOP", "NO_TTPA_LABEL", "SENDER_GENERIC"],
        ),
    ],
)
def test_a_refused_order_tells_all_codes_and_leaves_nothing(stores, tmp_path, changes, expected):
    with pytest.raises(PlanRefused) as refusal:
        plan_campaign(stores, write_order(tmp_path, **changes))
    found = codes(refusal)
    assert set(expected) <= set(found)
    assert set(found) - set(expected) <= {"VALIDITY_CROSSES_BLACKOUT", "WINDOW_TOO_SHORT"}
    assert refusal.value.exit_code == 3
    for table in (plans, messages, bureau_reservations, contact_reservations):
        assert rows(stores, table) == 0


def test_a_count_below_the_floor_or_of_a_forbidden_criterion_tells_no_number(stores, tmp_path):
    for audience, code in (
        ({"iris": ["751114209"]}, "SEGMENT_TOO_SMALL"),
        ({"lookalike_of": "x"}, "SPECIAL_CATEGORY_SEED"),
    ):
        with pytest.raises(OrderRefused) as refusal:
            count_audience(stores, str(write_order(tmp_path, audience=audience)))
        assert codes(refusal) == [code]
        assert not any(letter.isdigit() for letter in str(refusal.value).removeprefix("T-1"))


def test_a_bureau_where_nearly_all_voted_alike_reveals_votes(stores, tmp_path):
    vote = {"bureau_vote": MACRON | {"share_of_votes": {"min": 0.5}}}
    plan = plan_campaign(stores, write_order(tmp_path, audience=vote))
    assert [item.code for item in plan.findings] == ["BUREAU_RESULT_TARGETING"]
    release_plan(stores, plan.plan_id)
    publish(stores, 500, version="b2", macron_votes=721)  # of 800: above 90 %
    with pytest.raises(PlanRefused) as refusal:
        plan_campaign(stores, write_order(tmp_path, audience=vote))
    assert codes(refusal) == ["BUREAU_RESULT_TARGETING", "BUREAU_REVEALS_VOTE"]
    assert count_audience(stores, str(write_order(tmp_path, audience=vote))).contacts > 0  # sends nothing


def test_another_sponsor_gets_nothing_of_a_reserved_bureau(stores, tmp_path):
    plan_campaign(stores, write_order(tmp_path))
    with pytest.raises(PlanRefused) as refusal:
        plan_campaign(stores, write_order(tmp_path, campaign_id="T-2", sponsor="union"))
    assert "EXCLUSIVITY" in codes(refusal)
    assert "horizon" not in str(refusal.value.to_json()).lower()
    assert rows(stores, plans) == 1


def test_a_bureau_is_shared_by_age(stores, tmp_path):
    old = plan_campaign(stores, write_order(tmp_path, reserve={"age": {"min": 50}}, audience={"age": {"min": 20}}))
    young = write_order(tmp_path, campaign_id="T-2", sponsor="union", reserve={"age": {"max": 49}})
    plan = plan_campaign(stores, young)
    assert plan.excluded["OUTSIDE_RESERVE"] == old.contacts + old.excluded["CONSENT_EXPIRED"]
    assert plan.contacts + sum(plan.excluded.values()) == 500
    with stores.engine.connect() as work:
        held = select(func.count(), func.count(contact_reservations.c.contact_id.distinct()))
        assert work.execute(held).one() == (plan.contacts + old.contacts,) * 2


def test_release_and_expiry_free_a_bureau_and_stop_does_not(stores, tmp_path):
    first = plan_campaign(stores, write_order(tmp_path))
    second = write_order(tmp_path, campaign_id="T-2", sponsor="union")
    stop_plan(stores, first.plan_id)
    with pytest.raises(PlanRefused):
        plan_campaign(stores, second)
    release_plan(stores, first.plan_id)
    assert campaign_status(stores, first.plan_id).states == {State.CANCELLED: 450}
    taken = plan_campaign(stores, second)
    march = {"from": "2027-03-16T10:00:00+01:00", "to": "2027-03-16T20:00:00+01:00"}
    third = write_order(tmp_path, campaign_id="T-3", window=march)
    with pytest.raises(PlanRefused):
        plan_campaign(at(stores, "2026-11-27T10:00:00+01:00"), third)
    after_72_hours = at(stores, "2026-11-27T10:06:00+01:00")
    plan_campaign(after_72_hours, third)
    with pytest.raises(Refused, match=r"ended at|expired"):
        approve_plan(after_72_hours, taken.plan_id, "second")


def test_a_second_person_approves(stores, tmp_path):
    plan = plan_campaign(stores, write_order(tmp_path))
    with pytest.raises(Refused, match="Another person"):
        approve_plan(stores, plan.plan_id, " Planner ")
    with pytest.raises(UsageError):
        approve_plan(stores, plan.plan_id, "  ")
    with pytest.raises(UsageError, match="no plan"):
        approve_plan(stores, "none", "second")
    approve_plan(stores, plan.plan_id, "second")
    with pytest.raises(Refused, match="approved"):
        approve_plan(stores, plan.plan_id, "third")


def test_an_approval_keeps_the_parts_to_the_end_of_the_window(stores, tmp_path):
    march = {"from": "2027-03-16T10:00:00+01:00", "to": "2027-03-16T20:00:00+01:00"}
    plan = plan_campaign(stores, write_order(tmp_path, window=march))
    approve_plan(stores, plan.plan_id, "second")
    second = write_order(tmp_path, campaign_id="T-2", sponsor="union", window=march)
    with pytest.raises(PlanRefused):
        plan_campaign(at(stores, "2027-03-10T10:00:00+01:00"), second)


def test_a_hold_is_lifted_by_name_before_the_approval(stores, tmp_path):
    plan = plan_campaign(
        stores, write_order(tmp_path, audience={"bureau_vote": MACRON | {"share_of_votes": {"min": 0.5}}})
    )
    with pytest.raises(Refused, match="HOLD: BUREAU_RESULT_TARGETING"):
        approve_plan(stores, plan.plan_id, "second")
    with pytest.raises(Refused, match="no HOLD L49"):
        lift_hold(stores, plan.plan_id, "L49", "second", "because")
    lift_hold(stores, plan.plan_id, "BUREAU_RESULT_TARGETING", "officer", "DPIA-2027-03 signed today")
    approve_plan(stores, plan.plan_id, "second")


def test_one_campaign_has_one_live_plan(stores, tmp_path):
    first = plan_campaign(stores, write_order(tmp_path))
    with pytest.raises(Refused, match=first.plan_id):
        plan_campaign(stores, write_order(tmp_path))


def test_the_database_itself_knows_one_live_plan_of_a_campaign(stores, tmp_path, monkeypatch):
    """Two planners at one instant: neither saw the other's plan when it looked, and the key tells the second."""
    from sends.plans import planning

    first = plan_campaign(stores, write_order(tmp_path))
    looks = []
    looking = planning._refuse_second_plan
    monkeypatch.setattr(planning, "_refuse_second_plan", lambda *told: looking(*told) if looks else looks.append(told))
    with pytest.raises(Refused, match=first.plan_id):
        plan_campaign(at(stores, "2026-11-24T10:06:00+01:00"), write_order(tmp_path))
    assert rows(stores, plans) == 1
    stop_plan(stores, first.plan_id)
    plan_campaign(at(stores, "2026-11-24T10:07:00+01:00"), write_order(tmp_path))
    assert rows(stores, plans) == 2


def test_an_invitation_reserves_contacts_and_no_bureau(stores, tmp_path):
    order = write_order(tmp_path, kind="invitation", audience=None, max_messages=300)
    plan = plan_campaign(stores, order)
    assert (plan.contacts, plan.bureaux) == (300, 0)
    assert plan.excluded == {"CONSENT_EXPIRED": 50, "OVER_MAX_MESSAGES": 150}
    assert rows(stores, bureau_reservations) == 0
    assert rows(stores, contact_reservations) == 300


def test_of_two_sponsors_at_one_barrier_exactly_one_gets_the_bureau(stores):
    engine, outcomes = stores.engine, {}
    start = threading.Barrier(2)
    expires = at(stores, later("2026-11-24T10:05:00+01:00", hours=72)).clock.now()

    def reserve(sponsor):
        holding = Holding("PRES2027", 1, sponsor, sponsor, expires)
        start.wait()
        try:
            with transaction(engine) as work:
                taken = reserve_bureaux(work, holding, "2026", ["75056_1102", "75056_1101"], None, stores.clock.now())
                taken |= reserve_contacts(work, holding, [stores.keys.contact_id(number(i)) for i in range(50)])
                if taken:
                    raise Refused("another's")
            outcomes[sponsor] = "reserved"
        except Refused:
            outcomes[sponsor] = "refused"

    with transaction(engine) as work:  # what is reserved and held is some plan's
        for sponsor in ("horizon", "union"):
            work.execute(insert(plans).values(POSSIBLE["plans"] | {"plan_id": sponsor, "campaign_id": sponsor}))
    for _ in range(8):
        outcomes.clear()
        threads = [threading.Thread(target=reserve, args=(sponsor,)) for sponsor in ("horizon", "union")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes.values()) == ["refused", "reserved"]
        with transaction(engine) as work:
            holders = set(work.execute(select(bureau_reservations.c.sponsor_id).distinct()).scalars())
            assert holders == {sponsor for sponsor, outcome in outcomes.items() if outcome == "reserved"}
            for table in (bureau_reservations, contact_reservations):
                work.execute(all_tables.metadata.tables[table.name].delete())
