"""A thousand access requests answered in one batch: each complete against the truth, none showing another person.

On a copy of the home of the shared set, with a campaign sent to those of Paris 11 who may be reached. Needs the shared
data (FILIATION_SHARED, default ../shared). A failure counts; it prints no value of a row.
"""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from consent.acts.act_entry import ActDesk
from consent.acts.acts_file import enter_acts
from lineage.papers.access import Batch, answer_access, open_access_requests
from lineage.papers.issuing import Issued
from pages.french import number_french
from pages.paper import Form
from partners_ingest.rows.asked_numbers import number_reader
from partners_ingest.rows.phone import NOWHERE, read_phone
from sealing.checks.paper_check import check_paper
from sealing.log.log import Log
from sends.gateways.faults import Faults
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.gateways.simulator import start
from sends.handover.sender import send_plan
from sends.inbound.listener import take_in
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from stores.all_stores import Stores, open_stores
from stores.lake import reading_name
from terms.clock import Clock
from terms.errors import UsageError
from terms.settings import PROJECT_ROOT, load_settings
from tests.acceptance.conftest import SHARED, SharedRefresh

REQUESTS = 1_000
_MAIL = r"[\w.+-]+@[\w.-]+\.test"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")


@dataclass(frozen=True)
class Answered:
    """The batch: its papers as text by number, what the gateway received by number, and the truth by number."""

    stores: Stores
    issued: list[Issued]
    papers: dict[str, str]
    received: dict[str, list[dict[str, Any]]]
    truth: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def answered(shared_refresh: SharedRefresh, tmp_path_factory: pytest.TempPathFactory) -> Answered:
    folder = tmp_path_factory.mktemp("access")
    stores = _copy(shared_refresh, folder)
    received = _send(stores, folder)
    lines = (SHARED / "partners" / "truth" / "contacts.jsonl").read_text().splitlines()
    truth = {contact["number"]: contact for contact in map(json.loads, lines)}
    numbers = list(received) + [number for number in truth if number not in received]
    _ask(stores, folder / "acts.csv", numbers[:REQUESTS])
    out = folder / "answers"
    out.mkdir()
    asked = open_access_requests(stores)
    with pytest.raises(UsageError, match="name the case"):
        answer_access(stores, asked, Batch("acceptance", None, out, Form.HTML, None))
    issued = answer_access(stores, asked, Batch("acceptance", "A-1", out, Form.HTML, "sent by letter"))
    return Answered(stores, issued, _by_number(issued, numbers[:REQUESTS]), received, truth)


def _copy(shared: SharedRefresh, folder: Path) -> Stores:
    shutil.copytree(shared.stores.home.root, folder / "home")
    shutil.copytree(PROJECT_ROOT / "config", folder / "config")
    settings = {"HOME": folder / "home", "CONFIG": folder / "config", "NOW": "2026-11-24T10:05:00+01:00"}
    return open_stores(load_settings(shared.shell.environ() | {f"FILIATION_{k}": str(v) for k, v in settings.items()}))


def _send(stores: Stores, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Send the example order to whom the market's reading lets be reached; return what the gateway got, by number."""
    order, gateway_file = folder / "order.yaml", folder / "config" / "gateways" / "simulator.yaml"
    example = (PROJECT_ROOT / "config" / "campaigns" / "example-75111.yaml").read_text()
    order.write_text(example.replace("profile: strict", "profile: market"))
    running = start(0, Faults(report_delay_seconds=0.0), folder / "received.jsonl", Clock())
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        text = re.sub(r"(?m)^url: .*", f"url: {running.url}", gateway_file.read_text())
        gateway_file.write_text(re.sub(r"(?m)^quiet_seconds: .*", "quiet_seconds: 0", text))
        plan_id = plan_campaign(stores, order).plan_id
        approve_plan(stores, plan_id, "Camille Second")
        gateway = open_gateway(read_gateway(stores.settings.config / "gateways", "simulator"))
        take_in(stores, "simulator", gateway, 0.0)
        send_plan(stores, plan_id)
        take_in(stores, "simulator", gateway, 1.0)
    finally:
        running.stop()
        thread.join()
    found = defaultdict(list)
    for line in (folder / "received.jsonl").read_text().splitlines():
        told = json.loads(line)
        found[told["to"]].append(told)
    return dict(found)


def _ask(stores: Stores, file: Path, numbers: list[str]) -> None:
    with file.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["number", "kind", "received_at", "source"])
        writer.writerows(
            [number, "access", "2026-11-20T09:00:00+01:00", f"letter {i}"] for i, number in enumerate(numbers)
        )
    assert enter_acts(ActDesk(stores, number_reader(stores.number_rules)), file).taken_in == len(numbers)


