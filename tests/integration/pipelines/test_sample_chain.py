"""The bundled sample through the real chain without Dagster: what comes in, what is sendable, where it comes from."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from lineage.lookups.evidence_reading import read_evidence
from lineage.lookups.lookup import look_up
from open_data.load import Outcome, refresh_open_data
from open_data.sources import read_sources
from pages.page import render_page
from partners_ingest.reports.partner_value import Moment
from partners_ingest.reports.report import report_on
from partners_ingest.rows.phone import NOWHERE, read_phone
from sample.make_sample import ROOT as SAMPLE
from sample.people import SHOWN_NUMBER
from sends.plans.counting import count_audience
from stores.all_stores import Stores, open_stores
from stores.home import init_home
from stores.lake import reading_name
from stores.migrations.migrate import migrate
from stores.operations import log_tables
from terms.environment import NumberRules
from terms.errors import UsageError
from terms.settings import PROJECT_ROOT, load_settings
from territories.sheet import busiest_communes, territory_sheet
from tests.scenes.whole_chain import Chain, run_chain

#: Floor under which an order is refused (R-68), and some room above it for the demo.
WANTED_SENDABLE = 250


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    home = tmp_path_factory.mktemp("sample") / "home"
    settings = load_settings(
        {"FILIATION_ENV": "demo", "FILIATION_HOME": str(home), "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    )
    return run_chain(settings, SAMPLE / "landing", SAMPLE / "open_data")


def _expected(name: str) -> Iterator[dict[str, str]]:
    with (SAMPLE / "expected" / name).open() as handle:
        yield from csv.DictReader(handle)


def test_every_file_has_the_outcome_that_its_maker_meant(chain: Chain) -> None:
    found = {
        (item.partner_id, item.file_name): (item.outcome.value, item.reason.value if item.reason else "")
        for item in chain.reports
    }
    assert found == {(row["partner"], row["file"]): (row["outcome"], row["reason"]) for row in _expected("files.csv")}


def test_control_totals_are_the_expected_ones(chain: Chain) -> None:
    found = {
        item.file_name: (str(item.data_rows), str(item.accepted_rows), str(item.quarantined_rows))
        for item in chain.reports
    }
    for row in _expected("files.csv"):
        if row["outcome"] == "accepted":
            wanted = (row["data_rows"], row["accepted_rows"], row["quarantined_rows"])
            assert found[row["file"]] == wanted, row["file"]


def test_every_damaged_record_is_quarantined_for_its_reasons(chain: Chain) -> None:
    with chain.stores.warehouse.open_base() as base:
        found = base.execute(
            "select delivery_id, line_number, array_to_string(reasons, '|') from quarantine"
        ).fetchall()
    names = {item.delivery_id: item.file_name for item in chain.reports}
    found = [(names[delivery_id], line, reasons) for delivery_id, line, reasons in found]
    wanted = {(row["file"], int(row["line"]), row["reasons"]) for row in _expected("quarantine.csv")}
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_the_demo_order_reaches_enough_people(chain: Chain) -> None:
    counted = count_audience(chain.stores, str(PROJECT_ROOT / "config" / "campaigns" / "demo.yaml"))
    assert counted.verdicts["SENDABLE"] >= WANTED_SENDABLE
    assert set(counted.verdicts) == {"SENDABLE", "INVITE_ONLY", "HOLD", "QUARANTINED", "REFUSED"}


def test_nearly_every_address_of_the_commune_is_tied(chain: Chain) -> None:
    with chain.stores.warehouse.open_base() as base:
        row = base.execute(
            "select count(*), count(address_id), count(iris_code) from contacts where postcode = '48990'"
        ).fetchone()
    assert row is not None
    people, tied, in_iris = row
    assert people > 1_000
    assert tied == in_iris == people


def test_the_shown_number_tells_its_whole_story(chain: Chain) -> None:
    (provenance,) = look_up(chain.stores, [SHOWN_NUMBER], reason="test")
    answer = json.loads(json.dumps(provenance.to_json()))
    assert answer["verdicts"]["sms"]["strict"] == {"verdict": "SENDABLE", "reasons": []}
    assert [item["partner"] for item in answer["opt_ins"]] == ["boutique-iris"] * 3 + ["jeux-valombre"]
    last = answer["opt_ins"][-1]
    assert (last["consented_at"], last["form_version"]) == ("2026-03-02T17:04:11Z", "600300")
    assert last["notice_text"].startswith("Jeux de Valombre SAS et Contact Citoyen SAS")
    assert last["page_url"] == "https://jeux.jeux-valombre.test/valombre-2026"
    assert last["usable"]["sms"] == {"strict": True, "market": True}
    assert answer["opt_ins"][0]["reasons"]["sms"]["market"] == ["PROOF_INCOMPLETE"]
    assert answer["territory"]["bureaux"] == {"2022": "48271_0001", "2026": "48271_0001"}
    assert answer["attributes"] == {"sex": "F", "birth_date": "1963-07-27", "postcode": "48990"}


def test_rows_lead_back_to_bytes_that_hold_the_number(chain: Chain) -> None:
    stores, picked = chain.stores, _some_opt_ins(chain.stores, 12)
    manifest = stores.warehouse.manifest()
    assert manifest is not None
    names = [reading_name(delivery, reading) for delivery, reading in manifest.deliveries.items()]
    numbers = stores.vault.numbers(names, [contact for _, _, contact in picked])
    for delivery, line, contact in picked:
        record = read_evidence(stores, delivery, line, reason="test")
        written = re.findall(r"[+\d][\d .()\u202f-]{8,}\d", record.bytes.decode())
        assert numbers[contact] in {read_phone(text, NOWHERE, NumberRules.FICTION).e164 for text in written}


def _some_opt_ins(stores: Stores, count: int) -> list[tuple[str, int, str]]:
    with stores.warehouse.open_base() as base:
        rows = base.execute(
            "select delivery_id, line_number, contact_id::varchar from opt_ins order by delivery_id, line_number"
        ).fetchall()
    return Random(7).sample(rows, count)


def test_nothing_of_a_person_stands_in_what_was_reported(chain: Chain) -> None:
    told = json.dumps([asdict(item) for item in chain.reports], default=str)
    assert "3998" not in told and "exemple.test" not in told


def test_look_ups_were_logged(chain: Chain) -> None:
    look_up(chain.stores, ["06 39 98 00 99"], reason="test")
    with chain.stores.engine.connect() as connection:
        logged = connection.execute(select(log_tables.access_log.c.subjects_json)).scalars().all()
    assert logged and all("3998" not in row for row in logged)


def test_the_report_of_every_delivery_and_partner_adds_up_and_names_nobody(chain: Chain) -> None:
    opened = chain.stores
    moment = Moment(opened.clock.now(), NumberRules.FICTION)
    identities = _identities(opened)
    by_partner: dict[str, int] = {}
    for delivered in chain.reports:
        report = report_on(opened, delivered.delivery_id, moment)
        page = render_page("partner_report.html", report)
        assert report.delivery is not None
        assert report.delivery.summary.outcome == delivered.outcome
        if delivered.outcome == "accepted":
            totals = report.totals
            found = (totals.data, totals.accepted, totals.quarantined)
            assert found == (delivered.data_rows, delivered.accepted_rows, delivered.quarantined_rows)
            by_partner[delivered.partner_id] = by_partner.get(delivered.partner_id, 0) + totals.data
        assert not [value for value in identities if value in page]
    for partner_id, records in by_partner.items():
        report = report_on(opened, partner_id, moment)
        assert report.totals.data == records
        assert report.base is not None
        strict, market = report.base.values
        assert 0 < strict.sendable <= market.sendable <= strict.given == report.totals.given
        assert sum(report.base.grades.values()) == report.totals.given
        assert not [value for value in identities if value in render_page("partner_report.html", report)]


def test_the_sheet_of_the_commune_adds_up_and_names_nobody(chain: Chain) -> None:
    stores = chain.stores
    sheet = territory_sheet(stores, "48271", stores.clock)
    assert sheet.map == "2026"
    assert len(sheet.bureaux) > 1
    assert sum(bureau.addresses for bureau in sheet.bureaux) == sheet.tied
    assert sum(sheet.kinds.values()) == sheet.tied + sheet.untied
    results = [result for bureau in sheet.bureaux for result in bureau.results]
    assert all(result.is_estimate and 0 < result.covered_share <= 1 for result in results)
    leaders = [leader for result in results for leader in result.leaders]
    assert leaders
    assert all(leader.between and leader.between[0] < leader.share < leader.between[1] for leader in leaders)
    assert any(bureau.income and bureau.income.euros for bureau in sheet.bureaux)
    page = render_page("territory.html", sheet)
    assert page.count("<path") == len(sheet.bureaux) + 1
    assert not [value for value in _identities(stores) if value in page]
    (one,) = territory_sheet(stores, sheet.bureaux[0].code, stores.clock).bureaux
    assert one == sheet.bureaux[0]
    assert busiest_communes(stores, 5) == ("48271",)
    with pytest.raises(UsageError, match="no bureau of 01001"):
        territory_sheet(stores, "01001", stores.clock)


def test_a_bureau_of_the_older_map_shows_where_it_is_now(chain: Chain) -> None:
    stores = chain.stores
    with stores.warehouse.open_base() as base:
        gone = base.execute(
            "select from_code, max_by(to_code, share_of_from) from bureau_crosswalk"
            " where from_code not in (select bureau_code from bureaux where map = '2026') group by from_code order by 1"
        ).fetchall()
    assert gone
    code, successor = gone[0]
    sheet = territory_sheet(stores, code, stores.clock)
    assert sheet.note is not None
    assert sheet.note.startswith(f"{code} is no bureau on the newest map: ")
    assert f"in {successor} (2026)" in sheet.note
    assert successor in {bureau.code for bureau in sheet.bureaux}


def test_the_code_of_a_commune_that_is_no_more_shows_the_one_that_it_is_part_of(chain: Chain, tmp_path: Path) -> None:
    stores = _with_movements(chain.stores, tmp_path, "32,2025-01-01,COM,48777,Vieuxbourg,COM,48271,Valombre")
    today, once = (territory_sheet(stores, code, chain.stores.clock) for code in ("48271", "48777"))
    assert (today.note, once.note) == (None, "48777 Vieuxbourg is part of 48271 Valombre today")
    assert once.bureaux == today.bureaux
    assert "48777 Vieuxbourg is part of 48271 Valombre today" in render_page("territory.html", once)


def test_a_divided_commune_and_one_without_bureaux_are_named(chain: Chain, tmp_path: Path) -> None:
    divided = [f"21,2025-01-01,COM,48778,Fendu,COM,{code}" for code in ("48271,Valombre", "48903,Loin")]
    gone = "32,2025-01-01,COM,48779,Perdu,COM,48903,Loin"
    stores = _with_movements(chain.stores, tmp_path, *divided, gone)
    with pytest.raises(UsageError, match="48778 Fendu was divided: it is 48271 Valombre and 48903 Loin today"):
        territory_sheet(stores, "48778", chain.stores.clock)
    with pytest.raises(UsageError, match="no bureau of 48903. 48779 Perdu is part of 48903 Loin today"):
        territory_sheet(stores, "48779", chain.stores.clock)


def _with_movements(opened: Stores, folder: Path, *movements: str) -> Stores:
    """Return the house's base beside another ledger and lake, which know nothing but these movements of communes."""
    files = {
        "v_commune": ["TYPECOM,COM,LIBELLE,COMPARENT", "COM,48271,Valombre,", "COM,48903,Loin,"],
        "v_commune_comer": ["COM_COMER,LIBELLE,NATURE_ZONAGE", "97701,Saint-Barthélemy,COM"],
        "v_mvt_commune": ["MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP", *movements],
    }
    (folder / "cog").mkdir()
    for name, lines in files.items():
        (folder / "cog" / f"{name}_2026.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = load_settings({"FILIATION_ENV": "demo", "FILIATION_HOME": str(folder / "home")})
    init_home(settings)
    other = open_stores(settings)
    migrate(other.engine)
    sources = [source for source in read_sources(settings.config / "open_data") if source.source_id == "cog_names"]
    (report,) = refresh_open_data(other, folder, sources, other.clock, lambda text: None)
    assert report.outcome is Outcome.LOADED
    shutil.copy(opened.warehouse.base_path, other.warehouse.base_path)
    return other


def _identities(stores: Stores) -> set[str]:
    """Return every number, name, e-mail and id of the vault that is long enough to be told from a word of the page."""
    names = [path.stem for path in (stores.home.vault / "identities").glob("*.parquet")]
    with stores.vault.identities(names) as reader:
        rows = reader.execute("select e164, phone_raw, email, street, given_name || ' ' || family_name from identities")
        return {value for row in rows.fetchall() for value in row if value and len(value) > 5}
