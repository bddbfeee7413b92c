"""Every look-up is recorded with who and why, bulk needs a case, and no number enters the log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from lineage.lookups.access_log import SUBJECTS_WITHOUT_CASE, Access, record_access
from stores.operations import all_tables, database, log_tables
from terms.clock import Clock
from terms.errors import UsageError

CLOCK = Clock(datetime(2026, 11, 24, 8, tzinfo=UTC))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    opened = database.open_operations(f"sqlite:///{tmp_path}/operations.sqlite")
    with database.transaction(opened) as work:
        all_tables.metadata.create_all(work)
    return opened


def _access(subjects: Sequence[str], reason: str = "request", case: str | None = None) -> Access:
    return Access("lineage", "a clerk", reason, case, subjects)


def _rows(engine: Engine) -> tuple[list[object], list[object]]:
    with engine.connect() as connection:
        logged = list(connection.execute(select(log_tables.access_log)))
        journalled = list(connection.execute(select(log_tables.journal)))
    return logged, journalled


def test_access_and_journal_are_written_together(engine: Engine) -> None:
    record_access(engine, CLOCK, _access(["one", "two"], "request of 24 November", "C-7"))
    (row,), (line,) = _rows(engine)
    assert (row.actor, row.command, row.reason, row.case_id, row.subjects) == (
        "a clerk",
        "lineage",
        "request of 24 November",
        "C-7",
        2,
    )
    assert json.loads(row.subjects_json) == ["one", "two"]
    assert json.loads(line.payload_json)["subjects"] == 2
    assert line.kind == "look_up" and "request" not in line.payload_json


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_a_reason_is_required(engine: Engine, reason: str) -> None:
    with pytest.raises(UsageError, match="reason"):
        record_access(engine, CLOCK, _access(["one"], reason))
    assert _rows(engine) == ([], [])


def test_twenty_need_no_case_and_one_more_does(engine: Engine) -> None:
    subjects = [str(position) for position in range(SUBJECTS_WITHOUT_CASE)]
    record_access(engine, CLOCK, _access(subjects))
    for case in (None, " "):
        with pytest.raises(UsageError, match="21 subjects"):
            record_access(engine, CLOCK, _access([*subjects, "one more"], case=case))
    record_access(engine, CLOCK, _access([*subjects, "one more"], case="C-7"))
    assert len(_rows(engine)[0]) == 2


@given(
    separator=st.sampled_from(["", " ", ".", "-", "\u00a0", "\u202f"]), prefix=st.sampled_from(["", "for +33", "0033"])
)
def test_a_number_in_the_reason_is_refused_in_every_grouping(separator: str, prefix: str) -> None:
    written = prefix + separator.join(["06", "39", "98", "00", "42"])
    engine = database.open_operations("sqlite://")
    with pytest.raises(UsageError, match="phone number") as raised:
        record_access(engine, CLOCK, _access(["one"], f"asked about {written}"))
    assert "39" not in str(raised.value)


def test_dates_and_case_numbers_are_no_phone_numbers(engine: Engine) -> None:
    record_access(engine, CLOCK, _access(["one"], "letter of 2026-11-24, file 2026/114, 3 pages", "DSAR-2026-0114"))
    assert len(_rows(engine)[0]) == 1
