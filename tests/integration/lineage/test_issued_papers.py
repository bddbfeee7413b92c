"""Issuing papers of a real base: who may ask, where a paper may go, answers, dossiers, receipts and the commands.

The seal of a paper is tested in test_sealed_papers.
"""

import html
import os
import re
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from consent.acts.act_entry import ActDesk, TypedAct, enter_act
from lineage.erasure.erasure_receipt import ErasedCounts, ErasureReceipt
from lineage.lookups.lookup import look_up
from lineage.papers.access import Batch, answer_access, open_access_requests
from lineage.papers.campaign import campaign_dossier, tell_campaign
from lineage.papers.certificate import certify_number
from lineage.papers.issuing import write_proof
from lineage.papers.partner import partner_dossier, tell_partner
from lineage.papers.receipt import KEPT_AS_COUNT, TAKEN_OUT, erasure_papers
from pages.french import count_french, instant_french
from pages.paper import Form
from partners_ingest.rows.asked_numbers import number_reader
from partners_ingest.rows.phone import NOWHERE, read_phone
from pipelines.command import app
from sample.people import SHOWN_NUMBER
from sealing.checks.paper_check import check_paper
from sealing.log.log import Log
from sealing.log.proofs import Proof
from stores.operations import log_tables, message_tables
from terms.environment import NumberRules
from terms.errors import UsageError
from tests.commands import Shell
from tests.scenes.lineage.paper_scene import newest_checkpoint, paper_scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """The sent demo, its plan, and a folder for papers."""
    return paper_scene(tmp_path_factory)


def test_the_access_is_logged_before_the_paper(scene):
    stores, _, out = scene
    certify_number(stores, SHOWN_NUMBER, reason="letter 9", case="C-9", out=out / "logged.html")
    with stores.engine.connect() as reading:
        row = reading.execute(select(log_tables.access_log).order_by(log_tables.access_log.c.access_id.desc())).first()
    assert (row.reason, row.case_id, row.subjects) == ("letter 9", "C-9", 1)


def test_where_a_paper_may_not_go(scene):
    stores, _, out = scene
    refused = {
        out / "c.txt": r"HTML or PDF",
        stores.home.root / "c.html": r"not kept in the home",
        out / "no" / "c.html": r"does not exist",
        out / "c-0639980042.html": r"holds the number",
        out / "c 06-39-98-00-42.pdf": r"holds the number",
    }
    for file, sentence in refused.items():
        with pytest.raises(UsageError, match=sentence):
            certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=file)
        assert not file.exists()
    with pytest.raises(UsageError, match="needs a reason"):
        certify_number(stores, SHOWN_NUMBER, reason=" ", case=None, out=out / "none.html")


def _kept(stores):
    """Return how many look-ups and lines of the journal there are."""
    with stores.engine.connect() as reading:
        tables = (log_tables.access_log, log_tables.journal)
        return [reading.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


@pytest.mark.parametrize("taken", ["file", "proof", "broken link"])
def test_no_paper_takes_the_place_of_another_file_and_nothing_is_logged(scene, tmp_path, taken):
    stores, plan_id, _ = scene
    act = TypedAct(SHOWN_NUMBER, "access", f"2026-11-22T09:00:00+01:0{len(taken) % 3}", f"letter of a {taken}")
    request_id = enter_act(ActDesk(stores, number_reader(stores.number_rules)), act).request_id
    out = tmp_path / f"acces-{request_id}.html"
    there = {"file": out, "proof": tmp_path / f"{out.name}.proof.json", "broken link": out}[taken]
    there.symlink_to(tmp_path / "nowhere") if taken == "broken link" else there.write_text("what was given away")
    before = _kept(stores)
    batch = Batch("test", None, tmp_path, Form.HTML, "by letter")
    for issue in (
        lambda: certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out),
        lambda: answer_access(stores, [request_id], batch),
        lambda: campaign_dossier(stores, plan_id, out),
        lambda: partner_dossier(stores, "jeux-valombre", out),
        lambda: write_proof(stores, "0" * 16, there),
    ):
        with pytest.raises(UsageError, match=f"{there.name} exists already"):
            issue()
    assert _kept(stores) == before and request_id in open_access_requests(stores)
    assert os.listdir(tmp_path) == [there.name] and (there.is_symlink() or there.read_text() == "what was given away")
    assert answer_access(stores, [request_id], replace(batch, form=Form.PDF))


