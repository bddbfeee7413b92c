"""The log over a home with sent messages: what is sealed holds, and whatever is changed afterwards is named."""

import json
import random
import shutil

import pytest
from sqlalchemy import func, select

from sealing.checks.alterations import Alteration
from sealing.checks.check import check_chain
from sealing.log.log import Log, append_journal
from sealing.log.proofs import prove_lines
from sealing.seals import messages as message_seals
from sealing.seals.files import current_seals, reseal_files
from sealing.seals.message_proofs import prove_message
from sealing.seals.seal import seal
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.sender import send_plan
from sends.inbound.listener import take_in
from sends.inbound.opt_outs import opt_out
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from stores.all_stores import open_stores
from stores.operations import database, log_tables, message_tables, person_tables, plan_tables
from stores.operations import journal as journal_lines
from terms.errors import FiliationError
from tests.scenes.sends.small_send_home import make_home, number, point_gateway, simulator, write_order
from tests.scenes.tampering import tampering
from verifier import filiation_verify as stranger

CONTACTS = 240  # 216 of them may be sent to


class Stage:
    """A home in which a plan was sent and reported, one person said STOP, and everything was sealed twice."""

    def __init__(self, folder, url=None):
        stores = make_home(folder, url, contacts=CONTACTS)
        self.stores = open_stores(stores.settings)
        self.plan_id = plan_campaign(stores, write_order(folder)).plan_id
        approve_plan(stores, self.plan_id, "second")
        with simulator() as running:
            point_gateway(stores, running.url)
            gateway = open_gateway(read_gateway(stores.settings.config / "gateways", "simulator"))
            take_in(stores, "simulator", gateway, 0.0)
            send_plan(stores, self.plan_id)
            self.first = seal(self.stores)
            take_in(stores, "simulator", gateway, 1.0)
        opt_out(stores, number(0), "letter")
        self.second = seal(self.stores)

    @property
    def log(self):
        return Log.of(self.stores)

    def mismatches(self):
        return {(mismatch.what, mismatch.where) for mismatch in check_chain(self.log, self.stores.home).mismatches}

    def change(self, table, values, *where):
        with tampering(self.stores.engine) as work:
            changed = work.execute(table.update().where(*where).values(**values)).rowcount
        assert changed == 1

    def rows(self, query):
        with self.stores.engine.connect() as reading:
            return reading.execute(query).all()


@pytest.fixture
def stage(tmp_path, operations_url):
    return Stage(tmp_path, operations_url)


