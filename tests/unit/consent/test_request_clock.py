"""The clock of requests: a calendar month in Paris, as the judgement in the base counts it; 48 hours for complaints."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.acts.request_clock import complaint_late_at, due_on, request_late_at


@pytest.mark.parametrize(
    ("received", "late"),
    [
        ("2026-11-24T09:30:00+01:00", "2026-12-25T00:00:00+01:00"),
        ("2027-01-31T12:00:00+01:00", "2027-03-01T00:00:00+01:00"),
        ("2028-01-31T12:00:00+01:00", "2028-03-01T00:00:00+01:00"),
        ("2026-12-31T23:30:00+01:00", "2027-02-01T00:00:00+01:00"),
        ("2026-12-31T23:30:00+00:00", "2027-02-02T00:00:00+01:00"),  # already January in Paris
        ("2027-03-10T12:00:00+01:00", "2027-04-11T00:00:00+02:00"),  # summer time in between
    ],
)
def test_a_request_is_late_after_its_month(received, late):
    assert request_late_at(datetime.fromisoformat(received)) == datetime.fromisoformat(late)


@settings(deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_the_month_is_the_one_that_sql_adds(received):
    (last,) = duckdb.execute(
        "select (timezone('Europe/Paris', $at)::date + interval 1 month)::date", {"at": received}
    ).fetchone()
    assert due_on(received) == last
    waited = request_late_at(received) - received  # the day on which summer time begins has 23 hours, its end 25
    assert timedelta(days=28, hours=-1) <= waited <= timedelta(days=32, hours=1)


def test_a_complaint_waits_48_hours_and_not_longer():
    received = datetime(2026, 11, 24, 9, tzinfo=UTC)
    late = complaint_late_at(received)
    assert late > datetime(2026, 11, 26, 9, tzinfo=UTC)
    assert (late - received).total_seconds() - 48 * 3600 < 0.001
