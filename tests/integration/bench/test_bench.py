"""The benches run: their files are taken in whole, their floors read the same records, their lines find the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.comparison import Case, Comparison, Measured
from bench.performance_page import HEAD, PAGE, line_of, put_line
from bench.registry import cases_of
from terms.errors import UsageError

RECORDS = 400


@pytest.mark.parametrize("name", ["csv", "shopify", "qualifio"])
def test_door_and_floor_read_every_record(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILIATION_ENV", "bench")
    case = cases_of("door")[name]
    case.prepare(tmp_path, RECORDS)
    assert (case.floor(tmp_path), case.ours(tmp_path)) == (RECORDS, RECORDS)


@pytest.mark.parametrize(("name", "records"), [("addresses", 2_000), ("points", RECORDS), ("contours", 30)])
def test_territories_and_their_floors_read_every_record(
    name: str, records: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILIATION_SHARED", str(tmp_path / "none"))
    case = cases_of("territories")[name]
    case.prepare(tmp_path, records)
    assert (case.floor(tmp_path), case.ours(tmp_path)) == (records, records)


def test_a_bench_that_is_not_there_is_told_by_the_list() -> None:
    with pytest.raises(UsageError, match="Name one of: door, .*territories"):
        cases_of("doors")


def _comparison(records: int) -> Comparison:
    def nothing(_folder: Path) -> int:
        return records

    case = Case("ours", "floor", 2.0, lambda _folder, _records: None, nothing, nothing)
    floor, ours = Measured(records, 2.0, 1.0, 100.0), Measured(records, 3.0, 4.0, 200.0)
    return Comparison(case, records, ((floor, ours),))


def test_a_line_tells_seconds_ratios_and_peaks() -> None:
    assert line_of("csv", _comparison(1000)) == "| csv | 1,000 | 2.0 | 3.0 | 1.5 / 1.5 | 4 | ≤ 2 | 100 / 200 |"


def test_a_line_replaces_that_of_its_case_and_size_and_no_other() -> None:
    page = "a\n<!-- bench:door -->\n<!-- /bench:door -->\nb\n"
    lines = [line_of("csv", _comparison(records)) for records in (1000, 2000, 1000)]
    for line in lines:
        page = put_line(page, "door", line)
    assert page == f"a\n<!-- bench:door -->\n{HEAD}{lines[0]}\n{lines[1]}\n<!-- /bench:door -->\nb\n"
    with pytest.raises(UsageError, match="no place for the bench"):
        put_line(page, "other", lines[0])


@pytest.mark.parametrize("bench", ["door", "judgement", "seal", "territories"])
def test_the_page_has_a_place_for_each_bench(bench: str) -> None:
    assert put_line(PAGE.read_text(encoding="utf-8"), bench, line_of("csv", _comparison(7)))
