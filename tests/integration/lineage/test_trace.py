"""From a sent message back to the delivered bytes, and the same told to a stranger who trusts nobody."""

import json
import random
import shutil
from hashlib import sha256

import pytest
from sqlalchemy import func, select

from lineage.lookups.lookup import look_up
from lineage.lookups.trace import trace_line, trace_plan, trace_send
from lineage.lookups.trace_text import describe_send
from lineage.papers.passport import make_passport
from sample.people import SHOWN_NUMBER
from sealing.log.log import Log
from sends.inbound.opt_outs import opt_out
from stores.operations import database, log_tables, message_tables
from terms.clock import from_micros, to_iso, to_micros
from terms.errors import UsageError
from terms.settings import PROJECT_ROOT
from tests.scenes.sends.sent_demo import sent_demo
from tests.scenes.sends.traces_of_plan import follow
from verifier import filiation_verify as stranger


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """The sample's base with its demo campaign sent, reported and sealed: stores, plan id and an older checkpoint."""
    return sent_demo(tmp_path_factory.mktemp("traced"))


def _send_ids(stores, count=None):
    table = message_tables.messages
    with stores.engine.connect() as reading:
        names = reading.execute(select(table.c.send_id).order_by(table.c.send_id)).scalars().all()
    return names if count is None else random.Random(3).sample(names, count)


def test_a_message_leads_back_to_the_bytes_that_hold_its_number(sent):
    """And the number back to the message; `traces_of_plan` does so with every message of a plan of thousands."""
    stores, plan_id, _ = sent
    names = _send_ids(stores, 10)
    followed = {send_id: follow(stores, send_id) for send_id in names}
    assert [(trace.plan.plan.plan_id, failed) for trace, _, failed in followed.values()] == [(plan_id, [])] * len(names)
    told = look_up(stores, [number for _, number, _ in followed.values()], reason="test")
    assert [[send.send_id for send in provenance.sends] for provenance in told] == [[send_id] for send_id in names]


def test_a_delivered_line_leads_to_the_message(sent):
    stores, _, _ = sent
    (send_id,) = _send_ids(stores, 1)
    opt_in = trace_send(stores, send_id, reason="test").opt_ins[0]
    with stores.engine.connect() as reading:
        before = reading.execute(select(func.count()).select_from(log_tables.access_log)).scalar_one()
    told = {t.message.send_id: t for t in trace_line(stores, opt_in.delivery_id, opt_in.line_number, reason="t")}
    assert told[send_id].to_json() == trace_send(stores, send_id, reason="test").to_json()
    with stores.engine.connect() as reading:
        after = reading.execute(select(func.count()).select_from(log_tables.access_log)).scalar_one()
    assert after == before + 2  # one for the line, however many messages; one for the message
    with pytest.raises(UsageError, match="No accepted opt-in row"):
        trace_line(stores, opt_in.delivery_id, 10**9, reason="test")


def test_that_nobody_wrote_to_a_person_is_a_look_up_too(sent):
    stores, _, _ = sent
    table = message_tables.messages
    with stores.engine.connect() as reading:
        written = set(reading.execute(select(table.c.contact_id)).scalars())
        before = reading.execute(select(func.count()).select_from(log_tables.access_log)).scalar_one()
    with stores.warehouse.open_base() as base:
        rows = base.execute("select delivery_id, line_number, contact_id::varchar from opt_ins").fetchall()
    delivery_id, line, _ = next(row for row in rows if row[2] not in written)
    with pytest.raises(UsageError, match="needs a reason"):
        trace_line(stores, delivery_id, line, reason=" ")
    assert trace_line(stores, delivery_id, line, reason="audit 13") == []
    with stores.engine.connect() as reading:
        assert reading.execute(select(func.count()).select_from(log_tables.access_log)).scalar_one() == before + 1


def test_what_the_person_wrote_back_since_is_told(sent):
    stores, _, _ = sent
    (send_id,) = _send_ids(stores, 1)
    message = trace_send(stores, send_id, reason="test").message
    left = to_micros(message.handed_over_at)
    rows = [
        ("simulator.a", "simulator", left - 1),
        ("simulator.b", "simulator", left + 7),
        ("other.c", "other", left + 9),
    ]
    reply = {"contact_id": message.contact_id, "meaning": "other", "at": left}
    with database.transaction(stores.engine) as work:
        for name, gateway, known_at in rows:
            work.execute(
                message_tables.replies.insert().values(reply_id=name, gateway=gateway, known_at=known_at, **reply)
            )
    trace = trace_send(stores, send_id, reason="test")
    known_at = to_iso(from_micros(left + 7))
    told = {"at": to_iso(from_micros(left)), "known_at": known_at, "meaning": "other", "gateway": "simulator"}
    assert trace.to_json()["replies"] == [told]
    assert f"known {known_at} by simulator" in describe_send(trace)


def test_a_gateways_id_names_the_message_and_an_unknown_one_none(sent):
    stores, _, _ = sent
    (send_id,) = _send_ids(stores, 1)
    trace = trace_send(stores, send_id, reason="test")
    assert trace_send(stores, trace.message.gateway_message_id, reason="test").message.send_id == send_id
    with pytest.raises(UsageError, match="No message has this id"):
        trace_send(stores, "0" * 32, reason="test")
    with pytest.raises(UsageError, match="needs a reason"):
        trace_send(stores, send_id, reason=" ")


