"""The whole path of an invitation on the bundled sample: asked once, by its source, a yes becomes a direct consent.

Refresh, invite, answer, refresh, order by selection: every step by the real command.
"""

import json
import shutil
import socket
import time
from collections import Counter

import pytest
import requests
from sqlalchemy import func, select

from stores.operations.database import open_operations
from stores.operations.message_tables import gateway_heartbeats, messages, replies
from tests.commands import ROOT, sample_shell
from tests.scenes.sends.small_send_home import received_lines

TEXT = (
    "Contact Citoyen ecrit pour Parti de l'Horizon. Votre numero vient de {source}. Repondez OUI pour recevoir par SMS"
    " ses messages politiques, choisis selon votre adresse, votre age et votre sexe. Pub. politique."
    " Avis: https://avis.test/i1 Origine: https://origine.test/i1 STOP 36111"
)
WINDOW = {"from": "2026-11-24T10:00:00+01:00", "to": "2026-11-25T20:00:00+01:00"}
#: What people write back: yes in every form, and at last what is none.
WORDS = ["OUI", "« Oui ! »", "O.U.I", "D’accord, merci", "oui svp", "oui mais lequel ?"]


def order(folder, **changes):
    """An order file of the sample."""
    values = {
        "campaign_id": "INVITE-1",
        "kind": "invitation",
        "election": "PRES2027",
        "round": 1,
        "sponsor": "horizon",
        "channel": "sms",
        "gateway": "simulator",
        "max_messages": 260,
        "message": {"sender": "HORIZON27", "text": TEXT},
        "window": WINDOW,
        "rate_per_second": 300,
        "validity_minutes": 120,
    } | changes
    path = folder / f"{values['campaign_id']}.json"
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not ...}))
    return str(path)


