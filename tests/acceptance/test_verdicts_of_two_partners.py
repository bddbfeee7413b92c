"""Verdicts and reasons against the truth of the shared set: files in, base built by the real dbt project, asked.

Judged are the contacts all of whose opt-ins and withdrawals come from the two partners that can be read. Needs the
shared data (FILIATION_SHARED, default ../shared). A failure names codes and counts, never a number.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.configuration import take_controller_snapshot, take_segments_snapshot, take_sponsors_snapshot
from consent.dossiers import read_dossiers
from consent.judgement import Use, judge, load_live_facts
from consent.rules import take_rules_snapshot
from consent.snapshots import take_dossier_snapshot
from partners_ingest.intake import IntakeStores, take_in
from partners_ingest.landing import scan_landing
from publishing.build import DBT_PROJECT, collect_inputs, start_build
from stores.home import init_home
from stores.house import House, open_house
from stores.migrate import migrate
from terms.environment import NumberRules
from terms.reasons import Channel, Profile
from terms.settings import load_settings

SHARED = Path(os.environ.get("FILIATION_SHARED", "../shared")) / "data" / "partners"
READABLE = {"quiz-hexagone", "lumiere"}
CLOCK = datetime(2026, 11, 24, 8, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A home with the shared landing folder taken in and a build made of it."""
    settings = load_settings(
        {
            "FILIATION_ENV": "test",
            "FILIATION_HOME": str(tmp_path_factory.mktemp("home")),
            "FILIATION_NOW": CLOCK.isoformat(),
            "FILIATION_ACTOR": "test",
        }
    )
    init_home(settings)
    opened = open_house(settings)
    migrate(opened.engine)
    _take_everything_in(opened)
    start_build(opened, collect_inputs(opened))
    _run_dbt(opened)
    yield opened
    opened.engine.dispose()


def _take_everything_in(house: House) -> None:
    dossiers, config = read_dossiers(SHARED / "dossiers"), house.settings.config
    stores = IntakeStores(house.home, house.keys, house.engine, house.evidence, house.vault, house.lake)
    arrivals = scan_landing(SHARED / "landing")
    take_in(stores, arrivals, dossiers, house.clock, house.settings.environment, lambda line: None)
    take_dossier_snapshot(house.snapshots, dossiers, CLOCK)
    take_rules_snapshot(house.snapshots, config / "rules", CLOCK)
    take_sponsors_snapshot(house.snapshots, config / "sponsors", CLOCK)
    take_controller_snapshot(house.snapshots, config, CLOCK)
    take_segments_snapshot(house.snapshots, config / "segments", CLOCK)


def _run_dbt(house: House) -> None:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "build", "--exclude-resource-type", "unit_test"),
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            *("--target-path", str(house.home.dbt / "target"), "--log-path", str(house.home.dbt / "logs")),
        ],
        env={**os.environ, "FILIATION_BUILD": str(house.warehouse.build_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture(scope="module")
def truth(house):
    """Truth by contact id, of the contacts that only the two partners deliver."""
    with (SHARED / "truth" / "rows.csv").open(encoding="utf-8", newline="") as handle:
        others = {row["phone_e164"] for row in csv.DictReader(handle) if row["partner"] not in READABLE}
    with (SHARED / "truth" / "contacts.jsonl").open(encoding="utf-8") as handle:
        contacts = [json.loads(line) for line in handle]
    found = {
        str(house.keys.contact_id(item["number"])): item
        for item in contacts
        if {opt_in["partner"] for opt_in in item["opt_ins"]} <= READABLE and item["number"] not in others
    }
    assert len(found) == 2180
    return found


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("profile", Profile)
def test_verdicts_and_all_reasons(house, truth, channel, profile):
    use = Use(channel, None, ("address",), None, NumberRules.FICTION, profile, CLOCK, CLOCK)
    with house.warehouse.open_build() as base:
        base.execute("create temp table asked as select unnest($ids::uuid[]) as contact_id", {"ids": list(truth)})
        load_live_facts(base, house.engine, "live_facts", None)
        found = judge(base, "asked", "live_facts", use)
    assert len(found) == len(truth)
    wrong = Counter()
    for item in found:
        wanted = truth[item.contact_id][channel.value][profile.value]
        if (item.verdict.value, list(item.codes)) != (wanted["verdict"], wanted["reasons"]):
            differing = set(item.codes) ^ set(wanted["reasons"])
            wrong[wanted["verdict"], item.verdict.value, *sorted(differing)] += 1
    assert not wrong


def test_attributes_of_contacts(house, truth):
    with house.warehouse.open_build() as base:
        rows = base.execute("select contact_id::varchar, sex, birth_date, postcode from contacts").fetchall()
    found = {contact: cells for contact, *cells in rows}
    wrong = Counter()
    for contact, item in truth.items():
        sex, birth, postcode = found[contact]
        wrong["sex"] += sex != item["sex"]
        wrong["birth_date"] += (birth.isoformat() if birth else None) != item["birth_date"]
        wrong["postcode"] += postcode != item["postcode"]
    assert not +wrong
