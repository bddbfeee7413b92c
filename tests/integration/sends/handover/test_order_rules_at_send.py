"""The rules of orders are asked again when a plan is sent: papers, complaints, bureaux, sponsors change in between."""

import duckdb
import pytest
from sqlalchemy import insert

from consent.dossiers.controller import read_controller
from sends.gateways.routes import open_gateway
from sends.handover.checks import check_sendable
from sends.handover.heartbeat import Heartbeat
from sends.handover.plan_to_send import read_plan_to_send
from sends.ledger.plan_rows import find_plan
from sends.plans.approval import approve_plan, context_of, lift_hold
from sends.plans.planning import PlanRefused, plan_campaign
from sends.plans.transparency_notice import renew_transparency_notice, told_items
from sends.rules.controller_documents import TRANSPARENCY_NOTICE_ITEMS
from stores.operations.database import transaction
from stores.operations.person_tables import request_answers, requests
from stores.operations.plan_tables import bureau_holdings, plans
from terms.clock import to_micros
from terms.errors import Refused
from tests.scenes.possible_rows import POSSIBLE
from tests.scenes.sends.audience_macros import create_audience_macros
from tests.scenes.sends.small_send_home import at, make_home, point_gateway, publish, write_order

NOBODY_LISTENS = "Nobody listens"  # the last thing asked: everything else was in order


def approved(folder, **order):
    stores = make_home(folder, contacts=240)
    plan = plan_campaign(stores, write_order(folder, **order))
    approve_plan(stores, plan.plan_id, "second")
    return stores, plan.plan_id


def change(stores, name, old, new):
    path = stores.settings.config / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def refusal(stores, plan_id):
    """What the checks before a send say; the gateway is not asked, so any password opens it."""
    ours = read_plan_to_send(stores, plan_id)
    gateway = open_gateway(ours.context.gateway, {ours.plan.gateway: "secret"})
    with pytest.raises(Refused) as caught:
        check_sendable(stores, ours, gateway, Heartbeat(stores, ours.context.gateway))
    return str(caught.value)


def test_nothing_changed_nothing_is_said(tmp_path):
    stores, plan_id = approved(tmp_path)
    assert NOBODY_LISTENS in refusal(stores, plan_id)


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("controller.yaml", "risk_assessment_on: 2026-09-01", "risk_assessment_on: 2025-11-24", "ART19_STALE"),
        ("sponsors/horizon.yaml", "declaration_signed_on: 2026-09-10", "declaration_signed_on: null", "NO_DECLARATION"),
        ("sponsors/horizon.yaml", "established_in: FR}", "established_in: BE}", None),
        ("sponsors/horizon.yaml", "kind: mandataire, established_in: FR", "kind: company, established_in: BE", "FOREIGN_"),
        ("bureau_changes.yaml", "changes: []", "changes: [{bureau_code: '75056_1101', kind: split, known_on: 2026-11-24}]", "BUREAU_REMAPPED"),
        ("bureau_changes.yaml", "changes: []", "changes: [{bureau_code: '75056_1101', kind: split, known_on: 2026-11-25}]", None),
        ("bureau_changes.yaml", "changes: []", "changes: [{bureau_code: '75056_1109', kind: split, known_on: 2026-11-24}]", None),
    ],
)  # fmt: skip
def test_what_changed_since_the_approval_counts(tmp_path, name, old, new, code):
    stores, plan_id = approved(tmp_path)
    change(stores, name, old, new)
    assert (code or NOBODY_LISTENS) in refusal(stores, plan_id)


def test_a_complaint_that_waits_too_long_holds_the_campaign_until_it_is_answered(tmp_path):
    stores, plan_id = approved(tmp_path)
    now = to_micros(stores.clock.now())
    received = now - 49 * 3_600_000_000
    row = {"request_id": "r", "kind": "complaint", "campaign_id": "T-1", "received_at": received, "late_at": now}
    with transaction(stores.engine) as work:
        work.execute(insert(requests).values(**row, source="form 12", entered_at=received, entered_by="t"))
    assert "ART15_LATE" in refusal(stores, plan_id)
    answer = {"request_id": "r", "answered_at": now, "answer": "done", "entered_at": now, "entered_by": "t"}
    with transaction(stores.engine) as work:
        work.execute(insert(request_answers).values(**answer))
    assert NOBODY_LISTENS in refusal(stores, plan_id)


def test_a_bureau_that_changed_while_it_was_held_is_on_hold_until_a_person_looked(tmp_path):
    stores, _ = approved(tmp_path)
    change(stores, "bureau_changes.yaml", "[]", "[{bureau_code: '75056_1101', kind: renumbered, known_on: 2026-11-24}]")
    second = plan_campaign(stores, write_order(tmp_path, campaign_id="T-2"))
    assert [item.code for item in second.findings] == ["BUREAU_REMAPPED"]
    with pytest.raises(Refused, match="HOLD"):
        approve_plan(stores, second.plan_id, "second")
    lift_hold(stores, second.plan_id, "BUREAU_REMAPPED", "officer", "same streets under another number")
    approve_plan(stores, second.plan_id, "second")
    assert NOBODY_LISTENS in refusal(stores, second.plan_id)


