"""Certificates of a real base: every field of the record is in them, they are sealed, and no change goes unseen.

Who may ask, and papers of other kinds, are in test_issued_papers.
"""

import html
import json
import random
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from lineage.lookups.lookup import look_up
from lineage.papers.certificate import certificate, certify_number, tell_all
from lineage.papers.issuing import write_proof
from pages.french import number_french
from pages.paper import Issue, Paper, paper_html
from sample.people import SHOWN_NUMBER
from sealing.checks.alterations import Alteration
from sealing.checks.paper_check import check_paper
from sealing.log.log import Log, append_journal
from sealing.seals.papers import parts_of
from stores.home import writer_lock
from stores.operations import database, log_tables
from tests.scenes.lineage.paper_scene import newest_checkpoint, paper_scene
from verifier import filiation_verify as stranger


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """The sent demo, its plan, and a folder for papers."""
    return paper_scene(tmp_path_factory)


@pytest.fixture(scope="module", params=["html", "pdf"])
def paper(scene, request):
    """The certificate of the README's person in each form."""
    stores, _, out = scene
    return certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out / f"c.{request.param}")


def test_the_certificate_tells_sources_text_judgement_and_every_message(scene):
    stores, _, out = scene
    issued = certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out / "told.html")
    shown = html.unescape(issued.file.read_text())
    (provenance,) = look_up(stores, [SHOWN_NUMBER], reason="test")
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
    found = check_paper(Log.of(stores), paper.file.read_bytes(), newest_checkpoint(stores))
    assert (found.paper_id, found.kind, found.mismatches) == (paper.paper_id, "provenance", ())
    known = ["--key", str(Log.of(stores).folder / "verifier_key"), "--checkpoint", str(out / "older")]
    assert stranger.main([str(paper.proof), *known, "--paper", str(paper.file)]) == 0
    assert "the paper is the one of entry 1, unchanged" in capsys.readouterr().out
    (out / "changed").write_bytes(paper.file.read_bytes().replace(b"Contact Citoyen", b"Contact Citoyem", 1))
    assert stranger.main([str(paper.proof), *known, "--paper", str(out / "changed")]) == 1


def test_no_flipped_bit_of_a_paper_goes_unseen_and_the_finding_says_where(scene, paper):
    stores, _, _ = scene
    content, chance, log, newest = paper.file.read_bytes(), random.Random(5), Log.of(stores), newest_checkpoint(stores)
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
    found = check_paper(Log.of(stores), forged, newest_checkpoint(stores))
    assert [mismatch.where for mismatch in found.mismatches] == [f"paper {issued.paper_id}, section uses"]


def test_a_paper_cut_short_or_of_another_home_is_unknown_or_changed(scene, paper):
    stores, _, _ = scene
    log, newest, content = Log.of(stores), newest_checkpoint(stores), paper.file.read_bytes()
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
    found = check_paper(Log.of(stores), paper.file.read_bytes(), newest_checkpoint(stores))
    _write(stores, back.where(where))
    assert [mismatch.what for mismatch in found.mismatches] == [Alteration.JOURNAL_CHANGED]
    assert not check_paper(Log.of(stores), paper.file.read_bytes(), newest_checkpoint(stores)).mismatches


def _write(stores, statement):
    with database.transaction(stores.engine) as work:
        work.execute(statement)


def test_every_field_of_the_record_stands_in_the_paper(scene):
    """Any one field changed gives another paper: nothing of the record is left out of what is sealed."""
    stores, _, _ = scene
    (provenance,) = look_up(stores, [SHOWN_NUMBER], reason="test")
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
    (provenance,) = look_up(stores, [SHOWN_NUMBER], reason="test")
    with stores.engine.connect() as reading:
        line = reading.execute(select(log_tables.journal).where(log_tables.journal.c.subject == paper.paper_id)).one()
    told = line.payload_json + paper.proof.read_text()
    assert provenance.contact_id not in told and provenance.number[-9:] not in told
    assert json.loads(line.payload_json)["sha256"] == sha256(paper.file.read_bytes()).hexdigest()


def test_while_a_refresh_is_at_work_the_paper_is_out_and_its_proof_comes_later(scene):
    stores, _, out = scene
    with writer_lock(stores.home):
        issued = certify_number(stores, SHOWN_NUMBER, reason="test", case=None, out=out / "busy.html")
        assert issued.proof is None and not write_proof(stores, issued.paper_id, out / "busy.proof.json")
        found = check_paper(Log.of(stores), issued.file.read_bytes(), newest_checkpoint(stores))
        assert [mismatch.what for mismatch in found.mismatches] == [Alteration.PAPER_NOT_SEALED]
        append_journal(Log.of(stores), stores.clock.now())
    assert write_proof(stores, issued.paper_id, out / "busy.proof.json")
    key = str(Log.of(stores).folder / "verifier_key")
    assert stranger.main([str(out / "busy.proof.json"), "--key", key, "--paper", str(issued.file)]) == 0