def test_the_commands_refuse_a_taken_file_and_a_page_is_made_again(scene, tmp_path):
    stores, plan_id, _ = scene
    with stores.engine.connect() as reading:
        sent = message_tables.messages.c.plan_id == plan_id, message_tables.messages.c.handed_over_at.is_not(None)
        send_id = reading.execute(select(message_tables.messages.c.send_id).where(*sent).limit(1)).scalar_one()
    environ = {"FILIATION_ENV": "demo", "FILIATION_CONFIG": str(stores.settings.config)}
    environ |= {"FILIATION_HOME": str(stores.home.root), "FILIATION_NOW": "2026-11-24T11:00:00+01:00"}
    before = _kept(stores)
    for command in (
        ("campaign", "exclusivity", plan_id, "--out"),
        ("trace", "send", send_id, "--reason", "test", "--passport"),
        ("paper", "campaign", plan_id, "--out"),
    ):
        file = tmp_path / f"{command[1]}.html"
        file.write_text("what was given away")
        answer = CliRunner().invoke(app, [*command, str(file)], env=environ)
        assert isinstance(answer.exception, UsageError) and "exists already" in str(answer.exception)
        assert file.read_text() == "what was given away" and _kept(stores) == before
        file.unlink()
        assert CliRunner().invoke(app, [*command, str(file)], env=environ).exit_code == 0 and file.stat().st_size > 999
        before = _kept(stores)
    page = tmp_path / "report.html"
    page.write_text("of yesterday")
    assert CliRunner().invoke(app, ["campaign", "report", plan_id, "--out", str(page)], env=environ).exit_code == 0
    assert page.read_text() != "of yesterday"


def test_an_unknown_number_gets_a_certificate_that_says_so(scene):
    stores, _, out = scene
    issued = certify_number(stores, "06 39 98 99 99", reason="test", case=None, out=out / "unknown.html")
    assert "n'est pas dans notre base" in html.unescape(issued.file.read_text())


def test_an_access_answer_holds_the_four_lists_and_closes_every_request_of_the_person(scene):
    """Two requests of one person, the older one late, and one of somebody whom no file names."""
    stores, _, out = scene
    acts = ActDesk(stores, number_reader(stores.number_rules))
    told = {"2026-10-01T09:00:00+02:00": "letter 1", "2026-11-23T09:00:00+01:00": "letter 2"}
    ids = [enter_act(acts, TypedAct(SHOWN_NUMBER, "access", at, source)).request_id for at, source in told.items()]
    stranger_id = enter_act(
        acts, TypedAct("06 39 98 99 98", "access", "2026-11-23T10:00:00+01:00", "letter 3")
    ).request_id
    folder = out / "answers"
    folder.mkdir()
    enter_act(acts, TypedAct(SHOWN_NUMBER, "click", "2026-11-23T18:30:00+01:00", "link 7"))
    assert set(open_access_requests(stores)) == {*ids, stranger_id}
    only_written = answer_access(stores, ids[:1], Batch("test", None, folder, Form.PDF, None))
    assert only_written[0].file.name == f"acces-{ids[0]}.pdf" and len(open_access_requests(stores)) == 3
    issued = answer_access(stores, open_access_requests(stores), Batch("test", None, folder, Form.HTML, "by letter"))
    assert open_access_requests(stores) == [] and len(issued) == 2
    shown = html.unescape((folder / f"acces-{ids[1]}.html").read_text())
    (provenance,) = look_up(stores, [SHOWN_NUMBER], reason="test")
    assert "Parti de l'Horizon" in shown and "STOP 36111" in shown and "letter 1" in shown and "letter 2" in shown
    assert "clic sur un lien" in shown and "23 novembre 2026 à 18:30:00" in shown and "link 7" in shown
    assert all(send.send_id in shown and instant_french(send.handed_over_at) in shown for send in provenance.sends)
    assert all(opt_in.file_name in shown and opt_in.file_sha256 in shown for opt_in in provenance.opt_ins)
    assert "dans le délai d'un mois" in shown and "1963" in shown and "CNIL, 3 place de Fontenoy" in shown
    unknown = html.unescape((folder / f"acces-{stranger_id}.html").read_text())
    assert "Nous ne détenons aucune donnée" in unknown and "Parti de l'Horizon" not in unknown
    with stores.engine.connect() as reading:
        last = reading.execute(select(log_tables.access_log).order_by(log_tables.access_log.c.access_id.desc())).first()
    assert (last.command, last.subjects) == ("lineage", 1)  # of this test; the batch stands before it
    with pytest.raises(UsageError, match="no access request"):
        answer_access(stores, ["0" * 32], Batch("test", None, folder, Form.HTML, None))


def test_a_late_answer_says_so(scene):
    stores, _, out = scene
    act = TypedAct("06 39 98 99 97", "access", "2026-10-01T09:00:00+02:00", "letter 4")
    request_id = enter_act(ActDesk(stores, number_reader(stores.number_rules)), act).request_id
    (issued,) = answer_access(stores, [request_id], Batch("test", None, out, Form.HTML, None))
    shown = html.unescape(issued.file.read_text())
    assert "après le délai d'un mois" in shown and "1er novembre 2026" in shown


