"""The papers of a campaign: the sponsor's certificate and the report, on both databases; and what one sponsor's plans share."""

import re

import pytest
from sqlalchemy import select

from pages.page import render_page
from pipelines.commands.campaigns import campaign_papers
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.sender import send_plan
from sends.inbound.listener import take_in
from sends.plans.approval import approve_plan
from sends.plans.control import release_plan
from sends.plans.planning import PlanRefused, plan_campaign
from sends.plans.transparency_notice import kept_transparency_notices, renew_transparency_notice
from sends.reporting.exclusivity_certificate import NotExclusive, certify
from sends.reporting.report import campaign_report
from stores.operations.database import insert_once, transaction
from stores.operations.plan_tables import bureau_holdings, bureau_reservations, plans, transparency_notices
from terms.errors import UsageError
from tests.scenes.possible_rows import POSSIBLE
from tests.scenes.sends.small_send_home import (
    at,
    make_home,
    number,
    point_gateway,
    received_lines,
    simulator,
    write_order,
)

ELDER = {"age": {"min": 60, "max": None}}
WEEK = {"from": "2026-11-24T10:00:00+01:00", "to": "2026-11-28T20:00:00+01:00"}
YOUNGER = {"age": {"min": 18, "max": 59}}


@pytest.fixture
def stores(tmp_path, operations_url):
    return make_home(tmp_path, operations_url, contacts=1000)


def planned(stores, folder, name="T-1", **changes):
    return plan_campaign(stores, write_order(folder, campaign_id=name, **changes)).plan_id


def test_a_conflict_proposes_the_part_that_fits_and_that_part_can_be_ordered(stores, tmp_path):
    planned(stores, tmp_path, reserve=YOUNGER)
    with pytest.raises(PlanRefused) as refusal:
        planned(stores, tmp_path, "U-1", sponsor="union")
    told = next(item.message for item in refusal.value.findings if item.code == "EXCLUSIVITY")
    assert "0 of 2 bureaux are free; not free: 75056_1101, 75056_1102." in told
    assert "`reserve: {age: {min: 60, max: null}}` fits" in told
    assert "horizon" not in told.casefold()
    planned(stores, tmp_path, "U-2", sponsor="union", reserve=ELDER)


def test_a_certificate_tells_the_sponsors_own_part_and_of_nobody_else(stores, tmp_path):
    ours = planned(stores, tmp_path, reserve=YOUNGER, window=WEEK)
    theirs = planned(stores, tmp_path, "U-1", sponsor="union", reserve=ELDER)
    approve_plan(stores, ours, "second")
    certificate = certify(stores, ours)
    told = certificate.to_json()
    assert [(one["bureau_code"], one["ages"]) for one in told["bureaux"]] == [
        ("75056_1101", "18 to 59"),
        ("75056_1102", "18 to 59"),
    ]
    assert told["held_until"] == "2026-11-28T19:00:00Z"
    page = render_page("exclusivity_certificate.html", certificate)
    for word in ("Union", "union", "U-1", theirs, "60 and over"):
        assert word not in page and word not in str(told)
    assert certify(stores, theirs).held[0].ages == "60 and over"


def test_a_certificate_in_words_names_its_plan_and_every_part(stores, tmp_path, monkeypatch, capsys):
    ours = planned(stores, tmp_path)
    approve_plan(stores, ours, "second")
    monkeypatch.setattr(campaign_papers, "opened_stores", lambda: stores)
    campaign_papers.exclusivity(ours)
    told = capsys.readouterr().out
    assert f"plan {ours}" in told
    assert "75056_1101" in told and "75056_1102" in told


def test_a_released_part_was_held_until_then_and_the_next_sponsor_from_then(stores, tmp_path):
    ours = planned(stores, tmp_path)
    later = at(stores, "2026-11-24T10:30:00+01:00")
    release_plan(later, ours)
    theirs = planned(at(stores, "2026-11-24T10:40:00+01:00"), tmp_path, "U-1", sponsor="union")
    assert certify(stores, ours).to_json()["held_until"].startswith("2026-11-24T09:30:")
    assert certify(stores, theirs).held[0].ages is None


