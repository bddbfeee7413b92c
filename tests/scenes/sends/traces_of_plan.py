"""Every message of a plan led back to delivered bytes: partner files, base and plan are made here, in the environment `bench`.

`python -m tests.scenes.sends.traces_of_plan MESSAGES` prints one JSON line. What makes a chain whole stands in `follow`,
by which `test_trace` follows some messages of the sample; here it is every message of a plan. Nothing here is a test.
"""

import gzip
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import select

from lineage.lookups import trace as trace_module
from lineage.lookups.evidence_reading import read_evidence
from lineage.lookups.lookup import look_up
from lineage.lookups.trace import SendTrace, trace_send
from partners_ingest.rows.phone import NOWHERE, read_phone
from sample.make_sample import ROOT as SAMPLE
from sends.ledger.plan_rows import find_plan
from sends.plans.approval import context_of
from stores.all_stores import Stores
from stores.operations import log_tables, message_tables
from stores.operations.journal import Entry
from tests.scenes.sends.sent_demo import send_demo
from tests.scenes.sends.small_send_home import bench_number

_PARTNER = "jeux-valombre"
_LINES = 500
_RECEIVED = datetime.fromisoformat("2026-11-20T02:10:00+00:00").timestamp()
#: Whom the demo's campaign may reach: they live in Valombre and agreed by the form that names its sponsor.
_REACHED = ("48990", "Parti de l'Horizon", '"response":"1","variable":"political_messages"')


def follow(stores: Stores, send_id: str) -> tuple[SendTrace, str, list[str]]:
    """Follow the links of a message, each with what the one before gave.

    Returns:
        its trace, the number (E.164) that the delivered bytes say, and what does not hold; empty = the chain is whole.
    """
    trace = trace_send(stores, send_id, reason="follow")
    best, message, plan = trace.judged.judgement, trace.message, trace.plan
    record = read_evidence(stores, best.best_delivery_id, best.best_line_number, reason="follow")
    written = re.findall(r"[+\d][\d .()\u202f-]{8,}\d", record.bytes.decode())
    rules = stores.number_rules
    read = {read_phone(text, NOWHERE, rules).e164 for text in written} - {None}
    numbers = [number for number in read if stores.keys.contact_id(number) == message.contact_id]
    told = {(opt_in.delivery_id, opt_in.line_number): opt_in for opt_in in trace.opt_ins}
    act = told.get((best.best_delivery_id, best.best_line_number))
    states = [event.state for event in message.events]
    holds = {
        "the message has the state of its last event": states and states[-1] == message.state,
        "it was handed over as planned": states[:2] == ["CLAIMED", "ACCEPTED"] and message.handed_over_at is not None,
        "the judgement at its instant allows it": (best.decision.value, message.codes) == ("ALLOW", ()),
        "its base was published": message.judged_base_version in _journalled(stores, Entry.BASE),
        "its plan was approved": bool(plan.approved_by) and plan.plan.plan_id in _journalled(stores, Entry.APPROVAL),
        "the best act is an opt-in with a text": act is not None and act.flag == "given" and bool(act.notice_text),
        "its file was delivered": act is not None and act.file_sha256 == record.file_sha256,
        "the bytes say the number": len(numbers) == 1,
        "it votes where the plan asks": trace.territory is not None and trace.territory.commune_code == "48271",
    }
    return trace, numbers[0] if numbers else "", [what for what, is_so in holds.items() if not is_so]


def _journalled(stores: Stores, kind: Entry) -> set[str]:
    table = log_tables.journal
    with stores.engine.connect() as reading:
        return set(reading.execute(select(table.c.subject).where(table.c.kind == kind.value)).scalars())


def write_landing(folder: Path, records: int) -> None:
    """Write files of one partner: the sample's records of people whom the demo reaches, of others each time."""
    chance, patterns = random.Random(7), []
    for file in sorted((SAMPLE / "landing" / _PARTNER).glob("jeux_participations_2026*.gz")):
        if "20260815" not in file.name:  # which is cut off
            lines = gzip.decompress(file.read_bytes()).decode(errors="replace").splitlines()
            patterns += [line for line in lines if "\ufffd" not in line and all(part in line for part in _REACHED)]
    (folder / _PARTNER).mkdir(parents=True)
    for part, start in enumerate(range(0, records, _LINES)):
        lines = [_record(patterns[i % len(patterns)], i, chance) for i in range(start, min(records, start + _LINES))]
        path = folder / _PARTNER / f"jeux_participations_20261120T02{part // 60:02d}{part % 60:02d}Z.jsonl.gz"
        path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
        os.utime(path, (_RECEIVED, _RECEIVED))


def _record(pattern: str, index: int, chance: random.Random) -> bytes:
    record = json.loads(pattern)
    record["id"] = f"{chance.getrandbits(32):08X}-0000-4000-8000-{index:012X}"
    record["ip"] = f"{chance.getrandbits(64):016X}"
    (mobile,) = (field for field in record["form"] if field["variable"] == "mobile")
    mobile["responses"] = [{"value": bench_number(index)}]
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def main(messages: int) -> None:
    """Send a plan of about so many messages and follow each of them, there and back."""
    with tempfile.TemporaryDirectory(prefix="filiation-traces-") as folder:
        root = Path(folder)
        write_landing(root / "landing", messages)
        stores, plan_id, _ = send_demo(root, "bench", root / "landing")
        table = message_tables.messages
        with stores.engine.connect() as reading:
            names = reading.execute(select(table.c.send_id).where(table.c.plan_id == plan_id)).scalars().all()
        # the order and the rules are the same for each message of the plan: read once here, by each command else
        with stores.engine.connect() as reading:
            context = context_of(stores, find_plan(reading, plan_id))
        trace_module.context_of = lambda _stores, _plan: context
        faults, numbers, begun = Counter(), {}, time.process_time()
        with (
            stores.warehouse.open_base_for_few()
        ):  # DuckDB gives what is open to whoever opens it: each command opens it anew
            for send_id in names:
                _, number, failed = follow(stores, send_id)
                faults.update(failed)
                numbers[number] = send_id
        took = time.process_time() - begun
        back = look_up(stores, list(numbers), reason="follow", case="T")
        returned = sum(numbers[one.number] in {send.send_id for send in one.sends} for one in back)
        told = {"messages": len(names), "numbers": len(numbers), "back": returned, "faults": dict(faults)}
        print(json.dumps(told | {"processor_ms_each": round(1000 * took / len(names), 1)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
