"""Papers of a real base: what stands in them, that it is sealed, that no change of them goes unseen, and who may ask."""

import html
import json
import os
import random
import re
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from consent.acts.act_entry import ActStores, TypedAct, enter_act
from lineage.erasure.erasure_receipt import ErasedCounts, ErasureReceipt
from lineage.lookups.lookup import LookupStores, look_up
from lineage.papers.access import Batch, answer_access, open_access_requests
from lineage.papers.campaign import campaign_dossier, tell_campaign
from lineage.papers.certificate import certificate, certify_number, tell_all
from lineage.papers.issuing import write_proof
from lineage.papers.partner import partner_dossier, tell_partner
from lineage.papers.receipt import KEPT_AS_COUNT, TAKEN_OUT, erasure_papers
from pages.french import count_french, instant_french, number_french
from pages.paper import Form, Issue, Paper, paper_html
from partners_ingest.rows.asked_numbers import number_reader
from partners_ingest.rows.phone import NOWHERE, read_phone
from pipelines.command import app
from sample.people import SHOWN_NUMBER
from sealing.checks.alterations import Alteration
from sealing.checks.paper_check import check_paper
from sealing.log.log import Log, append_journal
from sealing.log.proofs import Proof
from sealing.seals.papers import parts_of
from stores.home import writer_lock
from stores.operations import database, log_tables, message_tables
from terms.environment import NUMBER_RULES, NumberRules
from terms.errors import UsageError
from tests.commands import Shell
from tests.scenes.sends.sent_demo import sent_demo
from verifier import filiation_verify as stranger


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """The sent demo, an older checkpoint in a file, the log's key, and a folder for papers."""
    stores, plan_id, older = sent_demo(tmp_path_factory.mktemp("papers"))
    out = tmp_path_factory.mktemp("out")
    (out / "older").write_text(older)
    return stores, plan_id, out


@pytest.fixture(scope="module", params=["html", "pdf"])
def paper(scene, request):
    """The certificate of the README's person in each form."""
    stores, _, out = scene
    return certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out / f"c.{request.param}")


def _newest(stores):
    return Log.of(stores).last_checkpoint()


def test_the_certificate_tells_sources_text_judgement_and_every_message(scene):
    stores, _, out = scene
    issued = certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out / "told.html")
    shown = html.unescape(issued.file.read_text())
    (provenance,) = look_up(LookupStores.of(stores), [SHOWN_NUMBER], reason="test")
    assert number_french(provenance.number) in shown and provenance.opt_ins and provenance.sends
    for opt_in in provenance.opt_ins:
        place = f"ligne {opt_in.line_number}, octets {opt_in.byte_offset} à"
        for told in (
            opt_in.file_name,
            opt_in.file_sha256,
            place,
            opt_in.delivery_id,
            opt_in.notice_text or "inconnu du dossier",
        ):
            assert told in shown
    for send in provenance.sends:
        for told in (send.send_id, send.gateway_message_id, "Parti de l'Horizon", "STOP 36111", "48271"):
            assert told in shown
    assert "forme finale n'est plus connue" not in shown  # the text has the hash that every message carries
    assert issued.file.stat().st_mode & 0o777 == 0o600


def test_a_sealed_paper_holds_for_us_and_for_a_stranger(scene, paper, capsys):
    stores, _, out = scene
    found = check_paper(Log.of(stores), paper.file.read_bytes(), _newest(stores))
    assert (found.paper_id, found.kind, found.mismatches) == (paper.paper_id, "provenance", ())
    known = ["--key", str(Log.of(stores).folder / "verifier_key"), "--checkpoint", str(out / "older")]
    assert stranger.main([str(paper.proof), *known, "--paper", str(paper.file)]) == 0
    assert "the paper is the one of entry 1, unchanged" in capsys.readouterr().out
    (out / "changed").write_bytes(paper.file.read_bytes().replace(b"Contact Citoyen", b"Contact Citoyem", 1))
    assert stranger.main([str(paper.proof), *known, "--paper", str(out / "changed")]) == 1