@pytest.fixture(scope="module")
def sealed_home(tmp_path_factory):
    """A sealed home to be copied: making one takes seconds, copying it none."""
    return Stage(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def local_stage(sealed_home, tmp_path, monkeypatch):
    """The sealed home, put back after the test as it was."""
    root = sealed_home.stores.home.root
    kept = tmp_path / "kept"
    sealed_home.stores.engine.dispose()
    shutil.copytree(root, kept)
    yield sealed_home
    sealed_home.stores.engine.dispose()
    shutil.rmtree(root)
    shutil.copytree(kept, root)


def test_what_was_sealed_holds_and_sealing_again_adds_nothing(stage):
    assert not stage.mismatches()
    assert stage.first.messages == 216 and stage.second.messages == 216  # accepted, then reported
    assert stage.second.checkpoint.size > stage.first.checkpoint.size
    again = seal(stage.stores)
    assert (again.messages, again.files, again.checkpoint) == (0, 0, stage.second.checkpoint)
    report = check_chain(stage.log, stage.stores.home)
    assert (report.messages, report.leaves) == (216, again.checkpoint.size)


def test_a_crash_between_two_steps_is_made_good(stage, monkeypatch):
    opt_out(make_stores(stage), number(1), "letter")
    monkeypatch.setattr("sealing.log.log._sign", _die)
    with pytest.raises(_Died):
        seal(stage.stores)
    monkeypatch.undo()
    assert not stage.mismatches()  # the last checkpoint still stands
    opt_out(make_stores(stage), number(2), "letter")
    assert seal(stage.stores).checkpoint.size == stage.second.checkpoint.size + 2
    assert not stage.mismatches()


def test_a_line_that_was_committed_late_is_sealed_late(stage):
    """PostgreSQL numbers a line when it is written and shows it when it is committed."""
    table = log_tables.journal
    row = dict(at=1, kind="look_up", subject="s", payload_json="{}", payload_sha256=_sha256(b"{}"))
    with database.transaction(stage.stores.engine) as work:
        work.execute(table.insert().values(sequence=-1, **row))
    assert seal(stage.stores).checkpoint.size == stage.second.checkpoint.size + 1
    assert not stage.mismatches()


@pytest.mark.parametrize(
    "column", [column.name for column in message_tables.messages.columns if column.name != "send_id"]
)
def test_each_changed_field_of_a_message_is_found(local_stage, column):
    table = message_tables.messages
    row = local_stage.rows(select(table).order_by(table.c.send_id).limit(1))[0]._mapping
    other = {int: lambda value: (value or 0) + 1_000_003, str: lambda value: f"{value}x"}
    kind = table.c[column].type.python_type
    local_stage.change(table, {column: other[kind](row[column])}, table.c.send_id == row["send_id"])
    whats = {what for what, where in local_stage.mismatches() if row["send_id"] in where}
    assert whats <= {Alteration.MESSAGE_CHANGED, Alteration.MESSAGE_MISSING} and whats


def test_a_message_that_is_gone_is_found(local_stage):
    table = message_tables.messages
    send_id = local_stage.rows(select(table.c.send_id).limit(1))[0].send_id
    with tampering(local_stage.stores.engine) as work:
        work.execute(table.delete().where(table.c.send_id == send_id))
    assert (Alteration.MESSAGE_MISSING, f"message {send_id}") in local_stage.mismatches()


@pytest.mark.parametrize("column", ["at", "state", "source", "detail", "known_at"])
def test_a_changed_event_of_a_message_is_found(local_stage, column):
    table = message_tables.message_events
    row = local_stage.rows(select(table).order_by(table.c.event_id).limit(1))[0]._mapping
    value = 1 if table.c[column].type.python_type is int else "DELIVERED?"
    local_stage.change(table, {column: value}, table.c.event_id == row["event_id"])
    assert (Alteration.MESSAGE_CHANGED, f"message {row['send_id']}") in local_stage.mismatches()


@pytest.mark.parametrize("column", ["at", "kind", "subject", "payload_json", "payload_sha256"])
def test_each_changed_field_of_a_journal_line_is_found(local_stage, column):
    table = log_tables.journal
    row = local_stage.rows(select(table).where(table.c.kind == "plan").limit(1))[0]._mapping
    value = 1 if column == "at" else '{"contacts":1}' if column == "payload_json" else f"{row[column]}x"
    local_stage.change(table, {column: value}, table.c.sequence == row["sequence"])
    found = {where for what, where in local_stage.mismatches() if what is Alteration.JOURNAL_CHANGED}
    assert [where for where in found if where.startswith(f"journal line {row['sequence']} ")]


def test_a_line_that_is_gone_is_found(local_stage):
    table = log_tables.journal
    last = local_stage.rows(select(func.max(table.c.sequence)))[0][0]
    with tampering(local_stage.stores.engine) as work:
        work.execute(table.delete().where(table.c.sequence == last))
    assert (Alteration.JOURNAL_MISSING, f"journal line {last}") in local_stage.mismatches()


def test_a_rewritten_log_is_no_continuation_of_what_was_signed(local_stage):
    """Whoever holds the ledger but not the key changes a line and its leaf: the checkpoint gives them away."""
    from sealing.log.log import commitment, entry_text
    from sealing.log.tree import leaf_hash

    journal, leaves = log_tables.journal, log_tables.log_leaves
    local_stage.change(journal, {"at": 1}, journal.c.sequence == 1)
    line = local_stage.rows(select(journal).where(journal.c.sequence == 1))[0]
    salt = local_stage.rows(select(leaves.c.salt).where(leaves.c.journal_sequence == 1))[0].salt
    forged = leaf_hash(commitment(bytes.fromhex(salt), entry_text(line)))
    local_stage.change(leaves, {"leaf_hash": forged.hex()}, leaves.c.journal_sequence == 1)
    size = local_stage.second.checkpoint.size
    hashes = [bytes.fromhex(row.leaf_hash) for row in local_stage.rows(select(leaves).order_by(leaves.c.position))]
    shutil.rmtree(local_stage.log.folder / "tile")
    local_stage.log.tiles.extend(0, hashes)
    assert (Alteration.CHECKPOINT_INCONSISTENT, f"log/checkpoints/{size}") in local_stage.mismatches()


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        (person_tables.opt_outs, "opt_out_id", "effective_at"),
        (person_tables.opt_outs, "opt_out_id", "contact_id"),
        (plan_tables.plans, "plan_id", "contacts"),
        (plan_tables.plans, "plan_id", "message_sha256"),
        (plan_tables.approvals, "plan_id", "approved_by"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_changed_row_of_a_ledger_is_found(local_stage, table, key, column):
    row = local_stage.rows(select(table))[0]._mapping
    value = 7 if table.c[column].type.python_type is int else "somebody else"
    local_stage.change(table, {column: value}, table.c[key] == row[key])
    assert (Alteration.LEDGER_CHANGED, f"{table.name} {row[key]}") in local_stage.mismatches()


def test_an_opt_out_that_is_gone_is_found(local_stage):
    table = person_tables.opt_outs
    opt_out_id = local_stage.rows(select(table))[0].opt_out_id
    with database.transaction(local_stage.stores.engine) as work:
        work.execute(table.delete())
    assert (Alteration.LEDGER_MISSING, f"opt_outs {opt_out_id}") in local_stage.mismatches()


@pytest.mark.parametrize("seed", range(3))
def test_one_flipped_bit_in_each_file_is_found_in_each(local_stage, seed):
    """Every file of the stores and of the log, one bit each at a random place, all in one check."""
    chance, root = random.Random(seed), local_stage.stores.home.root
    flipped = [*current_seals(local_stage.stores.engine)]
    log = local_stage.stores.home.log
    flipped += [file.relative_to(root).as_posix() for file in log.rglob("*") if file.is_file() and "tile" in str(file)]
    flipped += [file.relative_to(root).as_posix() for file in (log / "checkpoints").iterdir()]
    rests_on = {file.relative_to(root).as_posix() for file in local_stage.log.tiles.files(_size(local_stage))}
    for path in flipped:
        data = bytearray((root / path).read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (root / path).write_bytes(data)
    named = {where for _, where in local_stage.mismatches()}
    assert {path for path in flipped if "log/tile" not in path or path in rests_on} <= named


def test_a_sealed_file_that_is_gone_or_replaced_by_its_list_is_found(local_stage):
    path = next(iter(current_seals(local_stage.stores.engine)))
    (local_stage.stores.home.root / path).unlink()
    assert (Alteration.FILE_MISSING, path) in local_stage.mismatches()
    table = log_tables.sealed_files
    with database.transaction(local_stage.stores.engine) as work:
        work.execute(table.delete().where(table.c.path == path))
    assert (Alteration.SEAL_CHANGED, "batch 1 of sealed files") in local_stage.mismatches()


def test_a_file_rewritten_on_purpose_is_sealed_again(local_stage):
    path = next(path for path in current_seals(local_stage.stores.engine) if path.startswith("vault/"))
    (local_stage.stores.home.root / path).write_bytes(b"rewritten")
    reseal_files(local_stage.stores.engine, local_stage.stores.home, [path], local_stage.stores.clock.now())
    append_journal(local_stage.log, local_stage.stores.clock.now())
    assert not local_stage.mismatches()


def test_a_ledger_older_than_its_checkpoint_is_refused(local_stage):
    with database.transaction(local_stage.stores.engine) as work:
        work.execute(log_tables.log_leaves.delete().where(log_tables.log_leaves.c.position >= 3))
        work.execute(log_tables.journal.delete().where(log_tables.journal.c.sequence > 3))
    with pytest.raises(FiliationError, match="checkpoint says"):
        seal(local_stage.stores)


def test_a_changed_checkpoint_is_refused(local_stage):
    file = local_stage.log.folder / "checkpoint"
    file.write_text(file.read_text().replace(str(_size(local_stage)), "3", 1))
    assert (Alteration.CHECKPOINT_CHANGED, "log/checkpoint") in local_stage.mismatches()
    with pytest.raises(FiliationError, match="was changed, or signed by another key"):
        seal(local_stage.stores)


def test_an_erased_line_and_message_still_verify_and_say_nothing(local_stage):
    """What erasure does: text and salt go, the leaf stays."""
    journal, leaves = log_tables.journal, log_tables.log_leaves
    line = local_stage.rows(select(journal).where(journal.c.kind == "opt_out"))[0]
    local_stage.change(leaves, {"salt": None}, leaves.c.journal_sequence == line.sequence)
    proof = prove_lines(local_stage.log, local_stage.second.checkpoint, "opt_out", [line.subject])[0]
    assert proof.text is None and line.payload_json not in json.dumps(proof.to_json())
    assert stranger.entry_root(proof.to_json()) == local_stage.second.checkpoint.root
    position = local_stage.rows(select(leaves.c.position).where(leaves.c.journal_sequence == line.sequence))[0].position
    gone = f"leaf {position} (its salt is gone, and no erasure tells of it)"
    assert local_stage.mismatches() == {(Alteration.LEAF_CHANGED, gone)}
    now = local_stage.stores.clock.now()
    with database.transaction(local_stage.stores.engine) as work:
        journal_lines.append(work, now, journal_lines.Entry.ERASURE, "some erasure", {"leaves": [position]})
    assert not local_stage.mismatches()


def test_a_stranger_proves_a_message_back_to_the_checkpoint(stage):
    send_id = stage.rows(select(message_tables.messages.c.send_id).limit(1))[0].send_id
    proof = prove_message(stage.log, stage.second.checkpoint, stage.plan_id, send_id)
    assert stranger.entry_root(proof.batch.to_json()) == stage.second.checkpoint.root
    sealed = json.loads(proof.batch.text)["payload"]
    assert stranger.entry_root(proof.message.to_json()).hex() == sealed["root"]
    record = json.loads(proof.message.text)
    assert record["send_id"] == send_id and record["state"] in {"DELIVERED", "UNDELIVERED", "EXPIRED"}
    assert [event["state"] for event in record["events"]] == ["CLAIMED", "ACCEPTED", record["state"]]
    forged = proof.message.to_json() | {"text": proof.message.text.replace('"attempt":1', '"attempt":2')}
    with pytest.raises(stranger.Unproved):
        stranger.entry_root(forged)


def test_batches_are_cut(local_stage, monkeypatch):
    monkeypatch.setattr(message_seals, "BATCH", 100)
    with database.transaction(local_stage.stores.engine) as work:
        work.execute(message_tables.message_events.insert(), [_event(row.send_id) for row in _messages(local_stage)])
    assert seal(local_stage.stores).messages == 216
    sizes = [row.messages for row in local_stage.rows(select(log_tables.sealed_messages))]
    assert sizes == [216, 216, 100, 100, 16]
    assert not local_stage.mismatches()


class _Died(Exception):
    pass


def _die(*_):
    raise _Died


def make_stores(stage):

    return stage.stores


def _size(stage):
    return stage.log.last_checkpoint().size


def _sha256(data):
    from hashlib import sha256

    return sha256(data).hexdigest()


def _messages(stage):
    return stage.rows(select(message_tables.messages.c.send_id))


def _event(send_id):
    return dict(
        event_id=f"late-{send_id}", send_id=send_id, at=1, known_at=2, state="DELIVERED", source="report", detail=None
    )


def test_a_large_plan_is_sealed_and_checked_in_spans_of_its_messages(local_stage, monkeypatch):
    monkeypatch.setattr(message_seals, "AT_ONCE", 20)
    messages, events = message_tables.messages, message_tables.message_events
    with local_stage.stores.engine.connect() as reading:
        assert len(message_seals.spans_of(reading, local_stage.plan_id)) == 11
    assert not local_stage.mismatches()
    sends = [row.send_id for row in local_stage.rows(select(messages.c.send_id).order_by(messages.c.send_id))]
    moved = [sends[0], sends[100], sends[-1]]
    with database.transaction(local_stage.stores.engine) as work:
        for send_id in moved:
            told = {"event_id": f"x{send_id}"[:32], "at": 1, "known_at": 1, "state": "DELIVERED", "source": "report"}
            work.execute(events.insert().values(send_id=send_id, **told))
    assert seal(local_stage.stores).messages == len(moved)
    assert not local_stage.mismatches()
    local_stage.change(messages, {"message_sha256": "0" * 64}, messages.c.send_id == moved[1])
    assert {where for _, where in local_stage.mismatches()} == {f"message {moved[1]}"}