def test_every_trace_is_logged_and_none_tells_a_number(sent):
    stores, plan_id, _ = sent
    with stores.engine.connect() as reading:
        before = reading.execute(select(log_tables.access_log)).all()
    (send_id,) = _send_ids(stores, 1)
    trace = trace_send(stores, send_id, reason="audit 12")
    told = json.dumps(trace.to_json()) + describe_send(trace) + json.dumps(trace_plan(stores, plan_id).to_json())
    assert "639980" not in told and "06 39" not in told
    with stores.engine.connect() as reading:
        after = reading.execute(select(log_tables.access_log)).all()
    assert [(row.command, row.reason, row.subjects) for row in after[len(before) :]] == [("trace", "audit 12", 1)]


def test_the_past_stays_answerable_after_a_stop(sent):
    stores, _, _ = sent
    (provenance,) = look_up(stores, [SHOWN_NUMBER], reason="test")
    (send,) = provenance.sends
    before = trace_send(stores, send.send_id, reason="test").judged
    opt_out(stores, SHOWN_NUMBER, "letter")
    assert trace_send(stores, send.send_id, reason="test").judged.judgement == before.judgement
    (later,) = look_up(stores, [SHOWN_NUMBER], reason="test")
    assert later.verdicts["sms"]["strict"].verdict == "REFUSED"


@pytest.fixture(scope="module")
def files(sent, tmp_path_factory):
    """A passport, the log's key and an older checkpoint, as a stranger gets them."""
    stores, _, older = sent
    folder = tmp_path_factory.mktemp("stranger")
    trace = trace_send(stores, _send_ids(stores, 1)[0], reason="test")
    (folder / "passport.json").write_text(make_passport(stores, trace).text())
    (folder / "older").write_text(older)
    shutil.copy(Log.of(stores).folder / "verifier_key", folder / "key")
    return folder


def _verify(folder, passport="passport.json", *more):
    return stranger.main([str(folder / passport), "--key", str(folder / "key"), *more])


def test_a_stranger_proves_the_passport(files, capsys):
    assert _verify(files, "passport.json", "--checkpoint", str(files / "older")) == 0
    said = capsys.readouterr().out
    kinds = ("sealed_messages", "plan", "approval", "base", "snapshot", "delivery")
    assert all(f"({kind}) is leaf" in said for kind in kinds)
    assert "message 1 is in the sealed batch of entry 1" in said and "delivered line 1 was delivered" in said
    assert "it continues your checkpoint" in said and said.endswith("HOLDS\n")
    text = (files / "passport.json").read_text()
    assert "639980" not in text and "06 39 98" not in text  # four digits would stand in some hash by chance


def test_no_flipped_bit_of_a_passport_goes_unseen(files, capsys):
    data, chance = (files / "passport.json").read_bytes(), random.Random(1)
    for _ in range(400):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (files / "changed.json").write_bytes(changed)
        assert _verify(files, "changed.json") in (1, 2)
    assert "HOLDS\n" not in capsys.readouterr().out.replace("DOES NOT HOLD", "")


def test_a_forged_passport_with_a_right_digest_does_not_hold(files, capsys):
    """Whoever writes a passport anew can make the digest fit, but not the proofs."""
    passport = json.loads((files / "passport.json").read_text())
    for forge in (_other_state, _other_plan, _other_batch, _other_place):
        forged = json.loads(json.dumps(passport))
        forge(forged)
        del forged["digest"]
        forged["digest"] = sha256(stranger.canonical_text(forged).encode()).hexdigest()
        (files / "forged.json").write_text(stranger.canonical_text(forged))
        assert _verify(files, "forged.json") == 1, forge.__name__


def _other_state(passport):
    proof = passport["messages"][0]["proof"]
    proof["text"] = proof["text"].replace('"attempt":1', '"attempt":2')


def _other_plan(passport):
    proof = next(entry for entry in passport["entries"] if entry["what"] == "plan")
    proof["text"] = proof["text"].replace('"contacts":', '"contacts":1')


def _other_batch(passport):
    passport["messages"][0]["batch_entry"] = 1


def _other_place(passport):
    passport["lines"][0]["proof"]["index"] += 1


def test_the_verifier_shares_no_code(files):
    source = (PROJECT_ROOT / "verifier" / "filiation_verify.py").read_text()
    imports = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= {
        "__future__",
        "argparse",
        "base64",
        "json",
        "sys",
        "hashlib",
        "pathlib",
        "typing",
        "cryptography",
    }


def test_what_is_not_sealed_yet_says_so(sent):
    stores, _, _ = sent
    trace = trace_send(stores, _send_ids(stores, 1)[0], reason="test")
    with database.transaction(stores.engine) as work:
        event = dict(
            event_id="late", send_id=trace.message.send_id, at=1, known_at=2, state="DELIVERED", source="report"
        )
        work.execute(message_tables.message_events.insert().values(**event))
    with pytest.raises(UsageError, match="not sealed yet"):
        make_passport(stores, trace)