def test_no_flipped_bit_of_a_paper_goes_unseen_and_the_finding_says_where(scene, paper):
    stores, _, _ = scene
    content, chance, log, newest = paper.file.read_bytes(), random.Random(5), Log.of(stores), _newest(stores)
    for _ in range(500):
        place = chance.randrange(len(content))
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        found = check_paper(log, bytes(changed), newest)
        assert found.mismatches and found.mismatches[0].what in (Alteration.PAPER_CHANGED, Alteration.PAPER_UNKNOWN)
        assert paper.paper_id in found.mismatches[0].where or found.mismatches[0].what is Alteration.PAPER_UNKNOWN


def test_a_changed_section_is_named(scene):
    stores, _, out = scene
    issued = certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out / "named.html")
    forged = issued.file.read_bytes().replace(b"STOP 36111", b"STOP 36112")
    found = check_paper(Log.of(stores), forged, _newest(stores))
    assert [mismatch.where for mismatch in found.mismatches] == [f"paper {issued.paper_id}, section uses"]


def test_a_paper_cut_short_or_of_another_home_is_unknown_or_changed(scene, paper):
    stores, _, _ = scene
    log, newest, content = Log.of(stores), _newest(stores), paper.file.read_bytes()
    assert check_paper(log, content[:-1], newest).mismatches
    assert check_paper(log, content + b"\n", newest).mismatches
    assert check_paper(log, b"", newest).mismatches[0].what is Alteration.PAPER_UNKNOWN
    other = content.replace(paper.paper_id.encode(), b"0" * 16)
    assert check_paper(log, other, newest).mismatches[0].what is Alteration.PAPER_UNKNOWN


def test_an_older_checkpoint_does_not_cover_the_paper(scene, paper):
    stores, _, out = scene
    older = Log.of(stores).key.opened((out / "older").read_text())
    found = check_paper(Log.of(stores), paper.file.read_bytes(), older)
    assert [mismatch.what for mismatch in found.mismatches] == [Alteration.PAPER_NOT_SEALED]


@pytest.mark.parametrize("change", ["payload", "leaf", "salt"])
def test_a_changed_journal_line_or_leaf_of_a_paper_is_found(scene, paper, change):
    stores, _, _ = scene
    journal, leaves = log_tables.journal, log_tables.log_leaves
    with stores.engine.connect() as reading:
        line = reading.execute(select(journal).where(journal.c.subject == paper.paper_id)).one()
        leaf = reading.execute(select(leaves).where(leaves.c.journal_sequence == line.sequence)).one()
    forged = {
        "payload": update(journal).values(payload_json=line.payload_json.replace('"bytes":', '"bytes":1')),
        "leaf": update(leaves).values(leaf_hash="0" * 64),
        "salt": update(leaves).values(salt="0" * 64),
    }[change]
    back = {
        "payload": update(journal).values(payload_json=line.payload_json),
        "leaf": update(leaves).values(leaf_hash=leaf.leaf_hash),
        "salt": update(leaves).values(salt=leaf.salt),
    }[change]
    where = journal.c.sequence == line.sequence if change == "payload" else leaves.c.position == leaf.position
    _write(stores, forged.where(where))
    found = check_paper(Log.of(stores), paper.file.read_bytes(), _newest(stores))
    _write(stores, back.where(where))
    assert [mismatch.what for mismatch in found.mismatches] == [Alteration.JOURNAL_CHANGED]
    assert not check_paper(Log.of(stores), paper.file.read_bytes(), _newest(stores)).mismatches


def _write(stores, statement):
    with database.transaction(stores.engine) as work:
        work.execute(statement)


def test_every_field_of_the_record_stands_in_the_paper(scene):
    """Any one field changed gives another paper: nothing of the record is left out of what is sealed."""
    stores, _, _ = scene
    (provenance,) = look_up(LookupStores.of(stores), [SHOWN_NUMBER], reason="test")
    (told,) = tell_all(stores, [provenance])
    plain = _parts(certificate(told))
    unseen = {name for name, changed in _changes(told) if _parts(certificate(changed)) == plain}
    assert unseen <= {
        "provenance.attributes.sex",  # a certificate tells where a number comes from, not what we know of the person
        "provenance.attributes.birth_date",
        "provenance.attributes.postcode",
    }