def _by_number(issued: list[Issued], numbers: list[str]) -> dict[str, str]:
    shown = {number_french(number): number for number in numbers}
    found = {}
    for one in issued:
        text = html.unescape(re.sub(r"<[^>]+>", "\n", one.file.read_text()))
        (about,) = {line for line in re.findall(r"(?m)^Numéro (.+)$", text)}
        found[shown[about]] = text
    return found


def test_every_request_has_its_paper_and_its_clock_stands(answered: Answered) -> None:
    assert len(answered.issued) == len(answered.papers) == REQUESTS
    assert open_access_requests(answered.stores) == []
    assert sum(map(bool, answered.received.values())) > 200


def test_every_paper_is_sealed_with_its_proof(answered: Answered) -> None:
    log = Log.of(answered.stores)
    newest = log.last_checkpoint()
    assert newest is not None
    for one in answered.issued[::50]:
        assert one.proof is not None and not check_paper(log, one.file.read_bytes(), newest).mismatches


def test_sources_are_the_truth(answered: Answered) -> None:
    wrong = 0
    for number, text in answered.papers.items():
        rows = answered.truth[number]["opt_ins"]
        told = re.findall(
            r"Partenaire\s+[^\n]+\(([^()\n]+)\)\n.*?Fichier reçu\s+([^\n]+)\n.*?Place dans le fichier\s+ligne (\d+),",
            text,
            re.DOTALL,
        )
        wrong += sorted(told) != sorted((row["partner"], row["file"], str(row["line"])) for row in rows)
    assert wrong == 0


def test_the_text_shown_stands_word_for_word(answered: Answered) -> None:
    """Compared with the dossiers' own files: the text of the notice that each row names."""
    texts = {
        partner.name: {file.read_text().strip() for file in (partner / "notices").glob("*.txt")}
        for partner in (SHARED / "partners" / "dossiers").iterdir()
    }
    lacking = foreign = 0
    for number, paper in answered.papers.items():
        partners = {row["partner"] for row in answered.truth[number]["opt_ins"]}
        shown = re.findall(r"Texte présenté à la personne \(n° \w+\) :\s+([^\n]+)\n", paper)
        allowed = set().union(*(texts[partner] for partner in partners))
        foreign += sum(text.strip() not in allowed for text in shown)
        unknown = paper.count("inconnu du dossier.")
        lacking += len(shown) + unknown != len(answered.truth[number]["opt_ins"])
    assert (lacking, foreign) == (0, 0)


def test_every_message_that_the_gateway_received_is_told_and_no_other(answered: Answered) -> None:
    wrong = 0
    for number, text in answered.papers.items():
        told = sorted(re.findall(r"Opérateur d'envoi\s+simulator, n° (\S+)", text))
        got = answered.received.get(number, [])
        wrong += told != sorted(message["gateway_message_id"] for message in got)
        wrong += any(message["text"] not in text for message in got)
        wrong += bool(got) and "Parti de l'Horizon" not in text
    assert wrong == 0


def test_no_paper_shows_another_person(answered: Answered) -> None:
    """Numbers in any grouping, e-mail addresses and names in a paper are its own person's."""
    stores = answered.stores
    rules, own = stores.number_rules, _identities(stores)
    notices = (SHARED / "partners" / "dossiers").glob("*/notices/*.txt")
    of_notices = {found for file in notices for found in re.findall(_MAIL, file.read_text())}
    wrong = 0
    for number, text in answered.papers.items():
        written = re.findall(r"(?<![\w.])\+?\d(?:[ .\u00a0\u202f-]?\d){8,14}(?!\w)", text)
        numbers = {read_phone(found, NOWHERE, rules).e164 for found in written} & answered.truth.keys()
        mails = set(re.findall(_MAIL, text)) - of_notices
        names = set(re.findall(r"\n(?:Prénom|Nom)\n([^\n]+)\n", text))
        # a delivered address may hold letters that no pattern of ours takes: then its end is what was found
        are_own = all(any(mail.endswith(found) for mail in own[number]["email"]) for found in mails)
        wrong += not (numbers <= {number} and are_own and names <= own[number]["name"])
    assert wrong == 0


def _identities(stores: Stores) -> dict[str, dict[str, set[str]]]:
    manifest = stores.warehouse.manifest()
    assert manifest is not None
    names = [reading_name(delivery, reading) for delivery, reading in manifest.deliveries.items()]
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"email": set(), "name": set()})
    with stores.vault.identities(names) as reader:
        rows = reader.execute("select e164, email, given_name, family_name from identities where e164 is not null")
        for number, email, given, family in rows.fetchall():
            found[number]["email"].add(email or "")
            found[number]["name"] |= {given, family}
    return found


def test_the_access_log_names_the_case_once(answered: Answered) -> None:
    from sqlalchemy import select

    from stores.operations.log_tables import access_log

    with answered.stores.engine.connect() as reading:
        rows = reading.execute(select(access_log).where(access_log.c.command == "paper access")).all()
    assert [(row.case_id, row.subjects) for row in rows] == [("A-1", REQUESTS)]
