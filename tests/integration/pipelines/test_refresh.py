"""The nightly job by its command on the bundled sample: published once, quiet twice, refused by a check, never doubled."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from bench.kills.base_digest import base_digest, differing_tables
from stores.engine import connect
from stores.home import open_home, writer_lock
from stores.operations.database import open_operations, transaction
from terms.settings import load_settings
from tests.commands import ROOT


@pytest.fixture
def copied(sample_refresh):
    """A copy of the refreshed home and landing folder, to be spoilt."""
    shell, first = sample_refresh
    assert first.code == 0, first.err
    return shell


def _version(shell):
    return shell.run("status", "--json").json()["version"]


def test_the_first_refresh_publishes(sample_refresh):
    shell, first = sample_refresh
    answer = first.json()
    assert answer["outcome"] == "published"
    assert answer["deliveries"]["accepted"] == 11
    status = shell.run("status", "--json").json()
    assert status["version"] == answer["base_version"]
    assert status["row_counts"]["contacts"] > 1000
    assert set(status["partners"]) == {"boutique-iris", "jeux-valombre"}
    assert status["last_run"]["outcome"] == "SUCCESS"


def test_the_run_stands_in_dagster_with_counts_and_no_failure(sample_refresh):
    shell, first = sample_refresh
    script = (
        "import dagster as dg, json\n"
        "i = dg.DagsterInstance.get()\n"
        "r = i.get_run_records(limit=1, filters=dg.RunsFilter(job_name='refresh'))[0].dagster_run\n"
        "e = i.get_latest_materialization_event(dg.AssetKey('contacts')).asset_materialization\n"
        "t = i.get_latest_materialization_event(dg.AssetKey('territory_pages')).asset_materialization\n"
        "page = t.metadata['commune_48271'].value\n"
        "print(json.dumps([r.run_id, r.status.value, e.metadata['dagster/row_count'].value, page]))\n"
    )
    environ = {**shell.environ(), "DAGSTER_HOME": str(shell.home / "dagster")}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    run_id, status, rows, page = json.loads(done.stdout)
    assert (run_id, status) == (first.json()["run_id"], "SUCCESS")
    assert rows == shell.run("status", "--json").json()["row_counts"]["contacts"]
    assert page.startswith("file://") and page.endswith("/home%20with%20a%20space/pages/territory-48271.html")
    assert "Territory 48271" in (shell.home / "pages" / "territory-48271.html").read_text()


def test_a_second_refresh_takes_nothing_in_and_publishes_nothing(sample_refresh):
    shell, first = sample_refresh
    base = shell.home / "warehouse" / "base.duckdb"
    before = base.stat()
    second = shell.run("refresh", "--json")
    assert second.code == 0, second.err
    assert second.json()["outcome"] == "unchanged"
    assert sum(second.json()["deliveries"].values()) == 0
    assert (base.stat().st_ino, base.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_refresh_beside_another_is_refused_in_words(sample_refresh):
    shell, _ = sample_refresh
    began = time.monotonic()
    with writer_lock(open_home(load_settings(shell.environ()))):
        answer = shell.run("refresh", "--json")
    assert answer.code == 3
    assert "Another refresh is at work" in answer.err
    assert answer.out == ""
    assert time.monotonic() - began < 60


def test_a_check_that_fails_leaves_the_last_base_serving(copied):
    """Control totals that do not add up: nothing is published, exit 3, the check is named, look-ups go on."""
    before = _version(copied)
    engine = open_operations(load_settings(copied.environ()).database_url)
    with transaction(engine) as work:
        one_row_more = "update deliveries set accepted_rows = accepted_rows + 1, data_rows = data_rows + 1"
        work.execute(text(f"{one_row_more} where kind = 'withdrawals'"))
    engine.dispose()
    dropped = Path(copied.settings["FILIATION_LANDING"]) / "jeux-valombre" / "jeux_retraits_20261124T030000Z.csv"
    dropped.write_text("participation_id;retrait_le;canal\nNOBODY-1;;compte\n")
    answer = copied.run("refresh", "--json")
    assert answer.code == 3, answer.err
    assert "accounts_for_every_row" in answer.err
    assert _version(copied) == before
    assert copied.run("lineage", "06 39 98 00 42", "--reason", "test", "--json").json()["known"]


def test_a_source_that_fails_leaves_its_last_vintage_serving(copied, tmp_path):
    """A page in place of the official file: the refresh goes on, the status says so."""
    folder = tmp_path / "open_data"
    shutil.copytree(copied.settings["FILIATION_OPEN_DATA"], folder)
    (folder / "filosofi" / "BASE_TD_FILO_IRIS_2021_DISP.csv").write_text("<!doctype html><html>maintenance</html>")
    before = _version(copied)
    answer = copied.run("refresh", "--open-data", str(folder), "--json")
    assert answer.code == 0, answer.err
    assert _version(copied) == before
    warned = copied.run("status", "--json").json()["warnings"]
    assert any("filosofi_iris_2021" in line for line in warned), warned


@pytest.mark.parametrize("step", ["delivery.lake_written", "base.journalled", "base.published"])
def test_a_killed_refresh_is_made_good_by_the_next(copied, step):
    """Killed between two durable writes: the next run commits each delivery once, and the base is the one before.

    The journal says of a base that never served, because its run died before the rename, that it was abandoned.
    """
    before = base_digest(copied.home / "warehouse" / "base.duckdb")
    engine = open_operations(load_settings(copied.environ()).database_url)
    with transaction(engine) as work:
        gone = work.execute(text("delete from deliveries where file_name like '%20261123%'")).rowcount
    assert gone == 1
    _make_base_of_other_inputs(copied)
    killed = copied.run("refresh", "--json", FAILPOINT=step)
    assert killed.code not in {0, 1, 2, 3}
    again = copied.run("refresh", "--json")
    assert again.code == 0, again.err
    with engine.connect() as work:
        rows = work.execute(text("select count(*) from deliveries where file_name like '%20261123%'")).scalar_one()
        lines = work.execute(text("select kind from journal where kind like 'base%' order by sequence")).scalars().all()
    engine.dispose()
    assert rows == 1
    assert lines.count("base_abandoned") == (step == "base.journalled")
    assert differing_tables(before, base_digest(copied.home / "warehouse" / "base.duckdb")) == []


def _make_base_of_other_inputs(shell):
    """Let the serving base say that it was made of something else: only then is one made again."""
    with connect(shell.home / "warehouse" / "base.duckdb") as base:
        base.execute(
            'update base_manifest set manifest_json = json_merge_patch(manifest_json, \'{"inputs_sha256": "other"}\')'
        )


def test_a_base_that_shrinks_is_published_only_by_a_named_decision(copied, tmp_path):
    """Half of the deliveries gone: refused, with the command that would let it through; then let through, once."""
    landing = tmp_path / "empty"
    landing.mkdir()
    before = _version(copied)
    engine = open_operations(load_settings(copied.environ()).database_url)
    with transaction(engine) as work:
        refused = "update deliveries set outcome = 'refused', reason = 'WRONG_PARTNER', duplicate_of = null"
        work.execute(text(f"{refused} where partner_id = 'jeux-valombre'"))
    refused = copied.run("refresh", "--landing", str(landing))
    assert refused.code == 3 and "keeps_its_volume" in refused.err
    assert _version(copied) == before
    assert copied.run("allow-loss", "--down-to", "10", "--why", "its contract has ended", ACTOR="a person").code == 0
    published = copied.run("refresh", "--landing", str(landing))
    assert published.code == 0, published.err
    assert _version(copied) != before
    with engine.connect() as work:
        told = work.execute(text("select payload_json from journal where kind = 'base_decision'")).scalars().all()
    engine.dispose()
    assert [json.loads(line)["decided_by"] for line in told] == ["a person"]


def test_a_partner_whose_folder_is_gone_is_told(copied, tmp_path):
    partners = tmp_path / "partners"
    shutil.copytree(ROOT / "config" / "partners" / "boutique-iris", partners / "boutique-iris")
    answer = copied.run("refresh", "--partners", str(partners))
    assert answer.code == 0, answer.err
    assert "jeux-valombre has no dossier folder" in answer.err