def _parts(draft):
    issue = Issue("0" * 16, "0" * 32, datetime.fromisoformat("2026-11-24T09:00:00+01:00"), ("Nous",))
    return parts_of(paper_html(Paper(draft.title, draft.about, issue, draft.sections, draft.closing)))


def _changes(told):
    """Yield the record with one field of the provenance changed, by the field's name, for each that has a value."""
    for name, changed in _variants(told.provenance, "provenance"):
        yield name, replace(told, provenance=changed)


def _variants(record, path):
    for field in fields(record):
        value, name = getattr(record, field.name), f"{path}.{field.name}"
        if is_dataclass(value):
            for inner, changed in _variants(value, name):
                yield inner, replace(record, **{field.name: changed})
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            for inner, changed in _variants(value[0], name):
                yield inner, replace(record, **{field.name: (changed, *value[1:])})
        elif (other := _other(field.name, value)) is not None:
            yield name, replace(record, **{field.name: other})


def _other(name, value):
    if isinstance(value, datetime | date):
        return value + timedelta(days=1)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    known = {
        "flag": "refused",
        "state": "EXPIRED",
        "kind": "invitation",
        "channels": ("voice",),
        "evidence_grade": "A" if value == "D" else "D",
    }
    if isinstance(value, str) and name not in ("plan_id", "partner_id"):  # these name what is looked up
        return known.get(name, value + "x")
    return known.get(name, ("x",)) if isinstance(value, tuple) and name in ("recipients", "channels") else None


def test_what_is_sealed_of_a_paper_names_nobody(scene, paper):
    stores, _, _ = scene
    (provenance,) = look_up(LookupStores.of(stores), [SHOWN_NUMBER], reason="test")
    with stores.engine.connect() as reading:
        line = reading.execute(select(log_tables.journal).where(log_tables.journal.c.subject == paper.paper_id)).one()
    told = line.payload_json + paper.proof.read_text()
    assert provenance.contact_id not in told and provenance.number[-9:] not in told
    assert json.loads(line.payload_json)["sha256"] == sha256(paper.file.read_bytes()).hexdigest()


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
    request_id = enter_act(
        ActStores.of(stores, number_reader(NUMBER_RULES[stores.settings.environment])), act
    ).request_id
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


def test_while_a_refresh_is_at_work_the_paper_is_out_and_its_proof_comes_later(scene):
    stores, _, out = scene
    with writer_lock(stores.home):
        issued = certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out / "busy.html")
        assert issued.proof is None and not write_proof(stores, issued.paper_id, out / "busy.proof.json")
        found = check_paper(Log.of(stores), issued.file.read_bytes(), _newest(stores))
        assert [mismatch.what for mismatch in found.mismatches] == [Alteration.PAPER_NOT_SEALED]
        append_journal(Log.of(stores), stores.clock.now())
    assert write_proof(stores, issued.paper_id, out / "busy.proof.json")
    key = str(Log.of(stores).folder / "verifier_key")
    assert stranger.main([str(out / "busy.proof.json"), "--key", key, "--paper", str(issued.file)]) == 0


def test_an_unknown_number_gets_a_certificate_that_says_so(scene):
    stores, _, out = scene
    issued = certify_number(stores, "06 39 98 99 99", reason="test", case=None, out=out / "unknown.html")
    assert "n'est pas dans notre base" in html.unescape(issued.file.read_text())


def test_an_access_answer_holds_the_four_lists_and_closes_every_request_of_the_person(scene):
    """Two requests of one person, the older one late, and one of somebody whom no file names."""
    stores, _, out = scene
    acts = ActStores.of(stores, number_reader(NUMBER_RULES[stores.settings.environment]))
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
    (provenance,) = look_up(LookupStores.of(stores), [SHOWN_NUMBER], reason="test")
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
    request_id = enter_act(
        ActStores.of(stores, number_reader(NUMBER_RULES[stores.settings.environment])), act
    ).request_id
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
    assert not check_paper(Log.of(stores), issued.file.read_bytes(), _newest(stores)).mismatches
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
