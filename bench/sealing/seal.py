"""The bench of sealing: messages with their reports, one plan, sealed at once; the floor hashes the same rows.

`python -m bench seal --records N --folder DIR` measures sealing. `python -m bench.sealing.seal DIR` then proves sends of the
same home, one after the other: how large a proof is, how long it takes to make, and a stranger to verify.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import sqlite3
import statistics
import time
from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer
from sqlalchemy import Table, func, select

from bench.comparison import Case
from bench.plan_rows import plan_row
from sealing.log.log import Log
from sealing.seals.message_proofs import MessageProof, prove_message
from sealing.seals.seal import seal
from stores.all_stores import open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.operations import message_tables, plan_tables
from terms.environment import Environment
from terms.errors import FiliationError, UsageError
from terms.settings import load_settings
from verifier import filiation_verify as stranger

_PLAN = "0123456789abcdef"
#: States of a message from claim to report: what a sealed record tells.
_EVENTS = ("CLAIMED", "ACCEPTED", "DELIVERED")
_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "send_id": "printf('%08x%024x', i * 2654435761 % 4294967296, i)",  # spread like hashes
        "contact_id": "printf('%08x-0000-4000-8000-%012x', i, i)",
        "state": "'DELIVERED'",
        "codes_json": "'[]'",
        "message_sha256": f"'{'0' * 64}'",
        "gateway_message_id": "printf('g%09d', i)",
        "plan_id": f"'{_PLAN}'",
        "position": "i + 1",
        "attempt": "1",
        "run_id": "'bench'",
        "claimed_at": "i",
    }
)


def write_sends(folder: Path, records: int) -> None:
    """Make a home whose ledger holds `records` messages of one plan, reported as delivered, with three events each."""
    shutil.rmtree(folder / "home", ignore_errors=True)
    settings = load_settings(_environ(folder))
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    stores.engine.dispose()
    numbers = f"with recursive n(i) as (select 0 union all select i + 1 from n where i < {records - 1})"
    plan = {name: f"'{told}'" if isinstance(told, str) else str(told) for name, told in plan_row(_PLAN).items()}
    with closing(sqlite3.connect(_ledger(folder))) as ledger, ledger:
        ledger.execute(f"insert into plans select {_cells(plan_tables.plans, plan)}")
        ledger.execute(f"{numbers} insert into messages select {_cells(message_tables.messages, _TEXTS)} from n")
        for place, state in enumerate(_EVENTS):
            told = {
                "event_id": f"printf('%032x', i * 3 + {place})",
                "send_id": _TEXTS["send_id"],
                "state": f"'{state}'",
            }
            told |= {"at": f"i + {place}", "known_at": f"i + {place}", "source": "'sender'"}
            ledger.execute(
                f"{numbers} insert into message_events select {_cells(message_tables.message_events, told)} from n"
            )


def hash_rows(folder: Path) -> int:
    """Read every message and event from the ledger, hash each row, keep nothing, and return the number of messages."""
    messages = 0
    with closing(sqlite3.connect(_ledger(folder))) as ledger:
        for row in ledger.execute("select * from message_events"):
            sha256(repr(row).encode())
        for row in ledger.execute("select * from messages"):
            sha256(repr(row).encode())
            messages += 1
    return messages


def seal_sends(folder: Path) -> int:
    """Seal everything as a night does, after forgetting what an earlier run sealed, and return the number of messages."""
    shutil.rmtree(folder / "home" / "log", ignore_errors=True)
    with closing(sqlite3.connect(_ledger(folder))) as ledger, ledger:
        for table in ("sealed_messages", "sealed_files", "log_leaves", "log_checkpoints", "journal"):
            ledger.execute(f"delete from {table}")
    stores = open_stores(load_settings(_environ(folder)))
    return seal(stores).messages


CASES: Mapping[str, Case] = MappingProxyType(
    {"sends": Case("sealing of sends", "sha256 of each row", math.inf, write_sends, hash_rows, seal_sends)}
)


def main(
    folder: Annotated[Path, typer.Argument(help="the --folder of a run of `python -m bench seal`")],
    proofs: Annotated[int, typer.Option(min=2)] = 20,
    seed: int = 1,
) -> None:
    """Prove sends of the sealed home and let the stranger's program verify each.

    Example: python -m bench.sealing.seal /tmp/seal --proofs 20
    """
    stores = open_stores(load_settings(_environ(folder)))
    log, chance = Log.of(stores), random.Random(seed)
    checkpoint = log.last_checkpoint()
    if checkpoint is None:
        raise UsageError("Nothing is sealed there.", "Run `python -m bench seal --folder DIR` first.")
    note, key = log.key.sign(checkpoint), log.key.verifier_key()
    with stores.engine.connect() as reading:
        sends: int = reading.execute(select(func.count()).select_from(message_tables.messages)).scalar_one()
    sizes, hashes, making, verifying = [], [], [], []
    for _ in range(proofs):
        begun = time.process_time()
        proof = prove_message(log, checkpoint, _PLAN, _send_id(chance.randrange(sends)))
        making.append(1000 * (time.process_time() - begun))
        if proof is None:
            raise FiliationError("A sealed send has no proof.", "See `filiation log check`.")
        sizes.append(len(json.dumps(proof.message.to_json())) + len(json.dumps(proof.batch.to_json())))
        hashes.append(len(proof.message.path) + len(proof.batch.path))
        verifying.append(1000 * _verify(proof, note, key))
    typer.echo(
        f"{sends} sends, log of {checkpoint.size} leaves: a proof has {statistics.median(sizes):.0f} bytes as JSON,"
        f" {max(hashes)} hashes; processor ms: made {statistics.median(making):.0f},"
        f" verified {statistics.median(verifying):.3f}"
    )


def _send_id(place: int) -> str:
    return f"{place * 2654435761 % 4294967296:08x}{place:024x}"


def _verify(proof: MessageProof, note: str, key: str) -> float:
    """Verify one send by the stranger's own code and return the processor seconds."""
    message, batch = proof.message.to_json(), proof.batch.to_json()
    begun = time.process_time()
    _, root = stranger.open_checkpoint(note, key)
    payload = json.loads(str(batch["text"]))["payload"]
    holds = stranger.entry_root(batch) == root and stranger.entry_root(message).hex() == payload["root"]
    seconds = time.process_time() - begun
    if not holds:
        raise FiliationError("A proof does not verify.", "See `filiation log check`.")
    return seconds


def _environ(folder: Path) -> dict[str, str]:
    return {"FILIATION_ENV": Environment.BENCH.value, "FILIATION_HOME": str(folder / "home")}


def _ledger(folder: Path) -> Path:
    return folder / "home" / "operations.sqlite"


def _cells(table: Table, told: Mapping[str, str]) -> str:
    """Return the select list of a row: what is told, null where it may be, else nothing or zero."""
    nothing = {column.name: "0" if column.type.python_type is int else "''" for column in table.columns}
    return ", ".join(
        told.get(column.name) or ("null" if column.nullable else nothing[column.name]) for column in table.columns
    )


if __name__ == "__main__":
    typer.run(main)
