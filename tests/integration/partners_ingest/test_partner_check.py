"""`filiation partner check`: faults with file, line and key, the fate of a file as a refresh would decide it, no value.

Numbers are of ARCEP's fiction range.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.dossiers.dossiers import DossierSet, find_faults, read_dossier
from partners_ingest.intake.rehearsal import Rehearsal, rehearsal_stores, rehearse
from stores.all_stores import Stores
from terms.settings import Settings, load_settings
from tests.commands import Shell
from tests.scenes.door.dossier_samples import DOSSIER, NAMES_HEADER, json_row, names_row, write_dossier

ENVIRONMENT = {
    "FILIATION_ENV": "test",
    "FILIATION_HOME": "/nowhere/home",
    "FILIATION_NOW": "2026-11-24T09:00:00+01:00",
}


@pytest.fixture
def settings() -> Settings:
    return load_settings(ENVIRONMENT)


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    with rehearsal_stores(settings) as opened:
        yield opened
    assert not opened.home.root.exists()


def _rehearsed(
    stores: Stores, settings: Settings, tmp_path: Path, name: str, data: bytes | str, dossier: str = DOSSIER
) -> Rehearsal:
    file = tmp_path / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    folder = write_dossier(tmp_path / "partners", dossier)
    return rehearse(stores, file, read_dossier(folder), DossierSet({}, ()), settings.clock(), settings.environment)


def test_the_fate_of_each_record_is_counted_with_its_lines(stores: Stores, settings: Settings, tmp_path: Path) -> None:
    bad_date = names_row(3, agreed_at="le 2 mars")
    rows = names_row(1) + names_row(2, phone="06 39 XX XX 42") + bad_date + names_row(4, zip_="1000")
    found = _rehearsed(stores, settings, tmp_path, "names_20260309.csv", NAMES_HEADER + rows)
    assert (found.report.outcome, found.report.header_version, found.report.data_rows) == ("accepted", 2, 4)
    assert found.rows is not None and found.rows.proof is not None
    assert [(one.code, one.records, one.lines) for one in found.rows.reasons] == [("PHONE_MASKED", 1, (3,))]
    assert [(one.code, one.lines) for one in found.rows.repairs] == [("POSTCODE_ZERO_RESTORED", (5,))]
    assert [(one.code, one.lines) for one in found.rows.unread] == [("consented_at", (4,))]
    assert found.rows.proof.instants == {"exact_utc": 2, "none": 1}
    assert found.rows.proof.form_versions == {"known": 3}


def test_a_file_held_for_its_volume_shows_its_rows_all_the_same(
    stores: Stores, settings: Settings, tmp_path: Path
) -> None:
    found = _rehearsed(stores, settings, tmp_path, "names_20260309.csv", NAMES_HEADER + names_row(1, phone="-"))
    assert (found.report.outcome, found.report.reason) == ("held", "ROW_COUNT_LOW")
    assert found.released is not None and found.released.outcome == "accepted"
    assert found.rows is not None and [one.code for one in found.rows.reasons] == ["PHONE_MISSING"]


@pytest.mark.parametrize(
    ("name", "data", "reason", "detail"),
    [
        ("names_20260309.csv", NAMES_HEADER.replace(",", ";"), "UNKNOWN_HEADER", "with the delimiter ';' it would be"),
        ("names_20260309.csv", "id,Nme,phone,agrees,agreed_at,born\n", "UNKNOWN_HEADER", "'name' may be column 2"),
        ("names_today.csv", NAMES_HEADER, "UNKNOWN_FILE", "not written names_%Y%m%d.csv"),
        ("other.csv", NAMES_HEADER, "UNKNOWN_FILE", "fits no pattern: names_*.csv*, lines_*"),
        ("names_20260309.csv", "", "FILE_EMPTY", ""),
    ],
)
def test_what_holds_a_file_is_told_in_words(
    stores: Stores, settings: Settings, tmp_path: Path, name: str, data: str, reason: str, detail: str
) -> None:
    found = _rehearsed(stores, settings, tmp_path, name, data)
    assert found.report.reason == reason
    assert detail in (found.report.detail or "")
    assert found.rows is None


def test_values_of_a_file_without_header_are_not_told(stores: Stores, settings: Settings, tmp_path: Path) -> None:
    found = _rehearsed(stores, settings, tmp_path, "names_20260309.csv", names_row(1) + names_row(2))
    assert found.report.reason == "UNKNOWN_HEADER"
    assert "Lys" not in (found.report.detail or "") and "63998" not in (found.report.detail or "").replace(" ", "")


def test_the_command_tells_what_a_refresh_would_do_and_leaves_no_trace(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path / "partners")
    sample = tmp_path / "lines_20260309T020000Z.jsonl.gz"
    sample.write_bytes(gzip.compress((json_row(1) + json_row(1) + json_row(2)).encode()))
    shell = Shell(tmp_path / "home", {key: value for key, value in ENVIRONMENT.items() if key != "FILIATION_HOME"})
    answer = shell.run("partner", "check", str(folder), "--sample", str(sample), "--json")
    assert answer.code == 0, answer.err
    told = answer.json()
    assert (told["partner"], told["usable"], told["remarks"]) == ("atelier-lys", True, [])
    file = told["file"]
    assert (file["outcome"], file["container"], file["encoding_rule"]) == ("accepted", "gzip", "dossier")
    assert (file["data_rows"], file["accepted_rows"], file["quarantined_rows"]) == (3, 2, 1)
    assert file["reasons"] == [{"code": "DUPLICATE_ROW", "records": 1, "first_lines": [2]}]
    assert file["notices"] == {"known": 2}
    assert not (tmp_path / "home").exists()
    for_a_person = shell.run("partner", "check", str(folder), "--sample", str(sample))
    assert "DUPLICATE_ROW  1" in for_a_person.out
    assert "63998" not in for_a_person.out + answer.out + answer.err


def test_the_command_names_line_and_key_of_every_fault(tmp_path: Path) -> None:
    text = DOSSIER.replace('postcode: "zip"', 'postcod: "zip"').replace('"finding": "compliant"', '"finding": "fine"')
    text = text.replace('    mode: "delta"\n    headers: [["id", "left_on"]]', '    mode: "daily"\n    headers: []')
    folder = write_dossier(tmp_path / "partners", text)
    shell = Shell(tmp_path / "home", {key: value for key, value in ENVIRONMENT.items() if key != "FILIATION_HOME"})
    answer = shell.run("partner", "check", str(folder), "--json")
    assert answer.code == 2
    told = json.loads(answer.out)
    assert (told["usable"], told["file"]) == (False, None)
    lines = {key: 1 + text.split(word)[0].count("\n") for key, word in _FAULTS.items()}
    assert {fault["key"]: fault["line"] for fault in told["faults"]} == lines
    for_a_person = shell.run("partner", "check", str(folder)).out
    assert all(f"line {line}: {key}" in for_a_person for key, line in lines.items())


_FAULTS = {
    "audits[0].finding": '"fine"',
    "feeds[0].mapping.postcod": "postcod:",
    "feeds[2].mode": '"daily"',
}


def test_a_fault_between_entries_is_named_too(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path, DOSSIER.replace('postcode: "zip"', 'postcode: "zipp"'))
    (fault,) = find_faults(folder)
    assert (fault.key, fault.line) == ("feeds[0].mapping.postcode", 1 + DOSSIER.split("postcode:")[0].count("\n"))
    assert [fault.key for fault in find_faults(tmp_path)] == [None]
    assert find_faults(write_dossier(tmp_path)) == ()