def test_nothing_is_certified_that_is_not_so(stores, tmp_path):
    ours = planned(stores, tmp_path)
    with stores.engine.connect() as work:
        row = dict(work.execute(bureau_holdings.select().limit(1)).mappings().one())
    beside = {"age_from": 30, "age_to": 30, "held_from": row["held_until"] - 1, "held_until": row["held_until"] + 9}
    with transaction(stores.engine) as work:
        insert_once(work, plans, [POSSIBLE["plans"] | {"plan_id": "x", "sponsor_id": "union"}])
        insert_once(work, bureau_holdings, [row | beside | {"plan_id": "x", "sponsor_id": "union"}])
    with pytest.raises(NotExclusive, match="1 bureau parts"):
        certify(stores, ours)


def test_what_two_plans_of_a_sponsor_hold_stays_its_own_when_one_is_released(stores, tmp_path):
    first = planned(stores, tmp_path)
    second = planned(stores, tmp_path, "T-2", window=WEEK)
    release_plan(stores, first)
    with pytest.raises(PlanRefused):
        planned(stores, tmp_path, "U-1", sponsor="union")
    with stores.engine.connect() as work:
        assert {row.plan_id for row in work.execute(bureau_reservations.select())} == {second}
    approve_plan(stores, second, "second")
    later = at(stores, "2026-11-27T12:00:00+01:00")  # the 72 hours of both plans are over
    with pytest.raises(PlanRefused):
        planned(later, tmp_path, "U-2", sponsor="union", window=WEEK)
    release_plan(later, second)
    planned(later, tmp_path, "U-3", sponsor="union", window=WEEK)


def test_an_elector_whom_another_plan_of_the_sponsor_wrote_to_is_not_freed(stores, tmp_path):
    first = planned(stores, tmp_path)
    second = planned(stores, tmp_path, "T-2")
    approve_plan(stores, second, "second")
    with simulator(tmp_path / "received.jsonl") as running:
        listened(stores, running)
        send_plan(stores, second, limit=300)
    release_plan(stores, first)
    release_plan(stores, second)
    next_week = at(stores, "2026-11-30T10:00:00+01:00")  # the bureaux are free again, who was written to is not
    window = {"from": "2026-11-30T10:00:00+01:00", "to": "2026-11-30T20:00:00+01:00"}
    plan = plan_campaign(next_week, write_order(tmp_path, campaign_id="U-1", sponsor="union", window=window))
    assert plan.excluded["EXCLUSIVITY"] == 300


def listened(stores, running, wait=0.0):
    point_gateway(stores, running.url)
    gateway = open_gateway(read_gateway(stores.settings.config / "gateways", "simulator"))
    while take_in(stores, "simulator", gateway, wait).reports:
        pass


def sent(stores, folder, **faults):
    plan_id = planned(stores, folder)
    approve_plan(stores, plan_id, "second")
    with simulator(folder / "received.jsonl", **faults) as running:
        listened(stores, running)
        send_plan(stores, plan_id)
        listened(stores, running, 1.0)
    return plan_id


def test_a_report_tells_what_was_done_and_of_nobody(stores, tmp_path):
    plan_id = sent(stores, tmp_path)
    report = campaign_report(stores, plan_id)
    told = report.to_json()
    # of 900: 700 delivered, 100 undelivered, 100 expired by the last digit of the number
    assert told["states"] == {"DELIVERED": 700, "UNDELIVERED": None, "EXPIRED": None}
    assert told["excluded_at_plan"] == {"CONSENT_EXPIRED": None}
    assert told["curve"][-1]["handed_over_percent"] == 100
    assert told["curve"][-1]["delivered_percent"] == 78
    invoice = told["invoice"]
    assert (invoice["missing"], invoice["messages"], invoice["total_cents"]) == ([], 900, 9000)
    assert invoice["addressed_to"] == "Mandataire financier du Parti de l'Horizon"
    assert invoice["message_copy"] == received_lines(tmp_path / "received.jsonl")[0]["text"]
    page = render_page("campaign_report.html", report)
    assert "INVOICE_UNVERIFIABLE" not in page and "90.00 €" in page
    shown = re.sub(r"<svg.*?</svg>|<style.*?</style>", "", page, flags=re.S)
    ids = [stores.keys.contact_id(number(i)) for i in range(1000)]
    assert not re.search(r"(\+33|0)[67]\d{8}", page) and not any(one in page for one in ids)
    assert not re.search(r'class="number">(\d{1,2}|1\d\d)<', shown)


