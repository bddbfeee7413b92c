"""Kills the intake of a landing folder at random instants, one home each, lets it run once more, and compares.

A long proof that is run by hand: `python -m bench.kills.kill_intake FOLDER LANDING PARTNERS`. Kills at each named step of a
delivery's way are tests; kills of the whole refresh are `bench.kills.kill_refresh`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from bench.kills.base_digest import differing_tables
from stores.all_stores import Stores, open_stores
from stores.engine import connect
from stores.lake import reading_name
from stores.operations import delivery_tables, log_tables
from stores.schemas import delivered_rows
from stores.warehouse.inputs import accepted_deliveries
from terms.settings import PROJECT_ROOT, load_settings

_TABLES = {
    delivered_rows.OPT_INS: ("optins",),
    delivered_rows.WITHDRAWALS: ("withdrawals",),
    delivered_rows.QUARANTINE: ("optins", "withdrawals"),
}


def main() -> None:
    """Run the proof and print a line per kill; exit with 1 if a home differs from one that nobody killed."""
    asked = _arguments()
    began = time.monotonic()
    calm = _take_in(asked, asked.folder / "calm")
    lasted = time.monotonic() - began
    print(f"calm: {lasted:.1f} s", flush=True)
    chance = random.Random(asked.seed)
    same = 0
    for number in range(1, asked.kills + 1):
        home = asked.folder / f"killed-{number}"
        told = _kill(asked, home, chance.uniform(0.2, 1.0) * lasted)
        differs = differing_tables(calm, _take_in(asked, home))
        same += not differs
        print(f"kill {number}: {told}; {', '.join(differs) or 'the same'}", flush=True)
        shutil.rmtree(home)
    print(f"{same} of {asked.kills} the same")
    sys.exit(same != asked.kills)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.kills.kill_intake", description=(__doc__ or "").partition("\n")[0]
    )
    for name in ("folder", "landing", "partners"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _take_in(asked: argparse.Namespace, home: Path) -> Mapping[str, str]:
    """Let the intake run to its end on a home, and return what its stores say then."""
    _init(home)
    subprocess.run(_command(asked), cwd=PROJECT_ROOT, env=_environ(home), check=True, stdout=subprocess.DEVNULL)
    stores = open_stores(load_settings(_environ(home)))
    try:
        return {**_lake_digest(stores), **_ledger_digest(stores)}
    finally:
        stores.engine.dispose()


def _kill(asked: argparse.Namespace, home: Path, after: float) -> str:
    _init(home)
    running = subprocess.Popen(_command(asked), cwd=PROJECT_ROOT, env=_environ(home), stdout=subprocess.DEVNULL)
    try:
        return f"had ended by itself ({running.wait(timeout=after)}) before {after:.1f} s"
    except subprocess.TimeoutExpired:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    stores = open_stores(load_settings(_environ(home)))
    with stores.engine.connect() as work:
        committed = len(work.execute(select(delivery_tables.deliveries.c.delivery_id)).all())
    stores.engine.dispose()
    landed = sum(1 for item in stores.home.evidence.iterdir() if item.is_dir())
    return f"after {after:.1f} s, {landed} files landed, {committed} committed"


def _lake_digest(stores: Stores) -> Mapping[str, str]:
    """Return count and hash of the rows of every current reading, by table."""
    current = accepted_deliveries(stores.engine)
    found = {}
    with connect() as connection:
        for table, kinds in _TABLES.items():
            names = [reading_name(item.delivery_id, item.reading) for item in current if item.kind in kinds]
            query = f"select count(*), sum(hash(t)::hugeint) from ({stores.lake.sql(table, names)}) as t"
            found[table.name] = str(connection.execute(query).fetchone())
    return found


def _ledger_digest(stores: Stores) -> Mapping[str, str]:
    """Return the ledger's rows but the instant at which each was judged and the salted roots, and its journal's length."""
    table = delivery_tables.deliveries
    columns = [column for column in table.c if column.name not in ("taken_in_at", "evidence_root")]
    with stores.engine.connect() as work:
        rows = work.execute(select(*columns).order_by(table.c.delivery_id)).all()
        lines = work.execute(select(log_tables.journal.c.sequence)).all()
    return {"deliveries": str(rows), "journal": str(len(lines))}


def _command(asked: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", "bench.kills.intake", str(asked.landing), str(asked.partners)]


def _init(home: Path) -> None:
    filiation = Path(sys.executable).with_name("filiation")
    subprocess.run([str(filiation), "init"], env=_environ(home), check=True, stderr=subprocess.DEVNULL)


def _environ(home: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILIATION_", "DAGSTER_"))}
    ours = {"FILIATION_HOME": str(home), "FILIATION_ENV": "test", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    return {**kept, **ours}


if __name__ == "__main__":
    main()
