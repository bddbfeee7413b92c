"""The passport of a message or a paper: the proofs of what it rests on, as one file for a stranger.

The trace is read by `lineage.lookups.trace`, proofs are made by `sealing.log.proofs` and
`sealing.seals.message_proofs`; the form of the file is described in verifier/README.md. It holds no number and no
delivered line: of a line its position in the delivery is proved, not its text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select

from lineage.lookups.trace import SendTrace
from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log
from sealing.log.proofs import Proof, prove_line, prove_lines
from sealing.log.tree import consistency_path
from sealing.seals.message_proofs import prove_message
from stores.all_stores import Stores
from stores.operations import base_tables, log_tables
from stores.operations.journal import Entry
from terms.clock import to_micros
from terms.errors import UsageError

FORMAT = "filiation-passport/1"


@dataclass(frozen=True)
class Rooted:
    """A proof in a smaller tree whose root is in an entry of the log."""

    proof: Proof
    entry: int


@dataclass(frozen=True)
class Passport:
    """The proofs of one message, or of one paper, against one signed checkpoint."""

    checkpoint: str
    entries: tuple[Proof, ...]
    messages: tuple[Rooted, ...]
    lines: tuple[Rooted, ...]
    consistency: dict[str, list[str]]

    def text(self) -> str:
        """Return the file as `filiation-verify` reads it: its one form, with a digest that finds accidents."""
        told = self._to_json()
        return _canonical(told | {"digest": sha256(_canonical(told).encode()).hexdigest()})

    def _to_json(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "checkpoint": self.checkpoint,
            "entries": [proof.to_json() for proof in self.entries],
            "messages": [{"proof": one.proof.to_json(), "batch_entry": one.entry} for one in self.messages],
            "lines": [{"proof": line.proof.to_json(), "delivery_entry": line.entry} for line in self.lines],
            "consistency": self.consistency,
        }


def _canonical(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def make_passport(stores: Stores, trace: SendTrace) -> Passport:
    """Return the proofs of a trace against the newest checkpoint.

    Raises:
        UsageError: the message, or something that it rests on, is newer than the newest checkpoint.
    """
    log = Log.of(stores)
    checkpoint = log.last_checkpoint()
    message = trace.message
    proved = prove_message(log, checkpoint, message.plan_id, message.send_id) if checkpoint else None
    if checkpoint is None or proved is None:
        raise UsageError(
            "The message, as it stands now, is not sealed yet.", "Run `filiation log seal`, or wait for the night."
        )
    entries = [proved.batch, *_chain(log, checkpoint, trace)]
    deliveries = {opt_in.delivery_id: None for opt_in in trace.opt_ins}
    place = {}
    for delivery_id in deliveries:
        place[delivery_id] = len(entries)
        entries.append(_last(log, checkpoint, Entry.DELIVERY, delivery_id))
    lines = tuple(
        Rooted(prove_line(log, stores.evidence, opt_in.delivery_id, opt_in.line_number), place[opt_in.delivery_id])
        for opt_in in trace.opt_ins
    )
    return Passport(
        checkpoint=log.key.sign(checkpoint),
        entries=tuple(entries),
        messages=(Rooted(proved.message, 0),),
        lines=lines,
        consistency=_consistency(log, checkpoint),
    )


def paper_passports(log: Log, checkpoint: Checkpoint, papers: Mapping[str, Proof]) -> dict[str, Passport]:
    """Return the passport of each paper, by the paper's number.

    Args:
        log: of the home.
        checkpoint: signed by this log; it covers the papers.
        papers: proof of each paper's journal line, by the paper's number.
    """
    note, paths = log.key.sign(checkpoint), _consistency(log, checkpoint)
    return {paper_id: Passport(note, (proof,), (), (), paths) for paper_id, proof in papers.items()}


def _chain(log: Log, checkpoint: Checkpoint, trace: SendTrace) -> Iterator[Proof]:
    """Yield the proofs of plan, approval, bases, and of the dossiers and rules that the judging base was made of."""
    message, plan_id = trace.message, trace.plan.plan.plan_id
    yield from prove_lines(log, checkpoint, Entry.PLAN.value, [plan_id])
    yield from prove_lines(log, checkpoint, Entry.APPROVAL.value, [plan_id])
    bases = {message.planned_base_version, message.judged_base_version or message.planned_base_version}
    yield from prove_lines(log, checkpoint, Entry.BASE.value, sorted(bases))
    yield from prove_lines(log, checkpoint, Entry.SNAPSHOT.value, list(_snapshots(log, trace)))


def _snapshots(log: Log, trace: SendTrace) -> Iterator[str]:
    """Yield the newest snapshot of dossiers and of rules that was taken before the message was judged."""
    table = base_tables.snapshots
    moment = to_micros(trace.message.judged_at)
    with log.engine.connect() as reading:
        for kind in ("dossiers", "rules"):
            query = select(table.c.number).where(table.c.kind == kind, table.c.taken_at <= moment)
            number = reading.execute(query.order_by(table.c.number.desc()).limit(1)).scalar()
            if number is not None:
                yield f"{kind}/{number}"


def _last(log: Log, checkpoint: Checkpoint, kind: Entry, subject: str) -> Proof:
    proofs = prove_lines(log, checkpoint, kind.value, [subject])
    if not proofs:
        raise UsageError(f"The {kind.value} {subject} is not sealed yet.", "Run `filiation log seal`.")
    return proofs[-1]


def _consistency(log: Log, checkpoint: Checkpoint) -> dict[str, list[str]]:
    """Return the paths from every checkpoint that was ever signed, whichever of them the stranger holds."""
    table = log_tables.log_checkpoints
    with log.engine.connect() as reading:
        sizes: list[int] = list(reading.execute(select(table.c.size).where(table.c.size < checkpoint.size)).scalars())
    return {
        str(size): [node.hex() for node in consistency_path(log.tiles.node, size, checkpoint.size)] for size in sizes
    }