def test_before_anything_left_no_invoice_can_be_made(stores, tmp_path):
    report = campaign_report(stores, planned(stores, tmp_path))
    assert report.invoice.missing() == ("dates", "volumes")
    page = render_page("campaign_report.html", report)
    assert "INVOICE_UNVERIFIABLE" in page and "Nothing was handed over yet" in page


def test_a_small_volume_is_not_told(stores, tmp_path):
    plan_id = planned(stores, tmp_path)
    approve_plan(stores, plan_id, "second")
    with simulator(tmp_path / "received.jsonl") as running:
        listened(stores, running)
        send_plan(stores, plan_id, limit=37)
        listened(stores, running, 1.0)
    report = campaign_report(stores, plan_id)
    assert report.to_json()["invoice"]["messages"] is None and report.curve_plot() is None
    assert certify(stores, plan_id).electors is None
    shown = re.sub(r"<svg.*?</svg>|<style.*?</style>", "", render_page("campaign_report.html", report), flags=re.S)
    assert not re.search(r"\b37\b", shown)


def test_refused_messages_are_told_by_the_answer(tmp_path):
    stores = make_home(tmp_path, None, contacts=3000)
    plan_id = sent(stores, tmp_path, refuse_every=3)
    failures = campaign_report(stores, plan_id).to_json()["failures"]
    told = {why.partition(":")[0]: number for why, number in failures.items()}
    assert told["refused by the gateway"] == 900


def test_an_unknown_plan_is_told_so(stores):
    for paper in (campaign_report, certify):
        with pytest.raises(UsageError, match="no plan"):
            paper(stores, "nothing")


def test_a_plan_publishes_its_notice_and_every_change_is_a_version_that_is_kept(stores, tmp_path):
    plan_id = planned(stores, tmp_path)
    first = renew_transparency_notice(stores, plan_id)
    assert (first.version, first.missing, len(first.items)) == (1, (), 16)
    assert first.label == (
        "Pub. politique. Parraineur: Parti de l'Horizon. Election: presidentielle 2027. Ciblage: oui."
        " Avis: https://avis.example/n1"
    )
    assert first.kept_until.isoformat() == "2033-11-24"
    assert renew_transparency_notice(stores, plan_id).version == 1
    planned(stores, tmp_path, "T-2")  # the campaign's amounts change
    second = renew_transparency_notice(stores, plan_id)
    assert second.version == 2 and second.items[5] != first.items[5]
    with stores.engine.connect() as work:
        assert [notice.version for notice in kept_transparency_notices(work, plan_id)] == [1, 2]
        kept = work.execute(select(transparency_notices.c.notice_text)).scalars().all()
    assert any("Retirer son accord : STOP au 36111" in text for text in kept)
    page = render_page("transparency_notice.html", second)
    assert "Mandataire financier" in page and "Messages remis : 0" in page


def test_what_a_sponsor_did_not_tell_is_missing_in_its_notice(stores, tmp_path):
    path = stores.settings.config / "sponsors" / "horizon.yaml"
    path.write_text(path.read_text().split("identity:")[0])
    notice = renew_transparency_notice(stores, planned(stores, tmp_path))
    assert notice.missing == (1, 7)
    assert "non renseigné" in notice.text()
