"""The processes in which deliveries are read: whatever ends one of them, the others are read, and each has its outcome.

Numbers are of ARCEP's fiction range. What a file must do to end a process is shown by the hostile files.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from partners_ingest.intake import delivery_records
from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.overview import list_deliveries
from partners_ingest.intake.processes import reading_processes
from partners_ingest.intake.processes.messages import read_answer
from partners_ingest.intake.processes.reading_processes import ReadingProcesses
from stores.lake import reading_name
from terms.errors import FiliationError
from tests.scenes.door.delivery_stores import Door, open_stores
from tests.scenes.door.dossier_samples import NAMES_HEADER, names_row, write_dossier
from tests.scenes.door.dying_readers import DEATHS, DISK_FULL

HONEST = ("names_20260228.csv", "names_20260311.csv")


@dataclass(frozen=True)
class Night:
    """One run in which readers died, the run after it, and what the prepared process was."""

    stores: Door
    reports: dict[str, DeliveryReport]
    told: str
    again: list[DeliveryReport]
    environ: str
    threads: int


class Watched(ReadingProcesses):
    """Notes what the prepared process is before it ends."""

    environ, threads = "", 0

    def __exit__(self, *words: object) -> None:
        if self._prepared is not None:
            Watched.environ = Path(f"/proc/{self._prepared.pid}/environ").read_text()
            Watched.threads = self._prepared.threads
        super().__exit__(*words)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    root = tmp_path_factory.mktemp("night")
    write_dossier(root / "partners")
    stores = open_stores(root)
    stores.make_reading = Watched
    stores.limits = replace(stores.limits, seconds=2, seconds_per_mib=500_000)
    for place, name in enumerate(sorted((*HONEST, *DEATHS, DISK_FULL))):
        rows = 1 if name == "names_20260307.csv" else 4  # the shorter a file, the less time it has
        stores.drop(name, NAMES_HEADER + "".join(names_row(10 * place + row) for row in range(rows)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading_processes, "_MODULE", "tests.scenes.door.dying_readers")
        patched.setenv("FILIATION_CONTACT_KEY", "a secret of more than thirty-two letters")
        with pytest.raises(FiliationError) as caught:
            stores.refresh()
        reports = {found.file_name: found for found in list_deliveries(stores.stores.engine)}
        stores.make_reading = ReadingProcesses
    again = stores.refresh()
    yield Night(stores, reports, str(caught.value), again, Watched.environ, Watched.threads)  # type: ignore[arg-type]
    stores.stores.engine.dispose()


def test_each_death_is_the_outcome_of_its_delivery_and_the_others_are_taken_in(night: Night) -> None:
    found = {name: report.reason for name, report in night.reports.items()}
    assert found == {name: reason for name, (_, reason) in DEATHS.items()} | dict.fromkeys(HONEST)


def test_nothing_of_a_failed_reading_is_left_but_the_delivered_bytes(night: Night) -> None:
    accepted = {reading_name(night.reports[name].delivery_id, 1) for name in HONEST}
    home = night.stores.stores.home
    rooms = (home.lake, home.vault / "identities", home.vault / "addresses")
    kept = {path.stem for room in rooms for path in room.rglob("*") if path.is_file()}
    again = {reading_name(report.delivery_id, 1) for report in night.again}
    assert kept == accepted | again
    assert not list(home.root.rglob("*.partial"))
    for name in DEATHS:
        folder = home.evidence / night.reports[name].delivery_id
        assert [path.name for path in folder.iterdir()] == ["delivered.enc"]
        assert delivery_records.find_known(night.stores.stores.engine, folder.name) is not None


def test_what_failed_is_not_tried_again_each_night_but_what_the_machine_failed_at_is(night: Night) -> None:
    assert f"of {night.stores.partner}: It could not be read on this machine (OSError" in night.told
    assert "1 deliveries" in night.told and DISK_FULL not in night.told
    assert [(report.file_name, report.outcome) for report in night.again] == [(DISK_FULL, "accepted")]


def test_what_a_reader_had_started_ends_with_it(night: Night) -> None:
    assert subprocess.run(["pgrep", "-f", "^sleep 3217$"], capture_output=True, check=False).stdout == b""


def test_children_are_forked_from_one_thread_and_hold_no_secret_in_their_environment(night: Night) -> None:
    assert night.threads == 1
    names = {word.partition("=")[0] for word in night.environ.split("\0")}
    assert "FILIATION_ENV" not in names or "FILIATION_ENV" in os.environ
    assert not {name for name in names if "KEY" in name or "PASSWORD" in name or "URL" in name}


def test_an_answer_that_names_another_class_is_none() -> None:
    assert read_answer(b"cos\nsystem\n(S'true'\ntR.") is None
    assert read_answer(b"no pickle") is None