@pytest.fixture(scope="module")
def told(sample_of_module, tmp_path_factory):
    """What each step of the path said."""
    folder = tmp_path_factory.mktemp("invitation")
    config, received, port = folder / "config", folder / "received.jsonl", free_port()
    shutil.copytree(ROOT / "config", config)
    gateway = config / "gateways" / "simulator.yaml"
    gateway.write_text(gateway.read_text().replace("8025", str(port)))
    refreshed, first = sample_of_module
    assert first.code == 0, first.err
    shell = sample_shell(refreshed.home, CONFIG=str(config))
    plan = shell.run("campaign", "plan", order(folder), "--json").json()
    assert shell.run("campaign", "approve", plan["plan_id"], "--by", "Camille Second").code == 0
    servers = [
        shell.start("gateway", "simulator", "--port", str(port), "--received", str(received)),
        shell.start("gateway", "listen", "simulator", at="2026-11-24T10:05:00+01:00"),
    ]
    engine = open_operations(f"sqlite:///{shell.home}/operations.sqlite")
    try:
        wait_for(engine, gateway_heartbeats, 1)
        sent = shell.run("campaign", "send", plan["plan_id"], "--json", at="2026-11-24T10:05:00+01:00")
        assert sent.code == 0, sent.err
        lines = received_lines(received)
        asked = sorted(line["to"] for line in lines if "Boutique Iris" in line["text"])  # the order of a plan is drawn
        for phone, word in zip(asked, WORDS, strict=False):
            body = {"from": phone, "text": word}
            requests.post(f"http://127.0.0.1:{port}/replies", json=body, timeout=30).raise_for_status()
        wait_for(engine, replies, len(WORDS))
    finally:
        for server in servers:
            server.terminate()
            server.wait()
    before = lineage(shell, asked[: len(WORDS)], "2026-11-24T10:55:00+01:00")
    refreshed = shell.run("refresh", "--json", at="2026-11-24T11:00:00+01:00")
    assert refreshed.code == 0, refreshed.err
    return {
        "shell": shell,
        "folder": folder,
        "plan": plan,
        "lines": lines,
        "before": before,
        "after": lineage(shell, asked[: len(WORDS)], "2026-11-24T15:00:00+01:00"),
        "refreshed": refreshed.json(),
    }


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(engine, table, rows):
    """Wait until a table of the ledger has so many rows: the listener is another process."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with engine.connect() as work:
            if work.execute(select(func.count()).select_from(table)).scalar_one() >= rows:
                return
        time.sleep(0.2)
    pytest.fail(f"{table.name} has not {rows} rows after two minutes")


def lineage(shell, numbers, moment):
    return shell.run("lineage", *numbers, "--reason", "test", "--json", at=moment).lines()


def test_each_number_is_asked_once_and_told_its_own_source(told):
    lines = told["lines"]
    assert told["plan"]["contacts"] == len(lines) == 260
    assert max(Counter(line["to"] for line in lines).values()) == 1
    sources = Counter(line["text"].split("vient de ")[1].split(". Repondez")[0] for line in lines)
    assert set(sources) == {"Boutique Iris SARL", "Jeux Valombre SAS"} or "Boutique Iris SARL" in sources
    for one in told["before"]:
        assert any(opt_in["partner"] == "boutique-iris" for opt_in in one["opt_ins"])
        assert [send["kind"] for send in one["sends"]] == ["invitation"]
        assert one["sends"][0]["origin_given_at"] is not None


def test_every_yes_is_a_direct_consent_whose_notice_is_the_message(told):
    texts = {line["to"]: line["text"] for line in told["lines"]}
    assert told["refreshed"]["deliveries"]["accepted"] == 1
    for before, after in zip(told["before"][:-1], told["after"][:-1], strict=True):
        assert before["verdicts"]["sms"]["strict"]["verdict"] != "SENDABLE"
        assert after["verdicts"]["sms"]["strict"] == {"verdict": "SENDABLE", "reasons": []}
        ours = [opt_in for opt_in in after["opt_ins"] if opt_in["partner"] == "contact-citoyen-sms"]
        assert len(ours) == 1
        assert ours[0]["notice_text"] == texts[after["number"]]
        assert ours[0]["usable"]["sms"] == {"strict": True, "market": True}
        assert after["territory"] == before["territory"] and after["attributes"] == before["attributes"]


def test_a_reply_that_is_no_plain_yes_is_none(told):
    after = told["after"][-1]
    assert {opt_in["partner"] for opt_in in after["opt_ins"]} == {"boutique-iris"}
    assert after["verdicts"]["sms"]["strict"]["verdict"] == "INVITE_ONLY"


def test_nobody_is_asked_twice_and_a_yes_can_be_ordered_by_selection(told):
    shell, folder = told["shell"], told["folder"]
    again = shell.run(
        "campaign", "plan", order(folder, campaign_id="INVITE-2"), "--json", at="2026-11-24T16:00:00+01:00"
    )
    assert again.json()["excluded"]["ALREADY_INVITED"] + again.json()["excluded_by_code"].get("SUPPRESSED", 0) >= 260
    communes = Counter(one["territory"]["commune"] for one in told["after"][:-1] if one["territory"])
    selected = order(
        folder,
        campaign_id="SELECT-1",
        kind="selected",
        max_messages=...,
        audience={"communes": sorted(filter(None, communes)), "sex": "F"},  # enough unlike the invitation's audience
        message={"sender": "HORIZON27", "text": TEXT.replace("{source}", "vous")},
    )
    plan = shell.run("campaign", "plan", selected, "--json", at="2026-11-24T16:00:00+01:00")
    assert plan.code == 0, plan.err
    women = {
        one["contact_id"]
        for one in told["after"][:-1]
        if one["attributes"]["sex"] == "F" and one["territory"] and one["territory"]["commune"]
    }
    engine = open_operations(f"sqlite:///{shell.home}/operations.sqlite")
    with engine.connect() as work:
        ours = messages.c.plan_id == plan.json()["plan_id"]
        planned = set(work.execute(select(messages.c.contact_id).where(ours)).scalars())
    engine.dispose()
    assert women and women <= planned


def test_a_quiet_night_hands_nothing_in_again(told):
    quiet = told["shell"].run("refresh", "--json", at="2026-11-24T17:00:00+01:00").json()
    assert (quiet["outcome"], sum(quiet["deliveries"].values())) == ("unchanged", 0)
