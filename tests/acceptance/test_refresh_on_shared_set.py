"""The nightly job on the shared set, by the command: outcomes, a quiet second night, one small campaign, no leak."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter

import pytest

from tests.acceptance.conftest import SHARED, SharedRefresh
from tests.commands import ROOT
from tests.scenes.searches.leak_search import is_leak, leaks


def test_the_first_refresh_publishes_and_the_second_takes_nothing_in(shared_refresh: SharedRefresh) -> None:
    first, second = shared_refresh.first.json(), shared_refresh.second.json()
    assert first["outcome"] == "published"
    assert shared_refresh.second.code == 0
    assert second["outcome"] == "unchanged"
    assert second["base_version"] == first["base_version"]
    assert sum(second["deliveries"].values()) == 0


def test_every_file_has_its_outcome_and_totals(shared_refresh: SharedRefresh) -> None:
    with (SHARED / "partners" / "truth" / "files.csv").open() as handle:
        truth = {(row["partner"], row["file"]): row for row in csv.DictReader(handle)}
    found = shared_refresh.shell.run("deliveries", "--json").lines()
    assert {(row["partner"], row["file"]) for row in found} == set(truth)
    for row in found:
        wanted = truth[row["partner"], row["file"]]
        assert (row["outcome"], row["reason"] or "") == (wanted["outcome"], wanted["reason_code"]), row["file"]
        for total in ("data_rows", "accepted_rows", "quarantined_rows"):
            assert str(row[total] if row[total] is not None else "") == wanted[total], (row["file"], total)
        assert row["outcome"] != "accepted" or row["data_rows"] == row["accepted_rows"] + row["quarantined_rows"]


def test_quarantine_names_rows_and_reasons(shared_refresh: SharedRefresh) -> None:
    with (SHARED / "partners" / "truth" / "rows.csv").open() as handle:
        truth = {
            (row["partner"], row["file"], int(row["line"])): row["reason_codes"].replace("|", " ").split()
            for row in csv.DictReader(handle)
            if row["outcome"] == "quarantined"
        }
    found = shared_refresh.shell.run("quarantine", "--json").lines()
    assert {(row["partner"], row["file"], row["line"]): row["reasons"] for row in found} == truth


@pytest.fixture(scope="module")
def sent(shared_refresh: SharedRefresh, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A campaign to commune 75111, planned, approved and sent through the local gateway by the commands."""
    shell, received = shared_refresh.shell, tmp_path_factory.mktemp("gateway") / "received.jsonl"
    order = str(ROOT / "config" / "campaigns" / "example-75111.yaml")
    plan = shell.run("campaign", "plan", order, "--json")
    assert plan.code == 0, plan.err
    plan_id = plan.json()["plan_id"]
    alone = shell.run("campaign", "approve", plan_id, "--by", "acceptance")
    approved = shell.run("campaign", "approve", plan_id, "--by", "Camille Second", at="2026-11-24T09:30:00+01:00")
    assert approved.code == 0, approved.err
    open_at = "2026-11-24T10:05:00+01:00"
    servers = [
        shell.start("gateway", "simulator", "--received", str(received), at=open_at),
        shell.start("gateway", "listen", "simulator", at=open_at),
    ]
    try:
        time.sleep(3)
        done = shell.run("campaign", "send", plan_id, "--json", at=open_at)
        assert done.code == 0, done.err
        time.sleep(3)
        status = shell.run("campaign", "status", plan_id, "--json", at=open_at).json()
    finally:
        for server in servers:
            server.terminate()
            server.wait(timeout=10)
    lines = [json.loads(line) for line in received.read_text().splitlines()]
    return {"plan": plan.json(), "alone": alone, "report": done.json(), "status": status, "received": lines}


def test_the_plan_accounts_for_its_whole_audience(shared_refresh: SharedRefresh, sent: dict) -> None:
    order = str(ROOT / "config" / "campaigns" / "example-75111.yaml")
    counted = shared_refresh.shell.run("segment", "count", order, "--json").json()
    plan = sent["plan"]
    assert plan["contacts"] + sum(plan["excluded"].values()) == counted["contacts"]
    assert sum(counted["verdicts"].values()) == counted["contacts"]
    assert plan["contacts"] >= 250
    assert plan["total_cents"] == plan["contacts"] * plan["unit_price_cents"]


def test_the_person_who_planned_may_not_approve(sent: dict) -> None:
    assert sent["alone"].code == 3


def test_every_message_left_once_and_stands_in_the_ledger(sent: dict) -> None:
    counts = Counter(line["reference"].split(".")[0] for line in sent["received"])
    assert set(counts.values()) == {1}
    assert len(counts) == sent["plan"]["contacts"] == sent["report"]["accepted"]
    assert sum(sent["status"]["states"].values()) == sent["status"]["planned"] == sent["plan"]["contacts"]
    assert len({line["to"] for line in sent["received"]}) == len(counts)


def test_a_number_that_got_the_message_tells_its_whole_provenance(shared_refresh: SharedRefresh, sent: dict) -> None:
    line = sent["received"][0]
    asked = shared_refresh.shell.run("lineage", line["to"], "--reason", "acceptance", "--json").json()
    (send,) = asked["sends"]
    assert send["plan_id"] == sent["plan"]["plan_id"]
    assert send["gateway_message_id"] == line["gateway_message_id"]
    act = next(row for row in asked["opt_ins"] if row["usable"]["sms"]["strict"])
    assert act["notice_text"] and act["file"] and act["line"]
    evidence = shared_refresh.shell.run("evidence", act["delivery_id"], str(act["line"]), "--reason", "acceptance")
    assert evidence.code == 0
    assert act["consented_at"][:10] in evidence.out or act["partner"] != "quiz-hexagone"


def test_no_number_can_be_read_anywhere_under_the_home(shared_refresh: SharedRefresh, sent: dict) -> None:
    assert sent["received"], "a campaign was sent before the search"
    assert leaks(shared_refresh.shell.home) == []
    for answer in (shared_refresh.first, shared_refresh.second):
        assert not is_leak((answer.out + answer.err).encode())
