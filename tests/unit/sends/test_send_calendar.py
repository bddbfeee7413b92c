"""When a message may leave: blackouts of every zone, hours, days, validity, windows."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sends.orders.elections import read_elections
from sends.rules.calendar import (
    Place,
    Timing,
    allows,
    blackout_starts_at,
    first_open,
    moment_findings,
    read_calendar,
    window_findings,
)
from sends.rules.rulebook import read_rulebook
from terms.errors import UsageError
from terms.reasons import Channel, Decision, Profile
from terms.settings import PROJECT_ROOT

CONFIG = PROJECT_ROOT / "config"
BOOK = read_rulebook(CONFIG / "rules" / "orders")
CALENDAR = read_calendar(CONFIG / "calendar")
ELECTIONS = read_elections(CONFIG / "elections")
PARIS = Place(frozenset({"metropole"}), True)


def timing(profile=Profile.STRICT, channel=Channel.SMS, validity=60):
    rules = BOOK.under(profile, date(2027, 3, 16))
    return Timing(CALENDAR, tuple(ELECTIONS.values()), rules, channel, timedelta(minutes=validity))


STRICT, MARKET = timing(), timing(Profile.MARKET)


def codes(moment, place=PARIS, of=STRICT):
    return sorted(item.code for item in moment_findings(datetime.fromisoformat(moment), place, of))


@pytest.mark.parametrize(
    ("zone", "paris"),
    [  # rules.md 4.3
        ("metropole", "2027-04-17T00:00:00+02:00"),
        ("reunion", "2027-04-16T22:00:00+02:00"),
        ("mayotte", "2027-04-16T23:00:00+02:00"),
        ("nouvelle_caledonie", "2027-04-16T15:00:00+02:00"),
        ("wallis_et_futuna", "2027-04-16T14:00:00+02:00"),
        ("guadeloupe", "2027-04-16T06:00:00+02:00"),
        ("saint_martin", "2027-04-16T06:00:00+02:00"),
        ("guyane", "2027-04-16T05:00:00+02:00"),
        ("saint_pierre_et_miquelon", "2027-04-16T04:00:00+02:00"),
        ("polynesie", "2027-04-16T12:00:00+02:00"),
    ],
)
def test_the_blackout_of_a_zone_begins_at_its_own_midnight(zone, paris):
    starts = blackout_starts_at(ELECTIONS["PRES2027"], 1, zone, CALENDAR)
    assert starts == datetime.fromisoformat(paris)
    place = Place(frozenset({zone}), True)
    assert "L49" in [item.code for item in moment_findings(starts, place, STRICT)]
    assert "L49" not in [item.code for item in moment_findings(starts - timedelta(microseconds=1), place, STRICT)]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2027-03-16T07:59:59+01:00", ["HOURS"]),
        ("2027-03-16T08:00:00+01:00", []),
        ("2027-03-16T21:59:59.999999+01:00", []),
        ("2027-03-16T22:00:00+01:00", ["HOURS"]),
        ("2027-03-14T12:00:00+01:00", ["SUNDAY"]),
        ("2027-03-29T12:00:00+02:00", ["HOLIDAY"]),
        ("2027-04-16T21:00:00+02:00", []),
        ("2027-04-16T21:30:00+02:00", []),
        ("2027-04-16T23:00:00+02:00", ["HOURS", "VALIDITY_CROSSES_BLACKOUT"]),
        ("2027-04-18T19:59:59+02:00", ["L49", "SUNDAY"]),
        ("2027-04-18T20:00:00+02:00", ["SUNDAY"]),
    ],
)
def test_limits_to_the_second(moment, expected):
    assert codes(moment) == expected


def test_a_validity_that_ends_at_the_first_instant_of_the_blackout_crosses_it():
    moment = "2027-04-16T21:00:00+02:00"
    assert codes(moment, of=timing(validity=180)) == ["VALIDITY_CROSSES_BLACKOUT"]
    assert codes(moment, of=timing(validity=179)) == []


def test_every_clock_of_a_contact_must_allow():
    both = Place(frozenset({"metropole", "guadeloupe"}), True)
    assert codes("2027-03-16T10:00:00+01:00", both) == ["HOURS"]
    assert codes("2027-03-16T15:00:00+01:00", both) == []
    (found,) = moment_findings(datetime.fromisoformat("2027-03-16T10:00:00+01:00"), both, MARKET)
    assert found.decision is Decision.HOLD


def test_no_clock_allows_where_it_is_too_early_here_and_sunday_there():
    both = Place(frozenset({"metropole", "polynesie"}), True)
    found = moment_findings(datetime.fromisoformat("2027-03-15T07:30:00+01:00"), both, MARKET)
    assert [(item.code, item.decision) for item in found] == [("HOURS", Decision.REFUSE), ("SUNDAY", Decision.REFUSE)]


def test_the_holidays_of_every_year_are_those_that_its_easter_and_the_code_du_travail_give():
    for year, days in CALENDAR.national.items():
        monday = min(day for day in days if day.weekday() == 0 and day > date(year, 3, 22))
        fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
        moving = {monday + timedelta(days) for days in (0, 38, 49)}
        assert days == moving | {date(year, *day) for day in fixed}
        own = {item.zone: {day for day in item.days if day.year == year} for item in CALENDAR.local}
        assert own["alsace_moselle"] == {monday - timedelta(3), date(year, 12, 26)}
        assert own["mayotte"] == {date(year, 4, 27)}


def test_local_days_of_alsace_moselle_bind_under_strict_only():
    place = Place(frozenset({"alsace_moselle", "metropole"}), True)
    assert codes("2027-03-26T10:00:00+01:00", place) == ["HOLIDAY"]
    assert codes("2027-03-26T10:00:00+01:00", place, MARKET) == []


def test_an_unknown_place_is_refused_while_somebody_is_in_the_blackout():
    unknown = Place(frozenset({"metropole"}), False)
    assert codes("2027-04-16T10:00:00+02:00", unknown) == ["TERRITORY_UNKNOWN"]
    assert codes("2027-04-15T10:00:00+02:00", unknown) == []


def test_calls_have_a_blackout_and_no_hours():
    assert codes("2027-04-17T06:00:00+02:00", of=timing(channel=Channel.VOICE)) == ["L49-3"]


def test_a_year_without_holidays_is_an_error():
    with pytest.raises(UsageError, match="2031"):
        codes("2031-03-17T10:00:00+01:00")


@given(
    st.datetimes(datetime(2027, 3, 1), datetime(2027, 5, 10)),
    st.integers(1, 60 * 72),
    st.sets(st.sampled_from(sorted(CALENDAR.clocks)), min_size=1, max_size=3),
)
def test_the_first_open_instant_is_open_and_nothing_before_it_is(naive, minutes, zones):
    start = naive.astimezone(CALENDAR.timezones["metropole"])
    place, end = Place(frozenset(zones), True), start + timedelta(minutes=minutes)
    found = first_open(place, start, end, STRICT)
    limit = end if found is None else found
    tried = start
    while tried < limit:
        assert not allows(tried, place, STRICT)
        tried += timedelta(minutes=37)
    if found is not None:
        assert start <= found < end
        assert allows(found, place, STRICT)


def test_a_volume_that_ends_after_22_is_on_hold():
    start = datetime.fromisoformat("2027-03-16T21:30:00+01:00")
    far = datetime.fromisoformat("2027-03-18T20:00:00+01:00")
    closes = datetime.fromisoformat("2027-03-16T22:00:00+01:00")
    assert window_findings(start, closes, far, STRICT.rules) == ()
    (found,) = window_findings(start, closes + timedelta(seconds=1), far, STRICT.rules)
    assert (found.code, found.decision) == ("WINDOW_TOO_SHORT", Decision.HOLD)
    assert window_findings(start, closes, closes - timedelta(minutes=1), STRICT.rules)