def test_the_dossier_of_a_campaign_counts_and_names_nobody(scene):
    stores, plan_id, out = scene
    told = tell_campaign(stores, plan_id)
    shown = _shown(campaign_dossier(stores, plan_id, out / "campaign.html"))
    plan = told.trace.plan
    assert sum(told.bases.values()) == plan.contacts and all(basis.partner_id for basis in told.bases)
    assert sum(told.trace.states.values()) == plan.contacts
    for word in (plan_id, "Parti de l'Horizon", "STOP 36111", "48271", "Camille Second", plan.rule_set_sha256):
        assert word in shown
    assert all(batch.root in shown for batch in told.batches) and told.batches
    assert all(told.notices[basis.partner_id, basis.notice_id] in shown for basis in told.bases)
    assert all(code in shown for code in told.priced.excluded)
    _names_nobody(stores, shown)
    with pytest.raises(UsageError):
        campaign_dossier(stores, "0" * 16, out / "none.html")


def test_the_dossier_of_a_partner_tells_forms_texts_audits_and_files(scene):
    stores, _, out = scene
    told = tell_partner(stores, "jeux-valombre")
    shown = _shown(partner_dossier(stores, "jeux-valombre", out / "partner.html"))
    assert told.deliveries and told.notices and told.partner.forms
    for row in told.deliveries:
        assert row.file_name in shown and row.sha256[:16] in shown
    assert all(notice.text in shown and set(notice.recipients) <= _words(shown) for notice in told.notices)
    assert all(version in shown for version in told.partner.forms) and told.partner.legal_name in shown
    assert count_french(told.supplier.acts) in shown and not _leftovers(shown)
    _names_nobody(stores, shown)
    with pytest.raises(UsageError, match="knows no partner"):
        partner_dossier(stores, "nobody", out / "none.html")


def _words(shown):
    return {word for line in shown.splitlines() for word in line.split(", ")}


def _leftovers(shown):
    """English words of the dossiers that a reader of French should not meet."""
    return re.findall(r"\b(?:compliant|pre_ticked|unticked|double_opt_in|accepted|quarantined|political)\b", shown)


def test_the_receipt_of_an_erasure_tells_what_went_and_what_stays(scene):
    stores, _, out = scene
    counts = {name: 10 + i for i, name in enumerate([*TAKEN_OUT, *KEPT_AS_COUNT])}
    at = datetime.fromisoformat("2026-11-24T09:00:00+01:00")
    proof = Proof("entry", None, None, "", 41, 99, ())
    found = ErasedCounts(**counts, unopened_files=2)
    receipt = ErasureReceipt("e" * 16, "m" * 16, "DPO-1", "actor", at, at, found, "", proof)
    (issued,) = erasure_papers(stores, {out / "erasure.html": receipt})
    shown = _shown(issued)
    for count, words in zip(counts.values(), [*TAKEN_OUT.values(), *KEPT_AS_COUNT.values()], strict=True):
        assert re.search(rf"{re.escape(words)}\s+{count}\b", shown)
    assert "DPO-1" in shown and "n° 41 sur 99" in shown and "2\u00a0fichiers scellés" in shown
    assert not check_paper(Log.of(stores), issued.file.read_bytes(), newest_checkpoint(stores)).mismatches
    other = out / "other-erasure.html"
    assert [one.file for one in erasure_papers(stores, {issued.file: receipt, other: receipt})] == [other]
    assert _shown(issued) == shown  # the run is repeated, the receipt is not


def _shown(issued):
    return html.unescape(re.sub(r"<[^>]+>", "\n", issued.file.read_text()))


def _names_nobody(stores, shown):
    """No number and no contact of the base stands in a dossier."""
    with stores.warehouse.open_base() as base:
        contacts = [row[0] for row in base.execute("select contact_id::varchar from contacts").fetchall()]
    assert not [contact for contact in contacts if contact in shown]
    written = re.findall(r"(?<![\w.])\+?\d(?:[ .\u00a0\u202f-]?\d){8,14}(?!\w)", shown)
    assert not {read_phone(text, NOWHERE, NumberRules.FICTION).e164 for text in written} - {None}


def test_the_commands_issue_and_check(scene):
    stores, _, out = scene
    settings = {"FILIATION_ENV": "demo", "FILIATION_CONFIG": str(stores.settings.config)}
    shell = Shell(stores.home.root, settings | {"FILIATION_NOW": "2026-11-24T11:00:00+01:00"})
    file = out / "by-command.pdf"
    issued = shell.run("paper", "provenance", SHOWN_NUMBER, "--reason", "test", "--out", str(file), "--json")
    assert issued.code == 0, issued.err
    assert re.fullmatch(r"[0-9a-f]{16}", issued.json()["paper_id"]) and os.path.exists(issued.json()["proof"])
    held = shell.run("verify", str(file), "--json")
    assert held.code == 0 and held.json()["holds"] and held.json()["kind"] == "provenance"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    changed = shell.run("verify", str(file))
    assert changed.code == 3 and issued.json()["paper_id"] in changed.out
    assert shell.run("verify", str(out / "none.pdf")).code == 2
    assert shell.run("paper", "access", "--reason", "test", "--out", str(out)).code == 2
    plan = shell.run("paper", "campaign", scene[1], "--out", str(out / "command.pdf"), "--json")
    assert plan.code == 0 and plan.json()["kind"] == "campaign", plan.err