def untell(stores, name, field):
    """Take the last mapping out of a file of the configuration."""
    path = stores.settings.config / name
    path.write_text(path.read_text().partition(f"\n{field}")[0] + "\n")


@pytest.mark.parametrize(
    ("name", "field", "missing"),
    [("sponsors/horizon.yaml", "identity:", "1, 7"), ("controller.yaml", "papers:", "12, 16")],
)
def test_a_notice_that_lacks_items_is_refused_where_people_would_get_the_message(tmp_path, name, field, missing):
    stores = make_home(tmp_path, contacts=240)
    untell(stores, name, field)
    assert plan_campaign(stores, write_order(tmp_path, gateway="smsc")).findings == ()  # a simulator reaches nobody
    point_gateway(stores, "smpp://127.0.0.1:2775", "smsc", leads_to="phones")
    with pytest.raises(PlanRefused) as refused:
        plan_campaign(stores, write_order(tmp_path, gateway="smsc", campaign_id="T-2"))
    assert [(item.code, item.decision.value) for item in refused.value.findings] == [("NOTICE_INCOMPLETE", "REFUSE")]
    assert f"Missing: {missing}." in refused.value.findings[0].message


@pytest.mark.parametrize("lacking", [(), ("identity",), ("papers",), ("identity", "papers")])
def test_the_items_that_are_told_are_those_of_the_notice(tmp_path, lacking):
    stores = make_home(tmp_path, contacts=240)
    for field in lacking:
        untell(stores, {"identity": "sponsors/horizon.yaml", "papers": "controller.yaml"}[field], f"{field}:")
    plan_id = plan_campaign(stores, write_order(tmp_path)).plan_id
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
    told = told_items(context_of(stores, plan), read_controller(stores.settings.config))
    assert TRANSPARENCY_NOTICE_ITEMS - told == set(renew_transparency_notice(stores, plan_id).missing)


def test_a_sponsor_that_takes_its_identity_back_is_not_sent_for(tmp_path):
    stores = make_home(tmp_path, contacts=240)
    point_gateway(stores, "smpp://127.0.0.1:2775", "smsc", leads_to="phones")
    plan_id = plan_campaign(stores, write_order(tmp_path, gateway="smsc")).plan_id
    approve_plan(stores, plan_id, "second")
    assert "may not send" in refusal(stores, plan_id)  # this environment; the order itself is in order
    untell(stores, "sponsors/horizon.yaml", "identity:")
    assert "NOTICE_INCOMPLETE" in refusal(stores, plan_id)


SPLIT = ("2026", "75056_1101", "2027", "split", ["75056_1101", "75056_1190"])


def test_a_reservation_on_a_map_that_the_base_has_a_newer_one_of_is_on_hold_until_a_person_looked(tmp_path):
    stores, first = approved(tmp_path)
    publish(stores, 240, version="b2", changes=[SPLIT])
    fresh = make_home(tmp_path / "fresh", contacts=240)
    publish(fresh, 240, version="b2", changes=[SPLIT])
    assert [item.code for item in plan_campaign(fresh, write_order(tmp_path)).findings] == ["BUREAU_REMAPPED"]
    assert "BUREAU_REMAPPED" in refusal(stores, first)
    second = plan_campaign(stores, write_order(tmp_path, campaign_id="T-2"))
    assert [item.code for item in second.findings] == ["BUREAU_REMAPPED"]
    assert "75056_1101 of the map 2026 (split)" in second.findings[0].message
    lift_hold(stores, second.plan_id, "BUREAU_REMAPPED", "officer", "same streets")
    approve_plan(stores, second.plan_id, "second")
    assert NOBODY_LISTENS in refusal(stores, second.plan_id)


@pytest.mark.parametrize(
    ("row", "is_held"),
    [
        (("2022", "75056_1142", "2026", "renumbered", ["75056_1101"]), True),  # the same streets under another code
        (("2022", "75056_1142", "2026", "renumbered", ["75056_1190"]), False),  # streets that nobody orders
        (("2022", "75056_1101", "2026", "gone", []), False),  # nobody reserved on that map
        (
            ("2021", "75056_1142", "2022", "merged", ["75056_1101"]),
            False,
        ),  # two maps that the order has nothing to do with
    ],
)
def test_a_reservation_made_on_an_older_map_is_seen_by_an_order_on_the_newer_one(tmp_path, row, is_held):
    stores = make_home(tmp_path, contacts=240)
    publish(stores, 240, changes=[row])
    held = {"plan_id": "old", "election": "PRES2027", "round": 1, "sponsor_id": "union", "bureau_code": "75056_1142"}
    held |= {"bureau_map": "2022", "age_from": -1, "age_to": 120, "held_from": 0, "held_until": 2**60}
    with transaction(stores.engine) as work:
        work.execute(insert(plans).values(POSSIBLE["plans"] | {"plan_id": "old"}))
        work.execute(insert(bureau_holdings).values(**held))
    plan = plan_campaign(stores, write_order(tmp_path))
    assert [item.code for item in plan.findings] == ["BUREAU_REMAPPED"] * is_held


