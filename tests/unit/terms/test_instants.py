"""Instants: read with their offset only, told in UTC, and their day and midnight in Paris."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from terms.clock import aware_utc, naive_utc, read_iso
from terms.paris import day_in_paris, in_paris, midnight_in_paris

_NOON = datetime(2026, 11, 24, 12)


def test_an_instant_is_read_with_its_offset():
    assert read_iso("2026-11-24T13:00:00+01:00") == aware_utc(_NOON)


@pytest.mark.parametrize("text", ["2026-11-24T13:00:00", "2026-11-24", "at noon", ""])
def test_an_instant_without_offset_is_none(text):
    with pytest.raises(ValueError):
        read_iso(text)


def test_a_timestamp_of_duckdb_is_in_utc_and_an_offset_stays():
    assert aware_utc(_NOON) == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert naive_utc(aware_utc(_NOON)) == _NOON
    elsewhere = _NOON.replace(tzinfo=timezone(timedelta(hours=4)))
    assert aware_utc(elsewhere) == elsewhere


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-24T22:59:59Z", date(2026, 11, 24)),
        ("2026-11-24T23:00:00Z", date(2026, 11, 25)),
        ("2026-07-14T22:00:00Z", date(2026, 7, 15)),
    ],
)
def test_a_day_of_paris_begins_at_its_midnight(instant, day):
    assert day_in_paris(read_iso(instant)) == day
    assert midnight_in_paris(day) <= read_iso(instant) < midnight_in_paris(day + timedelta(days=1))


@pytest.mark.parametrize("shown", [in_paris, day_in_paris])
def test_an_instant_without_offset_has_no_day_in_paris(shown):
    with pytest.raises(ValueError, match="offset"):
        shown(_NOON)
