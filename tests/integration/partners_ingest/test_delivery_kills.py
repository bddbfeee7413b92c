"""Deliveries that are killed at a step, and files of many batches: one more run gives the same, or nothing is left.

Numbers are of ARCEP's fiction range. Outcomes of whole files are tried in `test_delivery_way`.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from partners_ingest.intake import decisions
from partners_ingest.intake.overview import list_deliveries
from partners_ingest.readers import delivered_lines
from partners_ingest.rows import record_batches
from stores.home import scratch_folder
from stores.lake import reading_name
from stores.schemas import delivered_rows
from stores.warehouse.inputs import accepted_deliveries
from tests.scenes.door.delivery_stores import (
    FEW_BYTES,
    FEW_RECORDS,
    ROWS,
    Door,
    decision_of,
    environ_of,
    open_stores,
    read_in_batches,
)
from tests.scenes.door.dossier_samples import (
    NAMES_HEADER,
    json_row,
    names_row,
    write_dossier,
)


def test_a_kill_while_a_delivery_is_read_again_is_made_good(stores: Door) -> None:
    stores.drop("names_20260309.csv", ROWS)
    first = stores.one()
    decisions.reread(stores.stores.engine, decision_of(first.delivery_id, "a try"))
    assert _run_killed(stores.root, "delivery.lake_written") == -9
    assert len(stores.lake_rows(delivered_rows.OPT_INS, "line_number")) == 3
    assert stores.one().accepted_rows == 3
    assert list_deliveries(stores.stores.engine)[0].reading == 2
    assert stores.refresh() == []


STEPS = ["landed", "lines_committed", "vault_written", "lake_written", "committed"]


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_and_one_more_run_give_the_same(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was killed works in batches of a few lines, who was not has all lines in one: neither changes anything."""
    results = []
    for name in ("calm", "killed"):
        root = tmp_path / name
        write_dossier(root / "partners")
        stores = open_stores(root)
        stores.drop("names_20260309.csv", ROWS + names_row(4, phone="N/A") + names_row(1) + 'x,"' + names_row(6))
        stores.drop("lines_20260309T020000Z.jsonl.gz", gzip.compress((json_row(5) + json_row(7)).encode(), mtime=0))
        if name == "killed":
            read_in_batches(monkeypatch)
            assert _run_killed(root, f"delivery.{step}") == -9
        stores.refresh()
        results.append(
            (
                stores.lake_rows(delivered_rows.OPT_INS, "* exclude (received_at)"),
                stores.lake_rows(delivered_rows.QUARANTINE, "* exclude (received_at)"),
                stores.lake_rows(delivered_rows.DELIVERY_FIGURES, "*"),
                _identities(stores),
                stores.count("deliveries"),
                stores.count("journal"),
                sorted(path.name for path in stores.stores.home.lake.rglob("*") if path.is_file()),
            )
        )
        with scratch_folder(stores.stores.home) as scratch:
            assert list(scratch.iterdir()) == []
        stores.stores.engine.dispose()
    assert results[0] == results[1]


def _identities(stores: Door) -> list[tuple[object, ...]]:
    names = [reading_name(item.delivery_id, item.reading) for item in accepted_deliveries(stores.stores.engine)]
    with stores.stores.vault.identities(names) as identities:
        return identities.execute("select * from identities order by all").fetchall()


def test_what_only_the_end_of_many_batches_shows_leaves_nothing_behind(
    stores: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then the rows of the batches before were passed on to their files."""
    monkeypatch.setattr(delivered_lines, "BATCH_BYTES", 4096)
    monkeypatch.setattr(record_batches, "FEWEST_RECORDS", FEW_RECORDS)
    long = (NAMES_HEADER + "".join(map(names_row, range(1, 100)))).encode()
    other = (NAMES_HEADER + "".join(map(names_row, range(10, 200)))).encode()
    stores.drop("names_20260309.csv", long)
    stores.drop("names_20260310.csv.gz", gzip.compress(long, mtime=0))
    stores.drop("names_20260311.csv.gz", gzip.compress(other, mtime=0) + gzip.compress(names_row(500).encode())[:-20])
    stores.drop("unknown.csv", long)
    first, *others = stores.refresh()
    assert (first.outcome, first.accepted_rows) == ("accepted", 99)
    assert [report.reason for report in others] == ["DUPLICATE_BYTES", "GZIP_TRUNCATED", "UNKNOWN_FILE"]
    kept = {path.name.removesuffix(".parquet") for path in stores.stores.home.lake.rglob("*") if path.is_file()}
    assert kept == {reading_name(first.delivery_id, 1)}
    rooms = [stores.stores.home.lake, stores.stores.home.vault, stores.stores.home.evidence]
    assert not [path for room in rooms for path in room.rglob("*.partial")]


def _run_killed(root: Path, step: str) -> int:
    code = (
        "import sys; from pathlib import Path; from tests.scenes.door.delivery_stores import open_stores;"
        "from partners_ingest.readers import delivered_lines; from partners_ingest.rows import record_batches;"
        f"delivered_lines.BATCH_BYTES = {FEW_BYTES}; record_batches.FEWEST_RECORDS = {FEW_RECORDS};"
        "open_stores(Path(sys.argv[1])).refresh()"
    )
    environ = {
        **os.environ,
        **environ_of(root),
        "FILIATION_FAILPOINT": step,
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    return subprocess.run([sys.executable, "-c", code, str(root)], env=environ, check=False).returncode