def test_papers_that_are_too_old_hold_a_plan_and_nobody_but_the_dpo_lifts(tmp_path):
    stores = make_home(tmp_path, contacts=240)
    change(stores, "controller.yaml", "targeting_policy_on: 2026-09-01", "targeting_policy_on: 2025-11-24")
    plan = plan_campaign(stores, write_order(tmp_path))
    assert [(item.code, item.decision.value) for item in plan.findings] == [("ART19_STALE", "HOLD")]
    market = write_order(tmp_path, campaign_id="T-2", profile="market")
    assert plan_campaign(stores, market).findings == ()


def test_a_hold_that_nobody_may_lift_is_not_lifted(tmp_path):
    stores = make_home(tmp_path, contacts=240)
    now = to_micros(stores.clock.now())
    row = {"request_id": "r", "kind": "complaint", "campaign_id": "T-1", "received_at": 0, "late_at": now}
    with transaction(stores.engine) as work:
        work.execute(insert(requests).values(**row, source="form 12", entered_at=0, entered_by="t"))
    plan = plan_campaign(stores, write_order(tmp_path))
    assert [item.code for item in plan.findings] == ["ART15_LATE"]
    with pytest.raises(Refused, match="Nobody may lift ART15_LATE"):
        lift_hold(stores, plan.plan_id, "ART15_LATE", "second", "never mind")


@pytest.mark.parametrize(
    ("price", "code"),
    [
        ({"order_unit_cents": 3}, None),
        ({"order_unit_cents": 8, "discount_open_to_all": True}, ""),
        ({"free_messages": 5}, "GIFT_IN_KIND"),
        ({"order_unit_cents": 0}, "GIFT_IN_KIND"),
    ],
)
def test_a_price_that_is_not_the_lists(tmp_path, price, code):
    stores, order = make_home(tmp_path, contacts=240), write_order(tmp_path, price=price)
    if code:
        with pytest.raises(PlanRefused, match=code):
            plan_campaign(stores, order)
        return
    plan = plan_campaign(stores, order)
    assert [item.code for item in plan.findings] == (["BELOW_USUAL_PRICE"] if code is None else [])
    assert plan.unit_price_cents == price["order_unit_cents"]


def test_every_finding_of_a_bad_order_is_told_at_once_in_words(tmp_path):
    stores = make_home(tmp_path, contacts=240)
    change(stores, "sponsors/horizon.yaml", "controlled_from: FR", "controlled_from: US")
    bad = write_order(
        tmp_path,
        message={"sender": "0639980001", "text": "Aux Français de confession juive", "has_new_accusation": True},
        audience={"bureaux": ["75056_1199"]},
        window={"from": "2027-04-16T10:00:00+02:00", "to": "2027-04-16T20:00:00+02:00"},
        price={"order_unit_cents": 0},
        validity_minutes=3000,
    )
    with pytest.raises(PlanRefused) as caught:
        plan_campaign(at(stores, "2027-04-15T09:00:00+02:00"), bad)
    found = {item["code"]: item for item in caught.value.to_json()["findings"]}
    assert set(found) == {
        *("THIRD_COUNTRY_SPONSOR", "GIFT_IN_KIND", "COMMUNITY_ADDRESS", "SENDER_NUMERIC", "SEGMENT_TOO_SMALL"),
        *("NO_STOP", "NO_SPONSOR", "NO_ORIGIN", "NO_TTPA_LABEL", "L48_2_REVIEW", "VALIDITY_CROSSES_BLACKOUT"),
    }
    for item in found.values():
        assert item["message"].endswith(".") and item["rule"].startswith("R-") and item["where"]
        assert item["decision"] in ("HOLD", "REFUSE")


def test_a_base_with_a_new_column_plans_and_a_criterion_without_column_does_not(tmp_path):
    stores = make_home(tmp_path, contacts=240, base=False)
    publish(stores, 240)
    order = write_order(tmp_path)
    with _changed_base(stores) as base:
        base.execute("alter table contacts add column vote_estimate double")
    assert plan_campaign(stores, order).contacts > 0
    with _changed_base(stores) as base:
        create_audience_macros(base, {"birth_date": ["age"]})
    with pytest.raises(PlanRefused, match="SPECIAL_CATEGORY_ATTRIBUTE"):
        plan_campaign(stores, write_order(tmp_path, campaign_id="another"))


def _changed_base(stores):
    stores.warehouse.base_path.chmod(0o600)
    return duckdb.connect(str(stores.warehouse.base_path))
